"""The law of the loss waterfall: who pays for what the fund is short of."""

from immutables import Map

from ..margin import account_value, distress_collateral, unrealised_pnl
from ..outcomes import Applied, FeesUsed, LossShared, PositionTransferred, TakenOver
from ..postings import post
from ..rulebook import FEES, INSURANCE, is_system
from ..state import Account
from ..transactions import BackstopTransfer
from ..units import EXACT_SCALE, floor_div, sign
from .apportioning import out_of_share
from .law import HELD, Breach, Step, StepLaw, Verdict
from .legs import received_of, taken_over


def before_losses(step: Step) -> Map[str, Account]:
    """The accounts after the transfer and before what the fund is short of is covered."""
    assert isinstance(step.outcome, Applied)
    postings = step.outcome.postings
    cleared = next(number for number, posting in enumerate(postings) if posting.account == INSURANCE)
    settlement = step.before.rulebook.settlement_asset
    return post(step.before.accounts, postings[: cleared + 1], settlement_asset=settlement)


def _stage_breach(step: Step, stage: int, weights: dict[str, int], due: int) -> Breach | None:
    """One stage charged `min(due, sum of weights)`, split by the weights in the order of accounts."""
    parts = {event.account: event.amount for event in step.happened(LossShared) if event.stage == stage}
    if any(amount <= 0 for amount in parts.values()):
        return Breach(f"stage {stage} charged somebody nothing", tuple(sorted(parts)))
    whole = sum(weights.values())
    total = sum(parts.values())
    if total != min(due, whole):
        return Breach(f"stage {stage} charged {total} atoms, {due} due over weights of {whole}")
    wrong = out_of_share(parts, total, weights)
    if wrong is not None:
        return Breach(f"{wrong} was not charged its part of {total} atoms, by its weight", (wrong,))
    return None


def losses_are_paid_in_order(step: Step) -> Verdict:
    """TKO-5: what the fund is short of is paid in its order, and nobody is charged beyond its weight.

    It fires where the fund is short. Where a loss is shared it looks at every account, as sharing it does.
    """
    state, account_id = step.before, taken_over(step)
    settlement = state.rulebook.settlement_asset
    distress = distress_collateral(state, state.accounts[account_id])
    if [event.equity for event in step.happened(TakenOver)] != [distress]:
        return Breach("the equity taken over is not distress collateral", (account_id,))
    legs = {leg.market: leg for leg in step.happened(PositionTransferred)}
    left = distress
    for lines in received_of(step).values():
        for market_id, shares in lines.items():
            leg = legs[market_id]
            left += sum(sign(leg.size) * size * (price - leg.mark_per_lot) for size, price in shares)
    fund = state.accounts[INSURANCE].cash.get(settlement, 0) + left
    fees = state.accounts[FEES].cash.get(settlement, 0)
    short = max(0, -fund)
    told = [event.amount for event in step.happened(FeesUsed)]
    used = sum(told)
    if used != min(short, fees) or 0 in told:
        return Breach(f"@fees paid {used} of {short} atoms and held {fees}", (FEES, INSURANCE))
    if step.after.accounts[INSURANCE].cash.get(settlement, 0) != max(0, fund):
        return Breach(f"@insurance should hold {max(0, fund)} atoms", (INSURANCE,))
    if step.after.accounts[FEES].cash.get(settlement, 0) != fees - used:
        return Breach(f"@fees should hold {fees - used} atoms", (FEES,))
    short -= used
    if short == 0:
        charged = any(True for _ in step.happened(LossShared))
        if charged:
            return Breach("a loss was shared though nothing was short")
        return HELD if used else None
    accounts = {key: account for key, account in before_losses(step).items() if not is_system(key)}
    gains, values = {}, {}
    for key, account in accounts.items():
        values[key] = floor_div(account_value(state, account), EXACT_SCALE)
        gains[key] = max(0, min(unrealised_pnl(state, account), values[key]))
    breach = _stage_breach(step, 1, gains, short)
    if breach is not None:
        return breach
    for event in step.happened(LossShared):
        if event.stage == 1:
            values[event.account] -= event.amount
    rest = short - min(short, sum(gains.values()))
    return _stage_breach(step, 2, {key: max(0, value) for key, value in values.items()}, rest) or HELD


LAWS = (
    StepLaw(
        "TKO-5",
        "What the fund is short of is paid in its order, and nobody is charged beyond its weight.",
        losses_are_paid_in_order,
        (BackstopTransfer,),
    ),
)
