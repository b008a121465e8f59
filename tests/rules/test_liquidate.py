"""liquidate: every refusal in order of precedence, then what it does, exactly.

Most rows are about vic: long 10 BTC from 5,000, at mark 4,920. Its cash of 1,100 less the fee of 32.5 and the loss of
800 leaves 267.5 of 49,200 notional, below the 295.2 of maintenance margin, above half of it. The first bracket's
initial margin, which releases, is 1%.
"""

import pytest
from attrs import evolve
from immutables import Map

from ledger.outcomes import (
    Converted,
    Event,
    FeesCharged,
    LiquidationStarted,
    Reason,
    Released,
    Rolled,
    RoundMade,
)
from ledger.rulebook import Rulebook
from ledger.state import Account, Limits, Liquidation, Provider, State
from ledger.transactions import Fill, Liquidate
from tests.rules.tables import (
    Refusal,
    Success,
    Table,
    assert_applied,
    assert_every_check_in_order,
    assert_one_fault_apart,
    assert_refused,
    eth_lots,
    exact,
    held,
    liquidating,
    name_of,
    with_provider,
)
from tests.worlds import ASCENDEX, BTC, ETH, START, TEXTBOOK, World, coins, lots, price, usdt, with_accounts

ROUND = 6_000
PROVIDER = Provider(Limits(usdt("100000"), usdt("300000"), usdt("100000")), None, ())
VIC = held("1100", btc=("10", "-50032.5"))
PREPARED = held("267.5", btc=("10", "-49200"))


def market(mark: str = "4920", *, eth: str | None = None, rulebook: Rulebook = ASCENDEX, **accounts: Account) -> State:
    """A marked market with these accounts; vic in distress, bob and @fees with 100,000 USDT; prov is a provider."""
    w = World(rulebook)
    w.mark(mark)
    if eth is not None:
        w.mark(eth, ETH)
    w.mark_asset("BTC", "5000")
    w.mark_asset("ETH", "200.000000001")
    for account_id in ("bob", "@fees"):
        w.deposit(account_id, "100000")
    w.deposit("keeper", "1", "BTC")
    w.deposit("keeper", "1", "ETH")
    state = with_accounts(w.state, {"vic": VIC, "prov": held("500000"), **accounts})
    return with_provider(state, "prov", PROVIDER)


def fills(*requested: tuple[str, str, str], market_id: str = BTC) -> tuple[Fill, ...]:
    """Fills as (counterparty, size, price) in decimal text."""
    size_of = lots if market_id == BTC else eth_lots
    return tuple(Fill(market_id, counterparty, size_of(size), price(at)) for counterparty, size, at in requested)


def liquidates(account: str = "vic", *requested: tuple[str, str, str], time: int = START) -> Liquidate:
    """A round with these fills in BTC-PERP."""
    return Liquidate(time, account, fills(*requested))


def in_round(made: int, account: Account = PREPARED, *, at: int = START, starting: str = "10") -> Account:
    """The account with so many rounds made, the last one `at`."""
    return liquidating(account, at=at, made=made, starting={BTC: lots(starting)})


W = market()
WITH_ETH = market(eth="200")
BEGUN = market(vic=in_round(1))
USED_UP = market(vic=in_round(50))
CROWD = market(
    dave=liquidating(held("1000", btc=("-0.1", "500")), at=START),
    poor=held("40"),
    sid=held("10", btc=("-0.1", "470")),
    ron=held("60", btc=("-1", "4890")),
    tim=held("-40", btc=("0.1", "-450")),
    tom=held("10", btc=("-0.1", "450")),
    even=held("29.52", btc=("1", "-4920")),
    dear=held("0.7", btc=("0.0001", "-0.492")),
)
DEAR = World()
DEAR.mark("20000000")
DEAR.deposit("bob", "100000000")
EXPENSIVE = with_accounts(DEAR.state, {"vic": held("50", btc=("0.0005", "-10000"))})
MARKETS, MARK, OTHER = "a listed market", "a market with a mark", "another account"
OPEN, ORDINARY = "an open account", "an ordinary account"
SOUND = liquidates("vic", ("bob", "1", "4920"))

REFUSALS = (
    Refusal("time goes back", W, evolve(SOUND, time=START - 1), Reason.TIME_BACKWARDS, START - 1, START, "time"),
    Refusal(
        "time goes back, for a system account",
        W,
        evolve(SOUND, time=START - 1, account="@fees"),
        Reason.TIME_BACKWARDS,
        START - 1,
        START,
        "time",
    ),
    Refusal("a system account", W, liquidates("@fees"), Reason.SYSTEM_ACCOUNT, "@fees", ORDINARY, "@fees"),
    Refusal(
        "@external, which owes what is in custody",
        W,
        liquidates("@external"),
        Reason.SYSTEM_ACCOUNT,
        "@external",
        ORDINARY,
        "@external",
    ),
    Refusal(
        "a system account that does not exist",
        W,
        liquidates("@nobody"),
        Reason.SYSTEM_ACCOUNT,
        "@nobody",
        ORDINARY,
        "@nobody",
    ),
    Refusal("nobody", W, liquidates("nobody"), Reason.UNKNOWN_ACCOUNT, "nobody", OPEN, "nobody"),
    Refusal(  # 1,100 - 50,032.5 + 49,240 = 307.5; 0.6% of 49,240
        "healthy at mark 4,924",
        market("4924"),
        SOUND,
        Reason.NOT_LIQUIDATABLE,
        exact("307.5"),
        exact("295.44"),
        "vic",
    ),
    Refusal(  # even: 29.52 is exactly 0.6% of 4,920
        "maintenance margin exactly is healthy",
        CROWD,
        liquidates("even"),
        Reason.NOT_LIQUIDATABLE,
        exact("29.52"),
        exact("29.52"),
        "even",
    ),
    Refusal("no position, no debt", W, liquidates("bob"), Reason.NOT_LIQUIDATABLE, exact("100000"), 0, "bob"),
    Refusal(
        "1 ms too soon",
        BEGUN,
        evolve(SOUND, time=START + ROUND - 1),
        Reason.ROUND_TOO_SOON,
        5_999,
        6_000,
        "vic",
    ),
    Refusal(
        "too soon, and its rounds are used up",
        USED_UP,
        SOUND,
        Reason.ROUND_TOO_SOON,
        0,
        6_000,
        "vic",
    ),
    Refusal(
        "a fill after the 50th round",
        USED_UP,
        evolve(SOUND, time=START + ROUND),
        Reason.ROUNDS_USED_UP,
        1,
        0,
        "vic",
    ),
    Refusal(
        "two fills after the 50th round, in an unlisted market",
        USED_UP,
        Liquidate(START + ROUND, "vic", fills(("bob", "1", "4920"), ("bob", "1", "4920"), market_id="DOGE-PERP")),
        Reason.ROUNDS_USED_UP,
        2,
        0,
        "vic",
    ),
    Refusal(
        "an unlisted market, which has no mark either",
        W,
        Liquidate(START, "vic", (Fill("DOGE-PERP", "bob", 1, price("1")),)),
        Reason.UNKNOWN_MARKET,
        "DOGE-PERP",
        MARKETS,
        "DOGE-PERP",
    ),
    Refusal(
        "a market without a mark",
        W,
        Liquidate(START, "vic", fills(("bob", "1", "200"), market_id=ETH)),
        Reason.MARKET_WITHOUT_MARK,
        ETH,
        MARK,
        ETH,
    ),
    Refusal(
        "a market without a mark, and no size",
        W,
        Liquidate(START, "vic", fills(("bob", "0", "200"), market_id=ETH)),
        Reason.MARKET_WITHOUT_MARK,
        ETH,
        MARK,
        ETH,
    ),
    Refusal("no size", W, liquidates("vic", ("bob", "0", "4920")), Reason.SIZE_NOT_POSITIVE, 0, 0, BTC),
    Refusal("no size, off the tick", W, liquidates("vic", ("bob", "0", "4920.1")), Reason.SIZE_NOT_POSITIVE, 0, 0, BTC),
    Refusal(
        "off the tick of 0.25",
        W,
        liquidates("vic", ("bob", "1", "4920.1")),
        Reason.PRICE_OFF_TICK,
        price("4920.1"),
        price("0.25"),
        BTC,
    ),
    Refusal(
        "off the tick and outside the band",
        W,
        liquidates("vic", ("bob", "1", "5500.1")),
        Reason.PRICE_OFF_TICK,
        price("5500.1"),
        price("0.25"),
        BTC,
    ),
    Refusal(  # 4,920 + 10% = 5,412
        "a tick above the band",
        W,
        liquidates("vic", ("bob", "1", "5412.25")),
        Reason.PRICE_OUTSIDE_BAND,
        price("5412.25"),
        price("5412"),
        BTC,
    ),
    Refusal(
        "above the band, with itself",
        W,
        liquidates("vic", ("vic", "1", "5412.25")),
        Reason.PRICE_OUTSIDE_BAND,
        price("5412.25"),
        price("5412"),
        BTC,
    ),
    Refusal("with itself", W, liquidates("vic", ("vic", "1", "4920")), Reason.SAME_ACCOUNT, "vic", OTHER, "vic"),
    Refusal(
        "with itself, where that costs nothing",
        market(rulebook=TEXTBOOK, vic=PREPARED),
        liquidates("vic", ("vic", "1", "4920")),
        Reason.SAME_ACCOUNT,
        "vic",
        OTHER,
        "vic",
    ),
    Refusal(
        "against @fees",
        W,
        liquidates("vic", ("@fees", "1", "4920")),
        Reason.SYSTEM_ACCOUNT,
        "@fees",
        ORDINARY,
        "@fees",
    ),
    Refusal(
        "against a system account that does not exist",
        W,
        liquidates("vic", ("@nobody", "1", "4920")),
        Reason.SYSTEM_ACCOUNT,
        "@nobody",
        ORDINARY,
        "@nobody",
    ),
    Refusal(
        "against nobody",
        W,
        liquidates("vic", ("nobody", "1", "4920")),
        Reason.UNKNOWN_ACCOUNT,
        "nobody",
        OPEN,
        "nobody",
    ),
    Refusal(
        "against one who is liquidating",
        CROWD,
        liquidates("vic", ("dave", "0.1", "4920")),
        Reason.ACCOUNT_LIQUIDATING,
        "LIQUIDATING",
        "ACTIVE",
        "dave",
    ),
    Refusal(
        "against one who is liquidating, where there is nothing to reduce",
        market(eth="200", dave=liquidating(held("1000", btc=("-0.1", "500")), at=START)),
        Liquidate(START, "vic", fills(("dave", "1", "200"), market_id=ETH)),
        Reason.ACCOUNT_LIQUIDATING,
        "LIQUIDATING",
        "ACTIVE",
        "dave",
    ),
    Refusal(
        "nothing to reduce in the market, so any size is beyond it",
        WITH_ETH,
        Liquidate(START, "vic", fills(("bob", "1", "200"), market_id=ETH)),
        Reason.NOTHING_TO_REDUCE,
        1_000,
        0,
        "vic",
    ),
    Refusal(  # tim: long 0.1, and a round may close 1,000 USDT / 0.492
        "0.15 of a long 0.1",
        CROWD,
        liquidates("tim", ("bob", "0.15", "4920")),
        Reason.FILL_BEYOND_POSITION,
        1_500,
        1_000,
        "tim",
    ),
    Refusal(  # the same, short: 10 + 450 - 492 = -32 is below maintenance margin
        "0.15 of a short 0.1",
        CROWD,
        liquidates("tom", ("bob", "0.15", "4920")),
        Reason.FILL_BEYOND_POSITION,
        1_500,
        1_000,
        "tom",
    ),
    Refusal(  # a second fill meets what the first one left
        "0.06 twice of a long 0.1",
        CROWD,
        liquidates("tim", ("bob", "0.06", "4920"), ("bob", "0.06", "4920")),
        Reason.FILL_BEYOND_POSITION,
        600,
        400,
        "tim",
    ),
    Refusal(
        "beyond the position, at a price that leaves less than nothing",
        CROWD,
        liquidates("tim", ("bob", "0.15", "4800")),
        Reason.FILL_BEYOND_POSITION,
        1_500,
        1_000,
        "tim",
    ),
    Refusal(  # 267.5 - 320 - 2.99
        "1 BTC at 320 below mark leaves less than nothing",
        W,
        liquidates("vic", ("bob", "1", "4600")),
        Reason.ACCOUNT_VALUE_NEGATIVE,
        exact("-55.49"),
        0,
        "vic",
    ),
    Refusal(  # 267.5 - 1.0001 * 320 - 2.990299
        "less than nothing, and a lot beyond the round",
        W,
        liquidates("vic", ("bob", "1.0001", "4600")),
        Reason.ACCOUNT_VALUE_NEGATIVE,
        exact("-55.522299"),
        0,
        "vic",
    ),
    Refusal(
        "a lot more than a tenth of 10 BTC",
        W,
        liquidates("vic", ("bob", "1.0001", "4920")),
        Reason.FILL_BEYOND_ROUND,
        10_001,
        10_000,
        "vic",
    ),
    Refusal(
        "two fills, together a lot more than a tenth",
        W,
        liquidates("vic", ("bob", "0.6", "4920"), ("bob", "0.4001", "4920")),
        Reason.FILL_BEYOND_ROUND,
        10_001,
        10_000,
        "vic",
    ),
    Refusal(
        "a lot more than a tenth of the 10 BTC it began with, though 5 are left",
        market(vic=in_round(5, held("200", btc=("5", "-24600")))),
        liquidates("vic", ("bob", "1.0001", "4920"), time=START + ROUND),
        Reason.FILL_BEYOND_ROUND,
        10_001,
        10_000,
        "vic",
    ),
    Refusal(  # floor(1,000 / 0.492) = 2,032 lots are more than a tenth of 15,000
        "a lot more than 1,000 USDT, where that is more than a tenth",
        market(vic=held("35", btc=("1.5", "-7380"))),
        liquidates("vic", ("bob", "0.2033", "4920")),
        Reason.FILL_BEYOND_ROUND,
        2_033,
        2_032,
        "vic",
    ),
    Refusal(  # a lot is worth 2,000 USDT, five lots give no tenth
        "two lots, where not one is due by tenth or value",
        EXPENSIVE,
        liquidates("vic", ("bob", "0.0002", "20000000")),
        Reason.FILL_BEYOND_ROUND,
        2,
        1,
        "vic",
    ),
    Refusal(
        "a lot beyond the round, against one without collateral",
        CROWD,
        liquidates("vic", ("poor", "1.0001", "4920")),
        Reason.FILL_BEYOND_ROUND,
        10_001,
        10_000,
        "vic",
    ),
    Refusal(  # poor: 40 - 0.984 maker fee, against 1% of 4,920
        "against one without collateral",
        CROWD,
        liquidates("vic", ("poor", "1", "4920")),
        Reason.FREE_COLLATERAL_NEGATIVE,
        exact("39.016"),
        exact("49.2"),
        "poor",
    ),
    Refusal(
        "against one without collateral, then one who ends flat below zero",
        CROWD,
        liquidates("vic", ("poor", "0.9", "4920"), ("sid", "0.1", "4920")),
        Reason.FREE_COLLATERAL_NEGATIVE,
        exact("39.1144"),
        exact("44.28"),
        "poor",
    ),
    Refusal(  # sid: 10 + 470 - 492 - 0.0984
        "against one who ends flat below zero",
        CROWD,
        liquidates("vic", ("sid", "0.1", "4920")),
        Reason.EFFECTIVE_COLLATERAL_NEGATIVE,
        exact("-12.0984"),
        0,
        "sid",
    ),
    Refusal(
        "against one who ends flat below zero, then one whose rate falls",
        CROWD,
        liquidates("vic", ("sid", "0.1", "4920"), ("ron", "0.1", "5100")),
        Reason.EFFECTIVE_COLLATERAL_NEGATIVE,
        exact("-12.0984"),
        0,
        "sid",
    ),
    Refusal(  # ron: DC 30 of 4,920; then 30 - 18 - 0.102 of 4,428, where 27 would be the same rate
        "against one whose rate falls",
        CROWD,
        liquidates("vic", ("ron", "0.1", "5100")),
        Reason.MARGIN_RATE_FELL,
        exact("11.898"),
        exact("27"),
        "ron",
    ),
    Refusal(
        "against one whose rate falls, then a provider who falls below the minimum",
        CROWD,
        liquidates("vic", ("ron", "0.1", "5100"), ("prov", "0.5", "4922")),
        Reason.MARGIN_RATE_FELL,
        exact("11.898"),
        exact("27"),
        "ron",
    ),
    Refusal(  # 500,000 - 1 + 0.005% of 4,921
        "against a provider who falls below the minimum",
        CROWD,
        liquidates("vic", ("prov", "1", "4921")),
        Reason.PROVIDER_BELOW_MINIMUM,
        exact("499999.24605"),
        exact("500000"),
        "prov",
    ),
)

STARTED = (Rolled("vic", usdt("-832.5")), LiquidationStarted("vic"))
EVEN_RELEASE = market(vic=in_round(3, held("492", btc=("10", "-49200"))))


def fees(counterparty: str, maker: str, taker: str, *, buys: bool = True, market_id: str = BTC) -> FeesCharged:
    """A fill's fees; `buys`: the counterparty is the buyer."""
    if buys:
        return FeesCharged(market_id, counterparty, usdt(maker), "vic", usdt(taker))
    return FeesCharged(market_id, "vic", usdt(taker), counterparty, usdt(maker))


def waits(name: str, state: State, made: int, *, time: int, after: Account, events: tuple[Event, ...] = ()) -> Success:
    """An empty round of vic."""
    return Success(
        name,
        state,
        liquidates("vic", time=time),
        events=(*events, RoundMade("vic", made, 0)),
        accounts={"vic": after},
    )


def releases(name: str, state: State, made: int, *, after: Account, time: int = START + ROUND) -> Success:
    """An empty round of vic that releases it."""
    return Success(
        name,
        state,
        liquidates("vic", time=time),
        events=(RoundMade("vic", made, 0), Released("vic")),
        accounts={"vic": after},
    )


SUCCESSES = (
    Success(  # vic: -49,200 + 4,920 - 3.198 taker; bob: -4,920 - 0.984 maker
        "round 1 rolls the loss of 832.5 and sells 1 BTC of 10 at mark",
        W,
        SOUND,
        events=(*STARTED, fees("bob", "0.984", "3.198"), RoundMade("vic", 1, 1)),
        accounts={
            "vic": in_round(1, held("267.5", btc=("9", "-44283.198"))),
            "bob": held("100000", btc=("1", "-4920.984")),
            "@fees": held("100004.182"),
        },
    ),
    waits("an empty call is round 1 too", W, 1, time=START, after=in_round(1), events=STARTED),
    waits(
        "round 2 exactly 6 s later; nothing is left to roll",
        BEGUN,
        2,
        time=START + ROUND,
        after=in_round(2, at=START + ROUND),
    ),
    waits(
        "the 49th round",
        market(vic=in_round(48)),
        49,
        time=START + ROUND + 5,
        after=in_round(49, at=START + ROUND + 5),
    ),
    waits(
        "the 50th round, not above maintenance margin",
        market(vic=in_round(49)),
        50,
        time=START + ROUND,
        after=in_round(50, at=START + ROUND),
    ),
    Success(
        "the 50th round may still sell",
        market(vic=in_round(49)),
        evolve(SOUND, time=START + ROUND),
        events=(fees("bob", "0.984", "3.198"), RoundMade("vic", 50, 1)),
        accounts={
            "vic": in_round(50, held("267.5", btc=("9", "-44283.198")), at=START + ROUND),
            "bob": held("100000", btc=("1", "-4920.984")),
            "@fees": held("100004.182"),
        },
    ),
    waits(
        "after the 50th only the time changes",
        USED_UP,
        50,
        time=START + 2 * ROUND,
        after=in_round(50, at=START + 2 * ROUND),
    ),
    waits(
        "rounds used up, exactly at maintenance margin: stays",
        market(vic=in_round(50, held("295.2", btc=("10", "-49200")))),
        50,
        time=START + ROUND,
        after=in_round(50, held("295.2", btc=("10", "-49200")), at=START + ROUND),
    ),
    releases(
        "rounds used up, an atom above maintenance margin: released",
        market(vic=in_round(50, held("295.2000000000001", btc=("10", "-49200")))),
        50,
        after=held("295.2000000000001", btc=("10", "-49200")),
    ),
    releases(
        "the 50th round itself releases above maintenance margin",
        market(vic=in_round(49, held("295.2000000000001", btc=("10", "-49200")))),
        50,
        after=held("295.2000000000001", btc=("10", "-49200")),
    ),
    waits(
        "the 49th does not",
        market(vic=in_round(48, held("295.2000000000001", btc=("10", "-49200")))),
        49,
        time=START + ROUND,
        after=in_round(49, held("295.2000000000001", btc=("10", "-49200")), at=START + ROUND),
    ),
    waits(
        "topped up to exactly the bracket's initial margin of 492: stays",
        EVEN_RELEASE,
        4,
        time=START + ROUND,
        after=in_round(4, held("492", btc=("10", "-49200")), at=START + ROUND),
    ),
    releases(
        "topped up to an atom more: released",
        market(vic=in_round(3, held("492.0000000000001", btc=("10", "-49200")))),
        4,
        after=held("492.0000000000001", btc=("10", "-49200")),
    ),
    releases(  # at 2x it would need 24,600
        "its own leverage of 2 does not matter for that",
        market(vic=in_round(3, held("492.0000000000001", btc=("10", "-49200"), max_leverage=2))),
        4,
        after=held("492.0000000000001", btc=("10", "-49200"), max_leverage=2),
    ),
    Success(  # 267.5 + 230 - 3.3475 = 494.1525 of 44,280, of which 1% is 442.8
        "1 BTC at 5,150 releases in round 1",
        W,
        liquidates("vic", ("bob", "1", "5150")),
        events=(*STARTED, fees("bob", "1.03", "3.3475"), RoundMade("vic", 1, 1), Released("vic")),
        accounts={
            "vic": held("267.5", btc=("9", "-44053.3475")),
            "bob": held("100000", btc=("1", "-5151.03")),
            "@fees": held("100004.3775"),
        },
    ),
    Success(  # the second is taken at what the first left: 0.6 + 0.4 are the tenth exactly
        "two fills, in order, to exactly the round's limit",
        W,
        liquidates("vic", ("prov", "0.6", "4920"), ("bob", "0.4", "4919.75")),
        events=(
            *STARTED,
            fees("prov", "-0.1476", "1.9188"),
            fees("bob", "0.39358", "1.279135"),
            RoundMade("vic", 1, 2),
        ),
        accounts={  # -49,200 + 2,952 - 1.9188 + 1,967.9 - 1.279135
            "vic": in_round(1, held("267.5", btc=("9", "-44283.297935"))),
            "prov": held("500000", btc=("0.6", "-2951.8524")),
            "bob": held("100000", btc=("0.4", "-1968.29358")),
            "@fees": held("100003.443915"),
        },
    ),
    Success(  # 1,000 / 0.492 = 2,032 lots
        "1,000 USDT where that is more than a tenth",
        market(vic=held("35", btc=("1.5", "-7380"))),
        liquidates("vic", ("bob", "0.2032", "4920")),
        events=(LiquidationStarted("vic"), fees("bob", "0.1999488", "0.6498336"), RoundMade("vic", 1, 1)),
        accounts={  # 7,380 - 999.744 + 0.6498336
            "vic": in_round(1, held("35", btc=("1.2968", "-6380.9058336")), starting="1.5"),
            "bob": held("100000", btc=("0.2032", "-999.9439488")),
            "@fees": held("100000.8497824"),
        },
    ),
    Success(  # a lot is worth 2,000 USDT; 0.02% of it made, 0.065% taken
        "a single lot, where neither tenth nor value gives one",
        EXPENSIVE,
        liquidates("vic", ("bob", "0.0001", "20000000")),
        events=(LiquidationStarted("vic"), fees("bob", "0.4", "1.3"), RoundMade("vic", 1, 1)),
        accounts={
            "vic": in_round(1, held("50", btc=("0.0004", "-8001.3")), starting="0.0005"),
            "bob": held("100000000", btc=("0.0001", "-2000.4")),
            "@fees": held("1.7"),
        },
    ),
    Success(  # 0.2 * 5,000 * 0.98 = 980; 0.111111111 * 200.000000001 * 0.95 = 21.1111110901055... down at 13 decimals
        "its bitcoin and ether are sold outside at price times factor, in id order, rounded down",
        market(vic=held("-730", btc=("10", "-50032.5"), others={"BTC": "0.2", "ETH": "0.111111111"})),
        liquidates("vic"),
        events=(
            Rolled("vic", usdt("-832.5")),
            Converted("vic", "BTC", coins("0.2"), usdt("980")),
            Converted("vic", "ETH", coins("0.111111111"), usdt("21.1111110901055")),
            LiquidationStarted("vic"),
            RoundMade("vic", 1, 0),
        ),
        accounts={
            "vic": in_round(1, held("-561.3888889098945", btc=("10", "-49200"))),
            "@external": held("-201001.1111110901055", others={"BTC": "-0.8", "ETH": "-0.888888889"}),
        },
    ),
    Success(  # short 10 from 4,840 at 4,920: 1,100 - 800 - 31.46 = 268.54; buys 1 at 4,920: taker 3.198
        "a short buys back; the counterparty sells",
        market(vic=held("1100", btc=("-10", "48368.54"))),
        SOUND,
        events=(
            Rolled("vic", usdt("-831.46")),
            LiquidationStarted("vic"),
            fees("bob", "0.984", "3.198", buys=False),
            RoundMade("vic", 1, 1),
        ),
        accounts={
            "vic": liquidating(held("268.54", btc=("-9", "44276.802")), at=START, starting={BTC: -lots("10")}),
            "bob": held("100000", btc=("-1", "4919.016")),
            "@fees": held("100004.182"),
        },
    ),
    Success(  # 2 - 0.325; a tenth of 1 BTC, and it is the last of it
        "the last 0.1 of a position: flat with 1.675, rolled and released",
        market(mark="5000", vic=in_round(9, held("2", btc=("0.1", "-500")), starting="1")),
        liquidates("vic", ("bob", "0.1", "5000"), time=START + ROUND),
        events=(fees("bob", "0.1", "0.325"), Rolled("vic", usdt("-0.325")), RoundMade("vic", 10, 1), Released("vic")),
        accounts={
            "vic": held("1.675"),
            "bob": held("100000", btc=("0.1", "-500.1")),
            "@fees": held("100000.425"),
        },
    ),
    Success(
        "flat with exactly nothing is released",
        market(mark="5000", vic=in_round(9, held("0.325", btc=("0.1", "-500")), starting="1")),
        liquidates("vic", ("bob", "0.1", "5000"), time=START + ROUND),
        events=(fees("bob", "0.1", "0.325"), Rolled("vic", usdt("-0.325")), RoundMade("vic", 10, 1), Released("vic")),
        accounts={"vic": held(), "bob": held("100000", btc=("0.1", "-500.1")), "@fees": held("100000.425")},
    ),
    waits(
        "flat and in debt: liquidating, with no sizes to begin with",
        market(vic=held("-3")),
        1,
        time=START,
        after=liquidating(held("-3"), at=START),
        events=(LiquidationStarted("vic"),),
    ),
    Success(  # BTC: 267.5 of it all; the ETH limit is floor(1,000 / 0.2) = 5,000 lots, 5 ETH
        "two markets in one round, each with its own limit; a market closed rolls both",
        market(eth="200", vic=held("267.5", btc=("10", "-49200"), eth=("-5", "1000"))),
        Liquidate(
            START,
            "vic",
            (*fills(("bob", "1", "4920")), *fills(("bob", "5", "200"), market_id=ETH)),
        ),
        events=(
            LiquidationStarted("vic"),
            fees("bob", "0.984", "3.198"),
            fees("bob", "0.2", "0.65", buys=False, market_id=ETH),
            Rolled("vic", usdt("-3.848")),
            RoundMade("vic", 1, 2),
        ),
        accounts={
            "vic": liquidating(
                held("263.652", btc=("9", "-44280")),
                at=START,
                starting={BTC: lots("10"), ETH: -eth_lots("5")},
            ),
            "bob": held("100000", btc=("1", "-4920.984"), eth=("-5", "999.8")),
            "@fees": held("100005.032"),
        },
    ),
    Success(  # sid: 100 + 470 - 492 - 0.0984 = 77.9016
        "a counterparty who closes rolls as in a trade",
        market(sid=held("100", btc=("-0.1", "470"))),
        liquidates("vic", ("sid", "0.1", "4920")),
        events=(*STARTED, fees("sid", "0.0984", "0.3198"), Rolled("sid", usdt("-22.0984")), RoundMade("vic", 1, 1)),
        accounts={
            "vic": in_round(1, held("267.5", btc=("9.9", "-48708.3198"))),
            "sid": held("77.9016"),
            "@fees": held("100000.4182"),
        },
    ),
)

TABLES = (
    Table(
        "liquidate",
        "liquidate",
        REFUSALS,
        SUCCESSES,
        never_alone={
            6: "an unlisted market has no mark",
            15: "any size is beyond a position that is not there",
        },
        never_together={
            2: "an account that is not open has no collateral",
            3: "an account whose liquidation begins has no round yet",
            11: "the account itself is an ordinary one",
            13: "an account that is not open has no status",
        },
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


def test_fifty_empty_rounds_then_empty_ones_for_ever() -> None:
    w = World(TEXTBOOK)
    w.mark("5000")
    w.deposit("vic", "600")
    w.deposit("bob", "100000")
    w.trade("vic", "bob", "10", "5000")
    w.mark("4968")  # 600 - 320 = 280 of 49,680, below 0.6%, above half of it
    for number in range(1, 53):
        w.do(Liquidate(w.later(ROUND), "vic", ()))
        assert w.account("vic").liquidation == Liquidation(min(number, 50), w.time, Map({BTC: lots("10")}))
    w.mark("5000")
    assert w.do(Liquidate(w.later(ROUND), "vic", ())).events[-1] == Released("vic")
    assert w.account("vic") == held("600", btc=("10", "-50000"))
