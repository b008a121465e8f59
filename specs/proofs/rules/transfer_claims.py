"""backstop-transfer: the claims."""

from functools import partial

from ledger.outcomes import (
    Converted,
    Deleveraged,
    EnrolmentEnded,
    FeesUsed,
    LossShared,
    PositionTransferred,
    ProviderTook,
    Rolled,
    TakenOver,
)
from ledger.transactions import BackstopTransfer

from ..claims import Bug, Claim
from ..engine import Budget
from ..known import SPLIT
from ..laws import claim_of_laws
from ..pages import claim_of_page
from .backstop_transfer import PAGE
from .transfers import alone, assets, enrolled, flat, holding, provided, squeezed, two_provide

OF_TRANSFER = "backstop-transfer"
WORLD = (
    "rulebook ascendex-2020, but a single margin bracket a market, of any rates; market BTC-PERP at any mark; leverage "
    "100, fee tier standard; concrete ids; stored amounts not zero",
    "sizes sum to zero, cash and reference costs to custody, which is positive; any time; every table may be read as a "
    "whole",
    "of a split the parts are known by what the claims apportion-any and apportion-any-negative say of them, not by "
    "their division alone",
)
RESERVES = "@insurance and @fees both hold USDT, or neither does: the loss waterfall is in this world"
FLAT = (
    *WORLD,
    RESERVES,
    "alice, who is taken over, has USDT and no position, and is active or liquidating; bob and carol, active, have "
    "USDT and each other's position; or the account to be taken over is a system account, or unknown; no providers",
)
ALONE = (
    *WORLD,
    RESERVES,
    "alice, who is taken over, is long or short any lots against bob, active or liquidating; bob is active; both have "
    "USDT; no providers",
)
ENOUGH = "alice's equity is not above her notional, and with it @insurance covers that: it is never short"
STRESSED = (
    *WORLD,
    ENOUGH,
    "alice, who is taken over, is long or short any lots against bob, active or liquidating, and the market is "
    "stressed; bob is active; both have USDT; no providers",
)
COINS = (
    *WORLD,
    ENOUGH,
    "alice, active, is long or short any lots against bob, and has BTC, with USDT or without; bob has USDT; no "
    "providers",
)
PROVIDED = (
    *WORLD,
    ENOUGH,
    "alice, active, is long or short any lots against bob; both have USDT; pat, active, flat and with the program's "
    "minimum in USDT or more, provides within any limits that enrolment admits, and took over nothing before",
)

WINDOW = (
    *WORLD,
    ENOUGH,
    "alice, active, is long any lots against bob; both have USDT; pat, active, flat and with the program's minimum in "
    "USDT or more, provides within any limits that enrolment admits, and took over any notional once before",
)
SHORT = (
    *WORLD,
    "@insurance and @fees hold nothing, so that discounts are given up and losses shared",
    "alice, active, is long any lots against bob; both have USDT; pat, active, flat and with the program's minimum in "
    "USDT or more, provides within any limits that enrolment admits, and took over nothing before",
)
HOLDING = (
    *WORLD,
    ENOUGH,
    "alice, active, is long any lots; pat, active and with the program's minimum in USDT or more, is long or short any "
    "lots and provides within any limits that enrolment admits; bob has what is opposite to both; reference costs are "
    "such that nobody has pnl",
)
ENROLLED = (
    *WORLD,
    "@insurance covers what alice owes: it is never short",
    "alice, who is taken over, has USDT and no position, is active or liquidating, and a provider in any way or none; "
    "there is nobody else",
)
TWO_PROVIDE = (
    *WORLD,
    ENOUGH,
    "alice, active and with USDT, is long any lots against bob and carol, who have no cash; pat and quinn, active, "
    "flat and with the program's minimum in USDT or more, provide within any limits that enrolment admits, and took "
    "over nothing before; reference costs are such that nobody has pnl",
)
BOOKS = ("CON-1", "CON-2", "CON-4", "PST-1", "PST-2", "STO-1", "FRM-1", "TIM-1", "PTY-1", "REJ-1", "REJ-2")
CAPACITY = ("CAP-1", "CAP-2", "CAP-3", "CAP-4", "CAP-5")
LINEAR = Budget(linear=True)
_page = partial(
    claim_of_page,
    page=PAGE,
    transaction=OF_TRANSFER,
    refusals=(0, 3),
    removed=(),
    budget=LINEAR,
    lemmas=(SPLIT,),
    quick=False,
)
_laws = partial(
    claim_of_laws, transaction=OF_TRANSFER, kind=BackstopTransfer, budget=LINEAR, lemmas=(SPLIT,), quick=False
)

CLAIMS: tuple[Claim, ...] = (
    _page(
        "transfer-flat",
        scene=flat,
        laws=("TKO-1", "TKO-5", "PTY-1", "FRM-1"),
        world=FLAT,
        refusals=range(4),
        removed=range(4),
        bugs=(
            Bug("rules.loss_waterfall", "enumerate(STAGES, start=1)", "enumerate(STAGES[::-1], start=1)"),
            Bug("rules.loss_waterfall", "        shortfall -= capped\n", ""),
            Bug("rules.backstop_transfer", "    if left != 0:\n", "    if left > 0:\n"),
        ),
        events=(TakenOver, FeesUsed, LossShared, Rolled),
    ),
    _page(
        "transfer-alone",
        scene=alone,
        laws=("TKO-1", "TKO-2", "TKO-3", "TKO-5", "ADL-1", "FRM-1"),
        world=ALONE,
        removed=(3,),
        bugs=(
            Bug(
                "pricing",
                "return ceil_div(lots * mark_per_lot - equity",
                "return floor_div(lots * mark_per_lot - equity",
            ),
            Bug("pricing", "return min(bankruptcy, mark_per_lot) if", "return bankruptcy if"),
            Bug(
                "margin", "return 2 * distress_collateral(state, account)", "return distress_collateral(state, account)"
            ),
            Bug("rules.backstop_transfer", "-leg.size, proceeds))", "-leg.size, -proceeds))"),
        ),
        events=(TakenOver, PositionTransferred, Deleveraged, FeesUsed, LossShared, Rolled),
    ),
    _page(
        "transfer-stressed",
        scene=squeezed,
        laws=("TKO-1", "MON-2", "FRM-1"),
        world=STRESSED,
        refusals=(0, 3),
        removed=(3,),
        bugs=(
            Bug("rules.backstop_transfer", "and distress < required", "and distress <= required"),
            Bug("rules.backstop_transfer", "return holds_stressed(state, account) and", "return"),
            Bug("rules.backstop_transfer", " or holds_stressed(state, account)", ""),
        ),
        events=(TakenOver, Deleveraged),
    ),
    _laws(
        "transfer-laws-stressed",
        squeezed,
        world=STRESSED,
        only=("TKO-1", "REJ-2"),
        bugs=(
            Bug("rules.backstop_transfer", "and distress < required", "and distress <= required"),
            Bug("rules.backstop_transfer", "return holds_stressed(state, account) and", "return"),
        ),
    ),
    _page(
        "transfer-coins",
        scene=assets,
        laws=("PRP-1", "TKO-1", "FRM-1"),
        world=COINS,
        bugs=(
            Bug("rules.preparation", "CashPosting(EXTERNAL, asset, amount)", "CashPosting(EXTERNAL, asset, -amount)"),
            Bug("margin", "return floor_div(amount * price", "return -floor_div(-amount * price"),
        ),
        events=(Converted, Deleveraged),
    ),
    _page(
        "transfer-provided",
        scene=provided,
        laws=("TKO-2", "TKO-3", "CAP-1", "CAP-2", "CAP-3", "CAP-4", "CAP-5", "FRM-1"),
        world=PROVIDED,
        bugs=(
            Bug("capacity", "return max(0, min(minute_left, hour_left))", "return max(0, hour_left)"),
            Bug("capacity", "min(floor_div(capacity, mark_per_lot),", "min(-floor_div(-capacity, mark_per_lot),"),
            Bug(
                "pricing",
                "floor_div(mark_per_lot * (RATE_SCALE - discount)",
                "-floor_div(-mark_per_lot * (RATE_SCALE - discount)",
            ),
            Bug("rules.takeover", "rest=abs(size) - sum(share.size for share in took),", "rest=abs(size),"),
        ),
        events=(PositionTransferred, ProviderTook, Deleveraged),
    ),
    _page(
        "transfer-enrolled",
        scene=enrolled,
        laws=("TKO-1", "ENR-1", "EVT-1"),
        world=ENROLLED,
        bugs=(
            Bug("rules.backstop_transfer", "if obliged else ()", ""),
            Bug("rules.backstop_transfer", "Provider(None, None, record.takeovers)", "Provider(None, None, ())"),
        ),
        events=(TakenOver, EnrolmentEnded),
        quick=True,
    ),
    _page(
        "transfer-window",
        scene=partial(provided, takeovers=1, signs=(1,)),
        laws=("CAP-1", "CAP-2", "CAP-4", "CAP-5"),
        world=WINDOW,
        bugs=(
            Bug("capacity", "if takeover.time > time - window)", "if takeover.time >= time - window)"),
            Bug(
                "capacity",
                "Provider(provider.limits, provider.notice, (*recent, takeover))",
                "Provider(provider.limits, provider.notice, (takeover,))",
            ),
        ),
        events=(ProviderTook, Deleveraged),
    ),
    _page(
        "transfer-short",
        scene=partial(provided, fund=False, signs=(1,)),
        laws=("TKO-2", "TKO-3", "TKO-5"),
        world=SHORT,
        bugs=(
            Bug("rules.takeover", "    if discount <= 0:\n", "    if discount >= 0:\n"),
            Bug("rules.loss_waterfall", "capped = min(shortfall, sum", "capped = min(shortfall + 1, sum"),
        ),
        events=(ProviderTook, Deleveraged, LossShared),
    ),
    _page(
        "transfer-holding",
        scene=holding,
        laws=("CAP-3", "CAP-4", "CAP-5", "ADL-1"),
        world=HOLDING,
        bugs=(
            Bug("capacity", "return floor_div(limits.max_holdings, mark_per_lot)", "return limits.max_holdings"),
            Bug("rules.takeover", "- taken.get(account_id, 0)", ""),
        ),
        events=(ProviderTook, Deleveraged),
    ),
    _page(
        "transfer-two-provide",
        scene=two_provide,
        laws=("CAP-4", "CAP-5", "ADL-1"),
        world=TWO_PROVIDE,
        bugs=(
            Bug(
                "rules.takeover",
                "parts = apportion(min(abs(size), sum(rooms)), rooms)",
                "parts = apportion(min(abs(size), sum(rooms)), rooms[::-1])[::-1]",
            ),
        ),
        events=(ProviderTook, Deleveraged),
    ),
    _laws(
        "transfer-laws-flat",
        flat,
        world=FLAT,
        bugs=(
            Bug("rules.loss_waterfall", "enumerate(STAGES, start=1)", "enumerate(STAGES[::-1], start=1)"),
            Bug("rules.backstop_transfer", "    if left != 0:\n", "    if left > 0:\n"),
        ),
        silent=("PRP-1", *CAPACITY, "ENR-1", "TKO-2", "TKO-3", "ADL-1", "LIQ-1", "EVT-1"),
    ),
    _laws(
        "transfer-laws-alone",
        alone,
        world=ALONE,
        only=(*BOOKS, "PRP-1", "TKO-1", "TKO-3", "TKO-4", "ADL-1"),
        bugs=(
            Bug(
                "margin", "return 2 * distress_collateral(state, account)", "return distress_collateral(state, account)"
            ),
            Bug(
                "rules.backstop_transfer",
                "if closed_or_flipped(accounts[account_id], received[account_id]):",
                "if account_id == taken_over:",
            ),
        ),
    ),
    _laws(
        "transfer-prices-alone",
        alone,
        world=ALONE,
        only=("TKO-2",),
        bugs=(
            Bug(
                "pricing",
                "return ceil_div(lots * mark_per_lot - equity",
                "return floor_div(lots * mark_per_lot - equity",
            ),
        ),
    ),
    _laws(
        "transfer-losses-alone",
        alone,
        world=ALONE,
        only=("TKO-5",),
        bugs=(
            Bug("rules.loss_waterfall", "    if from_fees > 0:\n", "    if from_fees > 1:\n"),
            Bug("rules.loss_waterfall", "capped = min(shortfall, sum", "capped = min(shortfall + 1, sum"),
        ),
    ),
    _laws(
        "transfer-laws-provided",
        provided,
        world=PROVIDED,
        only=(*BOOKS, "PRP-1", "ENR-1", "TKO-1", "TKO-3", "TKO-4", "ADL-1"),
        bugs=(
            Bug("rules.takeover", "rest=abs(size) - sum(share.size for share in took),", "rest=abs(size),"),
            Bug("rules.backstop_transfer", "direction * share.size, -cost))", "direction * share.size, cost))"),
        ),
    ),
    _laws(
        "transfer-capacity",
        provided,
        world=PROVIDED,
        only=CAPACITY,
        bugs=(
            Bug("capacity", "return max(0, min(minute_left, hour_left))", "return max(0, hour_left)"),
            Bug("capacity", "min(floor_div(capacity, mark_per_lot),", "min(floor_div(capacity, 2 * mark_per_lot),"),
        ),
    ),
    _laws(
        "transfer-prices-provided",
        provided,
        world=PROVIDED,
        only=("TKO-2",),
        bugs=(
            Bug(
                "pricing",
                "return ceil_div(lots * mark_per_lot - equity",
                "return floor_div(lots * mark_per_lot - equity",
            ),
        ),
    ),
    _laws(
        "transfer-laws-enrolled",
        enrolled,
        world=ENROLLED,
        bugs=(
            Bug("rules.backstop_transfer", "Provider(None, None, record.takeovers)", "record"),
            Bug("rules.backstop_transfer", "    if left != 0:\n", "    if left > 0:\n"),
        ),
        silent=("CON-2", "PRP-1", *CAPACITY, *("TKO-2", "TKO-3", "TKO-4", "TKO-5", "ADL-1", "LIQ-1")),
        quick=True,
    ),
    _laws(
        "transfer-windows",
        partial(provided, takeovers=1, signs=(1,)),
        world=WINDOW,
        only=("CAP-1", "CAP-2", "CAP-4"),
        bugs=(Bug("capacity", "return max(0, min(minute_left, hour_left))", "return max(0, minute_left)"),),
    ),
    _laws(
        "transfer-shares",
        partial(provided, takeovers=1, signs=(1,)),
        world=WINDOW,
        only=("CAP-3", "CAP-5"),
        bugs=(Bug("capacity", "if takeover.time > time - window)", "if takeover.time >= time - window)"),),
    ),
    _laws(
        "transfer-prices-short",
        partial(provided, fund=False, signs=(1,)),
        world=SHORT,
        only=("TKO-2",),
        bugs=(Bug("rules.takeover", "    if discount <= 0:\n", "    if discount >= 0:\n"),),
    ),
    _laws(
        "transfer-losses-short",
        partial(provided, fund=False, signs=(1,)),
        world=SHORT,
        only=("TKO-5",),
        bugs=(Bug("rules.loss_waterfall", "capped = min(shortfall, sum", "capped = min(shortfall + 1, sum"),),
    ),
    _laws(
        "transfer-holdings",
        holding,
        world=HOLDING,
        only=("CAP-3", "CAP-4", "CAP-5", "ADL-1"),
        bugs=(Bug("capacity", "return floor_div(limits.max_holdings, mark_per_lot)", "return limits.max_holdings"),),
    ),
)
