"""Who comes, and what an entrant brings."""

from immutables import Map

from ledger.margin import free_collateral
from ledger.outcomes import Applied
from ledger.rulebook import Rulebook
from ledger.simulation.population import Entrant, draw_population, entry_of
from ledger.state import State, genesis
from ledger.transactions import Deposit, MarkAsset, MarkMarket, Trade
from ledger.transition import apply, state_after
from ledger.units import EXACT_SCALE, PRICE_SCALE

from .scenes import USDT, scenario

RULEBOOK = scenario().rulebook
LEVERAGE = 10**9


def marked(mark: int = 10_000 * PRICE_SCALE + 130_000_000, coin: int = 10_000 * PRICE_SCALE) -> State:
    quotes = dict.fromkeys(RULEBOOK.sources, 0)
    state = genesis(RULEBOOK)
    for transaction in (
        MarkMarket(0, "BTC-PERP", Map(dict.fromkeys(quotes, mark)), 0),
        MarkAsset(0, "BTC", Map(dict.fromkeys(quotes, coin))),
        Deposit(0, "maker", "USDT", 10**7 * USDT),
    ):
        state = state_after(state, apply(state, transaction))
    return state


def entered(rulebook: Rulebook, entrant: Entrant) -> tuple[State, int]:
    """The state after an entrant came, and what its margin left free, in atoms rounded down."""
    state = marked()
    price = PRICE_SCALE if entrant.asset == "USDT" else state.prices[entrant.asset]
    entry = entry_of(entrant, rulebook, "BTC-PERP", state.markets["BTC-PERP"], price)
    state = state_after(state, apply(state, Deposit(0, entrant.account, entrant.asset, entry.amount)))
    sides = (entrant.account, "maker") if entrant.is_long else ("maker", entrant.account)
    outcome = apply(state, Trade(0, "BTC-PERP", *sides, entry.size, entry.price, sides[0] == entrant.account))
    assert isinstance(outcome, Applied), outcome
    return outcome.state, free_collateral(outcome.state, outcome.state.accounts[entrant.account]) // EXACT_SCALE


def entrant(leverage: int, notional: int, *, is_long: bool = True, asset: str = "USDT") -> Entrant:
    return Entrant("ann", 0, leverage * LEVERAGE, notional * USDT, is_long, asset)


def test_an_account_at_its_tiers_leverage_enters_with_next_to_nothing_free() -> None:
    for is_long in (True, False):
        for leverage, notional in ((100, 40_000), (50, 100_000), (100, 100_000), (100, 12_000_000)):
            _, free = entered(RULEBOOK, entrant(leverage, notional, is_long=is_long))
            # At most what a lot's tick and the booking unit come to.
            assert 0 <= free < notional * USDT // 10_000


def test_leverage_is_notional_over_collateral() -> None:
    state, free = entered(RULEBOOK, entrant(10, 40_000))
    cash, position = state.accounts["ann"].cash["USDT"], state.accounts["ann"].positions["BTC-PERP"]
    notional = position.size * state.markets["BTC-PERP"].mark
    fee = 40_000 * USDT * 65 // 100_000
    assert abs(cash - fee - notional // 10) < USDT
    assert abs(free - notional * 9 // 100) < 2 * USDT


def test_collateral_counts_after_its_haircut() -> None:
    state, free = entered(RULEBOOK, entrant(100, 40_000, asset="BTC"))
    assert 0 <= free < 4 * USDT
    cash = state.accounts["ann"].cash
    # 400 USDT of margin, 26 of fees and 0.52 from mark to tick, at 10,000 and a factor of 0.98.
    assert set(cash) == {"BTC"}
    assert 43_520_000 <= cash["BTC"] <= 43_523_000


def test_the_smallest_position_is_a_lot() -> None:
    state, _ = entered(RULEBOOK, Entrant("ann", 0, LEVERAGE, 1, is_long=True, asset="USDT"))
    assert state.accounts["ann"].positions["BTC-PERP"].size == 1


def test_the_population_is_drawn_from_the_seed_alone() -> None:
    read = scenario(
        population={"entry": "0.5", "collateral": {"USDT": 1, "BTC": 1}}, assets={"BTC": {"price": "market"}}
    )
    first = draw_population(read, 7, 100)
    assert first == draw_population(read, 7, 100)
    assert first != draw_population(read, 8, 100)
    assert len({each.account for each in first}) == 40
    assert [each.point for each in first] == sorted(each.point for each in first)
    assert max(each.point for each in first) <= 49
    assert len({each.point for each in first}) > 10
    assert {each.asset for each in first} == {"BTC", "USDT"}
    assert {each.is_long for each in first} == {True, False}


def test_more_accounts_leave_those_before_as_they_are() -> None:
    fewer, more = (draw_population(scenario(population={"accounts": count}), 1, 1) for count in (9, 99))
    for each, other in zip(fewer, more, strict=False):
        assert int(each.account.removeprefix("trader-")) == int(other.account.removeprefix("trader-"))
        assert (each.leverage, each.notional, each.is_long) == (other.leverage, other.notional, other.is_long)


def test_everybody_is_long_or_nobody() -> None:
    for share, expected in (("1", {True}), ("0", {False})):
        read = scenario(population={"long_share": share})
        assert {each.is_long for each in draw_population(read, 1, 1)} == expected
