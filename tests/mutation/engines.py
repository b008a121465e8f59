"""The engines, each alone: what one of them finds in the ledger that is there to be imported.

Everything here runs in a process of its own, in which `ledger` is a copy with one mutant. So nothing of the ledger is
imported before an engine is called.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .claims import PROOFS, SYMBOLIC, proofs, reach_of_proofs, reach_of_symbolic, symbolic
from .findings import NOTHING, Finding, raised

if TYPE_CHECKING:
    from ledger.fuzzing import Chooser
    from ledger.rulebook import Rulebook

ROOT = Path(__file__).resolve().parents[2]

BRIEFLY = "brief"
ATTACKS = "tests/logs/attacks/*.jsonl"
EXAMPLES = "docs/examples/*.jsonl"
SMALL_LOG, OFTEN, SELDOM = 100_000, 1, 100
"""Logs smaller than so many bytes have their state laws checked at every step, larger ones at every hundredth."""

Rounds = tuple[tuple[int, int], ...]
ROUNDS: Rounds = ((1, 120), (2, 400), (12, 700))
BRIEF: Rounds = ((1, 120), (4, 300))
DRAWN = 3
"""What the machine plays: so many rounds of simulations of so many steps, the short ones first. A round has one under
each named rulebook and so many under rulebooks that are drawn at random."""

LOOK_EVERY, FIGURES_EVERY, AUDITED = 16, 8, 2
"""The whole state is looked at every so many steps. Every so many a line of a log is read back, and the figures of so
many accounts that changed are audited."""


TESTS = (
    "tests/rules",
    *(
        f"tests/test_{name}.py"
        for name in ("units", "postings", "margin", "pricing", "liquidity", "capacity", "readings")
    ),
    "tests/house/test_formats.py",
)
"""The tests of single functions and of single rules."""


Engine = Callable[[Sequence[str]], Finding]


def logs(_: Sequence[str]) -> Finding:
    """The example logs and the attack logs, replayed with every law; what their lines expect is left out."""
    return _replayed(_logs())


def _replayed(paths: Sequence[Path]) -> Finding:
    from ledger.log import Entry, open_log, read_log
    from ledger.replay import replay_log

    for path in paths:
        every = OFTEN if _is_small(path) else SELDOM
        try:
            with open_log(str(path)) as stream:
                state, entries = read_log(stream, path.name)
                asked = (Entry(entry.line, entry.transaction, None) for entry in entries)
                failure = replay_log(state, asked, state_every=every).failure
        except Exception as error:
            return raised(error)
        if failure is not None:
            assert failure.law is not None
            return Finding(f"law {failure.law.id}", f"{path.name}: {failure.detail}"[:200])
    return NOTHING


def _logs() -> list[Path]:
    return sorted((*ROOT.glob(ATTACKS), *ROOT.glob(EXAMPLES)), key=lambda path: path.stat().st_size)


def _is_small(path: Path) -> bool:
    return path.stat().st_size < SMALL_LOG


def machine(_: Sequence[str]) -> Finding:
    """Seeded simulations under every rulebook, with every law and the independent auditor after every step."""
    return _machine(ROUNDS)


def _machine(rounds: Rounds) -> Finding:
    from ledger.laws import LawBroken
    from tests.oracle import AuditFailed

    try:
        for _step in watched(rounds):
            pass
    except LawBroken as broken:
        return Finding(f"law {broken.law.id}", broken.breach.detail[:200])
    except AuditFailed as failed:
        return Finding("auditor", str(failed)[:200])
    except Exception as error:
        return raised(error)
    return NOTHING


def watched(rounds: Rounds = ROUNDS) -> Iterator[None]:
    """Every step of the simulations, checked."""
    from ledger.fuzzing import RULEBOOKS, Seeded, drawn_rulebook
    from ledger.profiles import DEFAULT_PROFILE, load_profile

    seed = 0
    for times, steps in rounds:
        for _ in range(times):
            for name in (*RULEBOOKS, *(None,) * DRAWN):
                seed += 1
                chooser = Seeded(seed)
                overrides = drawn_rulebook(chooser) if name is None else None
                rulebook = load_profile(DEFAULT_PROFILE, overrides) if name is None else RULEBOOKS[name]
                yield from _played(chooser, rulebook, steps)


def _played(chooser: "Chooser", rulebook: "Rulebook", steps: int) -> Iterator[None]:
    from ledger.fuzzing import play
    from ledger.laws import REGISTRY, Monitor
    from tests import oracle
    from tests.oracle_figures import audit_figures
    from tests.reading_back import require_reading_back

    monitor = None
    for number, step in enumerate(play(chooser, rulebook, steps)):
        monitor = monitor or Monitor(step.before, REGISTRY, state_every=LOOK_EVERY)
        oracle.audit_answer(step.before, step.transaction, step.outcome)
        oracle.audit_step(step.before, step.transaction, step.outcome, step.after)
        oracle.audit_values(step.before, step.transaction, step.outcome, step.after)
        monitor.observe(step)
        if number % LOOK_EVERY == 0:
            oracle.audit_state(step.after)
        if number % FIGURES_EVERY == 0:
            require_reading_back(step)
            for account_id in tuple(step.changes)[:AUDITED]:
                audit_figures(step.after, account_id)
        yield
    if monitor is not None:
        monitor.finish()


def brief(_: Sequence[str]) -> Finding:
    """The small logs, and short simulations: for the tool's own test."""
    found = _replayed([path for path in _logs() if _is_small(path)])
    return _machine(BRIEF) if found.by is None else found


def tests(_: Sequence[str]) -> Finding:
    """The tests of single functions and rules, as far as they are quick, until the first that fails."""
    import pytest

    class Watch:
        """Remembers what failed."""

        failed = ""

        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            if report.failed:
                self.failed = self.failed or report.nodeid

        def pytest_collectreport(self, report: pytest.CollectReport) -> None:
            if report.failed:
                self.failed = self.failed or report.nodeid

    watch = Watch()
    options = ("-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-c", str(ROOT / "pyproject.toml"))
    code = pytest.main([*options, *(str(ROOT / name) for name in TESTS)], plugins=[watch])
    if code == pytest.ExitCode.OK:
        return NOTHING
    if code not in (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED) or not watch.failed:
        raise RuntimeError(f"pytest ended with {code}")
    return Finding("test", watch.failed[:200])


ENGINES: dict[str, Engine] = {
    "logs": logs,
    "machine": machine,
    BRIEFLY: brief,
    "tests": tests,
    PROOFS: proofs,
    SYMBOLIC: symbolic,
}

REACHES: dict[str, Engine] = {PROOFS: reach_of_proofs, SYMBOLIC: reach_of_symbolic}
"""The engines of claims, with what tells which functions each claim runs."""
