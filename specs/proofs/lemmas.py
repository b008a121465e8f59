"""Claims about any number of receivers, of markets and of positions: by induction over the loops of the code.

Each proof takes a loop of a function apart (`loops`) and proves of its own statements that an invariant holds when it
begins, that one iteration with any item keeps it whatever came before, and what follows when it has ended. A list that
an iteration adds to stands in the proof for all that was added before, by its sum.
"""

from collections.abc import Callable, Iterator
from typing import Any, cast

from immutables import Map

from ledger.postings import PositionPosting
from ledger.state import Account, Position

from .claims import Bug, Claim, Kind
from .engine import ACCEPTED, Path, implies
from .loops import Locals, Paused, comprehension_of, loop_of, with_names
from .worlds import ALICE, MARKET

TRANSFER = ("backstop-transfer",)

BEGINS, GOES_ON, ENDS = "begins", "goes on", "ends"
BY_INDUCTION = "by induction over the loop: it begins, it goes on with any item from anywhere, it ends"


class Summed:
    """Any number of integers, of which code may ask their sum alone."""

    def __init__(self, total: int) -> None:
        self.total = total

    def __iter__(self) -> Iterator[int]:
        yield self.total


class Items:
    """Items that code may go through, in order and all of them, and nothing else."""

    def __init__(self, *items: Any) -> None:
        self._items = items

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items)


class Added:
    """A list of any number of items, for which `earlier` stands: code may add to it, and nothing else."""

    def __init__(self, earlier: Any) -> None:
        self.items = [earlier]

    def append(self, item: Any) -> None:
        """One more."""
        self.items.append(item)


def paused(path: Path, answer: Any) -> Locals:
    """The variables of a part that has ended without returning, and without breaking the loop off."""
    path.require(isinstance(answer, Paused), "it does not return here")
    assert isinstance(answer, Paused)
    path.require(answer.goes_on, "it does not break off here")
    return answer.variables


def stay(path: Path, before: Locals, after: Locals, *changed: str) -> None:
    """The variables before a part, but for those that it may change, are the same integers or the very same objects."""
    for name, value in before.items():
        if name not in changed:
            found = after.get(name)
            are_integers = isinstance(value, int) and isinstance(found, int)
            path.require(found == value if are_integers else found is value, f"{name} stays what it was")


def apportion_of_any_number(path: Path, apportion: Callable[..., Any]) -> None:
    """The cumulative floors: what was given so far is the floor of the share of the weights so far."""
    loop = loop_of(apportion)
    total, whole = path.integer("total", least=0), path.integer("sum of the weights", least=1)
    so_far, given = path.integer("weight so far", least=0), path.integer("given so far")
    match path.choice("the loop", (BEGINS, GOES_ON, ENDS)):
        case "begins":
            path.reach(BEGINS)
            weights = Summed(whole)
            variables = paused(path, loop.begin(total, weights))
            stay(path, {"total": total, "weights": weights}, variables)
            path.require({*variables} == {*_variables_of_apportion(total, whole, 0, 0)}, "there are no others")
            path.require(variables["whole"] == whole, "whole is the sum of the weights")
            path.require(variables["parts"] == [], "no parts yet")
            path.require((variables["weight_so_far"] == 0) & (variables["given_so_far"] == 0), "nothing so far")
        case "goes on":
            weight = path.integer("weight", least=0)
            path.assume((given * whole <= total * so_far) & (total * so_far < (given + 1) * whole))
            path.assume(so_far + weight <= whole)
            path.reach(GOES_ON)
            variables = _variables_of_apportion(total, whole, so_far, given)
            path.require(loop.items(variables) is variables["weights"], "it goes over the weights")
            variables["parts"] = parts = Added(given)
            after = paused(path, loop.iterate(variables, weight))
            stay(path, variables, after, "weight_so_far", "given_so_far")
            new = after["given_so_far"]
            path.require(after["weight_so_far"] == so_far + weight, "the weight counts")
            path.require(new * whole <= total * (so_far + weight), "what was given is not above the share so far")
            path.require(total * (so_far + weight) < (new + 1) * whole, "and within one unit of it")
            path.require(len(parts.items) == 2 and parts.items[0] is given, "one part more")
            path.require(sum(parts.items) == new, "the parts sum to what was given")
            _is_a_part(path, parts.items[1], weight, total=total, whole=whole)
        case _:
            path.assume((given * whole <= total * whole) & (total * whole < (given + 1) * whole))
            path.reach(ENDS)
            result = loop.finish(_variables_of_apportion(total, whole, whole, given))
            path.require(isinstance(result, tuple) and result == (given,), "the parts are returned")
            path.require(sum(result) == total, "they sum to the total")


def _variables_of_apportion(total: int, whole: int, so_far: int, given: int) -> Locals:
    # The parts so far are one here, which is their sum.
    return {
        "total": total,
        "weights": Summed(whole),
        "whole": whole,
        "parts": Items(given),
        "weight_so_far": so_far,
        "given_so_far": given,
    }


def _is_a_part(path: Path, part: int, weight: int, *, total: int, whole: int) -> None:
    off = part * whole - total * weight
    path.require((-whole < off) & (off < whole), "a part is within one unit of its exact share")
    path.require(part >= 0, "a part is not negative")
    path.require(implies(weight == 0, part == 0), "a zero weight has a zero part")
    path.require(implies(total <= whole, part <= weight), "no part exceeds its weight while the total is not above all")


def negative_totals_of_any_number(path: Path, apportion: Callable[..., Any]) -> None:
    """What a negative total comes to, whatever parts the positive one has."""
    total = path.integer("total", most=-1)
    parts = (path.integer("one part"), path.integer("other part"))
    weights, asked = Summed(path.integer("sum of the weights", least=0)), []

    def of_positive(total: int, weights: object) -> tuple[int, ...]:
        asked.append((total, weights))
        return cast(tuple[int, ...], Items(*parts))

    result = loop_of(apportion, names={"apportion": of_positive}).begin(total, weights)
    path.reach(ACCEPTED)
    path.require(len(asked) == 1 and asked[0][1] is weights, "it is asked once, of the same weights")
    path.require(asked[0][0] == -total, "of the negated total")
    path.require(result == tuple(-part for part in parts), "its parts are negated")


def shrink_of_any_number(path: Path, shrink_discounts: Callable[..., tuple[int, ...]]) -> None:
    """Each market's move by itself, from the part of the shortfall that apportion gives it; and what is apportioned."""
    shortfall = path.integer("shortfall", least=0)
    discounts = [path.integer(f"discount {number}", least=0) for number in range(2)]
    lots = [path.integer(f"lots {number}", least=0) for number in range(2)]
    part, asked = path.integer("part", least=0), []

    def split(total: int, weights: list[int]) -> tuple[int, ...]:
        asked.append((total, weights))
        return cast(tuple[int, ...], Items(part, 0))

    if path.choice("what", ("split", "market")) == "split":
        path.assume(implies(lots[0] == 0, part == 0))
        code = with_names(shrink_discounts, {"apportion": split})
        moves = code(shortfall=shortfall, discounts=Items(*discounts), lots=Items(*lots))
        path.reach("split")
        ((total, weights),) = asked
        path.require(tuple(weights) == (lots[0] * discounts[0], lots[1] * discounts[1]), "by lots times discount")
        path.require((total == shortfall) | (total == sum(weights)), "the shortfall, or all there is, is split")
        path.require((total <= shortfall) & (total <= sum(weights)), "whichever is less")
        path.require(len(moves) == 2 and moves[1] == 0, "one move for each market")
        return
    discount, taken = discounts[0], lots[0]
    path.assume(part <= taken * discount)
    (move,) = comprehension_of(shrink_discounts, 1).elements({}, (part, taken))
    path.reach("market")
    path.require(move >= 0, "a move is toward mark")
    path.require(move <= discount, "and does not go beyond the discount")
    path.require(move * taken >= part, "it gives up the market's part")
    path.require((part == 0) | (move * taken < part + taken), "by less than an atom per lot more")
    path.require(implies((part == taken * discount) & (taken > 0), move == discount), "or the whole discount")


def funding_of_any_number(path: Path, funding_postings: Callable[..., tuple[PositionPosting, ...]]) -> None:
    """What one position more adds to the sum of all."""
    per_lot, size, others = path.integer("per lot"), path.integer("size"), path.integer("all other sizes")
    holder = Account(Map(), Map({MARKET: Position(size, path.integer("reference cost"))}), 1, "", None)
    variables: Locals = {"accounts": {ALICE: holder}, "market_id": MARKET, "per_lot": per_lot}
    postings = comprehension_of(funding_postings)
    path.reach(ACCEPTED)
    answer = object()
    of_all = with_names(funding_postings, {"tuple": lambda elements: answer})({}, MARKET, per_lot)
    path.require(of_all is answer, "all that it gives is told")
    path.require([*postings.items(variables)] == [ALICE], "it goes over the accounts")
    (posting,) = postings.elements(variables, ALICE)
    path.require(posting.account == ALICE and posting.market == MARKET, "its position is posted to")
    path.require(posting.size == 0, "no lot moves")
    path.require(
        posting.reference_cost == -per_lot * size, "a long pays per lot where it is positive, a short receives"
    )
    paid = -per_lot * others + posting.reference_cost
    path.require(implies(others + size == 0, paid == 0), "over sizes that sum to zero nothing is left")


CLAIMS = (
    Claim(
        "apportion-any",
        Kind.KERNEL,
        TRANSFER,
        ("ADL-1", "CAP-5", "TKO-2", "TKO-3", "TKO-5"),
        "Over any number of weights the parts of a total of zero or more sum to it, each not negative, within one unit "
        "of its share, zero for a zero weight, and none beyond its weight while the total is not above their sum.",
        (BY_INDUCTION, "weights are not negative, and not all zero"),
        "units.apportion",
        apportion_of_any_number,
        (
            Bug("units", "given = total * weight_so_far // whole", "given = (total * weight_so_far + 1) // whole"),
            Bug("units", "parts.append(given - given_so_far)", "parts.append(total * weight // whole)"),
            Bug("units", "        given_so_far = given\n", "        given_so_far = given if weight else given - 1\n"),
            Bug("units", "weight_so_far, given_so_far = 0, 0", "weight_so_far, given_so_far = 0, 1"),
            Bug("units", "    for weight in weights:", "    for weight in sorted(weights):"),
        ),
        reaches=(BEGINS, GOES_ON, ENDS),
    ),
    Claim(
        "apportion-any-negative",
        Kind.KERNEL,
        TRANSFER,
        ("TKO-2",),
        "The parts of a negative total are the negated parts of the positive one, however many they are.",
        (),
        "units.apportion",
        negative_totals_of_any_number,
        Bug("units", "tuple(-part for part in apportion(-total, weights))", "apportion(-total, weights)"),
    ),
    Claim(
        "shrink-any",
        Kind.KERNEL,
        TRANSFER,
        ("TKO-2", "TKO-3"),
        "Over any number of markets each move is from zero to its discount and gives up its market's part of the "
        "shortfall by less than an atom per lot more. The parts sum to the shortfall or to all discounts "
        "(apportion-any), so together the moves cover it or give up everything.",
        (
            "each market by itself, with any part of what is apportioned by lots times discount",
            "shortfall, discounts and lots are not negative",
        ),
        "pricing.shrink_discounts",
        shrink_of_any_number,
        (
            Bug("pricing", "ceil_div(part, taken) if part > 0", "floor_div(part, taken) if part > 0"),
            Bug(
                "pricing",
                "apportion(min(shortfall, sum(gains)), gains)",
                "apportion(max(shortfall, sum(gains)), gains)",
            ),
            Bug("pricing", "gains = [taken * discount for", "gains = [taken for"),
        ),
        reaches=("split", "market"),
    ),
    Claim(
        "funding-any",
        Kind.KERNEL,
        ("fund",),
        ("FND-1",),
        "Over any number of positions whose sizes sum to zero funding sums to exactly zero.",
        ("each position by itself, beside any others",),
        "rules.fund.funding_postings",
        funding_of_any_number,
        Bug("rules.fund", "0, -per_lot * accounts", "0, -abs(per_lot) * accounts"),
    ),
)
