"""Claims that there is always enough, over any number of accounts: of opposite positions, and of value for a loss."""

from collections.abc import Callable
from typing import Any, cast

import attrs
from immutables import Map

from ledger.rules.takeover import Share
from ledger.state import Account, Position

from .claims import Bug, Claim, Kind
from .engine import ACCEPTED, Path, implies, negation
from .lemmas import BEGINS, BY_INDUCTION, ENDS, GOES_ON, TRANSFER, Added, paused, stay
from .loops import Locals, Loop, Paused, loop_of
from .quantities import WHOLE, account_value, pnl, sign_of
from .worlds import ALICE, BOB, COIN, MARKET, SECOND_MARKET, USDT, state_of, system_accounts

BOTH = (MARKET, SECOND_MARKET)

EARLIER = "earlier"
"""Stands for all the accounts that an iteration came after."""


def _keywords(path: Path, size: int) -> Locals:
    return {
        "taken_over": ALICE,
        "market_id": MARKET,
        "size": size,
        "rest": path.integer("rest", least=1),
        "minimum_candidates": path.integer("minimum candidates", least=1),
    }


def opposite_positions_suffice(path: Path, deleverage: Callable[..., Any]) -> None:
    """One account among any: the opposite sizes listed never sum to less than all sizes but that of the account taken
    over, the other way round, less what providers took."""
    size, taken = path.integer("size"), path.integer("taken as a provider", least=0)
    path.assume(size != 0)
    keywords, direction = _keywords(path, size), sign_of(size)
    others, listed = path.integer("others so far"), path.integer("listed so far")
    path.assume(listed >= others)
    took = (Share(BOB, taken, taken),) if taken > 0 else ()
    loop = loop_of(deleverage)
    nobody: Map[str, Account] = Map()
    begun = paused(path, loop.begin(nobody, took, **keywords))
    stay(path, {"accounts": nobody, "providers": took, **keywords}, begun)
    path.require(begun["opposite"] == [], "none is listed yet")
    everybody = _Everybody()
    path.require(loop.items({**begun, "accounts": everybody}) is everybody.rows, "it goes over all accounts")

    account_id = path.choice("whose account", (BOB, ALICE, "@fees"))
    held, account = 0, Account(Map(), Map(), 100, "standard", None)
    if account_id != "@fees" and path.choice("has a position", (True, False)):
        held = path.integer("held")
        path.assume(held != 0)
        account = Account(Map(), Map({MARKET: Position(held, path.integer("reference cost"))}), 100, "standard", None)
    begun["opposite"] = opposite = Added((-listed, EARLIER))
    stay(path, begun, paused(path, loop.iterate(begun, (account_id, account))))
    path.require(begun["taken"] == ({BOB: taken} if taken > 0 else {}), "what each provider took, also after it")
    path.reach(account_id)
    path.require(opposite.items[0] == (-listed, EARLIER), "those listed stay")
    if len(opposite.items) == 2:
        path.reach("listed")
        negative, listed_id = opposite.items[1]
        path.require(listed_id == BOB, "neither the account taken over nor a system account is listed")
        path.require(negative == direction * held + taken, "by its opposite size after what it took, largest first")
        path.require(negative < 0, "which is above zero")
    others = others + (-direction * held - taken if account_id == BOB else 0)
    path.require(-sum(negative for negative, _ in opposite.items) >= others, "those listed are enough so far")


class _Everybody:
    """A table that tells its rows all at once, and nothing else."""

    def __init__(self) -> None:
        self.rows: list[object] = []

    def items(self) -> list[object]:
        """All rows."""
        return self.rows


def largest_positions_are_chosen(path: Path, deleverage: Callable[..., Any]) -> None:
    """One account of those listed: whether it is chosen, and what that leaves; and the shares when all are chosen."""
    size = path.integer("size")
    path.assume(size != 0)
    keywords = _keywords(path, size)
    covered = path.integer("covered so far", least=0)
    part, asked = path.integer("part", least=0), list[Any]()

    def split(total: int, weights: Any) -> tuple[int, ...]:
        asked.append((total, tuple(weights)))
        return part, 0

    loop = loop_of(deleverage, 1, {"apportion": split, "len": _Chosen.number_of})
    before: Locals = {**paused(path, loop_of(deleverage).begin(Map(), (), **keywords)), "opposite": object()}
    variables = paused(path, loop.approach(before))
    stay(path, before, variables)
    path.require({*variables} == {*before, "chosen", "covered"}, "there are no other variables")
    path.require(variables["chosen"] == {} and variables["covered"] == 0, "nothing is chosen yet")
    match path.choice("the loop", (BEGINS, GOES_ON, ENDS)):
        case "begins":
            _largest_come_first(path, loop, variables)
        case "goes on":
            variables["chosen"], variables["covered"] = _Chosen(path.integer("chosen so far", least=0)), covered
            _is_chosen_until_enough(path, loop, variables)
        case _:
            another = path.integer("another size", least=1)
            variables["chosen"] = {BOB: covered, ALICE: another}
            shares = loop.finish(variables)
            path.reach(ENDS)
            path.require(
                asked == [(keywords["rest"], (another, covered))], "the rest is split over those chosen, by id"
            )
            path.require(shares == ((Share(ALICE, part, another),) if part > 0 else ()), "parts above zero are shares")


class _Chosen:
    """Any number of accounts that were chosen, of which code may ask how many they are, and choose more."""

    def __init__(self, number: int) -> None:
        self.number, self.added = number, list[Any]()

    def __setitem__(self, account_id: str, size: int) -> None:
        self.added.append((account_id, size))

    @staticmethod
    def number_of(chosen: "_Chosen") -> int:
        """What `len` is of them."""
        return chosen.number


def _largest_come_first(path: Path, loop: Loop, variables: Locals) -> None:
    one, other = path.integer("one size", least=1), path.integer("other size", least=1)
    first, second = loop.items({**variables, "opposite": [(-one, BOB), (-other, ALICE)]})
    path.reach(BEGINS)
    bob_first, alice_first = (-one, BOB, -other, ALICE), (-other, ALICE, -one, BOB)
    found = (*first, *second)
    path.require(found == (bob_first if one > other else alice_first), "all that are listed, largest first, ties by id")


def _is_chosen_until_enough(path: Path, loop: Loop, variables: Locals) -> None:
    covered, rest, fewest = variables["covered"], variables["rest"], variables["minimum_candidates"]
    size = path.integer("next size", least=1)
    chosen = variables["chosen"]
    enough = (covered >= rest) & (fewest <= chosen.number)
    after = loop.iterate(variables, (-size, BOB))
    path.require(isinstance(after, Paused), "it does not return here")
    stay(path, variables, after.variables, *(("covered",) if after.goes_on else ()))
    if not after.goes_on:
        path.reach("breaks off")
        path.require(enough, "it breaks off only where the rest is covered by the least number or more")
        path.require(chosen.added == [], "and chooses nobody more")
        return
    path.reach(GOES_ON)
    path.require(negation(enough), "and goes on only where not")
    path.require(chosen.added == [(BOB, size)], "the next one is chosen")
    path.require(after.variables["covered"] == covered + size, "and counts")


def value_covers_the_settlement_column(path: Path, value_weight: Callable[..., int]) -> None:
    """One account among any: what it can be charged for its value, against its settlement cash and pnl."""
    account = Account(
        Map({USDT: path.integer("USDT"), COIN: path.integer("BTC", least=0), "ETH": path.integer("ETH", least=0)}),
        Map({market: Position(path.integer(f"{market} size"), path.integer(f"{market} cost")) for market in BOTH}),
        100,
        "standard",
        None,
    )
    state = state_of(path, system_accounts(path) | {ALICE: account}, markets=BOTH)
    state = attrs.evolve(state, prices=state.prices.set("ETH", path.integer("price of ETH", least=1)))
    value = value_weight(state, account)
    values, columns = path.integer("values of all others", least=0), path.integer("columns of all others")
    missing, fees = path.integer("fund is short of", least=1), path.integer("fees", least=0)
    custody = path.integer("custody", least=0)
    path.reach(ACCEPTED)
    column = account.cash[USDT] + pnl(state, account)
    path.require(value >= 0, "not negative")
    path.require(value >= column, "at least its settlement cash and pnl: what is lost by rounding is other assets'")
    path.require((value == 0) | (value * WHOLE <= account_value(state, account)), "nobody is charged beyond its value")
    # The others are as this one is, and CON-1 says what all columns of settlement sum to.
    sums_to_zero = column + columns - missing + fees - custody == 0
    covers = values + value >= missing - fees
    path.require(implies((values >= columns) & sums_to_zero, covers), "together they cover what the fund is short of")


def stages_take_from_one_value(path: Path, gains_weight: Callable[..., int]) -> None:
    """One account that is charged up to its gains: what it can be charged for its value afterwards."""
    value_weight = cast(Any, gains_weight).__globals__["value_weight"]
    account = Account(
        Map({USDT: path.integer("USDT"), COIN: path.integer("BTC", least=0)}),
        Map({MARKET: Position(path.integer("size"), path.integer("cost"))}),
        100,
        "standard",
        None,
    )
    state = state_of(path, system_accounts(path) | {ALICE: account})
    gains, value = gains_weight(state, account), value_weight(state, account)
    charge = path.integer("charge", least=0)
    path.assume(charge <= gains)
    gained = pnl(state, account)
    cash = account.cash.set(USDT, account.cash[USDT] + gained - charge)
    rolled = Position(account.positions[MARKET].size, account.positions[MARKET].reference_cost - gained)
    charged = Account(cash, Map({MARKET: rolled}), 100, "standard", None)
    path.reach(ACCEPTED)
    path.reach("charged", charge > 0)
    path.require((gains >= 0) & (gains <= value), "gains that can be charged are never above the value that can be")
    path.require((gains == 0) | (gains <= gained), "nor above the gains")
    path.require(value_weight(state, charged) == value - charge, "a charge takes from the value exactly what it is")


def _claim(
    name: str,
    laws: tuple[str, ...],
    statement: str,
    assumptions: tuple[str, ...],
    subject: str,
    prove: Any,
    bugs: tuple[Bug, ...],
    reaches: tuple[str, ...] = (ACCEPTED,),
) -> Claim:
    return Claim(name, Kind.KERNEL, TRANSFER, laws, statement, assumptions, subject, prove, bugs, reaches)


CLAIMS = (
    _claim(
        "opposite-any",
        ("ADL-1",),
        "Over any number of accounts, those listed for auto-deleveraging hold at least as many opposite lots as all "
        "others' sizes sum to, the other way round, less what providers took. As sizes sum to zero (CON-2) that is the "
        "rest: opposite positions always suffice.",
        (BY_INDUCTION, "each account holds a position or none, and took any lots as a provider or none"),
        "rules.takeover.deleverage",
        opposite_positions_suffice,
        (
            Bug("rules.takeover", "if against > 0:", "if against > 1:"),
            Bug("rules.takeover", "size - taken.get(account_id, 0)", "size - 2 * taken.get(account_id, 0)"),
            Bug("rules.takeover", "account_id != taken_over and not is_system", "not is_system"),
        ),
        (BOB, ALICE, "@fees", "listed"),
    ),
    _claim(
        "candidates-any",
        ("ADL-1",),
        "Of any number listed, the largest are chosen, ties by id, until they cover the rest and are the least number: "
        "so together with opposite-any those chosen cover the rest, and the rest is apportioned over their sizes. With "
        "apportion-any nobody gives more than it holds.",
        (BY_INDUCTION, "sizes listed are positive"),
        "rules.takeover.deleverage",
        largest_positions_are_chosen,
        (
            Bug("rules.takeover", "len(chosen) >= minimum_candidates and", "len(chosen) > minimum_candidates and"),
            Bug("rules.takeover", "and covered >= rest:", "or covered >= rest:"),
            Bug("rules.takeover", "covered -= negative_size", "covered -= negative_size - 1"),
            Bug("rules.takeover", "in sorted(opposite):", "in sorted(opposite, key=lambda row: row[1]):"),
        ),
        (BEGINS, GOES_ON, "breaks off", ENDS),
    ),
    _claim(
        "value-any",
        ("TKO-5",),
        "Each account can be charged at least what it has in settlement cash and pnl, rounding included. Over any "
        "number of accounts these sum to custody of the settlement asset less what the fund and fees hold (CON-1), and "
        "custody is never negative (CON-4): so account values always suffice for a shared loss.",
        (
            "each account by itself, with USDT, BTC and ETH and positions in two markets; BTC and ETH not negative",
            "the fund is short, fees and custody of USDT are not negative",
        ),
        "rules.loss_waterfall.value_weight",
        value_covers_the_settlement_column,
        (
            Bug(
                "rules.loss_waterfall",
                "return max(0, floor_div(account_value(state, account), EXACT_SCALE))",
                "return max(0, floor_div(account_value(state, account), EXACT_SCALE) - 1)",
            ),
        ),
    ),
    _claim(
        "stages-any",
        ("TKO-5",),
        "An account's gains that can be charged are never above its value that can be, and a charge of gains takes "
        "from that value exactly itself: so what suffices before the first stage suffices after it, for any number.",
        ("each account by itself, with USDT and BTC and one position; other assets are not negative",),
        "rules.loss_waterfall.gains_weight",
        stages_take_from_one_value,
        (
            Bug(
                "rules.loss_waterfall",
                "max(0, min(gains, floor_div(account_value(state, account), EXACT_SCALE)))",
                "max(0, gains)",
            ),
        ),
        (ACCEPTED, "charged"),
    ),
)
