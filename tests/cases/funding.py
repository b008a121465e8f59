"""Funding: rates, payments and their rounding, funding indices, what marks are made of."""

from collections.abc import Mapping
from fractions import Fraction

from ledger.outcomes import Funded
from ledger.postings import post
from ledger.rules.rolling import roll
from ledger.state import State, size_of
from ledger.transactions import Fund
from ledger.units import format_decimal, parse_decimal, sign

from ..worlds import BTC, World, price, rate
from .toolbox import (
    Answers,
    Case,
    at_price,
    differs,
    dollars,
    events_of,
    in_units,
    put_in,
    quote,
    reproduces,
    terms,
    venue,
    worth,
)

EIGHT_HOURS = 28_800_000


def funded(world: World, at_rate: int | None) -> Funded:
    """Fund the market, at a rate in ppb or at the one computed from its premium; what happened."""
    (event,) = events_of(world.do(Fund(world.time, BTC, at_rate)), Funded)
    return event


def per_unit(world: World, event: Funded) -> Fraction:
    """What a long of one unit of the underlying paid, in dollars."""
    return dollars(event.per_lot) / in_units(world, 1)


def basis_points(text: str) -> int:
    """Parts per billion."""
    return parse_decimal(text, 5)


@reproduces("funding-zeno-01", "funding-zeno-04")
def payment(case: Case) -> Answers:
    """A rate given for one interval."""
    world = venue(terms(), marks=case.inputs["price"])
    put_in(world, {"payer": ("0", {BTC: case.inputs["position"]})})
    before = quote(world, "payer")
    funded(world, basis_points(case.inputs["rate_bps"]))
    return {"amount_paid_by_account": before - quote(world, "payer")}


@reproduces("funding-dydx4-04", "funding-dydx4-05", "funding-dydx4-06", "funding-dydx4-11")
def settlement_by_index(case: Case) -> Answers:
    """A cumulative index that moved by so many atoms a lot: funding of an index that is the move, at a rate of one."""
    given = case.inputs
    moved = int(given["index_now"]) - int(given["index_entry"])
    world = venue(terms())
    assert world.rulebook.contracts[BTC].multiplier == 1, "an atom a lot is a unit of price"
    world.mark(format_decimal(abs(moved) or 1, 9))
    put_in(world, {"holder": ("0", {BTC: format_decimal(int(given["position_quantums"]), 4)})})
    assert size_of(world.account("holder"), BTC) == int(given["position_quantums"])
    funded(world, sign(moved) * rate("1"))
    return {"settlement_ppm": quote(world, "holder") * 10**13}


@reproduces("funding-dydx4-23")
def net_collateral_with_funding(case: Case) -> Answers:
    """A long that receives its funding: cash, the position at mark, and what was funded."""
    given = case.inputs
    world = venue(terms(), marks=given["oracle"])
    put_in(world, {"long": (given["quote"], {BTC: given["position"]})})
    gain = Fraction(given["funding_gain"])
    before = quote(world, "long")
    funded(world, rate("-0.000125"))
    assert quote(world, "long") - before == gain
    return {"net_collateral": worth(world, "long")}


@differs(
    "funding-dydx4-22",
    "a payment is rounded down for each account, against it: ours is rounded once per lot, toward zero, so that it "
    "sums to zero, and in atoms that are finer than the source's unit, so that 8.5 units stay 8.5",
    {"quote_delta": "8.5"},
)
def settlement_of_half_a_unit(case: Case) -> Answers:
    """The source's quote unit is 10^-6 dollars, and the index moves one of them per 10^6 of the position's units."""
    world = venue(terms())
    world.mark(format_decimal(abs(int(case.inputs["index_now"])), 6))
    put_in(world, {"long": ("0", {BTC: format_decimal(int(case.inputs["position_quantums"]), 6)})})
    before = quote(world, "long")
    funded(world, -rate("1"))
    return {"quote_delta": (quote(world, "long") - before) * 10**6}


def computed(premium: str, index: str, clamp: str = "1", *, lot: str = "0.0001") -> tuple[World, Funded]:
    """Funding at the rate computed from one premium over an index, with a long and a short of one unit."""
    world = venue(terms(clamp=clamp, lot=lot))
    world.mark(index, premium=premium)
    return world, funded(world, None)


def given_rate(event: Funded) -> Fraction:
    """The rate of a funding, exactly."""
    return Fraction(event.rate_numerator, event.rate_denominator)


def premium_of(internal: str, external: str) -> str:
    """The premium of one price over another, as a mark takes it."""
    return format_decimal(price(internal) - price(external), 9)


@reproduces("fundrate-vega-02")
def clamped_rate(case: Case) -> Answers:
    """The premium of the inner over the outer price, clamped. Our clamp has one width, the lower bound's."""
    given = case.inputs
    assert given["scaling"] == "1"
    premium = premium_of(given["internal_twap"], given["external_twap"])
    world, event = computed(premium, given["external_twap"], given["rate_lower"].removeprefix("-"))
    return {"rate": given_rate(event), "payment_per_unit": per_unit(world, event)}


@differs(
    "fundrate-vega-01",
    "the difference of the prices is scaled by 2.5: our computed rate is the mean premium over the index and has no "
    "scaling factor, so that without a clamp it is a hundredth",
    {"rate": "-0.01", "payment_per_unit": "-1"},
)
def unscaled_rate(case: Case) -> Answers:
    """The same prices without a factor, and without a clamp."""
    given = case.inputs
    premium = premium_of(given["internal_twap"], given["external_twap"])
    world, event = computed(premium, given["external_twap"])
    return {"rate": given_rate(event), "payment_per_unit": per_unit(world, event)}


@reproduces("funding-vega-01", "funding-vega-03")
def payment_of_a_price_difference(case: Case) -> Answers:
    """The premium over the index as a rate is paid as the premium itself, per unit; a contract may be many units."""
    given = case.inputs
    units = given.get("contract_units", "1")
    world = venue(terms(lot=units))
    world.mark(given["external_twap"], premium=premium_of(given["internal_twap"], given["external_twap"]))
    held = {
        name: format_decimal(int(contracts) * parse_decimal(units, 9), 9)
        for name, contracts in given["positions"].items()
    }
    put_in(world, {name: ("0", {BTC: in_underlying}) for name, in_underlying in held.items()})
    assert "zz-others" not in world.state.accounts
    event = funded(world, None)
    return {
        "payment_per_unit": per_unit(world, event),
        "balance_delta": {name: quote(world, name) for name in held},
    }


@differs(
    "fundidx-dydx4-05",
    "samples that are missing count as a zero premium, and a rate of 8 hours is applied by the hour: ours is the mean "
    "of the samples there are, for the whole interval, so that 0.1% of 50,000 is 50 a unit",
    {"index_delta": "50"},
)
@differs(
    "fundidx-dydx4-08",
    "a default rate is added to the premium and the sum applied by the hour: ours has no default rate and is for the "
    "whole interval, so that 0.1% of 50,000 is 50 a unit",
    {"index_delta": "50"},
)
def interval_rate(case: Case) -> Answers:
    """A premium that is so many millionths of the price, sampled once."""
    world, event = computed(premium_in_millionths(case.inputs), case.inputs["price"])
    return {"index_delta": per_unit(world, event)}


def premium_in_millionths(given: Mapping[str, str]) -> str:
    """The premium in dollars of a premium in millionths of the price."""
    premium = parse_decimal(given.get("price", "50000"), 3) * int(given["premium_rate_ppm_8h"])
    return format_decimal(premium, 9)


@differs(
    "fundidx-dydx4-07",
    "the clamp is six times the difference of the margin rates, zero where they are equal: ours is a fixed 0.5% of the "
    "index, which 0.1% does not reach",
    {"clamped_rate_ppm": "1000"},
)
def rate_under_the_fixed_clamp(case: Case) -> Answers:
    """The premium of the case over an index of 50,000, under the shipped clamp."""
    _, event = computed(premium_in_millionths(case.inputs), "50000", clamp="0.005")
    return {"clamped_rate_ppm": given_rate(event) * 10**6}


@reproduces("funding-dydx3-02")
def frequency_of_settling(case: Case) -> Answers:
    """One account rolls at every tick, the other once at the end; what they have in all does not depend on it."""
    given = case.inputs
    world = venue(terms(), marks=given["price"])
    put_in(world, {name: (given[name]["margin"], {BTC: given[name]["position"]}) for name in ("long", "short")})
    for _ in range(int(given["ticks"])):
        funded(world, rate(given["rate"]))
        rolled(world, "long")
        world.later(EIGHT_HOURS)
    rolled(world, "short")
    return {"long_margin": quote(world, "long"), "short_margin": quote(world, "short")}


def rolled(world: World, account_id: str) -> None:
    """The account's pnl moves into its cash."""
    state = world.state
    postings, _ = roll(state, account_id, world.account(account_id))
    accounts = post(state.accounts, postings, settlement_asset="USDT")
    world.state = State(
        state.rulebook,
        accounts,
        state.markets,
        state.prices,
        state.providers,
        state.last_settle,
        state.time,
        state.sequence,
    )


@differs(
    "funding-dydx3-03",
    "payers round up and receivers down to whole units, which leaves one in the pool: ours has no such residue, since "
    "the amount per lot is rounded once and what one pays another receives, here to the tenth",
    {"margin": {"A": "0.2", "B": "14.2", "C": "15.6"}, "surplus": "0"},
)
def rounding_of_ticks(case: Case) -> Answers:
    """Each tick of the index as funding at that rate of an index of one; A rolls after each."""
    given = case.inputs
    world = venue(terms(), marks="1")
    put_in(world, {name: (held["margin"], {BTC: held["position"]}) for name, held in given["accounts"].items()})
    for tick in given["index_ticks"]:
        funded(world, rate(tick))
        rolled(world, "A")
        world.later(EIGHT_HOURS)
    margins = {name: quote(world, name) for name in given["accounts"]}
    deposited = sum(Fraction(held["margin"]) for held in given["accounts"].values())
    return {"margin": margins, "surplus": deposited - sum(margins.values())}


@reproduces("backstop-vega-05")
def backstop_pays_funding(case: Case) -> Answers:
    """A provider's position pays like any long."""
    given = case.inputs
    world = venue(terms(), marks="100")
    put_in(world, {"provider": (given["fund"], {BTC: given["backstop_position"]})})
    event = funded(world, rate("0.01"))
    assert per_unit(world, event) == Fraction(given["funding_payment_per_unit"])
    return {"fund_after": quote(world, "provider")}


def marked(case: Case) -> Answers:
    """The mark follows its sources at once, however far they moved."""
    world = venue(terms(), marks=case.inputs["last_price"])
    world.mark(case.inputs["new_price"])
    return {"settle_price": at_price(world.state.markets[BTC].mark)}


reproduces("markclamp-zeno-01")(marked)
differs(
    "markclamp-zeno-02",
    "a mark moves at most 5% from the last one: ours has no such limit, only the highest and the lowest of its sources "
    "are dropped, and it is what the others say",
    {"settle_price": "2"},
)(marked)
differs(
    "markclamp-zeno-03",
    "a mark moves at most 5% from the last one: ours has no such limit, only the highest and the lowest of its sources "
    "are dropped, and it is what the others say",
    {"settle_price": "0.5"},
)(marked)
