"""An auditor's own laws from a file: what is read, and what is told in one line with file and line."""

import pickle
from pathlib import Path

import pytest

from ledger.law_files import LawFileError, laws_from, load_laws
from ledger.laws import REGISTRY, Breach, LawBroken, Monitor, Scope
from ledger.laws.law import Law
from tests.planting import first_broken
from tests.scenarios import SCENARIOS, Scenario
from tests.test_laws import extended

GOOD = """
from ledger import HELD, Breach, HistoryLaw, StateLaw, StepLaw, Trade

def few(step):
    return HELD if step.transaction.size < 10**9 else Breach("many", (step.transaction.buyer,))

def ever_more(state):
    seen = []
    def check(step):
        seen.append(step.transaction.time)
        return HELD if seen == sorted(seen) else Breach("back in time")
    return check

def some(span):
    return None

LAWS = (
    StepLaw("OWN-1", "Few lots at a time.", few, (Trade,)),
    HistoryLaw("OWN-1", "Times go up.", ever_more),
    StateLaw("OWN-1", "Nothing.", some),
)
"""


def write(folder: Path, text: str, name: str = "own_laws.py") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def wrong(path: str) -> str:
    """What is told of a file that is wrong, its own folder left out."""
    with pytest.raises(LawFileError) as raised:
        laws_from([path])
    return str(raised.value).replace(str(Path(path).parent) + "/", "")


def watched(laws: tuple[Law, ...], scenario: Scenario) -> Monitor:
    monitor = Monitor(scenario.start, laws, state_every=1)
    from ledger.fuzzing import stepped

    state = scenario.start
    for transaction in scenario.transactions:
        step = stepped(state, transaction)
        monitor.observe(step)
        state = step.after
    monitor.finish()
    return monitor


def test_laws_of_a_file_are_checked(tmp_path: Path) -> None:
    laws = laws_from([write(tmp_path, GOOD)])
    assert [(law.id, law.scope) for law in laws] == [
        ("OWN-1", Scope.STEP),
        ("OWN-1", Scope.HISTORY),
        ("OWN-1", Scope.STATE),
    ]
    step, history, state = watched(laws, SCENARIOS["trading"]()).counts
    assert step.checked == step.fired > 0
    assert history.checked == history.fired > step.checked
    assert state.checked > state.fired == 0


def test_a_law_of_a_file_breaks_as_any_other(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace("10**9", "1"))
    with pytest.raises(LawBroken) as raised:
        watched(load_laws(path), SCENARIOS["trading"]())
    assert raised.value.law.id == "OWN-1"
    assert raised.value.breach == Breach("many", ("alice",))


def test_a_file_imports_its_neighbours_and_defines_classes(tmp_path: Path) -> None:
    write(tmp_path, "MOST = 10**9\n", "own_limits.py")
    text = GOOD.replace("10**9", "MOST").replace("\nfrom ledger", "\nfrom own_limits import MOST\nfrom ledger")
    text += "\nimport dataclasses\n@dataclasses.dataclass\nclass Seen:\n    times: 'list[int]'\n"
    path = write(tmp_path, text)
    assert len(laws_from([path])) == 3
    import sys

    assert str(tmp_path) not in sys.path


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x = = 1\n", "own_laws.py:1: found SyntaxError: invalid syntax"),
        ("x = 1\nraise KeyError('k')\n", "own_laws.py:2: found KeyError: 'k'"),
        ("import nothing_of_this_name\n", "own_laws.py:1: found ModuleNotFoundError: No module named"),
        ("def f():\n    return 1 / 0\n\nf()\n", "own_laws.py:2: found ZeroDivisionError: division by zero"),
        ("import sys\nsys.exit(4)\n", "own_laws.py:2: found SystemExit: 4"),
        ("LAW = ()\n", "own_laws.py: found no LAWS, expected LAWS = a tuple of StepLaw, HistoryLaw and StateLaw"),
        ("x = 1\nLAWS = ()\n", "own_laws.py:2: found (), expected a tuple of StepLaw, HistoryLaw and StateLaw"),
        ("LAWS = 'CON-1'\n", "own_laws.py:1: found 'CON-1', expected a tuple of"),
        ("LAWS = (max,)\n", "own_laws.py:1: found <built-in function max> among the laws, expected a tuple"),
        (
            "from ledger import StepLaw\nLAWS = (StepLaw('no good', 'It is.', max),)\n",
            "own_laws.py:2: found the id 'no good', expected letters, digits and . _ : -",
        ),
        (
            "from ledger import StepLaw\nLAWS = (StepLaw('OWN-1', ' ', max),)\n",
            "own_laws.py:2: found no statement of OWN-1, expected a sentence",
        ),
        (
            "from ledger import StepLaw\nLAWS = (StepLaw('OWN-1', 'It is.', None),)\n",
            "own_laws.py:2: found nothing to call in OWN-1, expected a function",
        ),
        (
            "from ledger import StepLaw\nLAWS = (StepLaw('OWN-1', 'It is.', max, ('trade',)),)\n",
            "own_laws.py:2: OWN-1 concerns ('trade',), expected a tuple of transaction types",
        ),
        (
            "from ledger import Scope, StepLaw\nLAWS = (StepLaw('OWN-1', 'It is.', max, scope=Scope.STATE),)\n",
            "own_laws.py:2: found the scope <Scope.STATE: 'state'> of OWN-1, expected that of a StepLaw",
        ),
        (
            "from ledger import StepLaw\nLAWS = (StepLaw('CON-1', 'It is.', max),)\n",
            "own_laws.py:2: found the step law CON-1, which the registry has, expected another id",
        ),
        (
            "from ledger import StepLaw\nLAWS = 2 * (StepLaw('OWN-1', 'It is.', max),)\n",
            "own_laws.py:2: found the step law OWN-1, which own_laws.py has, expected another id",
        ),
        ("LAWS = 1\n\x00", "own_laws.py: found ValueError: source code string cannot contain null bytes"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_in_one_line(text: str, told: str, tmp_path: Path) -> None:
    found = wrong(write(tmp_path, text))
    assert found.startswith(told) or (told.endswith("null bytes") and "null bytes" in found), found
    assert "\n" not in found


def test_the_same_id_in_another_scope_is_another_law(tmp_path: Path) -> None:
    path = write(tmp_path, "from ledger import HistoryLaw\nLAWS = [HistoryLaw('CON-1', 'It is.', max)]\n")
    assert [law.id for law in laws_from([path])] == ["CON-1"]
    assert ("CON-1", Scope.HISTORY) not in {(law.id, law.scope) for law in REGISTRY}


def test_two_files_with_the_same_law(tmp_path: Path) -> None:
    first, second = write(tmp_path, GOOD, "first.py"), write(tmp_path, GOOD, "second.py")
    with pytest.raises(LawFileError, match=r"second.py:17: found the step law OWN-1, which .*first.py has"):
        laws_from([first, second])
    with pytest.raises(LawFileError, match=r"first.py:17: found the step law OWN-1, which .*first.py has"):
        laws_from([first, first])


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    assert wrong(str(tmp_path / "none.py")) == "none.py: found no such file or directory, expected a file of laws"
    (tmp_path / "folder.py").mkdir()
    assert wrong(str(tmp_path / "folder.py")) == "folder.py: found a folder, expected a file of laws"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("return step.transaction.account", "own_laws.py:4: OWN-1 raised AttributeError: 'Trade' object has no"),
        ("return step.nothing['x']", "own_laws.py:4: OWN-1 raised AttributeError: 'Step' object has no attribute"),
        ("return False", "own_laws.py:5: OWN-1 answered False, expected HELD, None or a Breach"),
        ("return 'fine'", "own_laws.py:5: OWN-1 answered 'fine', expected HELD, None or a Breach"),
        ("assert step is None, 'so there'", "own_laws.py:4: OWN-1 raised AssertionError: so there"),
    ],
)
def test_an_error_of_a_law_is_the_files_and_no_breach(body: str, told: str, tmp_path: Path) -> None:
    text = f"from ledger import StepLaw, Trade\n\ndef check(step):\n    {body}\n"
    text += "LAWS = (StepLaw('OWN-1', 'It is.', check, (Trade,)),)\n"
    laws = laws_from([write(tmp_path, text)])
    with pytest.raises(LawFileError) as raised:
        watched(laws, SCENARIOS["trading"]())
    assert str(raised.value).replace(f"{tmp_path}/", "").startswith(told)


def test_the_start_of_a_history_law_may_be_wrong_too(tmp_path: Path) -> None:
    text = "from ledger import HistoryLaw\nLAWS = (HistoryLaw('OWN-1', 'It is.', START),)\n"
    for start, told in (
        ("lambda state: state.nothing", "own_laws.py:2: OWN-1 raised AttributeError"),
        ("lambda state: 3", "own_laws.py:2: the start of OWN-1 gave 3, expected a function of a step"),
    ):
        path = write(tmp_path, text.replace("START", start))
        with pytest.raises(LawFileError) as raised:
            watched(load_laws(path), SCENARIOS["trading"]())
        assert str(raised.value).replace(f"{tmp_path}/", "").startswith(told)


def test_the_error_goes_from_process_to_process() -> None:
    error = LawFileError("own.py", 3, "found a\nthing")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.path, again.line) == ("own.py:3: found a\\nthing", "own.py", 3)


def test_the_laws_of_the_registry_hold_beside_them(tmp_path: Path) -> None:
    """A scenario that holds holds with more laws, and breaks where one of them is false."""
    from ledger.transition import apply

    scenario = SCENARIOS["trading"]()
    assert first_broken(apply, extended(scenario)) is None
    assert watched((*REGISTRY, *load_laws(write(tmp_path, GOOD))), scenario).counts[-1].law.id == "OWN-1"
