"""The mutants: each is a bug of its own, with an id that stays, and a sample of them is what it says."""

import ast
import functools
from collections import Counter

import pytest

from tests.mutation.changes import Change, Source
from tests.mutation.equivalence import Equivalent, equivalents, stale
from tests.mutation.mutants import CATEGORIES, Mutant, all_mutants, modules, mutants_of, sample, spread, text_of
from tests.mutation.operators import OPERATORS


@functools.cache
def everything() -> tuple[Mutant, ...]:
    return all_mutants()


def test_every_mutant_is_another_program() -> None:
    seen = set()
    for module in modules():
        seen.add((module, ast.dump(ast.parse(text_of(module)))))
    for mutant in everything():
        program = mutant.module, ast.dump(ast.parse(mutant.source))
        assert program not in seen, mutant.id
        seen.add(program)
        compile(mutant.source, mutant.id, "exec")


def test_ids_and_keys_tell_mutants_apart() -> None:
    assert len({mutant.id for mutant in everything()}) == len({mutant.key for mutant in everything()})
    assert len({mutant.key for mutant in everything()}) == len(everything())


def test_a_key_stays_while_the_code_around_it_moves() -> None:
    text = text_of("capacity")
    assert "\n\n\ndef room(" in text
    moved = text.replace("\n\n\ndef room(", "\n\nMOVED = 1\n\n\ndef room(")
    assert keys_of(moved) == keys_of(text)
    assert lines_of(moved) != lines_of(text)


def keys_of(text: str) -> list[str]:
    return [mutant.key for mutant in mutants_of("capacity", text) if mutant.function == "room"]


def lines_of(text: str) -> list[int]:
    return [mutant.line for mutant in mutants_of("capacity", text) if mutant.function == "room"]


def test_every_kind_has_mutants_and_the_usual_sample_has_every_kind() -> None:
    assert set(CATEGORIES) == {mutant.category for mutant in everything()}
    counts = Counter(mutant.category for mutant in sample(everything(), 270, 0))
    assert sum(counts.values()) == 270
    assert set(counts) == set(CATEGORIES)
    assert {mutant.module for mutant in sample(everything(), 270, 0)} == set(modules())


def test_a_sample_repeats_and_a_larger_one_holds_it() -> None:
    small, large = sample(everything(), 100, 5), sample(everything(), 150, 5)
    assert small == sample(everything(), 100, 5)
    assert set(small) < set(large)
    assert set(small) != set(sample(everything(), 100, 6))


def test_no_module_crowds_the_others_out() -> None:
    first = spread(everything(), "constants", 0)[:5]
    assert len({mutant.module for mutant in first}) == 5


# What the operators make of a piece of code


def made(text: str) -> set[tuple[str, str]]:
    """Operators and the changed text, of a function body."""
    source = Source("rules.trade", f"def f(a, b, before, after, buyer, seller):\n    {text}\n")
    found = set()
    for operator in OPERATORS:
        for node in ast.walk(source.tree):
            for change in operator(source, node):
                body = source.changed(change).split("\n", 1)[1].strip()
                found.add((change.operator, body))
    return found


@pytest.mark.parametrize(
    ("text", "operator", "mutated"),
    [
        ("return a - (a + b)", "turn-sign", "return a - (a - b)"),
        ("return a - (a + b)", "turn-sign", "return a + (a + b)"),
        ("return a - (a + b)", "drop-summand", "return -(a + b)"),
        ("return a * (a + b)", "drop-factor", "return a + b"),
        ("return a * (a + b)", "drop-factor", "return a"),
        ("return -a", "drop-minus", "return a"),
        ("return abs(a - b)", "wrong-abs", "return a - b"),
        ("return sign(a) * b", "wrong-sign", "return (-sign(a)) * b"),
        ("return a < b", "move-boundary", "return a <= b"),
        ("return a >= b", "move-boundary", "return a > b"),
        ("return a >= b", "turn-comparison", "return a < b"),
        ("return a == 0", "one-sided-zero", "return a <= 0"),
        ("return a is None", "turn-comparison", "return a is not None"),
        ("return a and b", "and-to-or", "return (a) or (b)"),
        ("return a or b", "drop-condition", "return (b)"),
        ("return not a", "drop-not", "return a"),
        ("return floor_div(a, b)", "floor_div-to-ceil_div", "return ceil_div(a, b)"),
        ("return a // b", "round-up", "return -(-(a) // b)"),
        ("return -(-a // b)", "round-down", "return a // b"),
        ("return min(a, b)", "min-to-max", "return max(a, b)"),
        ("return max(0, a)", "drop-bound", "return a"),
        ("return 7", "off-by-one", "return 8"),
        ("return True", "turn-truth", "return False"),
        ("if a: return Rejected(Reason.X, a, b, a)", "drop-check", "if False: return Rejected(Reason.X, a, b, a)"),
        ("return a if b else 0", "swap-alternatives", "return 0 if b else a"),
        ("if a: return b", "never", "if False: return b"),
        ("return sorted(a)", "no-sorting", "return list(a)"),
        ("return [x for x in a if x]", "drop-filter", "return [x for x in a if True]"),
        ("return [x for x in a]", "skip-last", "return [x for x in list(a)[:-1]]"),
        ("return buyer", "buyer-for-seller", "return seller"),
        ("return before", "before-for-after", "return after"),
        ("return f(before, after)", "swap-arguments", "return f(after, before)"),
        ("return a.maker", "maker-for-taker", "return a.taker"),
        ("return program.minute", "minute-for-hour", "return program.hour"),
        ("return filled.accounts", "earlier-table", "return state.accounts"),
        ("return roll(a, b)", "no-roll", "return ([], [])"),
        ("a.append(b)", "drop-step", "pass"),
        ("return (*a, Posting(b))", "drop-member", "return (*a,)"),
    ],
)
def test_the_operators_make(text: str, operator: str, mutated: str) -> None:
    assert (operator, mutated) in made(text)


def test_a_change_is_where_it_says() -> None:
    source = Source("units", "x = 1\ny = 22\n")
    assert source.changed(Change("", "", 10, 12, "3")) == "x = 1\ny = 3\n"
    assert source.place(10) == (2, 4)


def test_no_explained_equivalent_is_stale() -> None:
    assert stale(equivalents(), everything()) == []


def test_a_stale_explanation_is_noticed() -> None:
    mutant = everything()[0]
    right = Equivalent(mutant.key, mutant.original, mutant.mutated, "why")
    wrong = {
        "no such key": Equivalent("no such key", "", "", "why"),
        mutant.key: Equivalent(mutant.key, mutant.original, "something else", "why"),
    }
    assert stale({mutant.key: right}, everything()) == []
    assert stale(wrong, everything()) == list(wrong)
    assert stale({mutant.key: Equivalent(mutant.key, mutant.original, mutant.mutated, "")}, everything())
