"""Laws of the takeover: who is taken over, at what prices, and who receives what."""

from ..margin import (
    account_value,
    distress_collateral,
    maintenance_margin,
    mark_per_lot,
    tier_of,
)
from ..outcomes import Deleveraged, LossShared, PositionTransferred, ProviderTook
from ..rulebook import INSURANCE, is_system
from ..state import is_stressed, size_of
from ..transactions import BackstopTransfer
from ..units import EXACT_SCALE, RATE_SCALE, floor_div, sign
from .accounts import is_rolled
from .apportioning import cumulative_floors, out_of_share
from .law import HELD, Breach, Step, StepLaw, Verdict
from .legs import received_of, taken_over


def only_who_qualifies_is_taken_over_whole(step: Step) -> Verdict:
    """TKO-1: the account taken over ends with exactly nothing, and only an account that qualifies is taken over."""
    account_id = taken_over(step)
    before, after = step.before.accounts[account_id], step.after.accounts[account_id]
    distress = distress_collateral(step.before, before) * EXACT_SCALE
    required = maintenance_margin(step.before, before)
    running = before.liquidation
    used_up = running is not None and running.round >= step.before.rulebook.liquidation.rounds
    stressed = running is not None and any(is_stressed(step.before, market_id) for market_id in before.positions)
    qualifies = 2 * distress < required or (used_up and distress <= required) or (stressed and distress < required)
    if not qualifies:
        return Breach(f"{account_id} was taken over with {distress} against {required}", (account_id,))
    if after.cash or after.positions or after.liquidation is not None:
        return Breach(f"{account_id} did not end with nothing, active", (account_id,))
    if (after.max_leverage, after.fee_tier) != (before.max_leverage, before.fee_tier):
        return Breach(f"the settings of {account_id} were changed", (account_id,))
    provider = step.after.providers.get(account_id)
    if provider is not None and provider.limits is not None:
        return Breach(f"{account_id} was taken over and stays enrolled", (account_id,))
    return HELD


def _equity_parts_breach(step: Step, legs: tuple[PositionTransferred, ...], equity: int) -> Breach | None:
    """The parts of equity sum to it and are split by notional at maintenance rate, in the order of markets."""
    contracts = step.before.rulebook.contracts
    weights = []
    for leg in legs:
        effective = abs(leg.size) * leg.mark_per_lot
        weights.append(effective * tier_of(contracts[leg.market], effective).maintenance_rate)
    if legs and sum(leg.equity for leg in legs) != equity:
        return Breach("the parts of equity do not sum to it", (taken_over(step),))
    if [leg.equity for leg in legs] != cumulative_floors(equity, weights):
        return Breach("the parts of equity are not those of its markets' weights", (taken_over(step),))
    return None


def _price_breach(leg: PositionTransferred, *, discount: int) -> str | None:
    """The three prices of a leg against the bankruptcy price, the discount bound and mark."""
    lots, side, mark = abs(leg.size), sign(leg.size), leg.mark_per_lot
    bankrupt = lots * mark - side * leg.equity
    if not 0 <= side * (lots * leg.bankruptcy - bankrupt) < lots:
        return "the bankruptcy price is not the one that uses equity up, rounded in the fund's favour"
    for name, price in (("provider", leg.provider_price), ("deleverage", leg.deleverage_price)):
        worse = side * (lots * price - bankrupt)
        if worse >= lots:
            return f"the {name} price is worse for the receiver than bankruptcy by {worse} atoms over {lots} lots"
    if side * (leg.deleverage_price - mark) > 0:
        return "the deleverage price is worse than mark"
    if side * leg.deleverage_price != min(side * leg.bankruptcy, side * mark):
        return "the deleverage price is neither mark nor bankruptcy"
    unshrunk = leg.provider_price - side * leg.shrunk
    bound = floor_div(side * mark * (RATE_SCALE - side * discount), RATE_SCALE)
    if side * unshrunk > bound:
        return "the provider price is beyond the discount bound"
    if side * unshrunk != min(side * leg.bankruptcy, bound):
        return "the provider price is neither the discount bound nor bankruptcy"
    return None


def prices_are_within_their_bounds(step: Step) -> Verdict:
    """TKO-2: a provider's price is within the discount bound, or moved toward mark because the fund was short;
    auto-deleveraging is at mark or better; neither is worse than bankruptcy by one atom per lot."""
    account_id, before = taken_over(step), step.before
    discount = before.rulebook.program.discount
    legs = tuple(step.happened(PositionTransferred))
    equity = distress_collateral(before, before.accounts[account_id])
    breach = _equity_parts_breach(step, legs, equity)
    if breach is not None:
        return breach
    fund = before.accounts[INSURANCE].cash.get(before.rulebook.settlement_asset, 0) + equity
    given_up = 0
    discounts: list[tuple[int, int]] = []
    for leg in legs:
        if leg.mark_per_lot != mark_per_lot(before.rulebook.contracts[leg.market], before.markets[leg.market]):
            return Breach(f"{leg.market} was not transferred at its mark", (account_id,))
        wrong = _price_breach(leg, discount=discount)
        if wrong is not None:
            return Breach(f"{leg.market}: {wrong}", (account_id,))
        took = [event for event in step.happened(ProviderTook) if event.market == leg.market]
        reduced = [event for event in step.happened(Deleveraged) if event.market == leg.market]
        if any(event.price_per_lot != leg.provider_price for event in took):
            return Breach(f"a provider took {leg.market} over at another price than the leg's", (account_id,))
        if any(event.price_per_lot != leg.deleverage_price for event in reduced):
            return Breach(f"{leg.market} was auto-deleveraged at another price than the leg's", (account_id,))
        taken = sum(event.size for event in took)
        unshrunk = leg.provider_price - sign(leg.size) * leg.shrunk
        fund += sign(leg.size) * taken * (unshrunk - leg.mark_per_lot)
        fund += sign(leg.size) * (abs(leg.size) - taken) * (leg.deleverage_price - leg.mark_per_lot)
        given_up += taken * leg.shrunk
        discounts.append((taken, abs(leg.deleverage_price - unshrunk)))
    breach = _shrunk_breach(step, legs, discounts, short=max(0, -fund) if discount > 0 else 0)
    return breach or _shrinking_verdict(step, legs, fund=fund, given_up=given_up, discount=discount)


def _shrunk_breach(
    step: Step, legs: tuple[PositionTransferred, ...], discounts: list[tuple[int, int]], *, short: int
) -> Breach | None:
    """What is given up of the discounts (lots and atoms per lot) is split by what they are worth, in whole atoms."""
    worth = [lots * each for lots, each in discounts]
    parts = cumulative_floors(min(short, sum(worth)), worth)
    for leg, (lots, _), part in zip(legs, discounts, parts, strict=True):
        if not (leg.shrunk - 1) * lots < part <= leg.shrunk * lots and (part > 0 or leg.shrunk > 0):
            return Breach(
                f"{leg.market} gave up {leg.shrunk} atoms per lot, {part} atoms were due", (taken_over(step),)
            )
    return None


def _shrinking_verdict(
    step: Step, legs: tuple[PositionTransferred, ...], *, fund: int, given_up: int, discount: int
) -> Verdict:
    """Discounts are given up only when positive and the fund is short, until it is not or none is left."""
    account_id = taken_over(step)
    if not legs:
        return None
    if any(leg.shrunk < 0 for leg in legs) or (given_up > 0 and (discount <= 0 or fund >= 0)):
        return Breach("a discount was given up though the fund was not short", (account_id,))
    if discount > 0 and fund + given_up < 0:
        for leg in legs:
            took = any(event.market == leg.market for event in step.happened(ProviderTook))
            if took and leg.provider_price != leg.deleverage_price:
                return Breach(f"{leg.market} kept a discount while the fund was short", (account_id,))
    for leg in legs:
        if leg.shrunk > 0 and sign(leg.size) * (leg.deleverage_price - leg.provider_price) < 0:
            return Breach(f"{leg.market}: the discount was given up beyond the deleverage price", (account_id,))
    lots = sum(event.size for event in step.happened(ProviderTook))
    if given_up > 0 and fund + given_up >= lots:
        return Breach("more discount was given up than the fund was short", (account_id,))
    return HELD


def _lots_breach(step: Step) -> Breach | None:
    """Lots out equal lots in, each receiver's size and account value move by exactly what the events say."""
    before, after, account_id = step.before, step.after, taken_over(step)
    legs = {leg.market: leg for leg in step.happened(PositionTransferred)}
    received = received_of(step)
    held = {market_id: position.size for market_id, position in before.accounts[account_id].positions.items()}
    if held != {market_id: leg.size for market_id, leg in legs.items()}:
        return Breach("the markets transferred are not those held", (account_id,))
    if any(size <= 0 for markets in received.values() for lines in markets.values() for size, _ in lines):
        return Breach("a receiver is told to have received no lots", (account_id,))
    for market_id, leg in legs.items():
        lots = sum(size for lines in received.values() for size, _ in lines.get(market_id, ()))
        if lots != abs(leg.size):
            return Breach(f"{lots} of {abs(leg.size)} lots of {market_id} were received", (account_id,))
    for event in step.happened(Deleveraged):
        direction = sign(legs[event.market].size)
        taken = sum(
            took.size
            for took in step.happened(ProviderTook)
            if took.provider == event.account and took.market == event.market
        )
        against = -direction * size_of(before.accounts[event.account], event.market) - taken
        if event.size > against:
            return Breach(
                f"{event.account} was deleveraged by {event.size} lots, holding {against} against", (event.account,)
            )
    charges: dict[str, int] = {}
    for shared in step.happened(LossShared):
        charges[shared.account] = charges.get(shared.account, 0) + shared.amount
    for receiver in sorted({*received, *charges}):
        gain = -charges.get(receiver, 0)
        for market_id, lines in received.get(receiver, {}).items():
            leg = legs[market_id]
            direction = sign(leg.size)
            lots = sum(size for size, _ in lines)
            moved = size_of(after.accounts[receiver], market_id) - size_of(before.accounts[receiver], market_id)
            if moved != direction * lots:
                return Breach(f"{receiver} moved by {moved} lots, received {lots}", (receiver,))
            gain += sum(direction * size * (leg.mark_per_lot - price) for size, price in lines)
        was = account_value(after, before.accounts[receiver])
        now = account_value(after, after.accounts[receiver])
        if now - was != gain * EXACT_SCALE:
            return Breach(f"{receiver} gained {now - was}, the transfer says {gain} atoms", (receiver,))
    return None


def lots_out_equal_lots_in(step: Step) -> Verdict:
    """TKO-3: lots out equal lots in; each receiver's size and value move by what the events say, and nothing else.

    Who closed or flipped a position, or was charged, has rolled.
    """
    breach = _lots_breach(step) or _roll_breach(step)
    if breach is not None:
        return breach
    return HELD if any(True for _ in step.happened(PositionTransferred)) else None


def _roll_breach(step: Step) -> Breach | None:
    charged = [event.account for event in step.happened(LossShared)]
    for account_id in sorted({*received_of(step), *charged}):
        before, after = step.before.accounts[account_id], step.after.accounts[account_id]
        turned = any(
            size_of(after, market_id) == 0 or (size_of(after, market_id) > 0) != (position.size > 0)
            for market_id, position in before.positions.items()
        )
        if (turned or account_id in charged) and not is_rolled(step.before, after):
            return Breach(f"{account_id} was to roll and has unrealised pnl left", (account_id,))
    return None


def the_largest_opposite_positions_are_deleveraged(step: Step) -> Verdict:
    """ADL-1: the rest is taken from the fewest of the largest opposite positions that cover it, at least the minimum
    number or all, ties by id, pro rata to size within one lot.

    Looks at every account, as auto-deleveraging does.
    """
    fired = False
    for leg in step.happened(PositionTransferred):
        parts = {event.account: event.size for event in step.happened(Deleveraged) if event.market == leg.market}
        rest = sum(parts.values())
        if rest == 0:
            continue
        fired = True
        chosen = _candidates(step, leg, rest)
        wrong = out_of_share(parts, rest, chosen)
        if wrong is not None:
            return Breach(f"{wrong} was not deleveraged by its part of {rest} lots, by its size", (wrong,))
    return HELD if fired else None


def _candidates(step: Step, leg: PositionTransferred, rest: int) -> dict[str, int]:
    """Opposite sizes after providers took theirs: the largest, down to where they cover the rest and are enough."""
    taken = {event.provider: event.size for event in step.happened(ProviderTook) if event.market == leg.market}
    against = []
    for account_id, account in step.before.accounts.items():
        opposite = -sign(leg.size) * size_of(account, leg.market) - taken.get(account_id, 0)
        if opposite > 0 and account_id != taken_over(step):
            against.append((-opposite, account_id))
    fewest = step.before.rulebook.program.minimum_candidates
    chosen: dict[str, int] = {}
    for negative, account_id in sorted(against):
        if len(chosen) >= fewest and sum(chosen.values()) >= rest:
            break
        chosen[account_id] = -negative
    return chosen


def nobody_solvent_is_made_bankrupt(step: Step) -> Verdict:
    """TKO-4: nobody with positive account value ends a transfer below zero because of it, but a provider under a
    collar, which may have to buy above market."""
    account_id, state = taken_over(step), step.before
    collar = state.rulebook.program.discount < 0
    excepted = {event.provider for event in step.happened(ProviderTook)} if collar else set()
    fired = False
    for reached, change in step.changes.items():
        old, new = change.old, change.new
        if is_system(reached) or reached == account_id or reached in excepted or old is None:
            continue
        if account_value(state, old) > 0:
            fired = True
            if account_value(state, new) < 0:
                return Breach(f"the transfer took {reached} below zero", (reached,))
    return HELD if fired else None


_TRANSFER = (BackstopTransfer,)

LAWS = (
    StepLaw(
        "TKO-1",
        "The account taken over ends with exactly nothing, and only an account that qualifies is taken over.",
        only_who_qualifies_is_taken_over_whole,
        _TRANSFER,
    ),
    StepLaw(
        "TKO-4",
        "Nobody with positive account value ends a transfer below zero because of it, a provider under a collar "
        "excepted.",
        nobody_solvent_is_made_bankrupt,
        _TRANSFER,
    ),
    StepLaw(
        "TKO-2",
        "A provider's price is within the discount bound, or moved toward mark because the fund was short; "
        "auto-deleveraging is at mark or better; neither is worse than bankruptcy by one atom per lot.",
        prices_are_within_their_bounds,
        _TRANSFER,
    ),
    StepLaw(
        "TKO-3",
        "Lots out equal lots in; each receiver moves by exactly what the transfer says, and rolls where it must.",
        lots_out_equal_lots_in,
        _TRANSFER,
    ),
    StepLaw(
        "ADL-1",
        "The rest is taken from the largest opposite positions, as few as cover it and at least the minimum number, "
        "pro rata to size within one lot.",
        the_largest_opposite_positions_are_deleveraged,
        _TRANSFER,
    ),
)
