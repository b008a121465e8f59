"""specs/vectors.md: its example is a vector, its fields are the schema's, its figures those of the real code."""

import json
import re
from functools import cache

import pytest
from immutables import Map

from ledger import units
from ledger.choosers import Seeded
from ledger.fuzzing import RULEBOOKS, play
from ledger.interchange import read_state
from ledger.laws import Step
from ledger.profiles import profile_document
from ledger.rulebook import is_system
from ledger.state import Account, Position, State
from ledger.vectors import MANIFEST, all_cases, vector_schema
from tests.house.source import ROOT, tree
from tests.house.test_traceability import rows

from . import bounds
from .arithmetic import DIVISIONS, Site, Watch, divides, functions, multiplying, sites
from .whole import files, vectors

PAGE = (ROOT / "specs" / "vectors.md").read_text(encoding="utf-8")
CODE = re.compile(r"`([^`]+)`")
EXAMPLE = "deposit/applied-the-first-deposit-opens-an-account-at-100x-and-standard-fees-and-time-moves-on.json"
STEPS, DRAWN = 400, 300
SIGNS = {"any": {-1, 0, 1}, "0 or more": {0, 1}, "above 0": {1}, "below 0": {-1}}
"""The signs that a numerator may have, by the page's words."""


def in_package(cell: str) -> list[str]:
    """The functions that a cell names."""
    return CODE.findall(cell)


# The format


def test_the_example_is_a_vector() -> None:
    (block,) = re.findall(r"^```json\n(\{\n.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    text = files()[EXAMPLE].decode()
    rulebook = json.loads(text)["genesis"]["rulebook"]
    assert rulebook == json.loads(json.dumps(profile_document("ascendex-2020")))
    assert block == text.replace(json.dumps(rulebook), "DOCUMENT")


def test_fields_are_those_of_the_schema() -> None:
    named = [name for row in rows(PAGE, "field", "what it is") for name in CODE.findall(row[0])]
    assert named == list(vector_schema()["properties"])


def test_fields_of_the_manifest_are_those_of_the_file() -> None:
    manifest = json.loads(files()[MANIFEST])
    table = rows(PAGE, "field of the manifest", "what it is")
    assert [name for row in table for name in CODE.findall(row[0])] == list(manifest)
    assert sorted(CODE.findall(table[-1][1])) == sorted(manifest["vectors"][0])


def test_kinds_of_origin_are_told() -> None:
    kinds = {option["properties"]["kind"]["const"] for option in vector_schema()["properties"]["origin"]["oneOf"]}
    (told,) = [row[1] for row in rows(PAGE, "field", "what it is") if row[0] == "`origin`"]
    assert kinds == {"table", "corner", "published", "example"}
    assert all(kind in told for kind in kinds)


def test_a_vector_of_every_type_begins_at_a_genesis() -> None:
    begin = {
        path.partition("/")[0]
        for path, text in files().items()
        if "/" in path
        for state in [json.loads(text)["pre_state"]]
        if state["sequence"] == 0 and len(state["accounts"]) == 3 and not state["markets"]
    }
    assert begin == {path.partition("/")[0] for path in files() if "/" in path}


# Widths


def figure(text: str) -> int:
    """A figure such as `201 * 10^23`; of a fraction the greater part."""
    parts = re.split(r" [*/] ", text)
    numbers = [10 ** int(part[3:]) if part.startswith("10^") else int(part) for part in parts]
    return max(numbers) if "/" in text else eval_product(numbers)


def eval_product(numbers: list[int]) -> int:
    """The product."""
    product = 1
    for number in numbers:
        product *= number
    return product


def test_widths_of_quantities_hold_their_largest_figures() -> None:
    table = rows(PAGE, "quantity", "unit", "sign", "bound by the rules", "largest in the venue", "bits")
    assert len(table) > 20
    for row in table:
        assert figure(row[4]).bit_length() + 1 == int(row[5]), row[0]
    largest = {row[0]: figure(row[4]) for row in table}
    assert largest["price, quote, index, mark"] == bounds.PRICE
    assert largest["sum of premiums"] == bounds.MARKS * bounds.PRICE
    assert largest["size of a position"] == bounds.SIZE
    assert largest["open interest, depth of the book"] == bounds.ACCOUNTS * bounds.SIZE
    assert largest["cash of an account in the settlement asset"] == bounds.CASH
    assert largest["cash of a system account"] == bounds.ACCOUNTS * bounds.ASSETS * bounds.PAID_IN
    assert largest["reference cost, fee"] == largest["notional of a position"] == bounds.NOTIONAL
    assert largest["capacity, holdings, notional taken over, amount of a rulebook or a transaction"] == bounds.AMOUNT
    assert largest["pnl, equity, distress collateral of an account"] == bounds.EQUITY
    assert largest["exact value"] == bounds.EQUITY * units.EXACT_SCALE
    assert largest["multiplier of a market"] == bounds.MULTIPLIER
    assert largest["weight of an asset"] == bounds.WEIGHT


OPERATIONS = rows(PAGE, "operation", "widest intermediate", "bits", "in this package")


@cache
def width_of() -> dict[str, int]:
    """The page's width of each function."""
    return {name: int(bits) for _, _, bits, names in OPERATIONS for name in in_package(names)}


def test_every_function_that_multiplies_or_divides_has_a_width() -> None:
    named = [name for row in OPERATIONS for name in in_package(row[3])]
    assert len(named) == len(set(named))
    assert multiplying() <= set(named)
    assert set(named) == set(bounds.calls(Watch(), bounds.venue()))


@pytest.mark.parametrize("row", OPERATIONS, ids=[row[0] for row in OPERATIONS])
def test_the_width_of_an_operation_is_what_it_works_out_at_the_bounds(row: list[str]) -> None:
    watch = Watch()
    calls = bounds.calls(watch, bounds.venue())
    widths = [watch.width_of(call) for name in in_package(row[3]) for call in calls[name]]
    assert max(widths) == int(row[2])


def test_no_account_within_the_bounds_needs_more() -> None:
    """No counterexample in 300 venues of two accounts that are drawn within the bounds."""
    watch = Watch()
    for seed in range(DRAWN):
        chooser = Seeded(f"widths {seed}")
        winner = bounds.drawn_holder(chooser)
        drawn = bounds.venue(winner, bounds.mirrored(winner, bounds.drawn_holder(chooser)))
        for name, calls in bounds.calls(watch, drawn).items():
            for call in calls:
                try:
                    width = watch.width_of(call)
                except ZeroDivisionError:
                    continue  # nothing to compare with: an account without exposure
                assert width <= width_of()[name], (name, seed)


@cache
def simulated() -> tuple[Step, ...]:
    """The steps of every vector, and of a simulation under each rulebook."""
    steps = [step for vector in vectors() for step in vector.steps]
    for number, rulebook in enumerate(RULEBOOKS.values()):
        steps += play(Seeded(number), rulebook, STEPS)
    return tuple(steps)


@cache
def watched() -> Watch:
    """What was seen while copies of the rules answered all that; their answers are the rules' own."""
    watch = Watch()
    for step in simulated():
        assert watch.apply(step.before, step.transaction) == step.outcome
    for case in all_cases():
        of_people(watch, case.pre_state)
    return watch


def of_people(watch: Watch, state: State) -> None:
    """The figures for people, which no rule asks for."""
    for account_id, account in state.accounts.items():
        if is_system(account_id):
            continue
        for name in ("margin_rate", "leverage"):
            watch.function(f"margin.{name}")(state, account)
        for market, position in account.positions.items():
            for name in ("max_buy", "max_sell", "liquidation_price"):
                watch.function(f"margin.{name}")(state, account, market)
            terms, cost = state.rulebook.contracts[market], position.reference_cost
            for size in (position.size, -position.size):
                watch.function("margin.break_even_price")(terms, size=size, reference_cost=cost)


def test_vectors_and_simulations_stay_within_the_widths() -> None:
    """Of those of their steps that begin and end within the venue's bounds, which are most."""
    watch = Watch()
    within = [step for step in simulated() if bounds.is_within(step.before) and bounds.is_within(step.after)]
    assert 10 * len(within) > 9 * len(simulated())
    for step in within:
        watch.apply(step.before, step.transaction)
    for name, bits in watch.widest.items():
        if name in width_of():
            assert bits + 1 <= width_of()[name], name
    assert watch.widest["rules.fills.distress_at_rate"] > 100
    assert len(watch.widest.keys() & width_of().keys()) > 50


def test_the_widest_intermediate_of_the_vectors_is_told() -> None:
    watch = Watch()
    for vector in vectors():
        for answer in vector.answers:
            watch.apply(answer.before, answer.transaction)
    (told,) = re.findall(r"No intermediate of the vectors themselves is wider than ([0-9]+) bits", PAGE)
    assert max(watch.widest.values()) + 1 == int(told)


def test_a_wider_product_is_noticed() -> None:
    """What the widths rest on: an intermediate that is ten times as large is seen."""
    watch = Watch()
    notional = watch.function("margin.notional")
    terms = bounds.venue().rulebook.contracts["M0"]
    assert watch.width_of(lambda: notional(terms, bounds.SIZE, 10**9)) == 81
    assert watch.width_of(lambda: notional(terms, bounds.SIZE, 10**10)) == 85


# Roundings


ROUNDINGS = rows(PAGE, "operation", "formula", "in whose favour", "numerator", "page", "in this package")


def sites_of(row: list[str]) -> set[Site]:
    """The functions and divisions of a row."""
    (function,) = in_package(row[5])
    made = {name for name in DIVISIONS if re.search(rf"\b{name}\(", row[1])}
    # The instant is told in two ways, one of which is the other.
    made = {"floor_to_multiple"} if "floor_to_multiple" in made else made
    return {(function, division) for division in made}


def test_the_functions_that_divide_are_these() -> None:
    assert {name for name, node in functions("units").items() if divides(node)} == set(DIVISIONS)
    for module in ("postings", "transition", "state", "rulebook", "outcomes"):
        assert not any(divides(node) for node in functions(module).values())
    assert tree("units")


def test_every_division_of_the_rules_is_in_the_table() -> None:
    named = [site for row in ROUNDINGS for site in sites_of(row)]
    assert set(named) == sites()
    assert all(sites_of(row) for row in ROUNDINGS)


def test_the_signs_of_numerators_are_those_that_are_told() -> None:
    """None is seen that the table excludes, and where it admits all, both are seen, in runs or in a call by hand."""
    watch = watched()
    bankrupt_short = watch.function("pricing.bankruptcy_price")
    assert bankrupt_short(size=-3, mark_per_lot=10, equity=-100) == -24
    indebted = bounds.venue().accounts["loser"]
    state = bounds.venue()
    watch.function("rules.loss_waterfall.gains_weight")(state, gaining_in_debt(state))
    watch.function("margin.margin_rate")(state, indebted)
    for row in ROUNDINGS:
        for site in sites_of(row):
            admitted: set[int] = set()
            for other in ROUNDINGS:
                if site in sites_of(other):
                    admitted |= SIGNS[other[3]]
            assert watch.signs[site] <= admitted, (site, watch.signs[site])
            assert watch.signs[site], site
            if -1 in admitted:
                assert -1 in watch.signs[site], site


def gaining_in_debt(state: State) -> Account:
    """An account with a gain that is worth less than nothing."""
    market = bounds.NAMES[0]
    return Account(Map({"USDT": -bounds.CASH}), Map({market: Position(1, 0)}), 100, "standard", None)


def test_pages_that_the_table_links_to_have_their_headings() -> None:
    for row in ROUNDINGS:
        for path, anchor in re.findall(r"\]\(([a-z/-]+\.md)(?:#([a-z-]+))?\)", row[4]):
            text = (ROOT / "specs" / path).read_text(encoding="utf-8")
            headings = {line.lstrip("# ").lower().replace(" ", "-") for line in text.splitlines() if line[:2] == "##"}
            assert not anchor or anchor in headings, (path, anchor)


# Division where it truncates


def truncated(numerator: int, denominator: int) -> tuple[int, int]:
    """Quotient and rest as a language has them that truncates; the denominator is positive."""
    quotient = abs(numerator) // denominator * (1 if numerator >= 0 else -1)
    return quotient, numerator - quotient * denominator


def test_the_examples_of_division_are_right() -> None:
    table = rows(PAGE, "`a`", "`b`", "`floor_div`", "`ceil_div`", "`div_toward_zero`")
    assert len(table) == 7
    for row in table:
        a, b, *told = (int(cell) for cell in row)
        ours = (units.floor_div(a, b), units.ceil_div(a, b), units.div_toward_zero(a, b))
        assert tuple(told) == (*ours, *truncated(a, b))


@pytest.mark.parametrize("b", [1, 2, 3, 10, 10**18])
def test_the_formulas_where_division_truncates_are_right(b: int) -> None:
    for a in (*range(-25, 26), 10**40, -(10**40), 10**18 + 1, -(10**18) - 1):
        quotient, rest = truncated(a, b)
        assert units.floor_div(a, b) == quotient - (1 if rest < 0 else 0)
        assert units.ceil_div(a, b) == quotient + (1 if rest > 0 else 0)
        assert units.div_toward_zero(a, b) == quotient
        euclidean = quotient - (1 if rest < 0 else 0)
        assert (units.floor_div(a, b), units.ceil_div(-a, b)) == (euclidean, -euclidean)


def test_the_usual_formula_is_wrong_where_the_page_says_so() -> None:
    usual = {a: truncated(a + b - 1, b)[0] for a, b in ((-7, 2), (-1, 10), (-25, 10))}
    assert usual == {-7: -3, -1: 0, -25: -1}
    assert [units.ceil_div(a, b) for a, b in ((-7, 2), (-1, 10), (-25, 10))] == [-3, 0, -2]


def test_a_state_of_the_page_can_be_read() -> None:
    vector = json.loads(files()[EXAMPLE])
    assert read_state(vector["genesis"]["rulebook"], vector["pre_state"]).sequence == vector["pre_state"]["sequence"]
