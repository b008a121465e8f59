"""observe: its page (specs/rules/observe), scenes and claims."""

from collections.abc import Iterator, Sequence

import attrs
from immutables import Map

from ledger.outcomes import Event, Figures, Observed, Reason, StressEntered, StressLeft
from ledger.rulebook import MonitorTerms, Rulebook, Threshold
from ledger.state import Account, LiquidityMonitor, Observation, Position, State
from ledger.transactions import Observe, Transaction

from ..claims import Bug
from ..engine import Path
from ..laws import claim_of_laws
from ..pages import Check, Effects, Page, claim_of_page
from ..watched import Reach
from ..worlds import ALICE, BOB, MARKET, RULEBOOK, SECOND_MARKET, UNLISTED, reserves, state_of

MILLION = 10**6
TERMS = MonitorTerms(
    window=2,
    interval=1000,
    confidence=600_000_000,
    spread=Threshold(5_000, 2_000),
    depth=Threshold(100_000, 200_000),
    volatility=Threshold(10_000, 5_000),
    expected_shortfall=Threshold(20_000, 10_000),
)
LOTS = 70
"""Lots that alice is long and bob short."""

LATER = 4_000_000_000_000
EARLIER = ((5_000_000_000_000, 3), (4_900_000_000_000, 5), (LATER, 7))
"""Marks and volumes that were observed, oldest first: 4,000 was the last."""


def monitored(rulebook: Rulebook, *markets: str) -> Rulebook:
    """The rulebook with a liquidity monitor for these markets."""
    contracts = rulebook.contracts
    for market in markets:
        contracts = contracts.set(market, attrs.evolve(contracts[market], monitor=TERMS))
    return attrs.evolve(rulebook, contracts=contracts)


def positions(path: Path) -> dict[str, Account]:
    """Alice long and bob short the same lots, or nobody with a position."""
    accounts = reserves(path, {})
    held = path.choice("positions", (True, False))
    for name, size in ((ALICE, LOTS), (BOB, -LOTS)):
        kept = Map({MARKET: Position(size, path.integer(f"{name} reference cost"))}) if held else Map()
        accounts[name] = Account(Map(), kept, RULEBOOK.maximum_leverage, RULEBOOK.default_fee_tier, None)
    return accounts


def before(path: Path, seen: Sequence[tuple[int, int]]) -> LiquidityMonitor | None:
    """No monitor, or one that observed these, at any time, and found the market stressed or not."""
    if not seen:
        return None
    observations = tuple(Observation(mark, volume) for mark, volume in seen)
    stressed = path.choice("stressed", (False, True))
    return LiquidityMonitor(path.integer("last observation"), 1, 2, 0, 0, observations, stressed)


def observation(path: Path, market: str) -> Observe:
    """Any book at any time."""
    book = path.integer("bid"), path.integer("ask"), path.integer("bid depth"), path.integer("ask depth")
    return Observe(path.integer("time"), market, *book, path.integer("volume"))


def scene(path: Path) -> tuple[State, Transaction]:
    """Any book, of a market observed never, once or as often as its window holds, its mark where it was last seen; or
    of a market without a mark, without a monitor, or unlisted."""
    case = path.choice("market", ("unlisted", "without monitor", "without mark", "new", "once", "full"))
    if case in ("unlisted", "without monitor", "without mark"):
        rulebook = monitored(RULEBOOK, MARKET, *([SECOND_MARKET] if case == "without mark" else []))
        market = UNLISTED if case == "unlisted" else SECOND_MARKET
        return state_of(path, reserves(path, {}), rulebook=rulebook), observation(path, market)
    seen = {"new": (), "once": EARLIER[-1:], "full": EARLIER}[case]
    state = state_of(path, positions(path), rulebook=monitored(RULEBOOK, MARKET))
    observed = attrs.evolve(state.markets[MARKET], mark=LATER, monitor=before(path, seen))
    return attrs.evolve(state, markets=state.markets.set(MARKET, observed)), observation(path, MARKET)


def moving_scene(path: Path) -> tuple[State, Transaction]:
    """Any mark after one that was observed, the book a fixed one, the time any."""
    state = state_of(path, positions(path), rulebook=monitored(RULEBOOK, MARKET))
    market = attrs.evolve(state.markets[MARKET], monitor=before(path, EARLIER[-1:]))
    book = LATER, LATER + 1, LOTS, LOTS
    transaction = Observe(path.integer("time"), MARKET, *book, path.integer("volume"))
    return attrs.evolve(state, markets=state.markets.set(MARKET, market)), transaction


def checks(state: State, transaction: Observe) -> Iterator[Check]:
    """The table of the page."""
    market, bid, ask = transaction.market, transaction.bid, transaction.ask
    listed = market in state.rulebook.contracts
    yield Check("observe-1", Reason.UNKNOWN_MARKET, listed, market, "a listed market", market)
    terms = state.rulebook.contracts[market].monitor
    has_terms, expected = terms is not None, "a market with a monitor"
    yield Check("observe-2", Reason.MARKET_WITHOUT_MONITOR, has_terms, market, expected, market)
    has_mark = market in state.markets
    yield Check("observe-3", Reason.MARKET_WITHOUT_MARK, has_mark, market, "a market with a mark", market)
    earlier = state.markets[market].monitor
    waited = 1000 if earlier is None else transaction.time - earlier.time
    yield Check("observe-4", Reason.OBSERVED_TOO_SOON, waited >= 1000, waited, 1000, market)
    yield Check("observe-5", Reason.BID_NOT_POSITIVE, bid > 0, bid, 0, market)
    yield Check("observe-6", Reason.BOOK_CROSSED, ask > bid, ask, bid, market)
    thinner = min(transaction.bid_depth, transaction.ask_depth)
    yield Check("observe-7", Reason.DEPTH_NEGATIVE, thinner >= 0, thinner, 0, market)
    volume = transaction.volume
    yield Check("observe-8", Reason.VOLUME_NEGATIVE, volume >= 0, volume, 0, market)


def returns(marks: Sequence[int]) -> list[int]:
    """In ppm, away from zero."""
    found = []
    for number in range(1, len(marks)):
        change, since = (marks[number] - marks[number - 1]) * MILLION, marks[number - 1]
        found.append(-(-change // since) if change >= 0 else change // since)
    return found


def figures_of(state: State, transaction: Observe, seen: Sequence[tuple[int, int]]) -> Figures:
    """The figures of the page: of one or two returns at 60% the worst is at risk, and the shortfall of two is it too,
    their tail being 0.8 of a loss."""
    moved = returns([mark for mark, _ in seen])
    held = LOTS if state.accounts.get(ALICE) is not None and state.accounts[ALICE].positions else 0
    thinner, count = min(transaction.bid_depth, transaction.ask_depth), len(moved)
    worst = max([abs(change) for change in moved]) if moved else 0
    return Figures(
        spread=-(-2 * (transaction.ask - transaction.bid) * MILLION // (transaction.ask + transaction.bid)),
        depth=thinner * MILLION // held if held else None,
        variance=-(-sum(change * change for change in moved) // count) if moved else 0,
        value_at_risk=worst,
        expected_shortfall=worst,
        returns=count,
        volume=sum(volume for _, volume in seen),
    )


def effects(state: State, transaction: Observe) -> Effects:
    """The monitor of the market, and what is told."""
    market = state.markets[transaction.market]
    earlier = market.monitor
    past = [] if earlier is None else [(one.mark, one.volume) for one in earlier.observations]
    seen = [*past, (market.mark, transaction.volume)][-3:]
    figures, was = figures_of(state, transaction, seen), earlier is not None and earlier.stressed
    spread, depth, variance = figures.spread, figures.depth, figures.variance
    if was:
        after = spread > 2_000 or (depth is not None and depth < 200_000)
        after = after or variance > 5_000 * 5_000 or figures.expected_shortfall > 10_000
    else:
        after = spread > 5_000 or (depth is not None and depth < 100_000)
        after = after or variance > 10_000 * 10_000 or figures.expected_shortfall > 20_000
    book = transaction.bid, transaction.ask, transaction.bid_depth, transaction.ask_depth
    observations = tuple(Observation(mark, volume) for mark, volume in seen)
    monitor = LiquidityMonitor(transaction.time, *book, observations, after)
    events: list[Event] = [Observed(transaction.market, figures)]
    if after != was:
        events.append((StressEntered if after else StressLeft)(transaction.market, figures))
    return Effects(markets={transaction.market: attrs.evolve(market, monitor=monitor)}, events=tuple(events))


def reach(state: State, transaction: Observe) -> Reach:
    """The market, and every account for the open interest."""
    return Reach(accounts=None, markets=frozenset((transaction.market,)))


PAGE = Page("observe", checks, effects, reach)
TOLD = (StressEntered, StressLeft)

WORLD = (
    "rulebook ascendex-2020 with a liquidity monitor of BTC-PERP: a window of two returns, confidence 60%",
    "concrete ids",
    "alice long 70 lots and bob short them, or no position",
)
BOOKS = (
    *WORLD,
    "any book at any time; the market at 4,000, observed never, once or three times, stressed or not; or a market "
    "without a mark, without a monitor, or unlisted",
)
MARKS = (*WORLD, "any mark and time, observed once before at 4,000, stressed or not; the best prices 10^-9 apart")
UNMOVED = ("CON-1", "CON-2", "CON-4", "PST-1", "PST-2", "STO-1", "PTY-1", "EVT-1")

CLAIMS = (
    claim_of_page(
        "observe-guard",
        PAGE,
        scene,
        transaction="observe",
        laws=("MON-1", "MON-2", "FRM-1"),
        world=BOOKS,
        refusals=range(9),
        bugs=(
            Bug("rules.observe", "if ask <= bid:", "if ask < bid:"),
            Bug("rules.observe", "time - last < terms.interval", "time - last <= terms.interval"),
            Bug("rules.observe", "[-terms.window - 1 :]", "[-terms.window :]"),
            Bug("liquidity", "return ceil_div(2 * (ask - bid)", "return floor_div(2 * (ask - bid)"),
            Bug("liquidity", "figures.depth < terms.depth.enter", "figures.depth <= terms.depth.enter"),
            Bug("liquidity", "figures.spread <= terms.spread.leave", "figures.spread <= terms.spread.enter"),
        ),
        events=TOLD,
    ),
    claim_of_page(
        "observe-mark-guard",
        PAGE,
        moving_scene,
        transaction="observe",
        laws=("MON-1", "MON-2", "FRM-1"),
        world=MARKS,
        refusals=(0, 4, 8),
        bugs=(
            Bug("liquidity", "figures.variance > terms", "figures.variance >= terms"),
            Bug("liquidity", "return floor_div((mark - before) * PPM_SCALE, before)", "return 0"),
        ),
        events=TOLD,
    ),
    claim_of_laws(
        "observe-laws",
        scene,
        transaction="observe",
        kind=Observe,
        world=BOOKS,
        bugs=(
            Bug("rules.observe", "[-terms.window - 1 :]", "[-terms.window :]"),
            Bug("liquidity", "return not is_calm(figures, terms)", "return is_beyond(figures, terms)"),
            Bug("rules.observe", "market.premium_sum,", "market.premium_sum + 1,"),
        ),
        silent=UNMOVED,
    ),
)
