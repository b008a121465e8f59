"""Laws of the venue's own actions: marks, funding, settling."""

import attrs

from ..margin import notional
from ..outcomes import Funded, MarketMarked
from ..postings import PositionPosting
from ..state import NEVER, State, size_of
from ..transactions import Fund, MarkAsset, MarkMarket, Settle
from ..units import RATE_SCALE, floor_to_multiple, sign
from .law import HELD, Breach, HistoryLaw, Step, StepCheck, StepLaw, Verdict


def _funding_breach(step: Step, transaction: Fund, event: Funded) -> Breach | None:
    """Rate, amount per lot and every position's part of one funding."""
    state, market_id = step.before, transaction.market
    market, contract = state.markets[market_id], state.rulebook.contracts[market_id]
    numerator, denominator = event.rate_numerator, event.rate_denominator
    clamp = state.rulebook.funding_clamp
    if denominator <= 0 or abs(numerator) * RATE_SCALE > clamp * denominator:
        return Breach(f"the rate {numerator}/{denominator} is beyond the clamp")
    mean = market.premium_count * market.index
    if transaction.rate is not None:
        due = transaction.rate, RATE_SCALE
    elif market.premium_count == 0:
        due = 0, 1
    elif abs(market.premium_sum) * RATE_SCALE > clamp * mean:
        due = sign(market.premium_sum) * clamp, RATE_SCALE
    else:
        due = market.premium_sum, mean
    if (numerator, denominator) != due:
        return Breach(f"the rate {numerator}/{denominator} is neither given nor the mean premium's")
    value = notional(contract, 1, market.index) * abs(numerator)
    paid = abs(event.per_lot) * denominator
    if not paid <= value < paid + denominator or event.per_lot * numerator < 0:
        return Breach(f"{event.per_lot} atoms per lot are not the rate's, rounded toward zero")
    held = {key: size_of(account, market_id) for key, account in state.accounts.items() if account.positions}
    for account_id, size in held.items():
        old, new = state.accounts[account_id], step.after.accounts[account_id]
        if size == 0:
            continue
        moved = new.positions[market_id].reference_cost - old.positions[market_id].reference_cost
        if moved != -event.per_lot * size:
            return Breach(f"{account_id} received {moved} atoms for {size} lots", (account_id,))
    return None


@attrs.define
class _Fundings:
    """FND-1 with its memory: the instant of each market's `last` funding."""

    last: dict[str, int]

    def __call__(self, step: Step) -> Verdict:
        transaction = step.transaction
        assert isinstance(transaction, Fund)
        terms = step.before.rulebook.funding
        instant = floor_to_multiple(transaction.time, terms.interval)
        market_id = transaction.market
        if transaction.time - instant >= terms.window:
            return Breach(f"funded {transaction.time - instant} ms after the instant")
        if market_id in self.last and instant <= self.last[market_id]:
            return Breach(f"the interval at {instant} was funded already")
        self.last[market_id] = instant
        events = tuple(step.happened(Funded))
        if len(events) != 1 or events[0].instant != instant or events[0].market != market_id:
            return Breach("a funding without its event")
        breach = _funding_breach(step, transaction, events[0])
        if breach is not None:
            return breach
        postings = getattr(step.outcome, "postings", ())
        total = sum(posting.reference_cost for posting in postings if isinstance(posting, PositionPosting))
        if total != 0 or not all(isinstance(posting, PositionPosting) for posting in postings):
            return Breach(f"funding sums to {total}, not to zero")
        paid = [posting.account for posting in postings]
        if paid != sorted(set(paid)):
            return Breach("funding is not posted once for each account, in the order of their names", tuple(paid))
        after = step.after.markets[market_id]
        if (after.premium_sum, after.premium_count, after.last_funding) != (0, 0, instant):
            return Breach("the premium samples were not started anew")
        market = step.before.markets[market_id]
        if (after.index, after.mark) != (market.index, market.mark):
            return Breach("funding moved the index or the mark")
        return HELD

    def remembered_from(self, state: State) -> object:
        """The last instants; a market that was never funded is as one that is not known."""
        return {market_id: instant for market_id, instant in self.last.items() if instant != NEVER}


def funding_is_zero_sum_and_in_time(state: State) -> StepCheck:
    """FND-1: funding sums to exactly zero; its sign follows side and rate; once per interval, within its minute and
    clamp. Looks at every position, as funding does."""
    return _Fundings({market_id: market.last_funding for market_id, market in state.markets.items()})


@attrs.define
class _Settles:
    """SET-2 with its memory: the instant of the `last` settle."""

    last: int

    def __call__(self, step: Step) -> Verdict:
        schedule, time = step.before.rulebook.settle.schedule, step.transaction.time
        instant = floor_to_multiple(time, schedule.interval)
        if time - instant >= schedule.window:
            return Breach(f"settled {time - instant} ms after the instant")
        if instant <= self.last:
            return Breach(f"the instant {instant} was settled already")
        self.last = instant
        if step.after.last_settle != instant:
            return Breach(f"the last settle is {step.after.last_settle}, not {instant}")
        return HELD


def settles_once_in_time(state: State) -> StepCheck:
    """SET-2: a settle is within its window after an instant of the grid, once per instant, and is remembered."""
    return _Settles(state.last_settle)


def one_wrong_source_cannot_move_the_index(step: Step) -> Verdict:
    """MRK-1: whichever single source is wrong, the index is within the range of the others; it is the mean of all but
    the highest and the lowest; and mark is index plus premium, positive, of enough listed sources."""
    transaction, rulebook = step.transaction, step.before.rulebook
    assert isinstance(transaction, MarkMarket | MarkAsset)
    quotes = transaction.quotes
    if isinstance(transaction, MarkAsset):
        if transaction.asset not in rulebook.assets:
            return Breach(f"the unlisted asset {transaction.asset} was given a price")
        index = step.after.prices[transaction.asset]
        if transaction.asset == rulebook.settlement_asset:
            return Breach("the settlement asset was given a price")
    else:
        if transaction.market not in rulebook.contracts:
            return Breach(f"the unlisted market {transaction.market} was marked")
        market = step.after.markets[transaction.market]
        index = market.index
        if market.mark != index + transaction.premium or market.mark <= 0:
            return Breach(f"mark {market.mark} is not index {index} plus premium {transaction.premium}, positive")
        if [event.mark for event in step.events if isinstance(event, MarketMarked)] != [market.mark]:
            return Breach("the mark is not the one announced")
        before = step.before.markets.get(transaction.market)
        count, total = (0, 0) if before is None else (before.premium_count, before.premium_sum)
        if (market.premium_count, market.premium_sum) != (count + 1, total + transaction.premium):
            return Breach("the premium was not sampled once")
    # Without its lowest quote the others reach down to the second lowest, without its highest up to the second highest.
    in_order = sorted(quotes.values())
    if len(in_order) < rulebook.minimum_sources or in_order[0] <= 0:
        return Breach(f"an index of {len(quotes)} sources, or with a quote that is not positive")
    for source in quotes:
        if source not in rulebook.sources:
            return Breach(f"an index with the unlisted source {source}")
    if not in_order[1] <= index <= in_order[-2]:
        return Breach(f"index {index} is outside the range that the quotes {in_order} keep without any one of them")
    middle = in_order[1:-1]
    if not index * len(middle) <= sum(middle) < (index + 1) * len(middle):
        return Breach(f"index {index} is not the mean of {middle}, rounded down")
    return HELD


LAWS = (
    HistoryLaw(
        "FND-1",
        "Funding sums to exactly zero; its sign follows side and rate; once per interval, within its minute and clamp.",
        funding_is_zero_sum_and_in_time,
        (Fund,),
    ),
    HistoryLaw(
        "SET-2",
        "A settle is within its window after an instant of the grid, once per instant, and is remembered.",
        settles_once_in_time,
        (Settle,),
    ),
    StepLaw(
        "MRK-1",
        "One wrong source cannot move the index outside the range of the others.",
        one_wrong_source_cannot_move_the_index,
        (MarkMarket, MarkAsset),
    ),
)
