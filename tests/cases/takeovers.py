"""Liquidation on the book, bankruptcy prices, takeovers by providers, auto-deleveraging, and the limits on each."""

from collections.abc import Mapping
from fractions import Fraction

from ledger.capacity import remaining_capacity
from ledger.margin import break_even_price, mark_per_lot, notional
from ledger.outcomes import Applied, Deleveraged, PositionTransferred, ProviderTook, Reason, Rejected
from ledger.pricing import bankruptcy_price
from ledger.rulebook import FEES, INSURANCE
from ledger.rules.liquidate import round_limit
from ledger.rules.takeover import equity_parts
from ledger.state import Limits, Provider, Takeover, size_of
from ledger.transactions import BackstopTransfer, Fill, Liquidate
from ledger.units import format_decimal

from ..worlds import BTC, ETH, World, price
from .toolbox import (
    Answers,
    Case,
    amount,
    at_price,
    differs,
    dollars,
    enroll,
    events_of,
    explain,
    fund_balance,
    in_lots,
    in_units,
    put_in,
    quote,
    reproduces,
    size,
    take_over,
    terms,
    venue,
    worth,
)

# Liquidation on the book


@reproduces("liqsize-dydx4-02")
def round_size(case: Case) -> Answers:
    """A round's limit, in lots of the source's step."""
    given = case.inputs
    world = venue(
        terms(maintenance="0.1", lot=given["step"], fraction=int(1 / Fraction(given["max_portion"]))), marks="10"
    )
    put_in(world, {"holder": ("-1380", {BTC: given["position"]})})
    liquidation = world.rulebook.liquidation
    most = round_limit(
        starting_size=in_lots(world, given["position"]),
        fraction=liquidation.fraction,
        minimum_value=liquidation.minimum_value,
        per_lot=mark_per_lot(world.rulebook.contracts[BTC], world.state.markets[BTC]),
    )
    assert isinstance(world.ask(Liquidate(world.time, "holder", (closing(world, most, "10"),))), Applied)
    beyond = world.ask(Liquidate(world.time, "holder", (closing(world, most + 1, "10"),)))
    assert isinstance(beyond, Rejected)
    assert beyond.reason is Reason.FILL_BEYOND_ROUND
    return {"size": in_units(world, most)}


def closing(world: World, lots: int, at: str, counterparty: str = "zz-others") -> Fill:
    """A fill of so many lots of the market."""
    return Fill(BTC, counterparty, lots, price(at))


@reproduces("liq-dydx3-02")
def part_at_the_bankruptcy_price(case: Case) -> Answers:
    """Taking over a part of margin and position alike is a fill of that part at the bankruptcy price."""
    given = case.inputs
    world = venue(terms(maintenance="0.1"), marks="145")
    put_in(world, {name: (given[name]["margin"], {BTC: given[name]["position"]}) for name in ("long", "short")})
    assert "zz-others" not in world.state.accounts
    at = at_bankruptcy(world, "short")
    fill = Fill(BTC, "long", in_lots(world, given["amount"]), at)
    world.do(Liquidate(world.time, "short", (fill,)))
    return {
        "margin": {name: quote(world, name) for name in ("long", "short")},
        "position": {name: size(world, name) for name in ("long", "short")},
    }


def equities(world: World, account_id: str) -> dict[str, int]:
    """The account's equity by market, in atoms, as a takeover splits it."""
    held = world.account(account_id)
    markets = sorted(held.positions)
    return dict(zip(markets, equity_parts(world.state, held, markets), strict=True))


def at_bankruptcy(world: World, account_id: str, market: str = BTC) -> int:
    """The market's bankruptcy price in price units, from the atoms per lot of the ledger's."""
    contract = world.rulebook.contracts[market]
    per_lot = bankruptcy_price(
        size=size_of(world.account(account_id), market),
        mark_per_lot=mark_per_lot(contract, world.state.markets[market]),
        equity=equities(world, account_id)[market],
    )
    in_price_units = Fraction(per_lot, contract.multiplier)
    assert in_price_units.denominator == 1
    return in_price_units.numerator


@reproduces("liqfee-zeno-02")
def penalty_as_taker_fee(case: Case) -> Answers:
    """The account closes at the mark; what it is charged for that is the taker fee."""
    world = penalised(case)
    before = worth(world, "holder")
    world.do(Liquidate(world.time, "holder", (closing(world, abs(size_of(world.account("holder"), BTC)), "1"),)))
    return {"penalty_charged": before - worth(world, "holder")}


def penalised(case: Case) -> World:
    """An account to be liquidated, with the penalty as its taker fee."""
    given = case.inputs
    fee = format_decimal(int(given["penalty_bps"]), 4)
    world = venue(terms(maintenance="0.05", taker=fee), marks=given["price"])
    put_in(world, {"holder": (given["collateral"], {BTC: given["position"]})}, opened_at_mark=True)
    return world


@differs(
    "liqfee-zeno-01",
    "the penalty is cut to what the account has: our taker fee is not, a fill that would leave account value below "
    "zero is refused, and the account is taken over without a fee instead",
    {"penalty_charged": "0"},
)
def penalty_beyond_the_account(case: Case) -> Answers:
    """The fill is refused; the takeover charges no fee."""
    world = penalised(case)
    fill = closing(world, size_of(world.account("holder"), BTC), case.inputs["price"])
    refused = world.ask(Liquidate(world.time, "holder", (fill,)))
    assert isinstance(refused, Rejected)
    assert refused.reason is Reason.ACCOUNT_VALUE_NEGATIVE
    world.do(BackstopTransfer(world.time, "holder"))
    return {"penalty_charged": fund_balance(world, FEES)}


@reproduces("waterfall-dydx4-02")
def filled_in_part(case: Case) -> Answers:
    """One round fills what the book has. The liquidation fee is the taker fee, and the fees are the venue's."""
    world, outcome = on_the_book(case)
    assert isinstance(outcome, Applied)
    world.do(Liquidate(world.time, "carl", book_fills(world, case)))
    return {
        "carl": {"quote": quote(world, "carl"), "position": size(world, "carl")},
        "dave": {"quote": quote(world, "dave"), "position": size(world, "dave")},
        "insurance_fund": fund_balance(world, FEES) + fund_balance(world, INSURANCE),
    }


def book_fills(world: World, case: Case) -> tuple[Fill, ...]:
    """The resting orders of the first price, which is what the source's round fills."""
    first = case.inputs["book"][0]
    return (Fill(BTC, first["by"], in_lots(world, first["qty"]), price(first["price"])),)


def on_the_book(case: Case) -> tuple[World, object]:
    """Carl and Dave, and the answer to closing Carl on the book."""
    given = case.inputs
    world = venue(terms(maintenance="0.1", taker=given["max_liq_fee"]), marks=given["oracle"])
    put_in(world, {name: (given[name]["quote"], {BTC: given[name]["position"]}) for name in ("carl", "dave")})
    return world, world.ask(Liquidate(world.time, "carl", book_fills(world, case)))


@differs(
    "waterfall-dydx4-04",
    "a liquidation fill pays the fund what it is better than the bankruptcy price, up to a fee: our fill pays the "
    "taker fee in full, and as that would leave account value below zero it is refused and nothing moves",
    {"carl": {"quote": "50499", "position": "-1"}, "insurance_fund": "0"},
)
def refused_fill(case: Case) -> Answers:
    """The refusal leaves everything as it was."""
    world, outcome = on_the_book(case)
    assert isinstance(outcome, Rejected)
    assert outcome.reason is Reason.ACCOUNT_VALUE_NEGATIVE
    return {
        "carl": {"quote": quote(world, "carl"), "position": size(world, "carl")},
        "insurance_fund": fund_balance(world, FEES) + fund_balance(world, INSURANCE),
    }


def closed_on_the_book(side: str, bankruptcy: str, fill_price: str, units: str = "1") -> World:
    """An account whose bankruptcy price is given closes whole at the fill price, which is the mark."""
    signed, owed = (units, f"-{bankruptcy}") if side == "long" else (f"-{units}", bankruptcy)
    world = venue(terms(maintenance="0.5"), marks=fill_price)
    put_in(world, {"holder": (owed, {BTC: signed})})
    world.do(Liquidate(world.time, "holder", (closing(world, in_lots(world, units), fill_price),)))
    return world


KEPT = (
    "the fund takes what a fill is better than the bankruptcy price: with us the account keeps it, and the fund gets "
    "nothing from a fill on the book"
)


@differs("ifdelta-dydx4-04", KEPT, {"insurance_delta": "0"})
@differs("ifdelta-dydx4-07", KEPT, {"insurance_delta": "0"})
@differs("ifdelta-dydx4-08", KEPT, {"insurance_delta": "0"})
def fill_better_than_bankruptcy(case: Case) -> Answers:
    """The difference stays in the account, which is released."""
    given = case.inputs
    world = closed_on_the_book(given["side"], given["bankruptcy_quote"], given["fill_price"], given["size"])
    assert worth(world, "holder") > 0
    assert world.account("holder").status == "ACTIVE"
    return {"insurance_delta": fund_balance(world, INSURANCE)}


@differs("if-docs-01", KEPT, {"fund_change_per_unit": "0"})
@differs("if-docs-05", KEPT, {"fund_change_per_unit": "0"})
def documented_fill(case: Case) -> Answers:
    """The same of one unit."""
    given = case.inputs
    world = closed_on_the_book(given["side"], given["bankruptcy_price"], given["fill_price"])
    assert worth(world, "holder") == Fraction(given["fill_price"]) - Fraction(given["bankruptcy_price"])
    return {"fund_change_per_unit": fund_balance(world, INSURANCE)}


# Bankruptcy prices


@reproduces("bankr-dydx4-05", "bankr-dydx4-07", "bankr-dydx4-09", "bankr-dydx4-10")
def bankruptcy(case: Case) -> Answers:
    """Equity is split over the markets by maintenance margin, and each position hands over its part."""
    given = case.inputs
    markets = {"BTC": BTC, "ETH": ETH}
    world = venue(
        terms(maintenance=given["maintenance_rate"], markets=(BTC, ETH)),
        marks={markets[coin]: mark for coin, mark in given["oracle"].items()},
    )
    held = {markets[coin]: units for coin, units in given["positions"].items()}
    put_in(world, {"holder": (given["quote"], held)})
    market = markets[given["close_market"]]
    at = at_bankruptcy(world, "holder", market)
    closed = in_lots(world, given["close_delta"], market)
    paid = notional(world.rulebook.contracts[market], -closed, at)
    return {"quote_delta": dollars(paid), "implied_price": at_price(at)}


# Takeovers


def two_sides(mark: str, accounts: Mapping[str, Mapping[str, str]], **own: str) -> World:
    """Accounts of a quote and a position each, at a maintenance rate of a tenth."""
    world = venue(terms(maintenance="0.1", **own), marks=mark)  # type: ignore[arg-type]
    put_in(world, {name: (held["quote"], {BTC: held["position"]}) for name, held in accounts.items()})
    return world


@reproduces("liq-dydx3-03", "liq-dydx3-04", "liq-dydx3-05")
def whole_position_taken_over(case: Case) -> Answers:
    """The other side is deleveraged at the bankruptcy price, at a mark where the account is still solvent."""
    given = case.inputs
    names = [name for name in ("long", "short", "third") if name in given]
    mark = "52" if given["liquidated"] == "long" else "145"
    world = venue(terms(maintenance="0.1"), marks=mark)
    put_in(world, {name: (given[name]["margin"], {BTC: given[name]["position"]}) for name in names})
    assert "zz-others" not in world.state.accounts
    take_over(world, given["liquidated"])
    assert fund_balance(world, INSURANCE) == 0
    return {
        "margin": {name: quote(world, name) for name in names},
        "position": {name: size(world, name) for name in names},
    }


@reproduces("liq-dydx3-06")
def taker_flips(case: Case) -> Answers:
    """A provider may end with the opposite sign: it takes all over at the bankruptcy price."""
    given = case.inputs
    world = venue(terms(maintenance="0.1"), marks="145")
    put_in(world, {name: (given[name]["margin"], {BTC: given[name]["position"]}) for name in ("long", "short")})
    enroll(world, "long")
    take_over(world, given["liquidated"])
    assert fund_balance(world, INSURANCE) == 0
    return {
        "margin": {name: quote(world, name) for name in ("long", "short")},
        "position": {name: size(world, name) for name in ("long", "short")},
    }


@reproduces("liq-drift-02")
def transfer_at_a_discount(case: Case) -> Answers:
    """A provider takes the short over one percent above the mark; the fund bears what the account owes after that."""
    given = case.inputs
    world = venue(terms(maintenance="0.1", discount=given["liquidator_discount"]), marks=given["oracle"])
    world.deposit(INSURANCE, "1000")
    put_in(world, {"user": (given["user"]["quote_entry"], {BTC: given["user"]["base"]}), "liquidator": ("0", {})})
    enroll(world, "liquidator")
    applied = take_over(world, "user")
    (leg,) = events_of(applied, PositionTransferred)
    return {
        "transfer_price": at_price(leg.provider_price),
        "user_quote_after": fund_balance(world, INSURANCE) - 1000,
        "liquidator": {"base": size(world, "liquidator"), "quote": quote(world, "liquidator")},
    }


@reproduces("ifdelta-dydx4-09", "ifdelta-dydx4-10", "ifdelta-dydx4-12")
def taken_over_at_or_beyond_bankruptcy(case: Case) -> Answers:
    """A provider takes over at the price, at a mark which makes that its price: the fund's change."""
    given = case.inputs
    mark = {"51000": "52000", "49000": "48000", "49490": "49000"}[given["fill_price"]]
    signed, owed = (
        (given["size"], f"-{given['bankruptcy_quote']}")
        if given["side"] == "long"
        else (f"-{given['size']}", given["bankruptcy_quote"])
    )
    world = venue(terms(maintenance="0.1"), marks=mark)
    put_in(world, {"holder": (owed, {BTC: signed}), "provider": ("1000000", {})})
    world.deposit(INSURANCE, "1000")
    enroll(world, "provider")
    (leg,) = events_of(take_over(world, "holder"), PositionTransferred)
    assert at_price(leg.provider_price) == Fraction(given["fill_price"])
    return {"insurance_delta": fund_balance(world, INSURANCE) - 1000}


@differs(
    "blp-ftx-02",
    "the provider's price is two thirds of the way from mark to the zero price and the fund gains the rest: ours is "
    "the worse of the zero price and 1% off mark for the account, here the zero price, and the fund gains nothing",
    {"provider_price": "10300", "provider_gain_at_mark": "300", "fund_gain": "0"},
)
def provider_price_of_a_short(case: Case) -> Answers:
    """A short whose equity is 3% of its notional."""
    given = case.inputs
    world = venue(terms(maintenance="0.1"), marks=given["mark"])
    equity = Fraction(given["mark"]) * Fraction(given["margin_fraction"])
    assert equity == 300
    put_in(world, {"holder": ("300", {BTC: f"-{given['size']}"}), "provider": ("1000000", {})}, opened_at_mark=True)
    enroll(world, "provider")
    (leg,) = events_of(take_over(world, "holder"), PositionTransferred)
    assert at_price(leg.bankruptcy) == Fraction(case.expected["zero_price"])
    return {
        "provider_price": at_price(leg.provider_price),
        "provider_gain_at_mark": worth(world, "provider") - 1000000,
        "fund_gain": fund_balance(world, INSURANCE),
    }


@reproduces("blp-ftx-04")
def allocation(case: Case) -> Answers:
    """By remaining capacity; what is beyond it falls to the opposite side."""
    given = case.inputs
    world = venue(terms(maintenance="0.1"), marks="1")
    put_in(world, {"holder": ("0", {BTC: given["order_notional"]})}, opened_at_mark=True)
    for name in given["remaining_capacity"]:
        world.deposit(name, "1000000")
    for name, capacity in given["remaining_capacity"].items():
        enroll(world, name, capacity)
    applied = take_over(world, "holder")
    took = {event.provider: in_units(world, event.size) for event in events_of(applied, ProviderTook)}
    return {
        "allocated": took,
        "overflow_to_adl": sum(in_units(world, event.size) for event in events_of(applied, Deleveraged)),
    }


@reproduces("blocklimit-dydx4-01")
def remaining(case: Case) -> Answers:
    """A window's limit less what was taken over in it."""
    given = case.inputs
    world = venue()
    limits = Limits(amount(given["max_notional_per_block"]), amount("1000000"), amount("1000000"))
    record = Provider(limits, None, (Takeover(world.time, amount(given["already_used"])),))
    return {"remaining": dollars(remaining_capacity(world.rulebook.program, record, limits, world.time))}


@reproduces("backstop-vega-01")
def backstop_takes_everything(case: Case) -> Answers:
    """A provider takes the position over with all that the account has; the fund keeps below one atom per lot."""
    given = case.inputs["distressed"]
    world = venue(terms(maintenance="0.1"), marks=given["entry"])
    put_in(world, {"holder": (given["balance"], {BTC: given["position"]})}, opened_at_mark=True)
    put_in_provider(world)
    world.mark("39")
    take_over(world, "holder")
    at_entry = notional(world.rulebook.contracts[BTC], in_lots(world, given["position"]), price(given["entry"]))
    residue = fund_balance(world, INSURANCE)
    assert 0 <= residue * 10**13 < in_lots(world, given["position"])
    received = quote(world, "provider") - 1000000 + dollars(at_entry)
    return {"backstop": {"position": size(world, "provider"), "received": received + residue}}


def put_in_provider(world: World) -> None:
    """A provider of capacity beyond any case, with a million."""
    world.deposit("provider", "1000000")
    enroll(world, "provider")


@reproduces("backstop-vega-03")
def backstop_entry(case: Case) -> Answers:
    """Two takeovers at their bankruptcy prices, each two above in mark; then the marks of the case."""
    given = case.inputs
    world = venue(terms(maintenance="0.1"), marks="102")
    holders = {f"holder-{number}": (f"-{at}", {BTC: units}) for number, (units, at) in enumerate(given["takeovers"])}
    put_in(world, {**holders, "provider": (given["fund"], {})})
    enroll(world, "provider")
    take_over(world, "holder-0")
    world.mark("92")
    take_over(world, "holder-1")
    position = world.account("provider").positions[BTC]
    entry = break_even_price(world.rulebook.contracts[BTC], size=position.size, reference_cost=position.reference_cost)
    assert entry is not None
    values = {}
    for mark in given["marks"]:
        world.mark(mark)
        values[mark] = worth(world, "provider")
    return {
        "avg_entry": at_price(entry),
        "unrealised_at": {mark: value - Fraction(given["fund"]) for mark, value in values.items()},
        "fund_after": values,
    }


# Auto-deleveraging


def deleveraged(case: Case, oracle: str = "50000") -> World:
    """The liquidated account is taken over without providers: the offsetting one is its only opposite."""
    given = case.inputs
    world = two_sides(oracle, {name: given[name] for name in ("liquidated", "offsetting")})
    assert "zz-others" not in world.state.accounts
    world.deposit(INSURANCE, "10000")
    (event,) = events_of(take_over(world, "liquidated"), Deleveraged)
    assert event.account == "offsetting"
    return world


@reproduces("adl-dydx4-01", "adl-dydx4-02", "adl-dydx4-03", "adl-dydx4-04", "adl-dydx4-05", "adl-dydx4-06")
def offsetting(case: Case) -> Answers:
    """Both close at the liquidated account's bankruptcy price, which is at mark or better for the other."""
    world = deleveraged(case)
    assert fund_balance(world, INSURANCE) == 10000
    return {
        "allowed": size(world, "offsetting") == 0,
        "offsetting_quote_after": quote(world, "offsetting"),
        "liquidated_quote_after": quote(world, "liquidated"),
    }


@differs(
    "adl-dydx4-08",
    "a candidate that would end below zero is skipped: ours are chosen by size alone, and as the price is mark or "
    "better none is made bankrupt by it; this one was so before, and closes as it stands",
    {"allowed": True},
)
def offsetting_bankrupt(case: Case) -> Answers:
    """The candidate's value is minus one before and after."""
    world = deleveraged(case)
    assert quote(world, "offsetting") == -1
    return {"allowed": size(world, "offsetting") == 0}


@differs(
    "adl-dydx4-18",
    "a bankrupt long is sold to its counterparty above the oracle price: our auto-deleveraging price is mark or "
    "better, so that the counterparty pays 50,000 and the fund the rest",
    {"offsetting_quote": "50000"},
)
def bankrupt_long(case: Case) -> Answers:
    """At the source's oracle price, 50,000."""
    world = deleveraged(case)
    assert fund_balance(world, INSURANCE) == 10000 - 4999
    return {"offsetting_quote": quote(world, "offsetting")}


@differs(
    "adl-dydx4-20",
    "candidates are tried one after the other, and the first is skipped because it would end below zero: ours are "
    "reduced pro rata to size, here both by half",
    {"used": ["0.5", "0.5"]},
)
def two_candidates(case: Case) -> Answers:
    """Two longs of one unit each against one short of one unit."""
    given = case.inputs
    candidates = {f"candidate-{number}": held for number, held in enumerate(given["candidates"])}
    world = two_sides("50000", {"liquidated": given["liquidated"], **candidates})
    world.deposit(INSURANCE, "10000")
    events = events_of(take_over(world, "liquidated"), Deleveraged)
    return {"used": [in_units(world, event.size) for event in events]}


@reproduces("scenario-ddx-05")
def deleveraged_at_bankruptcy(case: Case) -> Answers:
    """Trades, a mark, and no asks: the account is taken over at its bankruptcy price. The fund has earned the fees."""
    world = traded(case)
    at = at_price(at_bankruptcy(world, "alice"))
    applied = take_over(world, "alice")
    return {
        "bankruptcy_price": {"alice": {"S": at}},
        "adl": [
            [event.account, "S", in_units(world, event.size), at_price(event.price_per_lot)]
            for event in events_of(applied, Deleveraged)
        ],
        "collateral": {name: worth(world, name) for name in ("alice", "bob")},
        "insurance_fund": venue_funds(world),
        "total": worth(world, "alice") + worth(world, "bob") + venue_funds(world),
    }


def venue_funds(world: World) -> Fraction:
    """What the venue holds against losses before anybody else pays: insurance, and then fees."""
    return fund_balance(world, INSURANCE) + fund_balance(world, FEES)


def traded(case: Case, market_of: Mapping[str, str] | None = None) -> World:
    """Deposits and trades at their prices, then the marks."""
    given = case.inputs
    markets = market_of or {"S": BTC}
    world = venue(
        terms(maintenance=given["maintenance_fraction"], taker=given["taker_fee_to_fund"], markets=markets.values())
    )
    for account_id, deposit in given["deposits"].items():
        world.deposit(account_id, deposit)
    for buyer, seller, symbol, units, at, taker in given["trades_buyer_seller_symbol_qty_price_taker"]:
        world.mark(at, markets[symbol])
        world.trade(buyer, seller, units, at, market=markets[symbol], buyer_is_taker=taker == buyer)
    for symbol, mark in given["mark"].items():
        world.mark(mark, markets[symbol])
    return world


@differs(
    "scenario-ddx-02",
    "the fund takes what the fill is better than the bankruptcy price: with us the account keeps it, less its taker "
    "fee, and is released, and the fund holds the fees alone",
    {"collateral": {"alice": "471", "bob": "14480"}, "insurance_fund": "49"},
)
def closed_by_resting_asks(case: Case) -> Answers:
    """The resting asks are the fills of one round."""
    world = traded(case)
    asks = tuple(
        Fill(BTC, owner, in_lots(world, units), price(at))
        for owner, _, units, at in case.inputs["resting_asks_owner_symbol_qty_price"]
    )
    world.do(Liquidate(world.time, "alice", asks))
    return {
        "collateral": {name: worth(world, name) for name in ("alice", "bob")},
        "insurance_fund": venue_funds(world),
    }


@differs(
    "scenario-ddx-09",
    "the first position closed carries all remaining equity: ours is split over the markets by maintenance margin, so "
    "that both are handed over at 299.8001998 and the account still ends with nothing",
    {"collateral": {"alice": "0", "bob": "19959.97999998"}, "insurance_fund": "40.02000002"},
)
def two_symbols(case: Case) -> Answers:
    """Both positions in one takeover."""
    world = traded(case, {"S1": BTC, "S2": ETH})
    legs = events_of(take_over(world, "alice"), PositionTransferred)
    assert {at_price(leg.bankruptcy) for leg in legs} == {Fraction("299.8001998")}
    return {
        "collateral": {name: worth(world, name) for name in ("alice", "bob")},
        "insurance_fund": venue_funds(world),
    }


explain(
    {
        "liqsize-drift-04": "the size follows from the margin shortage: our rounds close a tenth of the starting "
        "size, or what 1,000 USDT buy if that is more, whatever the shortage",
        "liq-drift-04": "closes as much as restores a margin ratio with a buffer, at fees for the liquidator and the "
        "fund: our rounds close a tenth of the starting size on the book, or a takeover hands all of "
        "it on",
        "iffee-drift-01": "a fee for the fund that depends on the shortage: we charge no liquidation fee, the fund "
        "gets what is left of an account that is taken over",
        "iffee-drift-04": "a fee for the fund that depends on the shortage: we charge no liquidation fee, the fund "
        "gets what is left of an account that is taken over",
        "fillable-dydx4-02": "a formula sets the price of the liquidation order: with us a fill may have any price "
        "within the band that leaves account value at zero or more",
        "fillable-dydx4-08": "a formula sets the price of the liquidation order: with us a fill may have any price "
        "within the band that leaves account value at zero or more",
        "adl-dydx4-19": "an account without any opposite position: with us sizes sum to zero in every market, so that "
        "the candidates for auto-deleveraging always suffice",
        "adl-snperp-01": "deleverages a part so that the ratio of value to risk is kept: our takeover hands the whole "
        "account on in one step, and it ends with exactly nothing",
        "adl-snperp-03": "deleverages a part so that the ratio of value to risk is kept: our takeover hands the whole "
        "account on in one step, and it ends with exactly nothing",
        "adl-snperp-04": "deleverages a part so that the ratio of value to risk is kept: our takeover hands the whole "
        "account on in one step, and it ends with exactly nothing",
        "adlrank-bitmex-01": "ranks by profit and leverage: our candidates for auto-deleveraging are ranked by size "
        "alone, ties by id",
        "backstop-vega-02": "the venue itself disposes of what its backstop took over, in steps: ours is taken over by "
        "providers, who keep it and trade as they please",
    }
)
