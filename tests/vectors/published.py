"""The published facts of specs/README as transactions whose answers show them."""

from collections.abc import Callable

import attrs

from ledger.profiles import load_profile
from ledger.rulebook import EXTERNAL, INSURANCE, Rulebook
from ledger.state import State
from ledger.transactions import (
    BackstopTransfer,
    Deposit,
    Enroll,
    Fund,
    MarkMarket,
    SetAccount,
    Settle,
    Trade,
    Transaction,
)
from tests.worlds import (
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
    quotes,
    rate,
    usdt,
    with_accounts,
)

EIGHT_HOURS, QUARTER = 28_800_000, 900_000
WITHOUT_BAND = load_profile("ascendex-2020", {"markets": {BTC: {"price_band": "none"}}})

Asked = tuple[State, tuple[Transaction, ...]]


@attrs.frozen
class Fact:
    """A published fact, in words that say where its numbers stand in the answers."""

    name: str
    source: str
    description: str
    make: Callable[[], Asked]


def balanced(state: State) -> State:
    """The state with `@external` holding minus what all others hold, reference costs included."""
    held: dict[str, int] = {}
    for account_id, account in state.accounts.items():
        if account_id != EXTERNAL:
            for asset, amount in account.cash.items():
                held[asset] = held.get(asset, 0) + amount
            for position in account.positions.values():
                held["USDT"] = held.get("USDT", 0) + position.reference_cost
    return with_accounts(state, {EXTERNAL: account_of({asset: -amount for asset, amount in sorted(held.items())})})


def leverage_example() -> Asked:
    """From the genesis: 500 USDT, ten contracts, 5,050, a roll, and back to 4,950 with another roll."""
    instant = START - START % QUARTER + QUARTER
    world = World(TEXTBOOK, instant)
    return world.state, (
        Deposit(instant, "alice", "USDT", usdt("500")),
        Deposit(instant, "bob", "USDT", usdt("500")),
        MarkMarket(instant, BTC, quotes("5000"), 0),
        Trade(instant, BTC, "alice", "bob", lots("10"), price("5000"), buyer_is_taker=True),
        MarkMarket(instant, BTC, quotes("5050"), 0),
        Settle(instant),
        MarkMarket(instant + QUARTER, BTC, quotes("4950"), 0),
        Settle(instant + QUARTER),
    )


def account_at_twenty_times() -> Asked:
    """The published account by hand; a purchase beyond its free collateral, and an enrolment below the minimum."""
    world = World(ASCENDEX)
    world.mark("7714.09098784")
    world.mark_asset("BTC", "10000")
    cost = usdt("137.126662384") - usdt("771.409098784")
    alice = account_of(
        {"USDT": usdt("4484.32105"), "BTC": coins("0.8495915")}, {BTC: (lots("0.1"), cost)}, max_leverage=20
    )
    bob = account_of({"USDT": usdt("1000000")}, {BTC: (lots("-0.1"), -cost)})
    state = balanced(with_accounts(world.state, {"alice": alice, "bob": bob}))
    least = usdt("100000"), usdt("300000"), usdt("100000")
    return state, (
        Trade(START, BTC, "alice", "bob", lots("34"), price("7714"), buyer_is_taker=False),
        Enroll(START, "alice", *least),
    )


def purchase() -> Asked:
    """From the genesis: 0.1 bought at 8000, no band, at 20x; then more than the largest order."""
    return World(WITHOUT_BAND).state, (
        Deposit(START, "alice", "USDT", usdt("1000")),
        Deposit(START, "bob", "USDT", usdt("1000000")),
        MarkMarket(START, BTC, quotes("5000"), 0),
        SetAccount(START, "alice", 20, None),
        Trade(START, BTC, "alice", "bob", lots("0.1"), price("8000"), buyer_is_taker=True),
        Trade(START, BTC, "alice", "bob", lots("3"), price("5000"), buyer_is_taker=True),
    )


def takeover(rulebook: Rulebook) -> Asked:
    """0.5695 BTC, reference cost -4125.1254, cash 206.344, mark 5000; a provider, and a fund that can pay."""
    world = World(rulebook)
    world.mark("5000")
    world.deposit(INSURANCE, "2000")
    world.deposit("provider", "600000")
    world.do(Enroll(world.time, "provider", usdt("100000"), usdt("300000"), usdt("1000000")))
    accounts = {
        "alice": account_of({"USDT": usdt("206.344")}, {BTC: (lots("0.5695"), usdt("-4125.1254"))}),
        "winner": account_of({}, {BTC: (lots("-0.5695"), usdt("4125.1254"))}),
    }
    return balanced(with_accounts(world.state, accounts)), (BackstopTransfer(world.time, "alice"),)


def funding() -> Asked:
    """From the genesis: short 2.8535 BTC, index 9392.035, rate 0.001."""
    instant = START - START % EIGHT_HOURS
    return World(time=instant).state, (
        Deposit(instant, "long", "USDT", usdt("10000")),
        Deposit(instant, "short", "USDT", usdt("10000")),
        MarkMarket(instant, BTC, quotes("9392.035"), 0),
        Trade(instant, BTC, "long", "short", lots("2.8535"), price("9392"), buyer_is_taker=True),
        Fund(instant, BTC, rate("0.001")),
    )


AX = "specs/README.md, published facts, AX"
PUBLISHED = (
    Fact(
        "leverage-example",
        "specs/README.md, published facts, seed",
        "500 USDT hold 10 BTC at 5,000, a hundred times over. At 5,050 the account is worth 1,000, which its cash "
        "shows once it rolled; at 4,950 it is worth 0.",
        leverage_example,
    ),
    Fact(
        "account-at-twenty-times",
        AX,
        "An account with collateral of 12810.31775, which is what the refused trade supplied, and an account value of "
        "13117.362712384, which is what the refused enrolment supplied.",
        account_at_twenty_times,
    ),
    Fact(
        "purchase",
        AX,
        "0.1 BTC bought at 8000 by a taker at 0.065%: the reference cost is -800.52. Three more exceed the largest buy "
        "of 13354.704 of notional and are refused.",
        purchase,
    ),
    Fact(
        "takeover-at-a-discount",
        AX,
        "0.5695 BTC of an account that is 1071.2814 under water, handed on 1% better than mark: the insurance fund "
        "pays 1099.7564.",
        lambda: takeover(ASCENDEX),
    ),
    Fact(
        "takeover-within-a-collar",
        AX,
        "The same takeover with a collar of 1%: the insurance fund pays 1042.8064.",
        lambda: takeover(COLLAR),
    ),
    Fact(
        "funding-payment",
        AX,
        "A short of 2.8535 BTC receives 26.8001718725 at an index of 9392.035 and a rate of 0.001.",
        funding,
    ),
)
