"""Whole simulations: worked ones, and what holds of all of them."""

import attrs
import pytest

from ledger.laws import REGISTRY, Monitor
from ledger.laws.law import Step
from ledger.margin import account_value
from ledger.outcomes import Applied, Funded
from ledger.rulebook import EXTERNAL, INSURANCE, is_system
from ledger.simulation import venue as venue_module
from ledger.simulation.path import path_of
from ledger.simulation.population import draw_population
from ledger.simulation.prices import FundingRate, PriceHistory, read_funding, read_prices
from ledger.simulation.scenario import Scenario, read_scenario
from ledger.simulation.simulating import Simulated, rates_by_instant, simulate
from ledger.simulation.venue import Venue
from ledger.state import State, genesis, size_of
from ledger.transactions import (
    BackstopTransfer,
    Deposit,
    Fund,
    Liquidate,
    MarkMarket,
    Observe,
    Settle,
    Trade,
    Transaction,
    Withdraw,
)
from ledger.transition import apply
from ledger.units import PRICE_SCALE

from ..shared_data import shared_path
from .scenes import CRASH, MINUTE, START, USDT, falling, history, scenario

HOUR = 60 * MINUTE
CRASHING = history([10_000] * 3 + falling(10_000, 8_600, 12) + [8_700] * 3)
CALM = history([10_000, 10_010, 9_990, 10_000])


def run(read: Scenario, prices: PriceHistory, seed: int = 1) -> tuple[Simulated, list[Transaction]]:
    log: list[Transaction] = []
    return simulate(read, prices, seed, write=log.append), log


def replayed(read: Scenario, prices: PriceHistory, log: list[Transaction]) -> tuple[State, Monitor, list[Applied]]:
    """The log applied from its genesis, with every law watching, and what it was answered, all of it applied."""
    state = genesis(read.rulebook, prices.bars[0].time)
    monitor, outcomes = Monitor(state, REGISTRY, state_every=100), []
    for transaction in log:
        outcome = apply(state, transaction)
        assert isinstance(outcome, Applied), (transaction, outcome)
        monitor.observe(Step(state, transaction, outcome, outcome.state))
        state = outcome.state
        outcomes.append(outcome)
    monitor.finish()
    return state, monitor, outcomes


def test_the_log_replays_to_the_same_state_with_every_law_checked() -> None:
    simulated, log = run(scenario(), CRASHING)
    state, monitor, _ = replayed(scenario(), CRASHING, log)
    assert state == simulated.state
    fired = {count.law.id for count in monitor.counts if count.fired}
    assert {"CON-1", "CAP-1", "CAP-5", "TKO-1", "TKO-2", "TKO-3", "LIQ-1", "MON-1", "SET-1"} <= fired
    assert simulated.summary.transactions == len(log)


def test_the_same_seed_gives_the_same_log_and_another_one_another() -> None:
    assert run(scenario(), CRASHING, 3) == run(scenario(), CRASHING, 3)
    assert run(scenario(), CRASHING, 3)[1] != run(scenario(), CRASHING, 4)[1]


def test_a_calm_market_asks_nothing_of_the_backstop() -> None:
    simulated, log = run(scenario(), CALM)
    summary = simulated.summary
    assert (summary.liquidated, summary.taken_over, summary.rounds, summary.closed) == (0, 0, 0, 0)
    assert (summary.minutes, summary.hours, summary.shortfall, summary.fund_drawn) == ((), (), 0, 0)
    assert summary.fund_start == summary.fund_end == summary.fund_lowest == 100_000 * USDT
    assert summary.entered == summary.accounts == 40
    marks = [each for each in log if isinstance(each, MarkMarket)]
    assert [each.quotes["Binance"] for each in marks] == [bar.close for bar in CALM.bars]
    assert len([each for each in log if isinstance(each, Observe)]) == len(CALM.bars)
    assert len([each for each in log if isinstance(each, Trade)]) == 40


def test_a_crash_is_cleared_and_counted() -> None:
    read = scenario()
    simulated, log = run(read, CRASHING)
    summary, state = simulated.summary, simulated.state
    assert all(account.liquidation is None for account in state.accounts.values())
    assert summary.liquidated > 5
    assert summary.taken_over == len({each.account for each in log if isinstance(each, BackstopTransfer)}) > 3
    assert summary.rounds == sum(isinstance(each, Liquidate) for each in log)
    assert summary.taken == sum(minute.used for minute in summary.minutes) == sum(hour.used for hour in summary.hours)
    assert summary.deleveraged == sum(minute.refused for minute in summary.minutes)
    assert summary.taken > 0
    assert all(minute.used <= minute.capacity == 200_000 * USDT for minute in summary.minutes)
    assert all(hour.used <= hour.capacity == 1_000_000 * USDT for hour in summary.hours)
    assert all(minute.start % MINUTE == 0 for minute in summary.minutes)
    assert summary.fund_lowest <= summary.fund_end == state.accounts[INSURANCE].cash.get("USDT", 0)
    assert summary.stressed > 0


def test_the_books_depth_decides_how_much_is_left_for_the_backstop() -> None:
    thin, deep = scenario(book={"depth": "0"}), scenario(book={"depth": "50000000"})
    thin_summary, deep_summary = run(thin, CRASHING)[0].summary, run(deep, CRASHING)[0].summary
    assert thin_summary.closed == 0 < deep_summary.closed
    assert thin_summary.taken + thin_summary.deleveraged > deep_summary.taken + deep_summary.deleveraged


def test_without_providers_everything_is_auto_deleveraged() -> None:
    for read in (
        scenario(providers={"accounts": 0}),
        scenario(backstop={"capacity_per_minute": "0", "capacity_per_hour": "0", "max_holdings": "0"}),
    ):
        summary = run(read, CRASHING)[0].summary
        assert summary.taken == 0 < summary.deleveraged
        assert summary.deleveraged_accounts > 0


def test_a_fund_that_is_too_small_leaves_a_loss() -> None:
    gap = history([10_000, 10_000, 9_600, 9_600])
    rich, poor = run(scenario(), gap)[0].summary, run(scenario(backstop={"fund": "0"}), gap)[0].summary
    assert rich.shortfall == 0 < rich.fund_end
    assert poor.shortfall > 0 == poor.fund_lowest
    assert poor.shortfall == poor.fees_used + poor.loss_shared


LONG = {"long_share": "1", "accounts": 30}
"""Only market makers are short, and rich: who is auto-deleveraged or pays changes nothing for anybody else."""


@pytest.mark.parametrize("seed", range(4))
def test_a_larger_discount_draws_more_of_the_fund_for_the_same_takeovers(seed: int) -> None:
    told = [
        run(scenario(population=LONG, backstop={"discount": discount}), CRASHING, seed)
        for discount in ("-0.01", "0", "0.01", "0.02")
    ]
    assert [log for _, log in told[1:]] == [told[0][1]] * 3
    drawn = [simulated.summary.fund_drawn for simulated, _ in told]
    assert drawn == sorted(drawn)
    assert drawn[1] < drawn[2] < drawn[3]


@pytest.mark.parametrize("seed", range(4))
def test_more_capacity_leaves_less_to_auto_deleveraging_of_the_same_takeovers(seed: int) -> None:
    told = []
    for times in (1, 2, 3, 8):
        limits = {"capacity_per_minute": 200_000, "capacity_per_hour": 600_000, "max_holdings": 600_000}
        more = {name: str(limit * times) for name, limit in limits.items()}
        told.append(run(scenario(population=LONG, book={"depth": "0"}, backstop=more), CRASHING, seed)[0].summary)
    assert len({(each.taken_over, each.taken + each.deleveraged) for each in told}) == 1
    left = [each.deleveraged for each in told]
    assert left == sorted(left, reverse=True)
    assert left[0] > left[-1] == 0


@pytest.mark.parametrize("seed", range(4))
def test_a_larger_fund_leaves_less_of_a_loss(seed: int) -> None:
    gap = history([10_000, 10_000, 9_600, 9_600])
    told = [
        run(scenario(population=LONG, backstop={"fund": fund}), gap, seed)[0].summary
        for fund in ("0", "1000", "5000", "100000")
    ]
    short = [each.shortfall for each in told]
    assert short == sorted(short, reverse=True)
    assert short[0] > short[1] > short[-1] == 0
    assert [each.discount_given_up > 0 for each in told] == [True, True, told[2].shortfall > 0, False]


def test_liquidations_drive_the_mark_where_the_book_has_impact() -> None:
    flat, moved = scenario(), scenario(book={"impact": "1", "depth": "100000"})
    premiums = {each.premium for each in run(flat, CRASHING)[1] if isinstance(each, MarkMarket)}
    assert premiums == {0}
    log = run(moved, CRASHING)[1]
    marks = [each for each in log if isinstance(each, MarkMarket)]
    assert min(each.premium for each in marks) < 0
    assert len(marks) > len(CRASHING.bars)
    assert moved.book.mark_interval == 10_000
    between = [each.time for each in marks if (each.time - START) % MINUTE]
    assert between
    assert all(
        later - earlier >= 10_000 or later % MINUTE == START % MINUTE
        for earlier, later in zip([each.time for each in marks], [each.time for each in marks][1:], strict=False)
    )


def test_a_mark_comes_back_to_the_index_when_the_book_is_full_again() -> None:
    read = scenario(book={"impact": "1", "depth": "100000", "refill": 600_000})
    simulated, log = run(read, history(falling(10_000, 9_700, 12) + [9_700] * 30))
    marks = [each for each in log if isinstance(each, MarkMarket)]
    assert min(each.premium for each in marks) < 0 == marks[-1].premium
    assert simulated.state.markets["BTC-PERP"].mark == 9_700 * PRICE_SCALE


def test_providers_sell_back_what_they_took_as_far_as_they_are_to() -> None:
    for share, is_sold in (("0", False), ("1", True)):
        read = scenario(providers={"unwind": share})
        simulated, log = run(read, CRASHING)
        sold = [each for each in log if isinstance(each, Trade) and each.seller.startswith("provider")]
        assert bool(sold) == is_sold
        assert all(not each.buyer_is_taker for each in sold)
        held = [size_of(simulated.state.accounts[f"provider-{number}"], "BTC-PERP") for number in (1, 2)]
        assert is_sold or min(held) > 0


def test_a_provider_sells_to_the_market_makers_of_the_levels_in_turn() -> None:
    read, first, log = scenario(providers={"unwind": "1"}), path_of(CALM, "ohlc")[0], list[Transaction]()
    venue = Venue(read, first, {}, log.append)
    venue.open()
    venue.move(first, ())
    assert venue.submit(Trade(START, "BTC-PERP", "provider-2", "maker-1", 130_000, 10_000 * PRICE_SCALE, True))
    log.clear()
    venue.unwind(MINUTE)
    # 200,000 USDT are 20 BTC: five of them on each of four levels, 0.02%, 0.12%, 0.22% and 0.32% away.
    sold = [(each.seller, each.buyer, each.size, each.price // PRICE_SCALE) for each in log if isinstance(each, Trade)]
    assert sold == [
        ("provider-2", "maker-1", 50_000, 9_998),
        ("provider-2", "maker-2", 50_000, 9_988),
        ("provider-2", "maker-1", 30_000, 9_978),
    ]
    assert (venue.book.taken_bids, venue.book.taken_asks) == (130_000, 0)


def test_what_is_there_at_first_is_rounded_up_to_what_can_be_booked() -> None:
    read = scenario(
        market_makers={"collateral": "3000000.0000000000001"},
        providers={"collateral": "1000000.0000000010001"},
        backstop={"fund": "0.0000000000001"},
    )
    deposits = {each.account: each.amount for each in run(read, CALM)[1] if isinstance(each, Deposit)}
    unit = 10**4  # nine decimals of thirteen
    assert deposits["maker-1"] == deposits["maker-2"] == 3_000_000 * USDT + unit
    assert deposits["provider-1"] == 1_000_000 * USDT + 2 * unit
    assert deposits[INSURANCE] == unit


def test_accounts_enter_along_the_path() -> None:
    read = scenario(population={"entry": "1", "accounts": 30})
    _, log = run(read, CALM)
    assert len({each.time for each in log if isinstance(each, Trade)}) > 2


def test_accounts_that_no_market_maker_can_trade_with_stay_away() -> None:
    summary = run(scenario(market_makers={"accounts": 1, "collateral": "2000"}), CALM)[0].summary
    assert 0 < summary.entered < summary.accounts


def test_market_makers_take_turns_whenever_accounts_come() -> None:
    """By accounts, not by points: else the first would have all that come one at a time."""
    read = scenario(population={"entry": "1"}, market_makers={"accounts": 4})
    _, log = run(read, history([10_000] * 400))
    met = [name for each in log if isinstance(each, Trade) for name in (each.buyer, each.seller) if "maker" in name]
    assert met == [f"maker-{1 + number % 4}" for number in range(40)]


def test_an_account_asks_the_next_market_maker_where_one_cannot_trade() -> None:
    read, first, log = scenario(market_makers={"accounts": 3}), path_of(CALM, "ohlc")[0], list[Transaction]()
    venue = Venue(read, first, {}, log.append)
    venue.open()
    assert venue.submit(Withdraw(START, "maker-2", "USDT", 3_000_000 * USDT))
    venue.move(first, draw_population(read, 1, 1))
    met = [name for each in log if isinstance(each, Trade) for name in (each.buyer, each.seller) if "maker" in name]
    assert met == [("maker-1", "maker-3", "maker-3")[number % 3] for number in range(40)]


def test_capacity_is_that_of_providers_who_are_obliged() -> None:
    for read in (scenario(providers={"accounts": 0}), scenario()):
        summary = run(read, CRASHING)[0].summary
        expected = 200_000 * USDT if read.providers.accounts else 0
        assert {minute.capacity for minute in summary.minutes} == {expected}
    # Both take more than they can bear, are taken over themselves at 9,000, and by 5,000 nobody is obliged.
    read = scenario(
        backstop={"capacity_per_minute": "9000000", "capacity_per_hour": "9000000", "max_holdings": "9000000"},
        book={"depth": "0"},
        providers={"collateral": "500000"},
        market_makers={"collateral": "30000000"},
        population={"notional": "1000000", "leverage": {"choices": [["25", 1], ["2", 1]]}},
    )
    summary = run(read, history([10_000, 9_650, 9_000, 7_000, 5_000]))[0].summary
    assert [minute.capacity // USDT for minute in summary.minutes] == [9_000_000, 9_000_000, 0]
    assert [minute.used // USDT for minute in summary.minutes] == [9_000_000, 0, 0]
    assert [minute.refused > 0 for minute in summary.minutes] == [False, True, True]


def test_windows_are_as_long_as_those_of_the_program() -> None:
    read = scenario(overrides={"program": {"minute": 15_000, "hour": 120_000}})
    summary = run(read, CRASHING)[0].summary
    assert {minute.start % 15_000 for minute in summary.minutes} == {0}
    assert {hour.start % 120_000 for hour in summary.hours} == {0}
    assert len(summary.hours) > 2
    assert all(window.used <= window.capacity for window in (*summary.minutes, *summary.hours))


def test_the_end_goes_on_in_steps_for_as_long_as_the_operator_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bound that falls on the very time at which something is due still ends."""
    monkeypatch.setattr(venue_module, "longest_run", lambda state: 6_000)
    simulated, log = run(scenario(rulebook="ascendex-2020", book={"depth": "0"}), history([10_000, 9_850]))
    last = START + MINUTE
    assert max(each.time for each in log) == last + 6_000
    assert any(account.liquidation for account in simulated.state.accounts.values())


def test_collateral_follows_the_index() -> None:
    read = scenario(
        population={"collateral": {"BTC": 1, "ETH": 1}},
        assets={"BTC": {"price": "market"}, "ETH": {"price": "300", "beta": "2"}},
    )
    simulated, _ = run(read, history([10_000, 9_000]))
    assert simulated.state.prices["BTC"] == 9_000 * PRICE_SCALE
    assert simulated.state.prices["ETH"] == 240 * PRICE_SCALE


EVENING = START - START % (8 * HOUR) + 8 * HOUR - 30 * MINUTE
"""Half an hour before an instant of funding."""


def fundings(
    read: Scenario, prices: PriceHistory, rates: tuple[FundingRate, ...] | None
) -> tuple[Simulated, list[Funded]]:
    log: list[Transaction] = []
    simulated = simulate(read, prices, 1, funding=rates, write=log.append)
    _, _, outcomes = replayed(read, prices, log)
    funded = [event for each in outcomes for event in each.events if isinstance(event, Funded)]
    assert len(funded) == simulated.summary.fundings == sum(isinstance(each, Fund) for each in log)
    return simulated, funded


def test_funding_is_made_at_the_files_rate_clamped() -> None:
    prices = history([10_000] * 3, start=EVENING, interval=9 * HOUR)
    instant = EVENING + 30 * MINUTE
    rates = (FundingRate(instant + 5, 123_456, 2), FundingRate(instant + 8 * HOUR, -(10**9), 3))
    simulated, funded = fundings(scenario(), prices, rates)
    assert [(each.rate_numerator, each.rate_denominator) for each in funded[:2]] == [
        (123_456, 10**9),
        (-5_000_000, 10**9),
    ]
    assert simulated.summary.clamped == 1
    assert len(funded) == 3
    assert funded[2].rate_numerator == 0


def test_without_a_rate_the_ledger_computes_it() -> None:
    prices = history([10_000] * 16 + falling(10_000, 9_600, 16), start=EVENING)
    read = scenario(book={"impact": "1", "depth": "60000"})
    simulated, funded = fundings(read, prices, None)
    assert simulated.summary.clamped == 0
    assert [each.rate_numerator < 0 for each in funded] == [True]


def test_the_rates_of_the_price_file_are_taken_where_none_are_given() -> None:
    prices = attrs.evolve(
        history([10_000] * 2, start=EVENING, interval=HOUR), funding=(FundingRate(EVENING + 30 * MINUTE, 7, 2),)
    )
    _, funded = fundings(scenario(), prices, None)
    assert [each.rate_numerator for each in funded] == [7]
    _, funded = fundings(scenario(), prices, ())
    assert [each.rate_numerator for each in funded] == [0]


def test_an_instants_rate_is_the_first_from_there_on() -> None:
    terms = scenario().rulebook.funding
    rows = (
        FundingRate(terms.interval, 1, 2),
        FundingRate(terms.interval + 9, 2, 3),
        FundingRate(terms.interval - 1, 3, 4),
    )
    assert rates_by_instant(rows, terms) == {terms.interval: 1, 0: 3}


def test_settles_are_made_on_their_grid() -> None:
    _, log = run(scenario(), history([10_000, 10_000], interval=2 * HOUR))
    settles = [each.time for each in log if isinstance(each, Settle)]
    assert len(settles) == 8
    assert all(time % (15 * MINUTE) == 0 for time in settles)


def test_value_is_neither_made_nor_lost() -> None:
    """What everybody has at the end was deposited: account values sum to custody (its own arithmetic)."""
    simulated, _ = run(scenario(), CRASHING)
    state = simulated.state
    values = sum(
        account_value(state, account) for account_id, account in state.accounts.items() if account_id != EXTERNAL
    )
    assert values == -account_value(state, state.accounts[EXTERNAL])
    assert sum(not is_system(account_id) for account_id in state.accounts) == 44


def test_progress_is_told_point_by_point() -> None:
    told: list[tuple[int, int]] = []
    simulate(scenario(), CALM, 1, progress=lambda done, of: told.append((done, of)))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_the_crash_of_2025_by_the_minute() -> None:
    prices = read_prices(str(shared_path("data", "bitstamp_btcusd_1m_2025-02-03_0120_0219.csv")))
    read = read_scenario(str(CRASH))
    simulated, log = run(read, prices, 0)
    state, monitor, _ = replayed(read, prices, log)
    assert state == simulated.state
    assert {count.law.id for count in monitor.counts if not count.checked} == {"ACC-1", "FND-1"}  # nothing of theirs
    assert simulated.summary.taken_over > 20
    assert len([each for each in log if isinstance(each, MarkMarket)]) >= 240


@pytest.mark.parametrize("exchange", ["binance", "bybit", "okx"])
def test_a_month_of_8_hour_bars_with_funding(exchange: str) -> None:
    file = shared_path("data", "btcusdt_perp_8h_ohlcv_funding_binance_bybit_okx_2023-01_2024-07.csv")
    whole = read_prices(str(file), {"exchange": exchange}, cut_rates=exchange == "okx")
    month = attrs.evolve(whole, bars=whole.bars[:93])
    read = read_scenario(str(CRASH))
    simulated, log = run(read, month, 0)
    state, _, outcomes = replayed(read, month, log)
    assert state == simulated.state
    assert simulated.summary.fundings >= 90
    rates = {each.rate_numerator for outcome in outcomes for each in outcome.events if isinstance(each, Funded)}
    assert len(rates) > 20


def test_the_real_rates_of_binance_are_those_of_the_bars() -> None:
    file = shared_path("data", "binance_btcusdt_perp_funding_2019-09_2024-08_utc.csv")
    rates = rates_by_instant(read_funding(str(file)), scenario().rulebook.funding)
    assert len(rates) == 5_386
