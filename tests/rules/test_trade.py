"""trade: every refusal in order of precedence, then what it does, exactly.

0.1 BTC at 5,000 are 500 USDT; of that the standard taker pays 0.325 and the standard maker 0.1.
"""

import pytest
from attrs import evolve
from immutables import Map

from ledger.outcomes import FeesCharged, Reason, Rolled
from ledger.profiles import load_profile
from ledger.rulebook import Rulebook
from ledger.state import Account, Limits, Provider, State
from ledger.transactions import Trade
from tests.rules.tables import (
    Refusal,
    Success,
    Table,
    assert_applied,
    assert_every_check_in_order,
    assert_one_fault_apart,
    assert_refused,
    exact,
    held,
    liquidating,
    name_of,
    with_provider,
)
from tests.worlds import ASCENDEX, BTC, ETH, START, TEXTBOOK, World, lots, price, usdt, with_accounts

HOUR = 3_600_000
PROVIDER = Provider(Limits(usdt("100000"), usdt("300000"), usdt("100000")), None, ())
RICH = held("1000000")


def market(rulebook: Rulebook = ASCENDEX, /, mark: str = "5000", **accounts: Account) -> State:
    """A marked market with these accounts, alice and bob with 1,000 USDT, rick with a million; prov is a provider."""
    w = World(rulebook)
    w.mark(mark)
    w.mark_asset("BTC", "8000")
    for account_id in ("alice", "bob", "@fees", "@insurance"):
        w.deposit(account_id, "1000")
    w.deposit("rick", "1000000")
    return with_provider(with_accounts(w.state, {"prov": held("600000"), **accounts}), "prov", PROVIDER)


def trades(
    buyer: str,
    seller: str,
    size: str = "0.1",
    at: str = "5000",
    *,
    time: int = START,
    taker: str = "buyer",
    market_id: str = BTC,
) -> Trade:
    """A trade in decimal text."""
    return Trade(time, market_id, buyer, seller, lots(size), price(at), taker == "buyer")


W = market()
STUCK = market(
    dave=liquidating(held("1000", btc=("0.1", "-500")), at=START),
    dora=liquidating(held("1000", btc=("0.1", "-500")), at=START),
)
PENNILESS = market(
    penny=held("5"),
    dan=held("30", btc=("0.1", "-540")),
    sid=held("30", btc=("-0.1", "460")),
    lou=held("60", btc=("1", "-5030")),
    flip=held("20", btc=("1", "-5000")),
    gail=held("5", btc=("0.1", "-400")),
    tenfold=held("50.3", max_leverage=10),
    max=held("30.5", btc=("-1", "4970")),
    prov=held("500000"),
)
LEAVING = with_provider(PENNILESS, "prov", evolve(PROVIDER, notice=START))
EVEN = market(TEXTBOOK, lou=held("60", btc=("1", "-5030")))
T = trades("alice", "bob")
MARKETS, MARK, OTHER = "a listed market", "a market with a mark", "another account"
OPEN, ORDINARY = "an open account", "an ordinary account"

REFUSALS = (
    Refusal("time goes back", W, evolve(T, time=START - 1), Reason.TIME_BACKWARDS, START - 1, START, "time"),
    Refusal(
        "time goes back, in an unlisted market",
        W,
        evolve(T, time=START - 1, market="DOGE-PERP"),
        Reason.TIME_BACKWARDS,
        START - 1,
        START,
        "time",
    ),
    Refusal(
        "an unlisted market, which has no mark either",
        W,
        evolve(T, market="DOGE-PERP"),
        Reason.UNKNOWN_MARKET,
        "DOGE-PERP",
        MARKETS,
        "DOGE-PERP",
    ),
    Refusal("a market without a mark", W, evolve(T, market=ETH), Reason.MARKET_WITHOUT_MARK, ETH, MARK, ETH),
    Refusal(
        "a market without a mark, and no size",
        W,
        evolve(T, market=ETH, size=0),
        Reason.MARKET_WITHOUT_MARK,
        ETH,
        MARK,
        ETH,
    ),
    Refusal("no size", W, evolve(T, size=0), Reason.SIZE_NOT_POSITIVE, 0, 0, BTC),
    Refusal("less than no size", W, evolve(T, size=-1), Reason.SIZE_NOT_POSITIVE, -1, 0, BTC),
    Refusal("no size, off the tick", W, evolve(T, size=0, price=price("5000.1")), Reason.SIZE_NOT_POSITIVE, 0, 0, BTC),
    Refusal(
        "off the tick of 0.25",
        W,
        evolve(T, price=price("5000.1")),
        Reason.PRICE_OFF_TICK,
        price("5000.1"),
        price("0.25"),
        BTC,
    ),
    Refusal("for nothing", W, evolve(T, price=0), Reason.PRICE_OFF_TICK, 0, price("0.25"), BTC),
    Refusal(
        "for less than nothing",
        W,
        evolve(T, price=-price("0.25")),
        Reason.PRICE_OFF_TICK,
        -price("0.25"),
        price("0.25"),
        BTC,
    ),
    Refusal(
        "off the tick and outside the band",
        W,
        evolve(T, price=price("5600.1")),
        Reason.PRICE_OFF_TICK,
        price("5600.1"),
        price("0.25"),
        BTC,
    ),
    Refusal(
        "a tick above mark + 10%",
        W,
        evolve(T, price=price("5500.25")),
        Reason.PRICE_OUTSIDE_BAND,
        price("5500.25"),
        price("5500"),
        BTC,
    ),
    Refusal(
        "a tick below mark - 10%",
        W,
        evolve(T, price=price("4499.75")),
        Reason.PRICE_OUTSIDE_BAND,
        price("4499.75"),
        price("4500"),
        BTC,
    ),
    Refusal(  # 5,000.000000001 + 10% is 5,500.0000000011, down
        "above the band of a mark with nine decimals",
        market(mark="5000.000000001"),
        evolve(T, price=price("5500.25")),
        Reason.PRICE_OUTSIDE_BAND,
        price("5500.25"),
        price("5500.000000001"),
        BTC,
    ),
    Refusal(  # 5,000.000000001 - 10% is 4,500.0000000009, up
        "below the band of a mark with nine decimals",
        market(mark="5000.000000001"),
        evolve(T, price=price("4500")),
        Reason.PRICE_OUTSIDE_BAND,
        price("4500"),
        price("4500.000000001"),
        BTC,
    ),
    Refusal(
        "outside the band, with oneself",
        W,
        trades("alice", "alice", at="5500.25"),
        Reason.PRICE_OUTSIDE_BAND,
        price("5500.25"),
        price("5500"),
        BTC,
    ),
    Refusal("with oneself", W, trades("alice", "alice"), Reason.SAME_ACCOUNT, "alice", OTHER, "alice"),
    Refusal("@fees with itself", W, trades("@fees", "@fees"), Reason.SAME_ACCOUNT, "@fees", OTHER, "@fees"),
    Refusal("@fees buys", W, trades("@fees", "bob"), Reason.SYSTEM_ACCOUNT, "@fees", ORDINARY, "@fees"),
    Refusal(
        "a system account that does not exist buys",
        W,
        trades("@nobody", "bob"),
        Reason.SYSTEM_ACCOUNT,
        "@nobody",
        ORDINARY,
        "@nobody",
    ),
    Refusal("nobody buys", W, trades("nobody", "bob"), Reason.UNKNOWN_ACCOUNT, "nobody", OPEN, "nobody"),
    Refusal(
        "nobody buys from @insurance",
        W,
        trades("nobody", "@insurance"),
        Reason.UNKNOWN_ACCOUNT,
        "nobody",
        OPEN,
        "nobody",
    ),
    Refusal(
        "@insurance sells", W, trades("bob", "@insurance"), Reason.SYSTEM_ACCOUNT, "@insurance", ORDINARY, "@insurance"
    ),
    Refusal(
        "a system account that does not exist sells",
        W,
        trades("bob", "@nobody"),
        Reason.SYSTEM_ACCOUNT,
        "@nobody",
        ORDINARY,
        "@nobody",
    ),
    Refusal("nobody sells", W, trades("bob", "nobody"), Reason.UNKNOWN_ACCOUNT, "nobody", OPEN, "nobody"),
    Refusal(
        "nobody sells to one who is liquidating",
        STUCK,
        trades("dave", "nobody"),
        Reason.UNKNOWN_ACCOUNT,
        "nobody",
        OPEN,
        "nobody",
    ),
    Refusal(
        "a liquidating buyer",
        STUCK,
        trades("dave", "bob"),
        Reason.ACCOUNT_LIQUIDATING,
        "LIQUIDATING",
        "ACTIVE",
        "dave",
    ),
    Refusal(
        "both are liquidating: the buyer is named",
        STUCK,
        trades("dora", "dave"),
        Reason.ACCOUNT_LIQUIDATING,
        "LIQUIDATING",
        "ACTIVE",
        "dora",
    ),
    Refusal(
        "a liquidating seller",
        STUCK,
        trades("bob", "dave"),
        Reason.ACCOUNT_LIQUIDATING,
        "LIQUIDATING",
        "ACTIVE",
        "dave",
    ),
    Refusal(
        "a liquidating seller, to a buyer without collateral",
        STUCK,
        trades("bob", "dave", "10"),
        Reason.ACCOUNT_LIQUIDATING,
        "LIQUIDATING",
        "ACTIVE",
        "dave",
    ),
    Refusal(  # 50,000 is of the 50x bracket: IM = 1,000; EC = 1,000 - 32.5 taker fee
        "the buyer's collateral does not cover 10 BTC",
        W,
        trades("alice", "rick", "10"),
        Reason.FREE_COLLATERAL_NEGATIVE,
        exact("967.5"),
        exact("1000"),
        "alice",
    ),
    Refusal(  # EC = 1,000 - 10 maker fee
        "the seller's collateral does not cover 10 BTC",
        W,
        trades("rick", "bob", "10"),
        Reason.FREE_COLLATERAL_NEGATIVE,
        exact("990"),
        exact("1000"),
        "bob",
    ),
    Refusal(  # EC = 50.3 - 0.325, IM = 500 / 10
        "an account's own leverage of 10 asks for more than the bracket",
        PENNILESS,
        trades("tenfold", "rick"),
        Reason.FREE_COLLATERAL_NEGATIVE,
        exact("49.975"),
        exact("50"),
        "tenfold",
    ),
    Refusal(  # gail is 100 ahead, which is not rolled; IM = 1% of 1,000
        "gains that were not rolled carry no more risk",
        PENNILESS,
        trades("gail", "rick"),
        Reason.FREE_COLLATERAL_NEGATIVE,
        exact("5"),
        exact("10"),
        "gail",
    ),
    Refusal(  # long 1 to short 0.5: EC = 20 - 1.5, IM = 1% of 2,500, and the rate would rise
        "a smaller position of the other sign needs its margin",
        PENNILESS,
        trades("rick", "flip", "1.5"),
        Reason.FREE_COLLATERAL_NEGATIVE,
        exact("18.5"),
        exact("25"),
        "flip",
    ),
    Refusal(  # penny: EC = 5 - 0.325, IM = 5; dan would end at -10.1
        "a buyer without collateral, from a seller who ends flat below zero",
        PENNILESS,
        trades("penny", "dan"),
        Reason.FREE_COLLATERAL_NEGATIVE,
        exact("4.675"),
        exact("5"),
        "penny",
    ),
    Refusal(  # 30 - 40 - 0.1 maker fee
        "flat below zero",
        PENNILESS,
        trades("rick", "dan"),
        Reason.EFFECTIVE_COLLATERAL_NEGATIVE,
        exact("-10.1"),
        0,
        "dan",
    ),
    Refusal(  # sid: 30 + 460 - 490 - 0.3185; lou's rate falls
        "a buyer flat below zero, from a seller whose rate falls",
        PENNILESS,
        trades("sid", "lou", at="4900"),
        Reason.EFFECTIVE_COLLATERAL_NEGATIVE,
        exact("-0.3185"),
        0,
        "sid",
    ),
    Refusal(  # DC: 30, then 30 - 10 - 0.098; at the same rate 30 * 4,500 / 5,000 = 27
        "reduces a tenth 2% below mark: the rate falls from 0.6% to 0.4422%",
        PENNILESS,
        trades("rick", "lou", at="4900"),
        Reason.MARGIN_RATE_FELL,
        exact("19.902"),
        exact("27"),
        "lou",
    ),
    Refusal(  # DC 0.01 * 8,000 * 0.98 = 78.4, then 78.4 - 50 - 0.09; at the same rate 70.56
        "the rate falls for one whose collateral is bitcoin after its haircut",
        market(lou=held(btc=("1", "-5000"), others={"BTC": "0.01"})),
        trades("rick", "lou", at="4500"),
        Reason.MARGIN_RATE_FELL,
        exact("28.31"),
        exact("70.56"),
        "lou",
    ),
    Refusal(  # without fees: DC 30, then 30 - 3.025; at the same rate 27
        "a tick worse than the same rate",
        EVEN,
        trades("rick", "lou", at="4969.75"),
        Reason.MARGIN_RATE_FELL,
        exact("26.975"),
        exact("27"),
        "lou",
    ),
    Refusal(  # without fees: DC 100 atoms, then 250,000,000 less; at the same rate 100 * 2 / 3, up
        "two lots of three are left, at a rate that is no whole exact value",
        market(TEXTBOOK, lou=evolve(held("1", btc=("0.0003", "-1.5")), cash=Map(USDT=100))),
        trades("rick", "lou", "0.0001", "4999.75"),
        Reason.MARGIN_RATE_FELL,
        (100 - 250_000_000) * 10**18,
        66_666_666_666_666_666_667,
        "lou",
    ),
    Refusal(  # max: DC 0.5, then 0.4, where 0.45 would be the same rate; prov: 500,000 - 0.1 taker fee
        "a buyer whose rate falls, from a provider who falls below the minimum",
        PENNILESS,
        trades("max", "prov", taker="seller"),
        Reason.MARGIN_RATE_FELL,
        exact("0.4"),
        exact("0.45"),
        "max",
    ),
    Refusal(
        "a provider falls from the minimum to 0.1 below",
        PENNILESS,
        trades("rick", "prov", taker="seller"),
        Reason.PROVIDER_BELOW_MINIMUM,
        exact("499999.9"),
        exact("500000"),
        "prov",
    ),
    Refusal(
        "a provider falls below the minimum in the last millisecond of its notice",
        LEAVING,
        trades("prov", "rick", time=START + HOUR - 1),
        Reason.PROVIDER_BELOW_MINIMUM,
        exact("499999.9"),
        exact("500000"),
        "prov",
    ),
)


def filled(
    name: str,
    state: State,
    transaction: Trade,
    fees: tuple[str, str],
    fund: str,
    rolled: tuple[Rolled, ...] = (),
    **accounts: Account,
) -> Success:
    """A trade with the fees of buyer and seller, what `@fees` has then, the rolls, and the two sides."""
    charged = FeesCharged(transaction.market, transaction.buyer, usdt(fees[0]), transaction.seller, usdt(fees[1]))
    changed = accounts if usdt(fees[0]) + usdt(fees[1]) == 0 else {**accounts, "@fees": held(fund)}
    return Success(name, state, transaction, events=(charged, *rolled), accounts=changed)


LONG, SHORT = held("1000", btc=("0.1", "-500.325")), held("1000", btc=("-0.1", "499.9"))
UP = market(mark="5100", alice=LONG, bob=SHORT)
HEDGED_WORLD = World()
HEDGED_WORLD.mark("5100")
HEDGED_WORLD.mark("200", ETH)
HEDGED_WORLD.deposit("@fees", "1000")
HEDGED = with_accounts(
    HEDGED_WORLD.state,
    {"alice": held("1000", btc=("0.1", "-500.325"), eth=("2", "-390")), "rick": RICH},
)
TIERS = market(
    victor=held("1000", fee_tier="vip"), vera=held("1000", fee_tier="vip"), ben=held("1000", fee_tier="backstop")
)
PROVIDERS = with_provider(market(peg=held("600000", fee_tier="vip")), "peg", PROVIDER)
EDGE = market(
    penny=held("5.325"),
    dan=held("40.1", btc=("0.1", "-540")),
    prov=held("500000.1"),
    lou=held("60", btc=("1", "-5030")),
)
POOR_PROVIDER = market(prov=held("499999"))

SUCCESSES = (
    filled(
        "the buyer takes: -500 - 0.325 and +500 - 0.1",
        W,
        T,
        ("0.325", "0.1"),
        "1000.425",
        alice=held("1000", btc=("0.1", "-500.325")),
        bob=held("1000", btc=("-0.1", "499.9")),
    ),
    filled(
        "the seller takes: -500 - 0.1 and +500 - 0.325",
        W,
        trades("alice", "bob", taker="seller"),
        ("0.1", "0.325"),
        "1000.425",
        alice=held("1000", btc=("0.1", "-500.1")),
        bob=held("1000", btc=("-0.1", "499.675")),
    ),
    filled(
        "vip: 0.045% of 500 taken, 0.01% made",
        TIERS,
        trades("victor", "vera"),
        ("0.225", "0.05"),
        "1000.275",
        victor=held("1000", btc=("0.1", "-500.225"), fee_tier="vip"),
        vera=held("1000", btc=("-0.1", "499.95"), fee_tier="vip"),
    ),
    filled(
        "the backstop tier's maker gets 0.005% of 500, out of the taker's fee",
        TIERS,
        trades("alice", "ben"),
        ("0.325", "-0.025"),
        "1000.3",
        alice=held("1000", btc=("0.1", "-500.325")),
        ben=held("1000", btc=("-0.1", "500.025"), fee_tier="backstop"),
    ),
    filled(
        "providers pay the lowest rates of all, whatever their tier",
        PROVIDERS,
        trades("prov", "peg"),
        ("0.1", "-0.025"),
        "1000.075",
        prov=held("600000", btc=("0.1", "-500.1")),
        peg=held("600000", btc=("-0.1", "500.025"), fee_tier="vip"),
    ),
    filled(
        "a leaving provider pays the lowest in the last millisecond of its notice",
        with_provider(W, "prov", evolve(PROVIDER, notice=START)),
        trades("prov", "bob", time=START + HOUR - 1),
        ("0.1", "0.1"),
        "1000.2",
        prov=held("600000", btc=("0.1", "-500.1")),
        bob=held("1000", btc=("-0.1", "499.9")),
    ),
    filled(
        "and its tier's a millisecond later",
        with_provider(W, "prov", evolve(PROVIDER, notice=START)),
        trades("prov", "bob", time=START + HOUR),
        ("0.325", "0.1"),
        "1000.425",
        prov=held("600000", btc=("0.1", "-500.325")),
        bob=held("1000", btc=("-0.1", "499.9")),
    ),
    filled(  # one lot is 0.500125; 0.065% is 0.00032508125, up; 0.005% is 0.00002500625, down
        "a fee is rounded up to 10^-9, a rebate down",
        TIERS,
        trades("alice", "ben", "0.0001", "5001.25"),
        ("0.000325082", "-0.000025006"),
        "1000.000300076",
        alice=held("1000", btc=("0.0001", "-0.500450082")),
        ben=held("1000", btc=("-0.0001", "0.500150006"), fee_tier="backstop"),
    ),
    filled(  # bob: 499.9 - 510 - 0.3315; alice: -500.325 + 510 - 0.102
        "both close at 5,100 and roll",
        UP,
        trades("bob", "alice", at="5100"),
        ("0.3315", "0.102"),
        "1000.4335",
        (Rolled("bob", usdt("-10.4315")), Rolled("alice", usdt("9.573"))),
        alice=held("1009.573"),
        bob=held("989.5685"),
    ),
    filled(  # alice: -500.325 + 1,020 - 0.204 = 519.471, at mark 510 of it is the short's
        "long 0.1 sells 0.2 and rolls; short 0.1 starts anew at mark",
        UP,
        trades("rick", "alice", "0.2", "5100"),
        ("0.663", "0.204"),
        "1000.867",
        (Rolled("alice", usdt("9.471")),),
        alice=held("1009.471", btc=("-0.1", "510")),
        rick=held("1000000", btc=("0.2", "-1020.663")),
    ),
    filled(  # -500.325 + 255 - 0.051; 255 * 0.065% = 0.16575
        "a smaller long rolls nothing",
        UP,
        trades("rick", "alice", "0.05", "5100"),
        ("0.16575", "0.051"),
        "1000.21675",
        alice=held("1000", btc=("0.05", "-245.376")),
        rick=held("1000000", btc=("0.05", "-255.16575")),
    ),
    filled(  # -500.325 - 510 - 0.3315
        "a larger long rolls nothing",
        UP,
        trades("alice", "rick", at="5100"),
        ("0.3315", "0.102"),
        "1000.4335",
        alice=held("1000", btc=("0.2", "-1010.6565")),
        rick=held("1000000", btc=("-0.1", "509.898")),
    ),
    filled(  # 9.573 of BTC-PERP, 400 - 390 of ETH-PERP
        "closing one market rolls the other too",
        HEDGED,
        trades("rick", "alice", at="5100"),
        ("0.3315", "0.102"),
        "1000.4335",
        (Rolled("alice", usdt("19.573")),),
        alice=held("1019.573", eth=("2", "-400")),
        rick=held("1000000", btc=("0.1", "-510.3315")),
    ),
    filled(
        "exactly at mark + 10%",
        W,
        trades("alice", "bob", at="5500"),
        ("0.3575", "0.11"),
        "1000.4675",
        alice=held("1000", btc=("0.1", "-550.3575")),
        bob=held("1000", btc=("-0.1", "549.89")),
    ),
    filled(
        "exactly at mark - 10%",
        W,
        trades("alice", "bob", at="4500"),
        ("0.2925", "0.09"),
        "1000.3825",
        alice=held("1000", btc=("0.1", "-450.2925")),
        bob=held("1000", btc=("-0.1", "449.91")),
    ),
    filled(
        "without a band, at twice the mark",
        market(load_profile("ascendex-2020", {"markets": {"BTC-PERP": {"price_band": "none"}}})),
        trades("alice", "bob", at="10000"),
        ("0.65", "0.2"),
        "1000.85",
        alice=held("1000", btc=("0.1", "-1000.65")),
        bob=held("1000", btc=("-0.1", "999.8")),
    ),
    filled(
        "free collateral of exactly zero: 5.325 - 0.325 = 1% of 500",
        EDGE,
        trades("penny", "bob"),
        ("0.325", "0.1"),
        "1000.425",
        penny=held("5.325", btc=("0.1", "-500.325")),
        bob=held("1000", btc=("-0.1", "499.9")),
    ),
    filled(
        "flat with exactly nothing: 40.1 - 40 - 0.1",
        EDGE,
        trades("bob", "dan"),
        ("0.325", "0.1"),
        "1000.425",
        (Rolled("dan", usdt("-40.1")),),
        dan=held(),
        bob=held("1000", btc=("0.1", "-500.325")),
    ),
    filled(  # DC 30 of 5,000 is 0.6%, 29.9 of 4,500 is more; IM would be 45
        "reduces below initial margin, as the rate rises",
        EDGE,
        trades("bob", "lou"),
        ("0.325", "0.1"),
        "1000.425",
        lou=held("60", btc=("0.9", "-4530.1")),
        bob=held("1000", btc=("0.1", "-500.325")),
    ),
    filled(  # EC = 70.095 - 0.1 * 250 - 0.095 = 45 = 1% of 4,500; of 70.095 a tenth less would be 63.0855
        "reduces at a falling rate to free collateral of exactly zero",
        market(lou=held("70.095", btc=("1", "-5000"))),
        trades("rick", "lou", at="4750"),
        ("0.30875", "0.095"),
        "1000.40375",
        lou=held("70.095", btc=("0.9", "-4525.095")),
        rick=held("1000000", btc=("0.1", "-475.30875")),
    ),
    filled(  # 30 of 5,000 and 27 of 4,500 are both 0.6%; nobody pays a fee, and none is posted
        "reduces below initial margin at the same rate exactly",
        EVEN,
        trades("rick", "lou", at="4970"),
        ("0", "0"),
        "1000",
        lou=held("60", btc=("0.9", "-4533")),
        rick=held("1000000", btc=("0.1", "-497")),
    ),
    filled(
        "a provider ends at exactly the minimum: 500,000.1 - 0.1",
        EDGE,
        trades("prov", "bob"),
        ("0.1", "0.1"),
        "1000.2",
        prov=held("500000.1", btc=("0.1", "-500.1")),
        bob=held("1000", btc=("-0.1", "499.9")),
    ),
    filled(
        "a provider already below the minimum trades on",
        POOR_PROVIDER,
        trades("prov", "bob"),
        ("0.1", "0.1"),
        "1000.2",
        prov=held("499999", btc=("0.1", "-500.1")),
        bob=held("1000", btc=("-0.1", "499.9")),
    ),
)

TABLES = (
    Table(
        "trade",
        "trade",
        REFUSALS,
        SUCCESSES,
        never_alone={1: "an unlisted market has no mark"},
    ),
)


@pytest.mark.parametrize("row", REFUSALS, ids=name_of)
def test_refused(row: Refusal) -> None:
    assert_refused(row)


@pytest.mark.parametrize("row", SUCCESSES, ids=name_of)
def test_applied(row: Success) -> None:
    assert_applied(row)


@pytest.mark.parametrize("table", TABLES)
def test_every_check_is_reached_in_order_of_precedence(table: Table) -> None:
    assert_every_check_in_order(table)


@pytest.mark.parametrize("table", TABLES)
def test_neighbouring_rows_are_one_fault_apart(table: Table) -> None:
    assert_one_fault_apart(table)
