"""The worked facts of specs/README: numbers that were published, to the last digit that was printed.

Printed values are truncated toward zero at 9 decimals. Where a published state cannot be reached by transactions, it is
put in by hand, and the rule is applied to it.
"""

import pytest
from immutables import Map

from ledger.margin import (
    account_value,
    break_even_price,
    collateral,
    exposure,
    free_collateral,
    initial_margin,
    leverage,
    margin_rate,
    max_buy,
    max_sell,
    unrealised_pnl,
    wallet,
)
from ledger.outcomes import PositionTransferred, ProviderTook, Rolled
from ledger.postings import CashPosting, PositionPosting
from ledger.profiles import load_profile
from ledger.rulebook import INSURANCE, Rulebook
from ledger.rules.rolling import roll
from ledger.transactions import BackstopTransfer, Enroll, Fund, SetAccount
from ledger.units import EXACT_SCALE, div_toward_zero, format_decimal

from .worlds import (
    ASCENDEX,
    BTC,
    COLLAR,
    START,
    TEXTBOOK,
    World,
    account_of,
    coins,
    lots,
    price,
    rate,
    usdt,
    with_account,
    with_accounts,
)

WITHOUT_BAND = load_profile("ascendex-2020", {"markets": {BTC: {"price_band": "none"}}})
EIGHT_HOURS = 28_800_000


def printed(atoms: int) -> str:
    """Atoms of USDT as the sources print them: truncated toward zero at 9 decimals."""
    return format_decimal(div_toward_zero(atoms, 10**4), 9)


def printed_exact(value: int) -> str:
    """An exact value as the sources print it."""
    return printed(div_toward_zero(value, EXACT_SCALE))


@pytest.mark.parametrize(("mark", "worth"), [("5050", "1000"), ("4950", "0"), ("5000", "500")])
def test_the_leverage_example_of_the_program(mark: str, worth: str) -> None:
    """500 USDT, 10 contracts at 5,000, 100x: worth 1,000 at 5,050 and 0 at 4,950."""
    world = World(TEXTBOOK)
    world.deposit("alice", "500")
    world.deposit("bob", "500")
    world.mark("5000")
    world.trade("alice", "bob", "10", "5000")
    alice = world.account("alice")
    assert exposure(world.state, alice) == usdt("50000")
    assert initial_margin(world.state, alice) == usdt("500") * EXACT_SCALE, "100x: all of it is in use"

    world.mark(mark)

    assert account_value(world.state, world.account("alice")) == usdt(worth) * EXACT_SCALE
    both = account_value(world.state, world.account("alice")) + account_value(world.state, world.account("bob"))
    assert both == usdt("1000") * EXACT_SCALE


def test_fifty_thousand_is_in_the_fifty_times_bracket_of_the_shipped_table() -> None:
    """Which is why the leverage example needs the profile `textbook`."""
    world = World(WITHOUT_BAND)
    world.mark("5000")
    alice = account_of({"USDT": usdt("500")}, {BTC: (lots("10"), usdt("-50000"))})
    assert initial_margin(world.state, alice) == usdt("1000") * EXACT_SCALE


def test_the_published_account_at_twenty_times() -> None:
    """C 12810.31775, W 12980.23605, pnl 137.126662384, N 771.409098784, and what follows from them."""
    world = World()
    world.mark("7714.09098784")
    world.mark_asset("BTC", "10000")
    bitcoin, dollars = coins("0.8495915"), usdt("4484.32105")
    reference_cost = usdt("137.126662384") - usdt("771.409098784")
    account = account_of(
        {"USDT": dollars, "BTC": bitcoin},
        {BTC: (lots("0.1"), reference_cost)},
        max_leverage=20,
    )
    state = with_account(world.state, "alice", account)

    assert collateral(state, account) == usdt("12810.31775") * EXACT_SCALE
    assert wallet(state, account) == usdt("12980.23605") * EXACT_SCALE
    assert unrealised_pnl(state, account) == usdt("137.126662384")
    assert exposure(state, account) == usdt("771.409098784")

    assert margin_rate(state, account) == rate("16.606386637")
    assert leverage(state, account) == rate("0.060217795")
    assert printed_exact(initial_margin(state, account)) == "38.570454939"
    assert printed_exact(free_collateral(state, account)) == "12771.74729506"
    assert printed_exact(account_value(state, account)) == "13117.362712384"


def test_the_published_purchase() -> None:
    """0.1 bought at 8000 by a taker at 0.065%, mark 5000, 1000 USDT, 20x, no band."""
    world = World(WITHOUT_BAND)
    world.deposit("alice", "1000")
    world.deposit("bob", "1000000")
    world.mark("5000")
    world.do(SetAccount(world.time, "alice", 20, None))
    world.trade("alice", "bob", "0.1", "8000")

    alice, state = world.account("alice"), world.state
    position = alice.positions[BTC]
    assert position.reference_cost == usdt("-800.52")
    contract = state.rulebook.contracts[BTC]
    assert break_even_price(contract, size=position.size, reference_cost=position.reference_cost) == price("8005.2")
    assert unrealised_pnl(state, alice) == usdt("-300.52")
    assert initial_margin(state, alice) == usdt("25") * EXACT_SCALE
    assert max_buy(state, alice, BTC) == usdt("13354.704")
    assert max_sell(state, alice, BTC) == usdt("14344.704")


def test_the_published_roll_of_a_flat_account() -> None:
    """Cash -428.785, reference cost +428.785, on a position without size, which transactions do not leave behind."""
    world = World()
    world.mark("5000")
    alice = account_of({"USDT": usdt("1000")}, {BTC: (0, usdt("-428.785"))})
    state = with_account(world.state, "alice", alice)

    postings, events = roll(state, "alice", alice)

    assert postings == [
        PositionPosting("alice", BTC, 0, usdt("428.785")),
        CashPosting("alice", "USDT", usdt("-428.785")),
    ]
    assert events == [Rolled("alice", usdt("-428.785"))]


def published_takeover(rulebook: Rulebook) -> World:
    """0.5695 BTC, reference cost -4125.1254, cash 206.344, mark 5000; a provider, and a fund that can pay."""
    world = World(rulebook)
    world.mark("5000")
    world.deposit(INSURANCE, "2000")
    world.deposit("provider", "600000")
    world.do(Enroll(world.time, "provider", usdt("100000"), usdt("300000"), usdt("1000000")))
    taken_over = account_of({"USDT": usdt("206.344")}, {BTC: (lots("0.5695"), usdt("-4125.1254"))})
    winner = account_of({}, {BTC: (lots("-0.5695"), usdt("4125.1254"))})
    world.state = with_accounts(world.state, {"alice": taken_over, "winner": winner})
    return world


@pytest.mark.parametrize(
    ("rulebook", "provider_price", "fund_change"),
    [
        pytest.param(ASCENDEX, "4950", "-1099.7564", id="discount +1%"),
        pytest.param(COLLAR, "5050", "-1042.8064", id="collar -1%"),
    ],
)
def test_the_published_takeover(rulebook: Rulebook, provider_price: str, fund_change: str) -> None:
    """Everything becomes 0; E = -1071.2814, B = 6881.091132572; the fund bears the rest."""
    world = published_takeover(rulebook)
    winner = world.account("winner")

    applied = world.do(BackstopTransfer(world.time, "alice"))

    alice = world.account("alice")
    assert (alice.cash, alice.positions, alice.status) == (Map(), Map(), "ACTIVE")
    (leg,) = [event for event in applied.events if isinstance(event, PositionTransferred)]
    assert leg.equity == usdt("-1071.2814")
    # An atom per lot of 0.0001 BTC is 10^-9 USDT a bitcoin. The print truncates 6881.091132572...; the fund gets more.
    assert leg.bankruptcy == price("6881.091132572") + 1
    assert 0 < leg.bankruptcy * lots("0.5695") - (usdt("2847.5") + usdt("1071.2814")) < lots("0.5695")
    assert (leg.provider_price, leg.shrunk) == (price(provider_price), 0)
    (took,) = [event for event in applied.events if isinstance(event, ProviderTook)]
    assert (took.provider, took.size) == ("provider", lots("0.5695"))
    assert world.account(INSURANCE).cash["USDT"] - usdt("2000") == usdt(fund_change)
    assert world.account("winner") is winner


def test_the_published_funding_payment() -> None:
    """Short 2.8535 BTC, index 9392.035, rate 0.001: receives 26.8001718725, printed 26.800171872."""
    world = World(time=START - START % EIGHT_HOURS)
    for account_id in ("long", "short"):
        world.deposit(account_id, "10000")
    world.mark("9392.035")
    world.trade("long", "short", "2.8535", "9392")
    before = world.account("short").positions[BTC].reference_cost

    world.do(Fund(world.time, BTC, rate("0.001")))

    received = world.account("short").positions[BTC].reference_cost - before
    assert received == usdt("26.8001718725")
    assert printed(received) == "26.800171872"
