"""What adapters share: a case, the registry, and a ledger whose rulebook has a case's decimals, tiers and fees.

An adapter takes a case and gives the ledger's own answers under the names that the case expects. It builds the state,
by transactions or by hand, and calls the ledger; it computes nothing by a formula of its own.
"""

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any, TypeVar

import attrs
from immutables import Map

from ledger.margin import account_value, notional
from ledger.outcomes import Applied, Outcome, Rejected
from ledger.profiles import merge, profile_document, rulebook_of
from ledger.rulebook import EXTERNAL, Rulebook
from ledger.state import Account, Position, size_of
from ledger.transactions import BackstopTransfer, Enroll, Liquidate
from ledger.transition import apply
from ledger.units import EXACT_SCALE, parse_decimal

from ..worlds import BTC, World, with_accounts

Json = Any
Answers = dict[str, Json]
FUNDING_INSTANT = 1_600_012_800_000
"""2020-09-13T16:00:00Z, on the funding grid and the settle grid."""


@attrs.frozen
class Case:
    """One numeric case: its inputs, what it expects, and what its source may be off by."""

    id: str
    topic: str
    semantics: str
    inputs: Mapping[str, Json]
    expected: Mapping[str, Json]
    tolerance: Fraction
    compared: frozenset[str]

    @classmethod
    def of(cls, row: Mapping[str, Json]) -> "Case":
        """A line of `cases.jsonl`. Where it says which numbers an independent formula gave again, those count."""
        return cls(
            row["id"],
            row["topic"],
            row["semantics"],
            row["inputs"],
            row["expected"],
            Fraction(row.get("tolerance", 0)),
            frozenset(row.get("recomputed_keys", row["expected"])),
        )


Adapter = Callable[[Case], Answers]


@attrs.frozen
class Difference:
    """Why the ledger decides a case otherwise, and, where that says more, its own answers as the case words them."""

    reason: str
    adapter: Adapter | None = None
    ours: Mapping[str, Json] = attrs.field(factory=dict)


@attrs.frozen
class Reproduction:
    """The adapter of a case, and the last place to which the ledger's answer is cut, where it has fewer places."""

    adapter: Adapter
    within: Fraction


REPRODUCED: dict[str, Reproduction] = {}
EXPLAINED: dict[str, Difference] = {}


def reproduces(*case_ids: str, within: Fraction = Fraction(0)) -> Callable[[Adapter], Adapter]:
    """The adapter gives again what these cases expect, exactly, or `within` the last place there is."""

    def register(adapter: Adapter) -> Adapter:
        for case_id in case_ids:
            assert case_id not in REPRODUCED, f"{case_id} has two adapters"
            REPRODUCED[case_id] = Reproduction(adapter, within)
        return adapter

    return register


def differs(case_id: str, reason: str, ours: Mapping[str, Json]) -> Callable[[Adapter], Adapter]:
    """The adapter gives `ours`, which is not what the case expects, for the reason given."""

    def register(adapter: Adapter) -> Adapter:
        explain({case_id: reason}, adapter, ours)
        return adapter

    return register


def explain(reasons: Mapping[str, str], adapter: Adapter | None = None, ours: Mapping[str, Json] | None = None) -> None:
    """Cases the ledger decides otherwise, each with the rule that differs."""
    for case_id, reason in reasons.items():
        assert case_id not in EXPLAINED, f"{case_id} is explained twice"
        EXPLAINED[case_id] = Difference(reason, adapter, ours or {})


def terms(
    *,
    initial: str = "0.01",
    maintenance: str = "0.006",
    tiers: list[dict[str, str]] | None = None,
    maker: str = "0",
    taker: str = "0",
    markets: Iterable[str] = (BTC,),
    lot: str = "0.0001",
    discount: str = "0.01",
    clamp: str = "1",
    fraction: int = 1,
    **overrides: Json,
) -> Rulebook:
    """A rulebook with a case's own terms: the finest tick, no band, no minima, one liquidation round.

    One round makes a takeover open as soon as an account has been liquidated once in vain, so that a case can be taken
    over at any mark below its maintenance margin.
    """
    fees = {"maker": maker, "taker": taker}
    market = {
        "lot": lot,
        "tick": "0.000000001",
        "tiers": tiers or [{"initial": max(initial, maintenance), "maintenance": maintenance}],
    }
    base = {**profile_document("textbook"), "markets": {}}
    own = {
        "name": "case",
        "markets": dict.fromkeys(markets, market),
        "fee_tiers": {"standard": fees, "vip": fees, "backstop": fees},
        "funding": {"clamp": clamp},
        "liquidation": {"rounds": 1, "fraction": fraction, "minimum_value": "0"},
        "program": {
            "minimum_account_value": "0",
            "minimum_capacity_per_minute": "0",
            "minimum_capacity_per_hour": "0",
            "discount": discount,
        },
    }
    return rulebook_of(merge(merge(base, own), overrides))


def venue(rulebook: Rulebook | None = None, *, marks: Mapping[str, str] | str | None = None) -> World:
    """A ledger on a case's terms at a funding instant, with marks."""
    world = World(terms() if rulebook is None else rulebook, FUNDING_INSTANT)
    by_market = {BTC: marks} if isinstance(marks, str) else marks or {}
    for market, mark in by_market.items():
        world.mark(mark, market)
    return world


def amount(text: str) -> int:
    """Atoms of USDT."""
    return parse_decimal(text, 13)


def dollars(atoms: int) -> Fraction:
    """Atoms of USDT as the number of dollars they are."""
    return Fraction(atoms, 10**13)


def value(exact: int) -> Fraction:
    """An exact value as the number of dollars it is."""
    return dollars(1) * Fraction(exact, EXACT_SCALE)


def at_price(price: int) -> Fraction:
    """Price units as a number."""
    return Fraction(price, 10**9)


def in_lots(world: World, size: str, market: str = BTC) -> int:
    """A size in units of the underlying, as lots."""
    count, rest = divmod(parse_decimal(size, 9), world.rulebook.contracts[market].lot_units)
    assert rest == 0, "a size is a whole number of lots"
    return count


def in_units(world: World, size: int, market: str = BTC) -> Fraction:
    """Lots as units of the underlying."""
    return Fraction(size * world.rulebook.contracts[market].lot_units, 10**9)


def put_in(
    world: World,
    accounts: Mapping[str, tuple[str, Mapping[str, str]]],
    *,
    leverage: int = 100,
    opened_at_mark: bool = False,
) -> None:
    """Accounts by hand, as sources with one quote balance have them: (quote, size by market).

    Reference costs are zero, so that the quote is what was paid for the positions as well, or, `opened_at_mark`, they
    make pnl zero, so that the quote is the account's value. `@external` and an account `zz-others`, which is far from
    any distress, make up what is missing to zero.
    """
    others: dict[str, int] = {}
    made: dict[str, Account] = {}
    for account_id, (held_quote, sizes) in accounts.items():
        positions = {}
        for market, size_text in sizes.items():
            count = in_lots(world, size_text, market)
            contract = world.rulebook.contracts[market]
            at_mark = notional(contract, count, world.state.markets[market].mark) if opened_at_mark else 0
            positions[market] = Position(count, -at_mark)
            others[market] = others.get(market, 0) - count
        made[account_id] = account(amount(held_quote), positions, leverage)
    rest = {market: Position(count, 0) for market, count in others.items() if count != 0}
    if rest:
        made["zz-others"] = account(amount("1000000000000"), rest, leverage)
    world.state = with_accounts(world.state, made)
    balance(world)


def account(quote: int, positions: Mapping[str, Position], leverage: int = 100) -> Account:
    """An account by hand with so many atoms of USDT."""
    return Account(
        Map({"USDT": quote} if quote else {}),
        Map({market: position for market, position in positions.items() if position.size}),
        leverage,
        "standard",
        None,
    )


def balance(world: World) -> None:
    """Let `@external` hold minus everything that the other accounts hold."""
    total = sum(
        quote_of(world, account_id, market)
        for account_id in world.state.accounts
        if account_id != EXTERNAL
        for market in (None, *world.rulebook.contracts)
    )
    world.state = with_accounts(world.state, {EXTERNAL: account(-total, {})})


def quote_of(world: World, account_id: str, market: str | None) -> int:
    """Atoms of cash, or of a market's reference cost."""
    held = world.account(account_id)
    if market is None:
        return held.cash.get("USDT", 0)
    return held.positions[market].reference_cost if market in held.positions else 0


def quote(world: World, account_id: str) -> Fraction:
    """Cash and reference costs together, in dollars: the one quote balance that many sources keep."""
    return dollars(sum(quote_of(world, account_id, market) for market in (None, *world.rulebook.contracts)))


def size(world: World, account_id: str, market: str = BTC) -> Fraction:
    """The account's size in units of the underlying, signed."""
    return in_units(world, size_of(world.account(account_id), market), market)


def worth(world: World, account_id: str) -> Fraction:
    """Account value in dollars."""
    return value(account_value(world.state, world.account(account_id)))


def fund_balance(world: World, account_id: str) -> Fraction:
    """A system account's USDT, in dollars."""
    return dollars(world.account(account_id).cash.get("USDT", 0))


def enroll(world: World, account_id: str, capacity: str = "1000000000") -> None:
    """The account becomes a provider of this capacity, per minute and per hour, with holdings beyond any case."""
    most = amount(capacity)
    world.do(Enroll(world.time, account_id, most, most, amount("1000000000000")))


def take_over(world: World, account_id: str) -> Applied:
    """Take the account over, after its one round in vain where it is not at takeover."""
    outcome: Outcome = apply(world.state, BackstopTransfer(world.time, account_id))
    if isinstance(outcome, Rejected):
        world.do(Liquidate(world.time, account_id, ()))
        return world.do(BackstopTransfer(world.time, account_id))
    return world.do(BackstopTransfer(world.time, account_id))


E = TypeVar("E")


def events_of(applied: Applied, kind: type[E]) -> list[E]:
    """The events of one kind, in order."""
    return [event for event in applied.events if isinstance(event, kind)]
