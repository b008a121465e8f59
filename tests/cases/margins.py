"""Margin: requirements, tiers, when an account is liquidatable, liquidation prices, and which trades are admitted."""

from collections.abc import Mapping
from fractions import Fraction

from ledger.margin import (
    account_value,
    free_collateral,
    initial_margin,
    is_liquidatable,
    liquidation_price,
    maintenance_margin,
)
from ledger.outcomes import Applied, Deleveraged, Reason, Rejected
from ledger.rulebook import Rulebook
from ledger.rules.fills import refuse_side
from ledger.transactions import BackstopTransfer, Liquidate
from ledger.units import RATE_SCALE, format_decimal, parse_decimal

from ..worlds import ASCENDEX, BTC, World
from .toolbox import (
    Answers,
    Case,
    at_price,
    differs,
    events_of,
    explain,
    in_lots,
    put_in,
    reproduces,
    terms,
    value,
    venue,
    worth,
)


def holding(rulebook: Rulebook, mark: str, quote: str, position: str, leverage: int = 100) -> World:
    """`holder` has a quote balance and a position."""
    world = venue(rulebook, marks=mark)
    put_in(world, {"holder": (quote, {BTC: position})}, leverage=leverage)
    return world


def maintenance_of(world: World) -> Fraction:
    """The holder's maintenance margin in dollars."""
    return value(maintenance_margin(world.state, world.account("holder")))


def liquidatable(world: World) -> bool:
    """Whether the holder may be liquidated: the margin function and the rule say the same."""
    answer = is_liquidatable(world.state, world.account("holder"))
    outcome = world.ask(Liquidate(world.time, "holder", ()))
    if answer:
        assert isinstance(outcome, Applied)
    else:
        assert isinstance(outcome, Rejected)
        assert outcome.reason is Reason.NOT_LIQUIDATABLE
    return answer


@reproduces("margin-snperp-01")
def value_and_risk(case: Case) -> Answers:
    """Account value, and a maintenance rate that is the source's risk factor."""
    given = case.inputs
    world = holding(terms(maintenance=given["risk_factor"]), given["price"], given["collateral"], given["position"])
    return {"total_value": worth(world, "holder"), "total_risk": maintenance_of(world)}


@reproduces("liqtrig-zeno-01")
def trigger_with_buffer(case: Case) -> Answers:
    """A maintenance rate of the source's rate and its buffer together; collateral is given after pnl."""
    given = case.inputs
    basis_points = int(given["maintenance_bps"]) + int(given["buffer_bps"])
    world = venue(terms(maintenance=format_decimal(basis_points, 4)), marks=given["price"])
    put_in(world, {"holder": (given["collateral_after_pnl"], {BTC: given["position"]})}, opened_at_mark=True)
    assert worth(world, "holder") == Fraction(given["collateral_after_pnl"])
    return {"liquidatable": liquidatable(world)}


@reproduces("liqtrig-dydx4-01", "liqtrig-dydx4-03")
def trigger(case: Case) -> Answers:
    """Equity against maintenance margin."""
    given = case.inputs
    rulebook = terms(maintenance=given["maintenance_rate"])
    world = holding(rulebook, given["oracle"], given["quote"], given["position"])
    return {
        "liquidatable": liquidatable(world),
        "equity": worth(world, "holder"),
        "maintenance_margin": maintenance_of(world),
    }


def collateralisation(least: str, side: str) -> Rulebook:
    """The maintenance rate that says the same as a least ratio of assets to debts.

    A short's debt is the notional: rate = ratio - 1. A long's assets are: rate = 1 - 1 / ratio, cut at 9 decimals.
    """
    ratio = Fraction(least)
    rate = ratio - 1 if side == "short" else 1 - 1 / ratio
    return terms(maintenance=format_decimal(int(rate * RATE_SCALE), 9))


@reproduces("liqtrig-dydx3-01", "liqtrig-dydx3-02", "liqtrig-dydx3-04")
def trigger_by_collateralisation(case: Case) -> Answers:
    """Below the ratio exactly where below maintenance margin; equality is healthy."""
    given = case.inputs
    rulebook = collateralisation(given["min_collateralisation"], given["side"])
    world = holding(rulebook, given["price"], given["margin"], given["position"])
    return {"liquidatable": liquidatable(world)}


@reproduces("adltrig-dydx3-02")
def deleverageable(case: Case) -> Answers:
    """Below zero an account is at takeover, and without providers the others are deleveraged."""
    given = case.inputs
    world = holding(terms(maintenance="0.1"), given["price"], given["margin"], given["position"])
    assert worth(world, "holder") < 0
    applied = world.ask(BackstopTransfer(world.time, "holder"))
    return {"deleverageable": isinstance(applied, Applied) and bool(events_of(applied, Deleveraged))}


@reproduces("state-snperp-01", "state-snperp-02", "state-snperp-05")
def health(case: Case) -> Answers:
    """Total value against total risk: one unit at a price whose tenth is the risk."""
    given = case.inputs
    mark = format_decimal(parse_decimal(given["total_risk"], 8), 7)
    world = venue(terms(maintenance="0.1"), marks=mark)
    put_in(world, {"holder": (given["total_value"], {BTC: "1"})}, opened_at_mark=True)
    assert (worth(world, "holder"), maintenance_of(world)) == (
        Fraction(given["total_value"]),
        Fraction(given["total_risk"]),
    )
    if not liquidatable(world):
        return {"state": "healthy"}
    return {"state": "deleverageable" if account_value(world.state, world.account("holder")) < 0 else "liquidatable"}


@reproduces("tier-ascendex-01")
def ratio_of_the_tiers(case: Case) -> Answers:
    """The table as it is printed, with a bracket beyond it; in each bracket, of a position halfway up in it."""
    rows = case.inputs["tiers_cap_im_mm"]
    tiers = [{"below": cap, "initial": initial, "maintenance": maintenance} for cap, initial, maintenance in rows]
    last = {key: tiers[-1][key] for key in ("initial", "maintenance")}
    ratios = set()
    lower = "0"
    for cap, _, _ in rows:
        middle = format_decimal(parse_decimal(lower, 0) + parse_decimal(cap, 0), 0)
        world = holding(terms(tiers=[*tiers, last]), "0.5", "0", middle)
        holder = world.account("holder")
        ratios.add(Fraction(maintenance_margin(world.state, holder), initial_margin(world.state, holder)))
        lower = cap
    (ratio,) = ratios
    return {"mm_over_im": ratio}


@differs(
    "tier-bybit-01",
    "a marginal table, each bracket's rate for the part of the notional in it: our tiers are whole-position brackets, "
    "so that 3,500 at 3.5% need 122.5",
    {"maintenance_margin": "122.5"},
)
def whole_position_bracket(case: Case) -> Answers:
    """The same table as whole-position brackets."""
    rows = case.inputs["tiers_upper_rate"]
    tiers = [{"below": upper, "initial": rate, "maintenance": rate} for upper, rate in rows]
    last = {key: tiers[-1][key] for key in ("initial", "maintenance")}
    world = holding(terms(tiers=[*tiers, last]), "1", "0", case.inputs["notional"])
    return {"maintenance_margin": maintenance_of(world)}


MARGINAL = (
    "deductions make a marginal table continuous at its edges: our tiers are whole-position brackets, whose "
    "requirement jumps at the bound, so that they have none"
)
explain({"tier-bybit-02": MARGINAL, "tier-binance-01": MARGINAL, "tier-binance-02": MARGINAL})

LINEAR = "rates that grow linearly with size: ours are a step table of the notional, in which the position's rate is "


@differs(
    "tier-deribit-01",
    LINEAR + "10% and 6%",
    {"im_rate": "0.1", "initial_margin": "250000", "maintenance_margin": "150000"},
)
@differs("tier-deribit-02", LINEAR + "a third", {"im_rate": "0.333333333", "initial_margin": "11666666.655"})
def step_table(case: Case) -> Answers:
    """The position under the shipped table."""
    world = World(ASCENDEX)
    world.mark(case.inputs["price"])
    put_in(world, {"holder": ("0", {BTC: case.inputs["size"]})})
    holder = world.account("holder")
    required = value(initial_margin(world.state, holder))
    return {
        "im_rate": required / (Fraction(case.inputs["size"]) * Fraction(case.inputs["price"])),
        "initial_margin": required,
        "maintenance_margin": maintenance_of(world),
    }


@reproduces("liqprice-ftx-01", "liqprice-ftx-02", within=Fraction(1, 10**9))
def margin_fraction_price(case: Case) -> Answers:
    """The mark at which equity over notional is the threshold; a price has 9 decimals."""
    given = case.inputs
    world = venue(terms(maintenance=given["margin_fraction_threshold"]), marks=given["entry"])
    put_in(world, {"holder": (given["collateral"], {BTC: given["position"]})}, opened_at_mark=True)
    price = liquidation_price(world.state, world.account("holder"), BTC)
    assert price is not None
    return {"exact_price": at_price(price)}


def snapshot(given: Mapping[str, str], coin: Mapping[str, str]) -> World:
    """One position of a recorded account, and all its other notional in one more market, short as well."""
    world = venue(terms(maintenance=coin["maintenance_rate"], markets=(BTC, "REST-PERP")))
    lots = in_lots(world, coin["size"].removeprefix("-"))
    world.mark(format_decimal(parse_decimal(coin["position_value"], 13) // lots, 9))
    world.mark("0.01", "REST-PERP")
    rest = parse_decimal(given["total_notional"], 6) - parse_decimal(coin["position_value"], 6)
    sizes = {BTC: coin["size"], "REST-PERP": format_decimal(-rest, 4)}
    put_in(world, {"holder": (given["account_value"], sizes)}, opened_at_mark=True)
    return world


WITHOUT_DIVISOR = (
    "an older formula that does not divide by 1 + mmr for a short, though the requirement grows with the price: "
    "ours is mark + V / (|q| (1 + mmr)), at which collateral meets the requirement"
)


@differs("liqprice-hl-02", WITHOUT_DIVISOR, {"liquidation_price": "2536.574131265"})
@differs("liqprice-hl-03", WITHOUT_DIVISOR, {"liquidation_price": "11.747874249"})
def liquidation_price_of_a_short(case: Case) -> Answers:
    """The recorded account's liquidation price by our formula."""
    world = snapshot(case.inputs, case.inputs)
    price = liquidation_price(world.state, world.account("holder"), BTC)
    assert price is not None
    return {"liquidation_price": at_price(price)}


@reproduces("snapshot-hl-01")
def withdrawable(case: Case) -> Answers:
    """Free collateral at a leverage limit above what the tiers ask."""
    given = case.inputs
    world = venue(terms(), marks="0.01")
    size = format_decimal(parse_decimal(given["total_notional"], 6), 4)
    positions = {"holder": (given["account_value"], {BTC: size})}
    put_in(world, positions, leverage=int(given["leverage"]), opened_at_mark=True)
    holder = world.account("holder")
    return {
        "withdrawable": value(free_collateral(world.state, holder)),
        "margin_used_from_notional": value(initial_margin(world.state, holder)),
    }


@reproduces(
    "traderule-dydx3-03",
    "traderule-dydx3-05",
    "traderule-dydx3-06",
    "traderule-dydx3-09",
    "traderule-dydx3-10",
    "traderule-dydx3-13",
    "traderule-dydx3-19",
)
def admission(case: Case) -> Answers:
    """What a side of a fill held before and holds afterwards; the least ratio as initial and maintenance rate."""
    given = case.inputs
    side = "short" if given["after"]["position"].startswith("-") else "long"
    world = venue(collateralisation(given["min_collateralisation"], side), marks=given["price"])
    states = {name: (given[name]["margin"], {BTC: given[name]["position"]}) for name in ("before", "after")}
    put_in(world, states)
    refusal = refuse_side(
        world.state,
        "trader",
        market_id=BTC,
        time=world.time,
        before=world.account("before"),
        after=world.account("after"),
    )
    return {"accepted": refusal is None}
