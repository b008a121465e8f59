"""Laws of liquidation: who is liquidated, how much a round closes, and that nobody is stuck."""

import attrs
from immutables import Map

from ..margin import distress_collateral, maintenance_margin, mark_per_lot, tier_margin
from ..outcomes import Applied, FeesCharged, Released, RoundMade
from ..state import Account, State, size_of
from ..transactions import BackstopTransfer, Liquidate
from ..transition import apply
from ..units import EXACT_SCALE, floor_div, sign
from .law import HELD, Breach, HistoryLaw, Step, StepCheck, StepLaw, Verdict


@attrs.frozen
class _Rounds:
    """What the law remembers of a running liquidation."""

    round: int
    time: int
    starting_sizes: Map[str, int]


def _running(account: Account) -> _Rounds | None:
    running = account.liquidation
    return None if running is None else _Rounds(running.round, running.time, running.starting_sizes)


def _fills_breach(step: Step, transaction: Liquidate, starting_sizes: Map[str, int]) -> Breach | None:
    """Every fill reduces, keeps account value at zero or more, and stays with the others within the round's limit."""
    before, account_id = step.before, transaction.account
    terms = before.rulebook.liquidation
    account = before.accounts[account_id]
    value = distress_collateral(before, account)
    sizes = {market_id: position.size for market_id, position in account.positions.items()}
    closed: dict[str, int] = {}
    fees = tuple(step.happened(FeesCharged))
    if len(fees) != len(transaction.fills):
        return Breach("fills and fees differ in number", (account_id,))
    for requested, charged in zip(transaction.fills, fees, strict=True):
        market_id = requested.market
        contract = before.rulebook.contracts[market_id]
        per_lot = mark_per_lot(contract, before.markets[market_id])
        held = sizes.get(market_id, 0)
        if requested.size <= 0 or requested.size > abs(held):
            return Breach(f"a fill of {requested.size} lots does not reduce a position of {held}", (account_id,))
        sizes[market_id] = held - sign(held) * requested.size
        closed[market_id] = closed.get(market_id, 0) + requested.size
        start = abs(starting_sizes.get(market_id, 0))
        most = max(1, floor_div(start, terms.fraction), floor_div(terms.minimum_value, per_lot))
        if closed[market_id] > most:
            return Breach(f"a round closed {closed[market_id]} lots of {market_id}, at most {most}", (account_id,))
        fee = charged.buyer_fee if charged.buyer == account_id else charged.seller_fee
        value += sign(held) * requested.size * (requested.price * contract.multiplier - per_lot) - fee
        if value < 0:
            return Breach(f"account value is {value} atoms after a fill", (account_id,))
    after = step.after.accounts[account_id]
    for market_id, size in sizes.items():
        if size_of(after, market_id) != size:
            return Breach(f"{market_id} holds {size_of(after, market_id)} lots, fills leave {size}", (account_id,))
    if distress_collateral(step.after, after) != value:
        return Breach("account value differs from what conversion and fills leave", (account_id,))
    return None


@attrs.define
class _Liquidations:
    """LIQ-1 with its memory: the liquidations that are `running`, by account."""

    running: dict[str, _Rounds]

    def __call__(self, step: Step) -> Verdict:
        transaction = step.transaction
        if isinstance(transaction, BackstopTransfer):
            self.running.pop(transaction.account, None)
            return None
        assert isinstance(transaction, Liquidate)
        account_id, time, terms = transaction.account, transaction.time, step.before.rulebook.liquidation
        before, after = step.before.accounts[account_id], step.after.accounts[account_id]
        known = self.running.get(account_id)
        if known is None:
            distress = distress_collateral(step.before, before) * EXACT_SCALE
            if distress >= maintenance_margin(step.before, before):
                return Breach(f"{account_id} was liquidated while healthy", (account_id,))
            sizes = Map({market_id: position.size for market_id, position in before.positions.items()})
            known = _Rounds(1, time, sizes)
        else:
            if time - known.time < terms.round_interval:
                return Breach(f"a round {time - known.time} ms after the last", (account_id,))
            if known.round >= terms.rounds and transaction.fills:
                return Breach(f"fills after round {known.round}", (account_id,))
            known = _Rounds(min(known.round + 1, terms.rounds), time, known.starting_sizes)
        breach = _fills_breach(step, transaction, known.starting_sizes)
        if breach is not None:
            return breach
        rounds = [(event.round, event.fills) for event in step.happened(RoundMade)]
        if rounds != [(known.round, len(transaction.fills))]:
            return Breach(f"the round made was {known.round}, told as {rounds}", (account_id,))
        released = _is_to_be_released(step.after, after, rounds_used_up=known.round >= terms.rounds)
        if released != any(True for _ in step.happened(Released)) or released != (after.liquidation is None):
            return Breach(f"{account_id} should {'' if released else 'not '}have been released", (account_id,))
        if released:
            self.running.pop(account_id, None)
        else:
            self.running[account_id] = known
            if _running(after) != known:
                return Breach(f"the stored round of {account_id} is not the one made", (account_id,))
        return HELD


def rounds_keep_their_terms(state: State) -> StepCheck:
    """LIQ-1: only a liquidatable account is liquidated; every fill reduces; account value stays zero or more after each
    fill; rounds keep their interval, number and size; release is by its conditions."""
    running: dict[str, _Rounds] = {}
    for account_id, account in state.accounts.items():
        rounds = _running(account)
        if rounds is not None:
            running[account_id] = rounds
    return _Liquidations(running)


def _is_to_be_released(state: State, account: Account, *, rounds_used_up: bool) -> bool:
    distress = distress_collateral(state, account)
    if not account.positions and distress >= 0:
        return True
    if distress * EXACT_SCALE > tier_margin(state, account):
        return True
    return rounds_used_up and distress * EXACT_SCALE > maintenance_margin(state, account)


def no_liquidating_account_is_stuck(step: Step) -> Verdict:
    """LIQ-2: at these marks an account left liquidating can always go on.

    Before the last round an empty call after the interval is applied and counts, or releases; after it, an empty call
    releases or a takeover is open. So within all rounds' time a release or a takeover is open to it.
    """
    transaction = step.transaction
    assert isinstance(transaction, Liquidate)
    account_id = transaction.account
    running = step.after.accounts[account_id].liquidation
    if running is None:
        return None
    terms = step.after.rulebook.liquidation
    later = running.time + terms.round_interval
    empty = apply(step.after, Liquidate(later, account_id, ()))
    if isinstance(empty, Applied):
        left = empty.state.accounts[account_id].liquidation
        if left is None or left.round > running.round:
            return HELD
    if isinstance(apply(step.after, BackstopTransfer(later, account_id)), Applied):
        return HELD
    return Breach(f"{account_id} is liquidating with neither round, release nor takeover open", (account_id,))


LAWS = (
    HistoryLaw(
        "LIQ-1",
        "Only a liquidatable account is liquidated; every fill reduces; account value stays zero or more after each; "
        "rounds keep their interval and size.",
        rounds_keep_their_terms,
        (Liquidate, BackstopTransfer),
    ),
    StepLaw(
        "LIQ-2",
        "No liquidating account is stuck: within all rounds' time a release or a takeover is open to it.",
        no_liquidating_account_is_stuck,
        (Liquidate,),
    ),
)
