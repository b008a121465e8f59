"""trade: the scenes it is proved over, and proofs of its fill and its admission by themselves."""

from collections.abc import Callable, Sequence

from immutables import Map

from ledger.laws import Step
from ledger.outcomes import Rejected
from ledger.rulebook import FEES
from ledger.rules.effects import Movement, applied
from ledger.state import Account, State
from ledger.transactions import Trade, Transaction

from ..engine import ACCEPTED, Path
from ..laws import Laws, holds_of
from ..pages import equal, is_the_first_to_fail, table_is
from ..watched import Reach, rows_of, watched
from ..worlds import (
    ALICE,
    BOB,
    COIN,
    MARKET,
    RECORDS,
    RULEBOOK,
    SECOND_MARKET,
    STRANGER,
    UNLISTED,
    USDT,
    cash_of,
    liquidation_of,
    position_of,
    provider_of,
    reserves,
    state_of,
    with_any_tiers,
)
from .trade import filled, is_admitted, reach

NONE, ONE, TWO = (), (MARKET,), (MARKET, SECOND_MARKET)
ABOVE_LEVERAGE = 10**7 + 1
"""The least initial rate that is above 1/100, so that leverage 100 does not raise it."""


def side_of(path: Path, name: str, *, markets: Sequence[str] = NONE, cash: tuple[str, ...] = (USDT,)) -> Account:
    """An active account at leverage 100 and the standard fee tier, with positions in these markets."""
    positions = Map({market: position_of(path, f"{name} {market}") for market in markets})
    account = Account(cash_of(path, name, (cash,)), positions, 100, RULEBOOK.default_fee_tier, None)
    path.assume(account.cash.get(COIN, 0) >= 0)
    return account


def trade_of(path: Path, takers: Sequence[bool] = (True, False)) -> Trade:
    """A trade of any size at any price; the buyer takes, or not."""
    size, price = path.integer("trade size"), path.integer("trade price")
    return Trade(path.integer("time"), MARKET, ALICE, BOB, size, price, path.choice("buyer takes", takers))


def scene(
    path: Path,
    *,
    buyer: Sequence[str] = NONE,
    seller: Sequence[str] = NONE,
    cash: tuple[str, ...] = (USDT,),
    records: Sequence[str] = ("none",),
    brackets: int = 1,
    takers: Sequence[bool] = (True, False),
) -> tuple[State, Transaction]:
    """A trade of alice and bob, with positions in these markets; alice has this cash, and is such a provider."""
    accounts = reserves(path, {FEES: ((USDT,),)})
    accounts[ALICE] = side_of(path, ALICE, markets=buyer, cash=cash)
    accounts[BOB] = side_of(path, BOB, markets=seller)
    markets = TWO if SECOND_MARKET in (*buyer, *seller) else ONE
    rulebook = with_any_tiers(path, RULEBOOK, {MARKET: brackets, SECOND_MARKET: 1}, ABOVE_LEVERAGE)
    state = state_of(path, accounts, {ALICE: provider_of(path, ALICE, records)}, rulebook, markets)
    return state, trade_of(path, takers)


FillScene = Callable[[Path], tuple[State, Trade]]


def mirrored(path: Path, *, scene_of: Callable[[Path], tuple[State, Transaction]]) -> tuple[State, Transaction]:
    """The scene with alice selling and bob buying."""
    state, asked = scene_of(path)
    assert isinstance(asked, Trade)
    return state, Trade(asked.time, asked.market, BOB, ALICE, asked.size, asked.price, asked.buyer_is_taker)


def scene_of_terms(path: Path) -> tuple[State, Transaction]:
    """A trade in any market between parties of any kind, who have no positions; the buyer takes."""
    parties = ((ALICE, ALICE), ("@fees", BOB), (STRANGER, BOB), (ALICE, "@insurance"), (ALICE, STRANGER), (ALICE, BOB))
    buyer, seller = path.choice("parties", parties)
    market = path.choice("market", (UNLISTED, SECOND_MARKET, MARKET))
    accounts = reserves(path, {FEES: ((USDT,),)})
    for name in (ALICE, BOB):
        cash, liquidation = cash_of(path, name, ((USDT,),)), liquidation_of(path, name)
        accounts[name] = Account(cash, Map(), 100, RULEBOOK.default_fee_tier, liquidation)
    rulebook = with_any_tiers(path, RULEBOOK, {MARKET: 1}, ABOVE_LEVERAGE)
    state = state_of(path, accounts, {}, rulebook)
    return state, Trade(
        path.integer("time"), market, buyer, seller, path.integer("trade size"), path.integer("trade price"), True
    )


def scene_of_fees(path: Path) -> tuple[State, Trade]:
    """A fill of two accounts without positions, each a provider in any way or none, in either fee tier."""
    accounts = reserves(path, {FEES: ((USDT,), ())})
    for name in (ALICE, BOB):
        fee_tier = path.choice(f"{name} fee tier", ("standard", "vip"))
        accounts[name] = Account(cash_of(path, name, ((USDT,),)), Map(), 100, fee_tier, None)
    records = {ALICE: provider_of(path, ALICE), BOB: provider_of(path, BOB, ("none", "obliged"))}
    return state_of(path, accounts, records), trade_of(path)


def scene_of_fills(path: Path, *, bob: Sequence[Sequence[str]] = (NONE, ONE)) -> tuple[State, Trade]:
    """A fill of two accounts with positions or none; alice is a provider or none, and either side takes."""
    accounts = reserves(path, {FEES: ((USDT,),)})
    accounts[ALICE] = side_of(path, ALICE, markets=path.choice("alice's markets", (NONE, ONE)))
    accounts[BOB] = side_of(path, BOB, markets=path.choice("bob's markets", bob))
    markets = TWO if TWO in bob else ONE
    records = {ALICE: provider_of(path, ALICE, ("none", "obliged"))}
    return state_of(path, accounts, records, markets=markets), trade_of(path)


def filled_by(path: Path, fill: Callable[..., Movement], state: State, asked: Trade) -> Movement:
    """What a trade passes on to its fill, as a function; size and price are positive."""
    path.assume((asked.size > 0) & (asked.price > 0) & (asked.time >= state.time))
    done = fill(
        state,
        state.accounts,
        time=asked.time,
        market_id=asked.market,
        buyer=asked.buyer,
        seller=asked.seller,
        size=asked.size,
        price=asked.price,
        buyer_is_taker=asked.buyer_is_taker,
    )
    path.reach(ACCEPTED if len(done.events) == 1 else f"{len(done.events) - 1} rolled")
    return done


def fills_as_specified(path: Path, fill: Callable[..., Movement], *, scene: FillScene) -> None:
    """A fill between any two sides, whoever is admitted: every field, posting and event."""
    state, asked = scene(path)
    done = filled_by(path, fill, watched(state, reach(state, asked)), asked)
    expected = filled(state, asked)
    table_is(path, "accounts", state.accounts, rows_of(done.accounts), expected.accounts)
    path.require(equal(done.postings, expected.postings), "the postings are those specified, in order")
    path.require(equal(done.events, expected.events), "the events are those specified, in order")


def fills_keep_laws(path: Path, fill: Callable[..., Movement], *, scene: FillScene, laws: Laws) -> None:
    """The laws hold of the trade that passes the fill on, whoever is admitted."""
    state, asked = scene(path)
    done = filled_by(path, fill, state, asked)
    outcome = applied(state, asked.time, accounts=done.accounts, postings=done.postings, events=done.events)
    holds_of(path, Step(state, asked, outcome, outcome.state), laws)


def admits_exactly(path: Path, refuse_side: Callable[..., Rejected | None], *, second: bool) -> None:
    """A side with anything before and anything afterwards: refused exactly where the page says, with its figures."""
    rulebook = with_any_tiers(path, RULEBOOK, dict.fromkeys(TWO if second else ONE, 1))
    leverage = path.integer("leverage", least=1, most=100)
    beside = {SECOND_MARKET: position_of(path, "beside")} if second else {}

    def account(when: str) -> Account:
        has_position = (second and when == "before") or path.choice(f"position {when}", (True, False))
        positions = {MARKET: position_of(path, when)} if has_position else {}
        cash = cash_of(path, when, ((USDT, COIN),))
        path.assume(cash[COIN] >= 0)
        return Account(cash, Map({**positions, **beside}), leverage, RULEBOOK.default_fee_tier, None)

    before, after = account("before"), account("after")
    records = {ALICE: provider_of(path, ALICE, ("none",) if second else RECORDS)}
    state = state_of(path, {}, records, rulebook, TWO if second else ONE)
    time = path.integer("time")
    rows = Reach(frozenset(), frozenset(TWO), frozenset((USDT, COIN)), frozenset((ALICE,)))

    refusal = refuse_side(watched(state, rows), ALICE, market_id=MARKET, time=time, before=before, after=after)

    checks = is_admitted("trade", 13, state, ALICE, market=MARKET, time=time, before=before, after=after)
    if refusal is None:
        path.reach(ACCEPTED)
        for check in checks:
            path.require(check.holds, f"admitted only where {check.id} holds")
    else:
        path.reach("refused")
        is_the_first_to_fail(path, refusal, checks)
