"""Five years of real funding, every 8-hour settlement of Binance BTCUSDT, as `fund` transactions over open positions.

The rates are read as text. None of them is beyond the rulebook's clamp of 0.5%, which a test says, so the shipped
rulebook applies as it is. Marks and trades in between are made up, from a recurrence and nothing random.
"""

import csv
from collections.abc import Iterator
from functools import cache

from ledger.margin import account_value
from ledger.outcomes import Funded
from ledger.postings import PositionPosting
from ledger.rulebook import EXTERNAL, FEES, INSURANCE, SYSTEM_ACCOUNTS
from ledger.state import State
from ledger.transactions import Fund
from ledger.units import RATE_SCALE, format_decimal, parse_decimal, sign

from .shared_data import shared_path
from .worlds import ASCENDEX, BTC, World, lots, usdt

EIGHT_HOURS = 28_800_000
TRADERS = ("ann", "ben", "cid", "dot", "eve", "fay", "gil")
BETWEEN_TRADES = 7
"""Instants from one trade to the next: co-prime to the number of traders' pairs, so that positions keep changing."""


@cache
def settlements() -> tuple[tuple[int, int], ...]:
    """(time in ms, rate in ppb) of every settlement in the file."""
    path = shared_path("data", "binance_btcusdt_perp_funding_2019-09_2024-08_utc.csv")
    with path.open(encoding="ascii", newline="") as rows:
        return tuple((int(row["time_ms"]), parse_decimal(row["funding_rate"], 9)) for row in csv.DictReader(rows))


def wobble() -> Iterator[int]:
    """A deterministic sequence of whole numbers from 0 to 65,536 with no pattern to speak of."""
    value = 1
    while True:
        value = value * 75 % 65_537
        yield value


def costs(state: State) -> dict[str, int]:
    """The reference cost of each trader who has a position, in atoms."""
    return {trader: state.accounts[trader].positions[BTC].reference_cost for trader in TRADERS if size(state, trader)}


def size(state: State, trader: str) -> int:
    """The trader's size in lots, signed."""
    position = state.accounts[trader].positions.get(BTC)
    return 0 if position is None else position.size


def total_of_everything(state: State) -> int:
    """All cash and all reference costs, in atoms: zero, as `@external` holds minus what came in."""
    accounts = state.accounts.values()
    return sum(account.cash.get("USDT", 0) for account in accounts) + sum(
        position.reference_cost for account in accounts for position in account.positions.values()
    )


def opened(time: int) -> World:
    """Seven traders, three long and three short of different sizes and one flat, an hour before the first instant."""
    world = World(ASCENDEX, time - 3_600_000)
    for trader in TRADERS:
        world.deposit(trader, "50000000")
    world.mark("10000")
    world.trade("ann", "ben", "3.1415", "10000")
    world.trade("cid", "dot", "0.0001", "10000")
    world.trade("eve", "ben", "12.7", "10000")
    world.trade("cid", "fay", "1.0007", "10000")
    return world


def test_the_file_is_whole_and_within_the_clamp() -> None:
    """5,386 settlements, eight hours apart without a gap, of both signs, none beyond 0.5%."""
    rows = settlements()
    assert len(rows) == 5_386
    assert [time for time, _ in rows] == [rows[0][0] + number * EIGHT_HOURS for number in range(len(rows))]
    assert all(time % EIGHT_HOURS == 0 for time, _ in rows)
    assert {sign(rate) for _, rate in rows} == {-1, 1}
    extremes = min(rate for _, rate in rows), max(rate for _, rate in rows)
    assert [format_decimal(rate, 9) for rate in extremes] == ["-0.003", "0.003"]
    assert ASCENDEX.funding_clamp > max(map(abs, extremes))


def test_five_years_of_real_funding_are_zero_sum_to_the_atom() -> None:
    """At every settlement: longs pay shorts by the rate's sign, per lot the same, in total exactly nothing."""
    rows, numbers = settlements(), wobble()
    world = opened(rows[0][0])
    deposited = -world.account(EXTERNAL).cash["USDT"]
    mark_cents = 1_000_000
    paid_by_longs = {1: 0, -1: 0}
    shapes = set()
    for number, (time, rate) in enumerate(rows):
        mark_cents += (next(numbers) - 32_768) * mark_cents // 6_553_600
        mark_cents = min(max(mark_cents, 300_000), 7_000_000)
        world.mark(format_decimal(mark_cents, 2), premium="0.37")
        if number % BETWEEN_TRADES == 0:
            first, step = next(numbers) % len(TRADERS), 1 + next(numbers) % (len(TRADERS) - 1)
            pair = TRADERS[first], TRADERS[(first + step) % len(TRADERS)]
            # The longer one sells, so that sizes stay around zero and everybody changes sides.
            buyer, seller = sorted(pair, key=lambda trader: size(world.state, trader))
            # In quarter dollars, which is the tick.
            world.trade(buyer, seller, format_decimal(1 + next(numbers) % 25_000, 4), f"{mark_cents // 100}.25")
        world.time = time
        before = world.state

        applied = world.do(Fund(time, BTC, rate))

        after = world.state
        (event,) = applied.events
        assert isinstance(event, Funded)
        exact = before.markets[BTC].index * ASCENDEX.contracts[BTC].multiplier * rate
        assert event.per_lot == sign(rate) * (abs(exact) // RATE_SCALE), "the index per lot times the rate, cut at zero"
        assert (event.instant, event.rate_numerator, event.rate_denominator) == (time, rate, RATE_SCALE)

        old, new = costs(before), costs(after)
        assert old.keys() == new.keys()
        changes = {trader: new[trader] - old[trader] for trader in new}
        assert sum(changes.values()) == 0
        for trader, change in changes.items():
            assert change == -event.per_lot * size(before, trader)
            assert sign(change) == -sign(rate) * sign(size(before, trader))
        paid_by_longs[sign(rate)] -= sum(change for trader, change in changes.items() if size(before, trader) > 0)
        shapes.add(tuple(sign(size(before, trader)) for trader in TRADERS))

        # No cut for the venue, no cash, no size: reference costs alone, of those who hold a position.
        assert all(isinstance(posting, PositionPosting) and posting.size == 0 for posting in applied.postings)
        for account_id in SYSTEM_ACCOUNTS:
            assert after.accounts[account_id] is before.accounts[account_id]
        for trader in TRADERS:
            assert after.accounts[trader].cash is before.accounts[trader].cash
            assert size(after, trader) == size(before, trader)
            if trader not in changes:
                assert after.accounts[trader] is before.accounts[trader]
        assert total_of_everything(after) == 0

    assert after.sequence == len(world.done)
    assert sum(isinstance(transaction, Fund) for transaction in world.done) == 5_386
    assert sum(size(world.state, trader) for trader in TRADERS) == 0
    values = sum(account_value(world.state, world.account(trader)) for trader in TRADERS)
    # The only money that left the traders is the fees of their own trades.
    assert values == (deposited - world.account(FEES).cash["USDT"]) * 10**18
    assert world.account(INSURANCE).cash.get("USDT", 0) == 0
    # The run would prove little if nobody paid, or if the same stood long all the time.
    assert paid_by_longs[1] > usdt("10000") > 0 > paid_by_longs[-1]
    assert len(shapes) > 20
    assert any(0 in shape for shape in shapes), "somebody was flat for a while"


def test_a_flat_account_never_pays() -> None:
    """The seventh trader at the first settlements, before its first trade."""
    rows = settlements()
    world = opened(rows[0][0])
    idle = world.account("gil")
    for time, rate in rows[:50]:
        world.time = time
        world.do(Fund(time, BTC, rate))
    assert world.account("gil") is idle
    assert lots("3.1415") == size(world.state, "ann")
