"""fund: its page (specs/rules/fund), scenes and claims."""

from collections.abc import Iterator

import attrs

from ledger.outcomes import Funded, Reason
from ledger.postings import PositionPosting, Posting
from ledger.state import Account, Market, Position, State
from ledger.transactions import Fund, Transaction

from ..claims import Bug
from ..engine import Path
from ..laws import claim_of_laws
from ..pages import Check, Effects, Page, claim_of_page
from ..quantities import RATE
from ..watched import Reach
from ..worlds import (
    ALICE,
    BOB,
    MARKET,
    SECOND_MARKET,
    UNLISTED,
    WORLD,
    account_of,
    reserves,
    state_of,
)

CAROL = "carol"


def scene(path: Path) -> tuple[State, Transaction]:
    """Funding of a market with a mark, without one, or unlisted, over three accounts; the rate given or computed."""
    market = path.choice("market", (UNLISTED, SECOND_MARKET, MARKET))
    accounts = reserves(path, {})
    if market == MARKET:
        accounts |= {name: account_of(path, name, holdings=((),), active=True) for name in (ALICE, BOB, CAROL)}
    sizes = [account.positions[MARKET].size for account in accounts.values() if MARKET in account.positions]
    path.assume(sum(sizes) == 0)
    rate = path.integer("rate") if path.choice("rate is given", (True, False)) else None
    return state_of(path, accounts), Fund(path.integer("time"), market, rate)


def instant_of(state: State, time: int) -> int:
    """g, the latest instant of the grid that is not after the time."""
    return time // state.rulebook.funding.interval * state.rulebook.funding.interval


def checks(state: State, transaction: Fund) -> Iterator[Check]:
    """The table of the page."""
    market_id, time, given = transaction.market, transaction.time, transaction.rate
    listed = market_id in state.rulebook.contracts
    yield Check("fund-1", Reason.UNKNOWN_MARKET, listed, market_id, "a listed market", market_id)
    has_mark = market_id in state.markets
    yield Check("fund-2", Reason.MARKET_WITHOUT_MARK, has_mark, market_id, "a market with a mark", market_id)
    instant, last = instant_of(state, time), state.markets[market_id].last_funding
    late, window = time - instant, state.rulebook.funding.window
    yield Check("fund-3", Reason.OUTSIDE_WINDOW, late < window, late, window, market_id)
    yield Check("fund-4", Reason.INSTANT_ALREADY_DONE, instant > last, instant, last, market_id)
    rate, clamp = 0 if given is None else given, state.rulebook.funding_clamp
    within, end = (rate <= clamp) & (rate >= -clamp), clamp if rate > 0 else -clamp
    yield Check("fund-5", Reason.RATE_BEYOND_CLAMP, within, rate, end, market_id)


def rate_of(state: State, transaction: Fund) -> tuple[int, int]:
    """The first effect: the rate as a fraction."""
    market, clamp = state.markets[transaction.market], state.rulebook.funding_clamp
    if transaction.rate is not None:
        return transaction.rate, RATE
    if market.premium_count == 0:
        return 0, 1
    mean_over = market.premium_count * market.index
    if market.premium_sum * RATE > clamp * mean_over:
        return clamp, RATE
    if -market.premium_sum * RATE > clamp * mean_over:
        return -clamp, RATE
    return market.premium_sum, mean_over


def effects(state: State, transaction: Fund) -> Effects:
    """Each position's part into its reference cost, in id order; the samples begin anew."""
    market_id = transaction.market
    market, instant = state.markets[market_id], instant_of(state, transaction.time)
    numerator, denominator = rate_of(state, transaction)
    exact = market.index * state.rulebook.contracts[market_id].multiplier * numerator
    per_lot = exact // denominator if exact >= 0 else -(-exact // denominator)
    changed: dict[str, Account] = {}
    postings: list[Posting] = []
    for account_id in sorted(state.accounts) if per_lot != 0 else ():
        account = state.accounts[account_id]
        if market_id in account.positions:
            size, cost = account.positions[market_id].size, account.positions[market_id].reference_cost
            after = account.positions.set(market_id, Position(size, cost - per_lot * size))
            changed[account_id] = attrs.evolve(account, positions=after)
            postings.append(PositionPosting(account_id, market_id, 0, -per_lot * size))
    return Effects(
        accounts=changed,
        markets={market_id: Market(market.index, market.mark, 0, 0, instant, market.monitor)},
        postings=tuple(postings),
        events=(Funded(market_id, instant, numerator, denominator, per_lot),),
    )


def reach(state: State, transaction: Fund) -> Reach:
    """The market, and every account."""
    return Reach(accounts=None, markets=frozenset((transaction.market,)))


PAGE = Page("fund", checks, effects, reach)


SCENE = (
    WORLD,
    "a market with a mark, a listed one without, or an unlisted one; alice, bob and carol, active, without cash, with "
    "positions or none whose sizes sum to zero; the rate given or computed",
)

CLAIMS = (
    claim_of_page(
        "fund-guard",
        PAGE,
        scene,
        transaction="fund",
        laws=("FND-1", "FRM-1"),
        world=SCENE,
        refusals=range(6),
        bugs=(
            Bug("rules.instants", "if time - instant >= terms.window:", "if time - instant > terms.window:"),
            Bug("rules.instants", "if instant <= last:", "if instant < last:"),
            Bug("rules.fund", "clamp if given > 0 else -clamp, market_id)", "clamp, market_id)"),
            Bug(
                "rules.fund",
                "return div_toward_zero(index_per_lot * numerator, denominator)",
                "return index_per_lot * numerator // denominator",
            ),
            Bug("rules.fund", "notional(contract, 1, market.index)", "notional(contract, 1, market.mark)"),
            Bug(
                "rules.fund",
                "Market(market.index, market.mark, 0, 0, instant, market.monitor)",
                "Market(market.index, market.mark, 0, 0, instant + 1, market.monitor)",
            ),
            Bug("units", "return value // step * step", "return value"),
        ),
    ),
    claim_of_laws(
        "fund-laws",
        scene,
        transaction="fund",
        kind=Fund,
        world=SCENE,
        bugs=(
            Bug(
                "rules.fund",
                "-per_lot * accounts[account_id].positions[market_id].size",
                "per_lot * accounts[account_id].positions[market_id].size",
            ),
            Bug(
                "rules.fund", "if given is not None and abs(given) > clamp:", "if given is not None and given > clamp:"
            ),
        ),
        silent=("EVT-1",),
    ),
)
