"""mark, of a market and of an asset: its page (specs/rules/mark), scenes and claims."""

from collections.abc import Iterator, Mapping

from immutables import Map

from ledger.outcomes import AssetMarked, MarketMarked, Reason
from ledger.state import NEVER, Market, State
from ledger.transactions import MarkAsset, MarkMarket, Transaction

from ..claims import Bug
from ..engine import Path
from ..laws import claim_of_laws
from ..pages import Check, Effects, Page, claim_of_page
from ..watched import Reach
from ..worlds import COIN, MARKET, RULEBOOK, SECOND_MARKET, UNLISTED, UNPRICED, USDT, reserves, state_of

UNKNOWN_SOURCE = "Kraken"
LISTED = RULEBOOK.sources
SOURCES = ((*LISTED[1:4], UNKNOWN_SOURCE), (), LISTED[:2], LISTED[:3], LISTED[:4], LISTED)


def quotes_of(path: Path) -> Map[str, int]:
    """Any prices from five sources, or four, three, two, none, or three and an unlisted one."""
    sources = path.choice("sources", SOURCES)
    return Map({source: path.integer(f"quote of {source}") for source in sources})


def scene_of_market(path: Path) -> tuple[State, Transaction]:
    """A mark of a market that has one, has none yet, or is not listed."""
    market = path.choice("market", (UNLISTED, SECOND_MARKET, MARKET))
    state = state_of(path, reserves(path, {}))
    return state, MarkMarket(path.integer("time"), market, quotes_of(path), path.integer("premium"))


def scene_of_asset(path: Path) -> tuple[State, Transaction]:
    """A mark of an asset that has a price, has none yet, is the settlement asset, or is not listed."""
    asset = path.choice("asset", (UNLISTED, USDT, UNPRICED, COIN))
    state = state_of(path, reserves(path, {}))
    return state, MarkAsset(path.integer("time"), asset, quotes_of(path))


def of_quotes(rule: str, number: int, subject: str, quotes: Mapping[str, int]) -> Iterator[Check]:
    """Three checks; where several quotes break one, it is made of them in the order of sources."""
    for source in sorted(quotes):
        listed = source in ("Binance", "Huobi", "OKEx", "Poloniex", "AscendEX")
        yield Check(f"{rule}-{number}", Reason.UNKNOWN_SOURCE, listed, source, "a listed source", subject)
    for source in sorted(quotes):
        quote = quotes[source]
        yield Check(f"{rule}-{number + 1}", Reason.QUOTE_NOT_POSITIVE, quote > 0, quote, 0, subject)
    enough = len(quotes) >= 3
    yield Check(f"{rule}-{number + 2}", Reason.TOO_FEW_SOURCES, enough, len(quotes), 3, subject)


def index_of(quotes: Mapping[str, int]) -> int:
    """The mean, rounded down, of all quotes but the highest and the lowest."""
    in_order = sorted(quotes.values())
    return (sum(quotes.values()) - in_order[0] - in_order[-1]) // (len(quotes) - 2)


def checks_of_market(state: State, transaction: MarkMarket) -> Iterator[Check]:
    """The first table of the page."""
    market, quotes = transaction.market, transaction.quotes
    listed = market in state.rulebook.contracts
    yield Check("mark-market-1", Reason.UNKNOWN_MARKET, listed, market, "a listed market", market)
    yield from of_quotes("mark-market", 2, market, quotes)
    mark = index_of(quotes) + transaction.premium
    yield Check("mark-market-5", Reason.MARK_NOT_POSITIVE, mark > 0, mark, 0, market)


def effects_on_market(state: State, transaction: MarkMarket) -> Effects:
    """Index, mark and one more sample of the premium; nothing else of the market."""
    market, premium = transaction.market, transaction.premium
    index = index_of(transaction.quotes)
    before = state.markets.get(market, Market(0, 0, 0, 0, NEVER))
    samples = before.premium_sum + premium, before.premium_count + 1
    after = Market(index, index + premium, *samples, before.last_funding, before.monitor)
    return Effects(markets={market: after}, events=(MarketMarked(market, index, index + premium),))


def reach_of_market(state: State, transaction: MarkMarket) -> Reach:
    """The market alone."""
    return Reach(markets=frozenset((transaction.market,)))


def checks_of_asset(state: State, transaction: MarkAsset) -> Iterator[Check]:
    """The second table of the page."""
    asset, settlement = transaction.asset, state.rulebook.settlement_asset
    listed = asset in state.rulebook.assets
    yield Check("mark-asset-1", Reason.UNKNOWN_ASSET, listed, asset, "a listed asset", asset)
    yield Check("mark-asset-2", Reason.SETTLEMENT_ASSET, asset != settlement, asset, "another asset", asset)
    yield from of_quotes("mark-asset", 3, asset, transaction.quotes)


def effects_on_asset(state: State, transaction: MarkAsset) -> Effects:
    """The price."""
    price = index_of(transaction.quotes)
    return Effects(prices={transaction.asset: price}, events=(AssetMarked(transaction.asset, price),))


def reach_of_asset(state: State, transaction: MarkAsset) -> Reach:
    """The price of the asset alone."""
    return Reach(prices=frozenset((transaction.asset,)))


PAGE_OF_MARKET = Page("mark-market", checks_of_market, effects_on_market, reach_of_market)
PAGE_OF_ASSET = Page("mark-asset", checks_of_asset, effects_on_asset, reach_of_asset)

QUOTES = (
    "rulebook ascendex-2020; concrete ids",
    "any quotes from five sources, four, three, two, none, or three listed ones and an unlisted one",
)
OF_MARKET = (*QUOTES, "a market with any record, a listed one without a mark, or an unlisted one; any premium")
OF_ASSET = (*QUOTES, "an asset with a price, a listed one without, the settlement asset, or an unlisted one")
UNMOVED = ("CON-1", "CON-2", "CON-4", "PST-1", "PST-2", "STO-1", "PTY-1")

CLAIMS = (
    claim_of_page(
        "mark-market-guard",
        PAGE_OF_MARKET,
        scene_of_market,
        transaction="mark",
        laws=("MRK-1", "FRM-1"),
        world=OF_MARKET,
        refusals=range(6),
        bugs=(
            Bug("rules.mark", "if mark <= 0:", "if mark < 0:"),
            Bug("rules.mark", "if quotes[source] <= 0:", "if quotes[source] < 0:"),
            Bug("rules.mark", "sorted(quotes.values())[1:-1]", "sorted(quotes.values())[1:]"),
            Bug("rules.mark", "before.premium_count + 1\n", "before.premium_count\n"),
            Bug("rules.mark", "before.last_funding, before", "NEVER, before"),
            Bug("rules.mark", "if before is None:", "if 'BTC-PERP' not in state.markets:"),
        ),
    ),
    claim_of_page(
        "mark-asset-guard",
        PAGE_OF_ASSET,
        scene_of_asset,
        transaction="mark",
        laws=("MRK-1", "FRM-1"),
        world=OF_ASSET,
        refusals=range(6),
        bugs=(
            Bug(
                "rules.mark",
                "return floor_div(sum(middle), len(middle))",
                "return -floor_div(-sum(middle), len(middle))",
            ),
            Bug("rules.mark", "prices = state.prices.set(asset, price)", "prices = state.prices.set('BTC', price)"),
        ),
    ),
    claim_of_laws(
        "mark-market-laws",
        scene_of_market,
        transaction="mark",
        kind=MarkMarket,
        world=OF_MARKET,
        bugs=(
            Bug("rules.mark", "sorted(quotes.values())[1:-1]", "sorted(quotes.values())[1:]"),
            Bug("rules.mark", "before.premium_sum + premium", "before.premium_sum - premium"),
        ),
        silent=UNMOVED,
    ),
    claim_of_laws(
        "mark-asset-laws",
        scene_of_asset,
        transaction="mark",
        kind=MarkAsset,
        world=OF_ASSET,
        bugs=(
            Bug("rules.mark", "sorted(quotes.values())[1:-1]", "sorted(quotes.values())[:-1]"),
            Bug("rules.mark", "prices = state.prices.set(asset, price)", "prices = state.prices.set('BTC', price)"),
        ),
        silent=UNMOVED,
    ),
)
