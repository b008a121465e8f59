"""The example logs: made again to the same bytes, replayed with every expectation and every law, and what the day of
the venue reaches."""

import ast
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path
from typing import TypeVar, get_args

import attrs
import pytest
from immutables import Map

from docs.examples.make import tape
from docs.examples.make.cascade import cascade
from docs.examples.make.dice import GOLDEN, Dice, mixed
from docs.examples.make.population import MAKERS, PROVIDERS
from ledger.canonical import chain, chain_start
from ledger.capacity import headroom, limits_in_force, taken_within
from ledger.expectations import unmet
from ledger.laws import Step
from ledger.log import Entry, open_log, read_log
from ledger.margin import is_at_takeover, mark_per_lot
from ledger.outcomes import (
    Applied,
    Converted,
    Deleveraged,
    EnrolmentEnded,
    Event,
    FeesUsed,
    LiquidationStarted,
    LossShared,
    MarketMarked,
    Observed,
    PositionTransferred,
    ProviderTook,
    Reason,
    Rejected,
    Released,
    RoundMade,
    StressEntered,
    StressLeft,
    TakenOver,
)
from ledger.profiles import load_profile
from ledger.replay import replay_log
from ledger.rulebook import is_system
from ledger.state import genesis, size_of
from ledger.transactions import (
    BackstopTransfer,
    Deposit,
    Enroll,
    Fund,
    Leave,
    MarkMarket,
    Observe,
    SetAccount,
    Settle,
    Transaction,
    Withdraw,
)
from ledger.transition import apply, state_after
from ledger.units import EXACT_SCALE

from .worlds import usdt

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "examples"
PRICES = "crash-prices.csv"
LOGS = ("alice-and-bob.jsonl", "cascade.jsonl", "stress.jsonl", "takeover-collar.jsonl", "takeover.jsonl")
OF_THE_MONITOR = {"MON-1", "MON-2", "MON-3", "MON-4", "MON-5"}
TOLD_OF_STRESS = (Observed, StressEntered, StressLeft)
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000

Kind = TypeVar("Kind")


@attrs.frozen
class Answered:
    """An entry of a log with the step that it made."""

    entry: Entry
    step: Step


def answered(name: str) -> list[Answered]:
    """Replay a committed log, every expectation checked on its line."""
    path = str(FOLDER / name)
    lines = []
    with open_log(path) as stream:
        state, entries = read_log(stream, path)
        link = chain_start(state)
        for entry in entries:
            outcome = apply(state, entry.transaction)
            after = state_after(state, outcome)
            link = chain(link, entry.transaction, outcome)
            if entry.expect is not None:
                assert unmet(entry.expect, outcome, after, link) == [], f"line {entry.line}"
            lines.append(Answered(entry, Step(state, entry.transaction, outcome, after)))
            state = after
    return lines


@pytest.fixture(scope="module")
def day() -> list[Answered]:
    return answered("cascade.jsonl")


def events(lines: list[Answered]) -> Iterator[tuple[Step, Event]]:
    """Every event with the step that it happened in."""
    for line in lines:
        if isinstance(line.step.outcome, Applied):
            for event in line.step.outcome.events:
                yield line.step, event


def applied(lines: list[Answered], kind: type[Kind]) -> list[tuple[Step, Kind]]:
    """The applied transactions of one type, each with its step."""
    return [
        (line.step, line.step.transaction)
        for line in lines
        if isinstance(line.step.transaction, kind) and isinstance(line.step.outcome, Applied)
    ]


# The program.


def test_the_program_makes_every_file_again_byte_for_byte(tmp_path: Path) -> None:
    program = [sys.executable, str(FOLDER / "make_examples.py"), "--out", str(tmp_path)]
    run = subprocess.run(program, env={**os.environ, "PYTHONHASHSEED": "4711"}, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted((*LOGS, PRICES))
    assert sorted(path.name for path in FOLDER.glob("*.jsonl")) == sorted(LOGS)
    for name in (*LOGS, PRICES):
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes(), f"{name} differs from what is made"


def test_the_dice_are_splitmix64() -> None:
    """The first three words of the reference implementation for seed zero."""
    assert mixed(GOLDEN) == 0xE220A8397B1DCDAF
    assert mixed(2 * GOLDEN % 2**64) == 0x6E789E6AA1B965F4
    assert mixed(3 * GOLDEN % 2**64) == 0x06C45D188009454F


def test_the_dice_stay_within_their_bounds() -> None:
    dice = Dice(1, "bounds")
    assert {dice.below(3) for _ in range(200)} == {0, 1, 2}
    assert {dice.between(-1, 1) for _ in range(200)} == {-1, 0, 1}
    bells = [dice.bell(10) for _ in range(2_000)]
    assert -20 <= min(bells) < -10 < 10 < max(bells) <= 20
    assert not any(dice.percent(0) for _ in range(100))
    assert all(dice.percent(100) for _ in range(100))
    assert [Dice(1, "here").below(2**64)] != [Dice(1, "there").below(2**64)]


def test_the_program_knows_no_floats_and_no_chance_but_its_dice() -> None:
    modules = sorted((FOLDER / "make").glob("*.py"))
    assert len(modules) > 5
    for module in modules:
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), f"{module.name}: a float"
            assert not isinstance(node, ast.Div), f"{module.name}: a true division"
            assert not (isinstance(node, ast.Name) and node.id in ("float", "hash", "id")), f"{module.name}: {node}"
            if isinstance(node, ast.Import):
                assert not {"random", "time", "secrets", "os"} & {name.name for name in node.names}, module.name
            if isinstance(node, ast.ImportFrom):
                assert node.module not in ("random", "time", "secrets", "os", "datetime"), module.name


def test_a_larger_venue_has_bystanders_that_are_never_refused() -> None:
    """The scale for benchmarks: the core's day is the same, and the bystanders' transactions are all applied."""
    core = list(islice(cascade(), 1_000))
    state = genesis(load_profile(), tape.MIDNIGHT)
    seen: list[Transaction] = []
    for transaction in islice(cascade(2_000), 5_000):
        outcome = apply(state, transaction)
        if "bystander" in repr(transaction):
            assert isinstance(outcome, Applied), f"{transaction}: {outcome}"
        else:
            seen.append(transaction)
        state = state_after(state, outcome)
    assert seen[:1_000] == core
    bystanders = [account for account_id, account in state.accounts.items() if account_id.startswith("bystander")]
    assert len(bystanders) == 1_800
    assert sum(1 for account in bystanders if account.positions) > 1_700


def test_a_venue_smaller_than_the_day_is_refused() -> None:
    with pytest.raises(ValueError, match="200 accounts at least, not 199"):
        next(cascade(199))


# All logs.


@pytest.mark.parametrize("name", LOGS)
def test_every_law_holds_on_every_line(name: str) -> None:
    path = str(FOLDER / name)
    with open_log(path) as stream:
        state, entries = read_log(stream, path)
        report = replay_log(state, entries)
    assert report.failure is None
    if name == "cascade.jsonl":
        silent = {law.id for law in report.silent_laws}
        assert silent == OF_THE_MONITOR, "the day gives every law something to say, but those of the monitor"
    if name == "stress.jsonl":
        assert not OF_THE_MONITOR & {law.id for law in report.silent_laws}, "which this log does"


@pytest.mark.parametrize("name", LOGS)
def test_every_expectation_is_met(name: str) -> None:
    lines = answered(name)
    assert sum(1 for line in lines if line.entry.expect is not None) >= 7


# The short logs.


def test_leverage_doubles_alice_and_leaves_bob_nothing_and_the_other_way_round() -> None:
    lines = answered("alice-and-bob.jsonl")
    told = [
        line.entry.expect.account_values
        for line in lines
        if isinstance(line.step.transaction, MarkMarket) and line.entry.expect is not None
    ]
    thousand, five_hundred = usdt("1000") * EXACT_SCALE, usdt("500") * EXACT_SCALE
    assert told == [
        {"alice": thousand, "bob": 0},
        {"alice": 0, "bob": thousand},
        {"alice": five_hundred, "bob": five_hundred},
    ]
    assert lines[-1].step.after.accounts["@external"].cash == Map(), "all the money has gone home"


@pytest.mark.parametrize(
    ("name", "change", "price"),
    [("takeover.jsonl", "-1099.7564", "4950"), ("takeover-collar.jsonl", "-1042.8064", "5050")],
)
def test_the_takeover_is_the_published_one(name: str, change: str, price: str) -> None:
    lines = answered(name)
    ((transfer, _),) = applied(lines, BackstopTransfer)
    assert isinstance(transfer.outcome, Applied)
    happened = transfer.outcome.events
    assert [event.equity for event in happened if isinstance(event, TakenOver)] == [usdt("-1071.2814")]
    (leg,) = [event for event in happened if isinstance(event, PositionTransferred)]
    assert (leg.size, leg.shrunk) == (5695, 0)
    # Printed per bitcoin, truncated, as 6881.091132572; exactly, per lot and rounded up, one atom a lot more.
    assert (leg.bankruptcy - 1) * 10_000 == usdt("6881.091132572")
    assert leg.provider_price * 10_000 == usdt(price)
    took = [event.size for event in happened if isinstance(event, ProviderTook)]
    assert took == [1139, 1708, 2848]
    assert not any(isinstance(event, Deleveraged) for event in happened)
    fund = [state.accounts["@insurance"].cash["USDT"] for state in (transfer.before, transfer.after)]
    assert fund[1] - fund[0] == usdt(change)


# The day: its shape.


def test_the_day_is_one_day_of_the_size_that_was_wanted(day: list[Answered]) -> None:
    assert 6_000 <= len(day) <= 12_000
    assert (FOLDER / "cascade.jsonl").stat().st_size < 3_000_000
    times = [line.step.transaction.time for line in day]
    midnight = times[0]
    assert midnight == day[0].step.before.time == tape.MIDNIGHT
    assert midnight % DAY == 0
    assert midnight + DAY - MINUTE <= times[-1] < midnight + DAY
    last = day[-1].entry.expect
    assert last is not None
    assert last.digest is not None
    assert last.state_digest is not None


def test_two_hundred_accounts_hold_all_five_collaterals_at_five_to_fifty_times(day: list[Answered]) -> None:
    final = day[-1].step.after
    ordinary = [account_id for account_id in final.accounts if not is_system(account_id)]
    assert len(ordinary) == 200
    traders = [account_id for account_id in ordinary if account_id not in (*MAKERS, *PROVIDERS)]
    leverage = {final.accounts[account_id].max_leverage for account_id in traders}
    assert {5, 50} <= leverage
    assert all(5 <= multiple <= 50 for multiple in leverage)
    deposited = {transaction.asset for _, transaction in applied(day, Deposit)}
    assert deposited == set(final.rulebook.assets)
    assert {mark.market for _, mark in applied(day, MarkMarket)} == {"BTC-PERP", "ETH-PERP"}


def test_the_clock_is_kept(day: list[Answered]) -> None:
    """Funding at the three instants of both markets, all 96 settles, and a mark of each market every minute."""
    funded = [(fund.market, fund.time // HOUR % 24) for _, fund in applied(day, Fund)]
    assert sorted(funded) == [(market, hour) for market in ("BTC-PERP", "ETH-PERP") for hour in (0, 8, 16)]
    assert len(applied(day, Settle)) == 96
    for market in ("BTC-PERP", "ETH-PERP"):
        times = [mark.time for _, mark in applied(day, MarkMarket) if mark.market == market]
        assert max(later - earlier for earlier, later in pairwise(times)) <= MINUTE


def test_the_market_falls_by_a_tenth_in_under_an_hour(day: list[Answered]) -> None:
    for market in ("BTC-PERP", "ETH-PERP"):
        marks = [
            (step.transaction.time, event.mark)
            for step, event in events(day)
            if isinstance(event, MarketMarked) and event.market == market
        ]
        assert any(
            last * 10 <= first * 9
            for position, (start, first) in enumerate(marks)
            for end, last in marks[position : position + 400]
            if end - start < HOUR
        )


# The day: what it reaches.


def test_every_transaction_type_is_applied_and_every_event_happens(day: list[Answered]) -> None:
    kinds = {type(line.step.transaction) for line in day if isinstance(line.step.outcome, Applied)}
    told = {type(event) for _, event in events(day)}
    assert (kinds, told) == (set(get_args(Transaction)) - {Observe}, set(get_args(Event)) - {*TOLD_OF_STRESS})
    observed = answered("stress.jsonl")
    assert Observe in {type(line.step.transaction) for line in observed if isinstance(line.step.outcome, Applied)}
    assert {*TOLD_OF_STRESS} <= {type(event) for _, event in events(observed)}


def binding_limits(step: Step) -> set[str]:
    """The limits that alone decided how much a provider took, of the first market of a takeover, and left lots over.

    Of the three, exactly one leaves as little room as the provider had, and it took all of that.
    """
    assert isinstance(step.transaction, BackstopTransfer)
    assert isinstance(step.outcome, Applied)
    time, program = step.transaction.time, step.before.rulebook.program
    leg = next((event for event in step.outcome.events if isinstance(event, PositionTransferred)), None)
    binding = set()
    for event in step.outcome.events:
        if leg is None or not isinstance(event, ProviderTook) or event.market != leg.market or event.size < event.room:
            continue
        provider = step.before.providers[event.provider]
        limits = limits_in_force(program, provider, time)
        assert limits is not None
        minute_left = limits.capacity_per_minute - taken_within(provider, time=time, window=program.minute)
        hour_left = limits.capacity_per_hour - taken_within(provider, time=time, window=program.hour)
        held = size_of(step.before.accounts[event.provider], leg.market)
        per_lot = mark_per_lot(step.before.rulebook.contracts[leg.market], step.before.markets[leg.market])
        rooms = {
            "minute": minute_left // per_lot,
            "hour": hour_left // per_lot,
            "headroom": headroom(limits, mark_per_lot=per_lot, held=held, taken_over=leg.size),
        }
        assert event.room == min(rooms.values())
        tight = [name for name, room in rooms.items() if room == event.room]
        binding |= set(tight) if len(tight) == 1 else set()
    return binding


def test_each_of_the_three_limits_binds_a_provider_alone(day: list[Answered]) -> None:
    counts = Counter(limit for step, _ in applied(day, BackstopTransfer) for limit in binding_limits(step))
    assert set(counts) == {"minute", "hour", "headroom"}


def test_the_waterfall_is_used_to_its_last_stage(day: list[Answered]) -> None:
    """Discounts shrink, the rest is auto-deleveraged, the fund and the fees are used up, and losses are shared."""
    happened = list(events(day))
    assert any(isinstance(event, Deleveraged) for _, event in happened)
    assert any(isinstance(event, PositionTransferred) and event.shrunk > 0 for _, event in happened)
    assert {event.stage for _, event in happened if isinstance(event, LossShared)} == {1, 2}
    for step, event in happened:
        if isinstance(event, LossShared):
            for reserve in ("@insurance", "@fees"):
                assert step.after.accounts[reserve].cash.get("USDT", 0) == 0
    assert any(isinstance(event, FeesUsed) for _, event in happened)
    shorts = [event for _, event in happened if isinstance(event, PositionTransferred) and event.size < 0]
    assert shorts, "shorts are taken over too"


def test_a_takeover_is_shared_by_providers_and_auto_deleveraging(day: list[Answered]) -> None:
    shared = [
        step
        for step, _ in applied(day, BackstopTransfer)
        if isinstance(step.outcome, Applied)
        and {ProviderTook, Deleveraged} <= {type(event) for event in step.outcome.events}
    ]
    assert shared


def test_liquidations_go_round_by_round_to_a_release_a_takeover_or_their_end(day: list[Answered]) -> None:
    happened = list(events(day))
    released = [
        step.before.accounts[event.account].liquidation for step, event in happened if isinstance(event, Released)
    ]
    assert any(liquidation is not None and liquidation.round >= 3 for liquidation in released)
    assert any(isinstance(event, RoundMade) and event.fills > 1 for _, event in happened)
    used_up = [
        transfer.account
        for step, transfer in applied(day, BackstopTransfer)
        if (liquidation := step.before.accounts[transfer.account].liquidation) is not None
        and liquidation.round == step.before.rulebook.liquidation.rounds
        and not is_at_takeover(step.before, step.before.accounts[transfer.account])
    ]
    assert "night-owl" in used_up, "taken over because the rounds were used up, above the takeover level"
    converted = {event.asset for _, event in happened if isinstance(event, Converted)}
    assert converted == {"BTC", "ETH", "PAX", "USDC"}


def test_a_provider_is_itself_liquidated_and_taken_over(day: list[Answered]) -> None:
    """The backstop made it so: it had taken lots over within the hour before."""
    happened = list(events(day))
    (ended,) = [(step, event.account) for step, event in happened if isinstance(event, EnrolmentEnded)]
    step, provider = ended
    assert any(isinstance(event, LiquidationStarted) and event.account == provider for _, event in happened)
    assert taken_within(step.before.providers[provider], time=step.transaction.time, window=HOUR) > usdt("1000000")
    assert step.after.accounts[provider].positions == Map()
    assert step.after.accounts[provider].cash == Map()


def test_a_leaver_takes_over_through_its_notice_and_never_after(day: list[Answered]) -> None:
    ((_, left),) = applied(day, Leave)
    took = [
        step.transaction.time
        for step, event in events(day)
        if isinstance(event, ProviderTook) and event.provider == left.account
    ]
    during = [time for time in took if left.time <= time < left.time + HOUR]
    assert during
    assert max(took) == max(during)


def test_limits_are_raised_and_an_account_that_was_taken_over_comes_back(day: list[Answered]) -> None:
    enrolled = Counter(enroll.account for _, enroll in applied(day, Enroll))
    assert enrolled == {"provider-east": 1, "provider-north": 2, "provider-south": 2}


def test_accounts_are_set_and_money_is_withdrawn(day: list[Answered]) -> None:
    assert {setting.fee_tier for _, setting in applied(day, SetAccount)} == {None, "vip"}
    assert {withdrawal.account for _, withdrawal in applied(day, Withdraw)} >= {"@fees", "provider-east"}


def test_sources_are_stale_and_wrong_at_times(day: list[Answered]) -> None:
    marks = [mark for _, mark in applied(day, MarkMarket)]
    assert {len(mark.quotes) for mark in marks} == {3, 4, 5}
    assert any(max(mark.quotes.values()) > 5 * min(mark.quotes.values()) for mark in marks)


def test_refusals_are_data(day: list[Answered]) -> None:
    """Some that the log expects by name, and some that simply happened."""
    refused = [line for line in day if isinstance(line.step.outcome, Rejected)]
    reasons = {line.step.outcome.reason for line in refused if isinstance(line.step.outcome, Rejected)}
    assert reasons >= {
        Reason.FREE_COLLATERAL_NEGATIVE,
        Reason.INSUFFICIENT_BALANCE,
        Reason.MARGIN_RATE_FELL,
        Reason.EFFECTIVE_COLLATERAL_NEGATIVE,
        Reason.ACCOUNT_LIQUIDATING,
        Reason.OUTSIDE_WINDOW,
        Reason.INSTANT_ALREADY_DONE,
        Reason.NOT_LIQUIDATABLE,
        Reason.NOT_AT_TAKEOVER,
        Reason.ROUND_TOO_SOON,
        Reason.FILL_BEYOND_ROUND,
        Reason.FILL_BEYOND_POSITION,
        Reason.LIMIT_LOWERED,
        Reason.PROVIDER_BELOW_MINIMUM,
        Reason.ALREADY_LEAVING,
        Reason.NOT_A_PROVIDER,
        Reason.TOO_FEW_SOURCES,
    }
    assert any(line.entry.expect is None for line in refused)
    assert any(line.entry.expect is not None and line.entry.expect.reason is not None for line in refused)
    assert {type(line.step.transaction) for line in refused} >= {Withdraw, Fund, Settle, Enroll, Leave}


def test_the_reserves_are_pinned_every_hour(day: list[Answered]) -> None:
    pinned = [line.entry.expect for line in day if isinstance(line.step.transaction, Settle) and line.entry.expect]
    hourly = [expect for expect in pinned if expect.digest is not None]
    assert len(hourly) == 24
    assert all(set(expect.balances) == {"@fees", "@insurance"} for expect in hourly)


def test_nobody_is_left_in_liquidation_at_the_end(day: list[Answered]) -> None:
    accounts = day[-1].step.after.accounts
    assert [account_id for account_id in sorted(accounts) if accounts[account_id].liquidation is not None] == []


def test_the_readme_counts_what_the_day_holds(day: list[Answered]) -> None:
    text = " ".join((FOLDER / "README.md").read_text(encoding="utf-8").split())
    refused = sum(1 for line in day if isinstance(line.step.outcome, Rejected))
    released = sum(1 for _, event in events(day) if isinstance(event, Released))
    takeovers = len(applied(day, BackstopTransfer))
    for words in (
        f"{len(day):,} transactions",
        f"{refused} of the transactions are refused",
        f"{released} liquidations end in a release",
        f"{takeovers} accounts are taken over",
    ):
        assert words in text
