"""Positions: sizes, average entries, realised and unrealised pnl, equity, the price at which an account breaks even.

The ledger keeps a reference cost where most sources keep an average entry and a realised pnl. Both say the same of an
account's value at every price; given the average entry, the ledger answers the realised pnl, and the other way round.
"""

from fractions import Fraction

from ledger.margin import break_even_price, notional, unrealised_pnl
from ledger.outcomes import Rejected
from ledger.transactions import Withdraw
from ledger.units import div_toward_zero, format_decimal, parse_decimal

from ..worlds import BTC, World
from .toolbox import Answers, Case, at_price, differs, dollars, put_in, quote, reproduces, size, terms, venue, worth

DEPOSIT = "100000000"


def filled(fills: list[tuple[str, str]], fee_rate: str = "0") -> World:
    """`trader` makes the fills (signed size, price) against `mirror`, as taker; the mark follows each price."""
    world = venue(terms(taker=fee_rate))
    for account_id in ("trader", "mirror"):
        world.deposit(account_id, DEPOSIT)
    for signed, at in fills:
        world.mark(at)
        if signed.startswith("-"):
            world.trade("mirror", "trader", signed[1:], at, buyer_is_taker=False)
        else:
            world.trade("trader", "mirror", signed, at)
    return world


def break_even(world: World) -> int | None:
    """The mark, in price units, at which the trader's position is worth its reference cost."""
    position = world.account("trader").positions.get(BTC)
    if position is None:
        return None
    contract = world.rulebook.contracts[BTC]
    return break_even_price(contract, size=position.size, reference_cost=position.reference_cost)


def entry_price(fills: list[tuple[str, str]]) -> int | None:
    """The average entry: where the position broke even when it last grew, before fees. Reductions leave it as it is."""
    entry, held = None, Fraction(0)
    for number in range(1, len(fills) + 1):
        world = filled(fills[:number])
        now = size(world, "trader")
        if abs(now) > abs(held) or now * held < 0:
            entry = break_even(world)
        held = now
    return entry if held != 0 else None


@reproduces(
    "pos-mango-01",
    "pos-mango-03",
    "pos-mango-06",
    "pos-mango-09",
    "pos-mango-12",
    "pos-vega-03",
    "pos-vega-04",
    "pos-nautilus-03",
    "pos-nautilus-06",
    "pos-nautilus-07",
    "pos-nautilus-09",
    "pos-futx-01",
)
def position_accounting(case: Case) -> Answers:
    """Fills on the ledger. Without fees the counterparty is the exact mirror."""
    fills = [(signed, at) for signed, at in case.inputs["fills"]]
    world = filled(fills, case.inputs.get("fee_rate", "0"))
    if "fee_rate" not in case.inputs:
        assert worth(world, "mirror") + worth(world, "trader") == 2 * Fraction(DEPOSIT)
        assert size(world, "mirror") == -size(world, "trader")
    entry, even = entry_price(fills), break_even(world)
    answers: Answers = {
        "position": size(world, "trader"),
        "avg_entry": None if entry is None else at_price(entry),
        "break_even": None if even is None else at_price(even),
    }
    at_last = worth(world, "trader")
    if entry is not None:
        world.mark(format_decimal(entry, 9))
    # At its average entry the position itself is worth nothing: all that was gained is realised.
    answers["realised_pnl"] = worth(world, "trader") - Fraction(DEPOSIT)
    answers["unrealised_at_last"] = at_last - worth(world, "trader")
    return answers


@reproduces("pos-drift-01", "pos-drift-04", "pos-drift-06", "pos-drift-07", "pos-drift-11", "pos-drift-12")
def position_with_quote_entry(case: Case) -> Answers:
    """A position at a quote entry, then one fill of a quote amount: its entry left over, and what was realised."""
    given = case.inputs
    opened = (given["base"], each(given["quote_entry"], given["base"]))
    fills = [opened, (given["delta_base"], each(given["delta_quote"], given["delta_base"]))]
    world, entry = filled(fills), entry_price(fills)
    contract, held = world.rulebook.contracts[BTC], world.account("trader").positions.get(BTC)
    cost = 0 if held is None or entry is None else -notional(contract, held.size, entry)
    if entry is not None:
        world.mark(format_decimal(entry, 9))
    return {
        "base": size(world, "trader"),
        "quote_entry": dollars(cost),
        "realised_pnl": worth(world, "trader") - Fraction(DEPOSIT),
    }


def each(quote_amount: str, base: str) -> str:
    """The price of a quote amount for a base amount of the other sign, cut at the 9 decimals of a price."""
    ratio = -Fraction(quote_amount) / Fraction(base)
    return format_decimal(div_toward_zero(ratio.numerator * 10**9, ratio.denominator), 9)


def opened_at(position: str, entry: str, mark: str, *, leverage_deposit: str = DEPOSIT) -> World:
    """`trader` holds a position, opened at `entry` by a trade, and the mark has moved on."""
    world = venue(terms(), marks=entry)
    world.deposit("trader", leverage_deposit)
    world.deposit("mirror", DEPOSIT)
    if position.startswith("-"):
        world.trade("mirror", "trader", position[1:], entry)
    else:
        world.trade("trader", "mirror", position, entry)
    world.mark(mark)
    return world


@reproduces("upnl-nautilus-01", "upnl-nautilus-03", "upnl-nautilus-06", "upnl-zeno-04", "upnl-zeno-06")
def unrealised(case: Case) -> Answers:
    """pnl = size * mark + reference cost."""
    world = opened_at(case.inputs["position"], case.inputs["entry"], case.inputs["mark"])
    return {"pnl": dollars(unrealised_pnl(world.state, world.account("trader")))}


@differs(
    "upnl-nautilus-07",
    "an inverse contract, settled in the coin: ours are linear, notional = lots * price * multiplier in USDT, so that "
    "100,000 short from 10,000 to 11,000 lose 100,000,000 USDT",
    {"pnl": "-100000000"},
)
def inverse(case: Case) -> Answers:
    """The same numbers as a linear contract."""
    world = venue(terms(), marks=case.inputs["entry"])
    for account_id in ("trader", "mirror"):
        world.deposit(account_id, "1000000000000")
    world.trade("mirror", "trader", case.inputs["position"][1:], case.inputs["entry"])
    world.mark(case.inputs["mark"])
    return {"pnl": dollars(unrealised_pnl(world.state, world.account("trader")))}


@reproduces("mtm-vega-02", "mtm-vega-03")
def mark_to_market(case: Case) -> Answers:
    """Both sides of one trade."""
    world = opened_at(case.inputs["position"], case.inputs["entry"], case.inputs["mark"])
    return {
        side: dollars(unrealised_pnl(world.state, world.account(account_id)))
        for side, account_id in (("long", "trader"), ("short", "mirror"))
    }


@reproduces("equity-ascendex-01")
def equity(case: Case) -> Answers:
    """The leverage example: a deposit, a trade at entry, a mark."""
    given = case.inputs
    world = opened_at(given["position"], given["entry"], given["mark"], leverage_deposit=given["collateral"])
    return {"equity": worth(world, "trader")}


@reproduces("equity-ftx-04")
def equity_after_a_fall(case: Case) -> Answers:
    """A notional of 1 a unit at entry, and the fall as a mark below it."""
    given = case.inputs
    fallen = parse_decimal("1", 9) - parse_decimal(given["price_drop"], 9)
    world = opened_at(
        given["position_notional_at_entry"], "1", format_decimal(fallen, 9), leverage_deposit=given["collateral"]
    )
    return {"equity": worth(world, "trader")}


@reproduces("scenario-percli-01")
def basic_trade(case: Case) -> Answers:
    """Two deposits, one trade, one mark."""
    given, trade = case.inputs, case.inputs["trade"]
    world = venue(terms(maker=given["fees"], taker=given["fees"]), marks=trade["price"])
    for account_id, deposit in given["deposits"].items():
        world.deposit(account_id, deposit)
    world.trade(trade["long"], trade["short"], trade["size"], trade["price"])
    world.mark(given["mark"])
    values = {account_id: worth(world, account_id) for account_id in given["deposits"]}
    return {"equity": values, "sum": sum(values.values())}


@reproduces("settle-dydx3-01", "settle-dydx3-04", "settle-dydx3-09")
def final_settlement(case: Case) -> Answers:
    """The account closes at the mark and withdraws all it can: exactly its value, and not one booking unit more."""
    given = case.inputs
    world = venue(terms(), marks=given["price"])
    put_in(world, {"trader": (given["margin"], {BTC: given["position"]})})
    exactly = worth(world, "trader")
    closing = given["position"].removeprefix("-")
    if given["side"] == "long":
        world.trade("zz-others", "trader", closing, given["price"])
    else:
        world.trade("trader", "zz-others", closing, given["price"])
    before = quote(world, "trader")
    everything = world.account("trader").cash["USDT"]
    one_more = everything + world.rulebook.assets["USDT"].booking_unit
    assert isinstance(world.ask(Withdraw(world.time, "trader", "USDT", one_more)), Rejected)
    world.do(Withdraw(world.time, "trader", "USDT", everything))
    return {"account_value": exactly, "paid_out": before - quote(world, "trader")}


@differs(
    "settle-dydx3-20",
    "values are paid out rounded down to whole quote units, which leaves a unit in the pool: ours are exact in atoms, "
    "half a unit stays half a unit, and the parts are the whole pool",
    {"paid": {"A": "0.5", "B": "0.5", "C": "2"}, "pool": "3"},
)
def rounded_settlement(case: Case) -> Answers:
    """Account values as they are, and custody."""
    world = venue(terms(), marks=case.inputs["price"])
    accounts = case.inputs["accounts"]
    put_in(world, {name: (held["margin"], {BTC: held["position"]}) for name, held in accounts.items()})
    return {"paid": {name: worth(world, name) for name in accounts}, "pool": -quote(world, "@external")}
