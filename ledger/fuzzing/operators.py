"""A venue's operators who do things wrongly: again, out of turn, too late, or the one instead of the other."""

import attrs

from ..choosers import Chooser, choose_preferred, one_in
from ..transactions import BackstopTransfer, Enroll, Fund, Leave, Liquidate, Settle, Transaction
from ..units import EXACT_SCALE
from .distress import a_round, liquidate, pursue
from .prices import crash
from .schedule import fund, settle
from .sight import Sight
from .times import a_time

ONCE = (Fund, Settle, Enroll, Leave, Liquidate, BackstopTransfer)
"""What has no effect, or another one, when it is sent twice."""


def once_more(chooser: Chooser, sight: Sight) -> Transaction:
    """An earlier transaction again, at a new time: mostly one that ought to be sent once."""
    if not sight.recent:
        return crash(chooser, sight)
    once = [transaction for transaction in sight.recent if isinstance(transaction, ONCE)]
    earlier = choose_preferred(chooser, once, sight.recent)
    time = sight.state.time if one_in(chooser, 2) else a_time(chooser, sight)
    return attrs.evolve(earlier, time=time)


def missing(sight: Sight, account_id: str) -> int:
    """What the account's distress collateral falls short of its maintenance margin by, an exact value."""
    standing = sight.standing(account_id)
    return standing.maintenance - standing.distress * EXACT_SCALE


def out_of_turn(chooser: Chooser, sight: Sight) -> Transaction:
    """The takeover of the least distressed of several who qualify; where there are not several, a mark."""
    transferable = sight.transferable
    if len(transferable) < 2:
        return crash(chooser, sight)
    return BackstopTransfer(sight.state.time, min(transferable, key=lambda name: (missing(sight, name), name)))


def round_instead(chooser: Chooser, sight: Sight) -> Transaction:
    """A round on the book for somebody who is at takeover."""
    transferable = sight.transferable
    if not transferable:
        return crash(chooser, sight)
    return a_round(chooser, sight, chooser.choose_from(transferable), sight.state.time)


def late_round(chooser: Chooser, sight: Sight) -> Transaction:
    """A round long after it was due; a first one where nobody is being liquidated."""
    state, liquidating = sight.state, sight.liquidating
    if not liquidating:
        return liquidate(chooser, sight)
    account_id = chooser.choose_from(liquidating)
    running = state.accounts[account_id].liquidation
    assert running is not None
    interval, program = state.rulebook.liquidation.round_interval, state.rulebook.program
    late = chooser.choose_from((interval, program.minute, program.hour))
    return a_round(chooser, sight, account_id, max(state.time, running.time + interval + late))


def out_of_season(chooser: Chooser, sight: Sight) -> Transaction:
    """A funding or a settle now, whenever that is; or whatever distress asks for next."""
    kind = chooser.choose_int(0, 2)
    if kind == 0:
        return attrs.evolve(fund(chooser, sight), time=sight.state.time)
    return settle(chooser, sight) if kind == 1 else pursue(chooser, sight)
