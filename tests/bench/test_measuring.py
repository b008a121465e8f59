"""A run's figures: taken in turns, stored, and held against a stored run; a planted slowdown is shown."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import attrs
import pytest
from click.testing import CliRunner, Result

from .measuring import Comparison, Figure, NotComparable, best_seconds, compare, load, save
from .peers import __main__ as command
from .peers.own import OWN
from .peers.peer import Peer, Run
from .peers.transfers import Balances, Transfer

ONE = Figure("one", 5.0, "things/s", 2.0)
OTHER = Figure("other", 7.0, "things/s", 10.0)


def slower(figure: Figure, percent: int) -> Figure:
    """The figure with a ratio that is so much worse."""
    return attrs.evolve(figure, ratio=figure.ratio * (100 + percent) / 100)


class Ticking:
    """A clock that work moves, so that what is measured is known."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def taking(self, *seconds: float) -> Callable[[], Callable[[], str]]:
        """Prepares work that takes so long: the next of the given times each time it runs."""
        left = list(seconds)

        def work() -> str:
            self.now += left.pop(0)
            return "done"

        def prepare() -> Callable[[], str]:
            self.now += 100.0
            return work

        return prepare


def test_the_best_of_several_rounds_in_turns_without_what_prepares_it() -> None:
    clock, order = Ticking(), list[str]()
    prepared = {"one": clock.taking(3.0, 1.0, 2.0), "other": clock.taking(5.0, 6.0, 4.0)}
    least = best_seconds(prepared, rounds=3, clock=clock, check=lambda name, answer: order.append(f"{name} {answer}"))
    assert least == {"one": 1.0, "other": 4.0}
    assert order == ["one done", "other done"] * 3


def test_some_have_a_clock_of_their_own() -> None:
    clock, own = Ticking(), Ticking()
    prepared = {"one": clock.taking(3.0), "other": own.taking(5.0)}
    assert best_seconds(prepared, rounds=1, clock=clock, clocks={"other": own}) == {"one": 3.0, "other": 5.0}


def test_figures_are_stored_and_read_back(tmp_path: Path) -> None:
    save(tmp_path / "new" / "run.json", [ONE, OTHER], baseline="bare dict")
    assert load(tmp_path / "new" / "run.json", baseline="bare dict") == (ONE, OTHER)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": 2, "baseline": "bare dict", "figures": []}',
        '{"format": 1, "baseline": "something else", "figures": []}',
        '{"format": 1, "baseline": "bare dict", "figures": [{"name": "one"}]}',
        '{"format": 1, "baseline": "bare dict", "figures": [{"name": "one", "value": 1, "unit": "s", "ratio": 0}]}',
    ],
)
def test_what_is_no_stored_run(text: str, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(NotComparable):
        load(path, baseline="bare dict")


def test_no_file() -> None:
    with pytest.raises(NotComparable):
        load(Path("there is no such file"), baseline="bare dict")


@pytest.mark.parametrize(("percent", "is_regression"), [(-50, False), (0, False), (20, False), (21, True), (300, True)])
def test_more_than_a_fifth_worse_is_a_regression(percent: int, is_regression: bool) -> None:
    one, other = compare([ONE, OTHER], [slower(ONE, percent), OTHER])
    assert one.is_regression == is_regression
    assert one.change == pytest.approx(percent / 100)
    assert not other.is_regression


def test_what_only_one_run_has_is_shown_and_is_no_regression() -> None:
    third = attrs.evolve(ONE, name="third")
    assert compare([ONE, OTHER], [ONE, third])[1:] == (Comparison("other", 10.0, None), Comparison("third", None, 2.0))
    assert not any(comparison.is_regression for comparison in compare([ONE, OTHER], [ONE, third]))
    with pytest.raises(NotComparable, match="share no figure"):
        compare([ONE], [OTHER])


# A planted slowdown, through the command.

BARE, NO_LAWS = OWN[:2]


def repeating(peer: Peer, times: int) -> Peer:
    """The peer with a planted slowdown: it does everything several times."""

    def prepare(given: Sequence[Transfer], folder: Path) -> Run:
        run = peer.prepare(given, folder)

        def slow() -> Balances:
            for _ in range(times - 1):
                run()
            return run()

        return slow

    return attrs.evolve(peer, prepare=prepare)


def ran(*arguments: str) -> Result:
    """The command on a few transfers."""
    sizes = ["--transfers", "3000", "--accounts", "50", "--rounds", "5", "--peer", NO_LAWS.name]
    return CliRunner().invoke(command.main, [*sizes, *arguments])


def test_a_planted_slowdown_is_shown_and_is_an_error_where_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = tmp_path / "run.json"
    assert ran("--save", str(stored)).exit_code == 0
    monkeypatch.setattr(command, "PEERS", (BARE, repeating(NO_LAWS, 4)))
    shown = ran("--compare", str(stored))
    assert shown.exit_code == 0
    assert "REGRESSION" in shown.output
    assert f"Worse than stored by more than 20%: {NO_LAWS.name}." in shown.output
    assert ran("--compare", str(stored), "--fail").exit_code == 1


def test_what_is_no_slower_is_no_error(tmp_path: Path) -> None:
    """The stored ratio is four times the measured one, so that no noise makes it a regression."""
    stored = tmp_path / "run.json"
    assert ran("--save", str(stored)).exit_code == 0
    document = json.loads(stored.read_text(encoding="utf-8"))
    document["figures"][0]["ratio"] *= 4
    stored.write_text(json.dumps(document), encoding="utf-8")
    result = ran("--compare", str(stored), "--fail")
    assert result.exit_code == 0
    assert "REGRESSION" not in result.output
    assert "-" in result.output


def test_nothing_to_compare_with_is_an_error(tmp_path: Path) -> None:
    result = ran("--compare", str(tmp_path / "none.json"), "--fail")
    assert result.exit_code == 2
    assert "holds no stored figures" in result.output
