"""Contracts of backstop-transfer about its discount and its losses: what the fund pays, what providers give up, and
who pays the rest (specs/rules/backstop-transfer.md, steps 4 and 6).

The worlds are those of `rules_transfer`.
"""

from .claims import Bug, Claim, Contract, Kind, Status
from .judging import Answer, answered
from .rules_transfer import BOOKED, LOTS, RICH, TRANSFER, provider, taking_over
from .worlds import LOT, account


def with_a_provider(usdt: int, fund: int, is_long: bool) -> Answer:
    """Alice, long or short 1,000 lots without pnl; sam, rich, against her; pat with ample limits."""
    size = LOTS if is_long else -LOTS
    accounts = {
        "alice": account(usdt, size, -size * LOT),
        "pat": account(RICH),
        "sam": account(RICH, -size, size * LOT),
    }
    return answered(*taking_over(accounts, {"pat": provider()}, fund=fund))


PROVIDER = ("TKO-4", "CAP-1", "CAP-2", "CAP-3", "CAP-5")


def discount_paid_keeps_laws(usdt: int, is_long: bool) -> Answer:
    """After a takeover by a provider whose discount the fund can pay, the laws hold, whatever is left of the account.

    given: rulebook textbook without the program's minima; alice, long or short 1,000 lots without pnl; sam, rich,
        against her; pat with ample limits; the fund has 10^9 USDT
    pre: usdt >= -RICH // 2
    post: _.broken == "" and _.shrunk == 0
    reach: _.fired(*PROVIDER, *TRANSFER) and is_long and usdt < 0
    reach: _.fired(*PROVIDER, *TRANSFER) and not is_long and usdt > 0
    """
    return with_a_provider(usdt, RICH, is_long)


def discount_given_up_keeps_laws(fund: int, is_long: bool) -> Answer:
    """After a takeover by a provider, the laws hold, whatever part of the discount the fund can pay.

    given: rulebook textbook without the program's minima; alice, long or short 1,000 lots, with nothing left; sam,
        rich, against her; pat with ample limits
    pre: fund >= 0
    post: _.broken == ""
    reach: _.fired(*PROVIDER, *TRANSFER) and is_long and _.shrunk == 0
    reach: _.fired(*PROVIDER, *TRANSFER) and not is_long and 0 < _.shrunk < 5 * 10**10
    reach: _.fired(*PROVIDER, *TRANSFER) and _.shrunk == 5 * 10**10 and fund == 0
    """
    return with_a_provider(0, fund, is_long)


def bankrupt_with_provider_keeps_laws(usdt: int, is_long: bool) -> Answer:
    """After a takeover of a bankrupt account by a provider, who gives the discount up, with the loss shared, the laws
    hold.

    given: rulebook textbook without the program's minima; alice, long or short 1,000 lots without pnl; sam, rich,
        against her; pat with ample limits; the fund has 7 atoms
    pre: -RICH // 2 <= usdt < 0
    post: _.broken == ""
    reach: _.fired("TKO-5", "CAP-5", *TRANSFER) and is_long and _.shared(2) > 0
    reach: _.fired("CAP-5", *TRANSFER) and not is_long and usdt == -7
    """
    return with_a_provider(usdt, 7, is_long)


def losing(debt: int, fund: int, fees: int, gain: int, sam: int, tess: int) -> Answer:
    """Alice, flat, owes; sam is long and tess short 10 lots, sam with a gain that is tess's loss."""
    accounts = {
        "alice": account(-debt),
        "sam": account(sam, 10, gain - 10 * LOT),
        "tess": account(tess, -10, 10 * LOT - gain),
    }
    return answered(*taking_over(accounts, fund=fund, fees=fees))


LOSSES = ("TKO-1", "TKO-5", *BOOKED)


def reserves_pay_first(debt: int, fund: int, fees: int) -> Answer:
    """After a takeover of an account that owes, the fund and the fees have paid before anybody else, and the laws hold.

    given: rulebook textbook without the program's minima; alice, flat, owes; sam and tess, long and short 10 lots, have
        200 and 801 atoms, and sam a gain of 100 that is tess's loss
    pre: debt > 0 and fund >= 0 and fees >= 0
    pre: debt <= fund + fees + 1000
    post: _.broken == "" and _.shared(1) + _.shared(2) == max(0, debt - fund - fees)
    reach: _.fired(*LOSSES) and 0 < _.shared(1) < 100 and fees > 0
    reach: _.fired(*LOSSES) and _.shared(2) == 900
    reach: _.fired("TKO-1", "CON-1", "PST-1", "PST-2") and debt == fund
    reach: _.fired("TKO-1", "TKO-5") and _.shared(1) == 0 and debt > fund
    """
    return losing(debt, fund, fees, 100, 200, 801)


def gains_pay_before_values(debt: int, gain: int) -> Answer:
    """After a takeover of an account that owes with nothing in reserve, gains have paid, then account values, and the
    laws hold.

    given: rulebook textbook without the program's minima; alice, flat, owes; sam and tess, long and short 10 lots, have
        200 and 801 atoms, and sam a gain that is tess's loss
    pre: 0 < debt <= 1000 and 0 <= gain <= 400
    post: _.broken == "" and _.shared(1) == min(debt, gain)
    reach: _.fired(*LOSSES) and _.shared(1) == gain > 0 and _.shared(2) > 0
    reach: _.fired(*LOSSES) and _.shared(1) < gain
    reach: _.fired("TKO-1", "TKO-5") and gain == 0
    """
    return losing(debt, 0, 0, gain, 200, 801)


def losses_of_any_weights(debt: int, gain: int, sam: int, tess: int) -> Answer:
    """After a takeover of an account that owes with nothing in reserve, the laws hold, whatever others are worth.

    given: rulebook textbook without the program's minima; alice, flat, owes; sam and tess, long and short 10 lots, sam
        with a gain that is tess's loss
    pre: debt > 0 and gain >= 0 and sam >= 0 and tess >= gain
    pre: debt <= sam + tess
    post: _.broken == ""
    reach: _.fired(*LOSSES) and _.shared(1) == gain > 0 and _.shared(2) > 0
    """
    return losing(debt, 0, 0, gain, sam, tess)


def _claim(
    name: str, laws: tuple[str, ...], contract: Contract, bug: Bug, *, kind: Kind = Kind.LAWS, quick: bool = True
) -> Claim:
    return Claim(name, kind, ("backstop-transfer",), laws, contract, bug, quick=quick, paths=1500)


CLAIMS = (
    _claim(
        "transfer-discount-laws",
        (*PROVIDER, *TRANSFER),
        discount_paid_keeps_laws,
        Bug("rules.takeover", "shortfall=max(0, -(fund + left))", "shortfall=max(0, -left)"),
    ),
    _claim(
        "transfer-shrinking-laws",
        (*PROVIDER, *TRANSFER),
        discount_given_up_keeps_laws,
        Bug("pricing", "ceil_div(part, taken) if part > 0", "floor_div(part, taken) if part > 0"),
    ),
    _claim(
        "transfer-bankrupt-laws",
        ("CAP-5", "TKO-5", *TRANSFER),
        bankrupt_with_provider_keeps_laws,
        Bug("rules.takeover", "leg.provider_price + sign(leg.size) * move", "leg.provider_price + move"),
    ),
    _claim(
        "transfer-reserves-laws",
        LOSSES,
        reserves_pay_first,
        Bug("rules.loss_waterfall", "from_fees = min(shortfall, accounts", "from_fees = min(shortfall - 1, accounts"),
    ),
    _claim(
        "transfer-gains-laws",
        LOSSES,
        gains_pay_before_values,
        Bug("rules.loss_waterfall", "= (gains_weight, value_weight)", "= (value_weight, gains_weight)"),
    ),
    Claim(
        "transfer-weights-laws",
        Kind.LAWS,
        ("backstop-transfer",),
        LOSSES,
        losses_of_any_weights,
        Bug("rules.loss_waterfall", "capped = min(shortfall, sum(weights.values()))", "capped = shortfall"),
        expected=Status.NO_COUNTEREXAMPLE,
        why="the loss times a weight over the sum of weights, twice over, with all three unknown, is nonlinear",
        paths=120,
        quick=False,
    ),
)
