"""Contracts of observe (specs/rules)."""

import attrs

from ledger.rulebook import Rulebook
from ledger.state import LiquidityMonitor, Observation, State
from ledger.transactions import Observe, Transaction

from .claims import Bug, Claim, Kind
from .judging import Answer, answered, first_failing
from .kernels_liquidity import TERMS
from .worlds import ASCENDEX, BTC, BTC_MARK, ETH, NOW, account, market, state

MONITORED: Rulebook = attrs.evolve(
    ASCENDEX,
    contracts=ASCENDEX.contracts.set(BTC, attrs.evolve(ASCENDEX.contracts[BTC], monitor=TERMS)),
)
MARKETS = (BTC, ETH, "DOGE-PERP")
SEEN = Observation(BTC_MARK, 3)


def observe_of(
    which: int,
    bid: int,
    ask: int,
    bid_depth: int,
    ask_depth: int,
    volume: int,
    last: int,
    time: int,
    *,
    stressed: bool = False,
    mark: int = BTC_MARK,
) -> tuple[State, Transaction]:
    """BTC-PERP, observed twice at 5,000 the last time at `last`, in which alice is long 70 lots and bob short."""
    monitor = LiquidityMonitor(last, 1, 2, 0, 0, (SEEN, SEEN), stressed)
    marked = {BTC: attrs.evolve(market(mark), monitor=monitor), ETH: market(BTC_MARK)}
    world = state(MONITORED, {"alice": account(9, 70, -5), "bob": account(9, -70, 5)}, markets=marked, time=NOW)
    return world, Observe(time, MARKETS[which], bid, ask, bid_depth, ask_depth, volume)


def observe_is_guarded(
    which: int, bid: int, ask: int, bid_depth: int, ask_depth: int, volume: int, last: int, time: int
) -> str:
    """A market is observed exactly when the checks hold, and the first that does not names the refusal.

    given: rulebook ascendex-2020 with a monitor of BTC-PERP; it, a market without a monitor, an unlisted one; best
        prices that are positive and not crossed are 2 and 3 (10^-9)
    pre: 0 <= which <= 2
    post: _ == observe_refusal(which, bid, ask, min(bid_depth, ask_depth), volume, last, time)
    reach: _ == "OBSERVED_TOO_SOON" and time == last + 999
    reach: _ == "BOOK_CROSSED" and ask == bid
    reach: _ == "VOLUME_NEGATIVE"
    """
    book = (2, 3) if bid > 0 and ask > bid else (bid, ask)
    # What an accepted book is does not matter to a refusal, and its spread is not linear.
    world, transaction = observe_of(which, *book, bid_depth, ask_depth, volume, last, time)
    return answered(world, transaction, ()).refusal


def observe_refusal(which: int, bid: int, ask: int, thinner: int, volume: int, last: int, time: int) -> str:
    """specs/rules/observe.md."""
    return first_failing(
        ("TIME_BACKWARDS", time >= NOW),
        ("UNKNOWN_MARKET", which != 2),
        ("MARKET_WITHOUT_MONITOR", which == 0),
        ("OBSERVED_TOO_SOON", time - last >= 1000),
        ("BID_NOT_POSITIVE", bid > 0),
        ("BOOK_CROSSED", ask > bid),
        ("DEPTH_NEGATIVE", thinner >= 0),
        ("VOLUME_NEGATIVE", volume >= 0),
    )


OBSERVE_LAWS = ("MON-1", "MON-2", "MON-3", "MON-4", "MON-5", "FRM-1", "TIM-1")


def observe_keeps_laws(stressed: bool, bid_depth: int, ask_depth: int, volume: int, time: int) -> Answer:
    """After an observation, or that was refused, the laws hold.

    given: rulebook ascendex-2020 with a monitor of BTC-PERP at 60%; best prices of 4,999 and 5,001; two observations at
        5,000 before, the mark still there; alice long 70 lots, bob short
    post: _.broken == ""
    reach: _.fired(*OBSERVE_LAWS) and _.told("StressEntered")
    reach: _.fired(*OBSERVE_LAWS) and _.told("StressLeft")
    reach: _.fired("REJ-1", "REJ-2", "TIM-1")
    """
    prices = 4_999 * 10**9, 5_001 * 10**9
    return answered(*observe_of(0, *prices, bid_depth, ask_depth, volume, NOW, time, stressed=stressed))


def observe_mark_keeps_laws(stressed: bool, mark: int) -> Answer:
    """After an observation at any mark, the laws hold.

    given: rulebook ascendex-2020 with a monitor of BTC-PERP at 60%; best prices of 4,999 and 5,001, 90 lots on each
        side; two observations at 5,000 before; alice long 70 lots, bob short
    pre: mark > 0
    post: _.broken == ""
    reach: _.fired(*OBSERVE_LAWS) and _.told("StressEntered") and mark < BTC_MARK
    reach: _.fired(*OBSERVE_LAWS) and _.told("StressLeft")
    """
    prices = 4_999 * 10**9, 5_001 * 10**9
    return answered(*observe_of(0, *prices, 90, 90, 1, NOW - 1000, NOW, stressed=stressed, mark=mark))


CLAIMS = (
    Claim(
        "observe-guard",
        Kind.GUARD,
        ("observe",),
        ("MON-1",),
        observe_is_guarded,
        Bug("rules.observe", "if ask <= bid:", "if ask < bid:"),
    ),
    Claim(
        "observe-laws",
        Kind.LAWS,
        ("observe",),
        (*OBSERVE_LAWS, "REJ-1", "REJ-2"),
        observe_keeps_laws,
        Bug("liquidity", "figures.depth < terms.depth.enter", "figures.depth <= terms.depth.enter"),
    ),
    Claim(
        "observe-mark-laws",
        Kind.LAWS,
        ("observe",),
        OBSERVE_LAWS,
        observe_mark_keeps_laws,
        Bug("liquidity", "return floor_div((mark - before) * PPM_SCALE, before)", "return 0"),
    ),
)
"""Every claim, in order."""
