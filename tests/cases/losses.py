"""Losses beyond an account: the insurance fund, who shares what it lacks, and in which order."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import floor

from ledger.outcomes import Event, FeesUsed, LossShared, TakenOver
from ledger.postings import CashPosting, post
from ledger.rulebook import INSURANCE
from ledger.rules.effects import Movement
from ledger.rules.loss_waterfall import cover_shortfall
from ledger.state import size_of
from ledger.transactions import BackstopTransfer

from ..worlds import BTC, World
from .toolbox import (
    Answers,
    Case,
    amount,
    differs,
    dollars,
    events_of,
    explain,
    fund_balance,
    in_units,
    put_in,
    quote,
    reproduces,
    take_over,
    terms,
    venue,
    worth,
)


def in_default(debt: str, fund: str, **others: str) -> World:
    """An account without positions that owes `debt` dollars, an insurance fund, and others with so much each."""
    world = venue(marks="1")
    if Fraction(fund):
        world.deposit(INSURANCE, fund)
    put_in(world, {"debtor": (f"-{debt}", {}), **{name: (held, {}) for name, held in others.items()}})
    return world


def covering(fund: str, delta: str) -> Movement:
    """The waterfall after the fund's balance changed by `delta`, which may leave it below zero."""
    world = venue(marks="1")
    put_in(world, {"winner": ("100000", {})})
    changes = [
        CashPosting("@external", "USDT", -amount(fund) - amount(delta)),
        CashPosting(INSURANCE, "USDT", amount(fund)),
        CashPosting(INSURANCE, "USDT", amount(delta)),
    ]
    return cover_shortfall(world.state, post(world.state.accounts, changes, settlement_asset="USDT"))


@reproduces("ifvalid-dydx4-02", "ifvalid-dydx4-06", "ifvalid-dydx4-08")
def fund_covers(case: Case) -> Answers:
    """The fund covers what it is charged while nobody after it has to pay."""
    covered = covering(case.inputs["fund"], case.inputs["delta"])
    assert covered.accounts[INSURANCE].cash.get("USDT", 0) >= 0
    return {"fund_covers": not any(isinstance(event, FeesUsed | LossShared) for event in covered.events)}


@reproduces("if-curie-01")
def repaid(case: Case) -> Answers:
    """Bad debt beyond the fund empties it."""
    given = case.inputs
    world = in_default(given["bad_debt"], given["fund"], winner="1000")
    before = fund_balance(world, INSURANCE)
    take_over(world, "debtor")
    return {"repaid": before - fund_balance(world, INSURANCE), "fund_after": fund_balance(world, INSURANCE)}


@reproduces("social-vega-08")
def socialised(case: Case) -> Answers:
    """What the fund does not have is shared."""
    given = case.inputs
    world = in_default(given["shortage"], given["insurance_fund"], winner="1000", other="2000")
    before = fund_balance(world, INSURANCE)
    applied = take_over(world, "debtor")
    shared = sum(dollars(event.amount) for event in events_of(applied, LossShared))
    return {"insurance_used": before - fund_balance(world, INSURANCE), "socialised": shared}


@reproduces("social-vega-04", "social-vega-05")
def loss_socialisation(case: Case) -> Answers:
    """Trades at 100, a mark at 180, and everybody in default taken over; winners are charged pro rata to their gains.

    The source pays winners in whole units; ours is what they keep of their gains, cut to whole units.
    """
    given = case.inputs
    world = venue(terms(), marks="100")
    world.deposit(INSURANCE, given["insurance_fund"])
    for account_id, deposit in given["deposits"].items():
        world.deposit(account_id, deposit)
    open_at(world, {name: int(size) for name, size in given["positions_opened_at_100"].items()}, "100")
    deposited = {name: worth(world, name) for name in given["deposits"]}
    world.mark(given["mark"])
    gains = {name: worth(world, name) - deposited[name] for name in deposited}
    defaulted = [name for name in given["deposits"] if worth(world, name) < 0]
    fund_before, lost, kept = fund_balance(world, INSURANCE), Fraction(0), dict(gains)
    for account_id in defaulted:
        applied = take_over(world, account_id)
        (taken,) = events_of(applied, TakenOver)
        lost -= dollars(taken.equity)
        for event in events_of(applied, LossShared):
            assert event.stage == 1
            kept[event.account] -= dollars(event.amount)
    for name in gains:
        assert worth(world, name) == (0 if name in defaulted else deposited[name] + kept[name])
    winners = [name for name, gain in gains.items() if gain > 0]
    collected = sum(kept[name] for name in winners)
    paid = {name: Fraction(floor(kept[name])) for name in winners}
    return {
        "defaulted": defaulted,
        "shortfall": lost,
        "insurance_used": fund_before - fund_balance(world, INSURANCE),
        "insurance_after": fund_balance(world, INSURANCE),
        "collected": collected,
        "claimed": sum(gains[name] for name in winners),
        "paid_floor": paid,
        "remainder": collected - sum(paid.values()),
    }


def open_at(world: World, sizes: Mapping[str, int], price: str) -> None:
    """Trades that bring every account to its size in whole units, longs matched with shorts in the order given."""
    shorts = [(name, -size) for name, size in sizes.items() if size < 0]
    for buyer, size in sizes.items():
        while size > 0:
            seller, left = shorts.pop(0)
            filled = min(size, left)
            world.trade(buyer, seller, str(filled), price)
            size -= filled
            if left > filled:
                shorts.insert(0, (seller, left - filled))
    assert not shorts
    assert all(in_units(world, size_of(world.account(name), BTC)) == size for name, size in sizes.items())


def crisis(given: Mapping[str, str], *, principal: str, shortfall: str) -> World:
    """A winner with principal in cash and unvested profit as unrealised pnl; a debtor owes what is missing.

    The loser whose loss the profit is has paid for it and holds nothing besides.
    """
    world = venue(marks="1")
    profit = given.get("unvested_profit", "0")
    positions = {"winner": (principal, {BTC: profit}), "loser": (profit, {BTC: f"-{profit}"})}
    put_in(world, {**(positions if Fraction(profit) else {"winner": (principal, {})}), "debtor": (f"-{shortfall}", {})})
    if Fraction(given.get("insurance", "0")):
        world.deposit(INSURANCE, given["insurance"])
    return world


def charges(events: Iterable[Event]) -> dict[int, Fraction]:
    """What each stage of the waterfall charged: 1 to unrealised gains, 2 to account value."""
    charged = {1: Fraction(0), 2: Fraction(0)}
    for event in events:
        if isinstance(event, LossShared):
            charged[event.stage] += dollars(event.amount)
    return charged


@reproduces("waterfall-percolator-01")
def profit_first(case: Case) -> Answers:
    """Without an insurance fund, unrealised gains are charged before anything else."""
    given = case.inputs
    world = crisis(given, principal=given["principal"], shortfall=case.expected["deficit"])
    missing = liabilities(world) - assets(world)
    before = fund_balance(world, INSURANCE)
    charged = charges(world.do(BackstopTransfer(world.time, "debtor")).events)
    return {
        "deficit": missing,
        "unvested_burned": charged[1],
        "insurance_used": before - fund_balance(world, INSURANCE),
        "principal_haircut": charged[2],
    }


def liabilities(world: World) -> Fraction:
    """What the ledger owes to those who have something to claim."""
    return sum(
        (max(Fraction(0), worth(world, name)) for name in world.state.accounts if name != "@external"), Fraction(0)
    )


def assets(world: World) -> Fraction:
    """Custody: what has been paid in."""
    return -quote(world, "@external")


@reproduces("waterfall-percolator-05")
def nothing_missing(case: Case) -> Answers:
    """A fund that is not short: the very same accounts, and nothing happened."""
    world = venue(marks="1")
    put_in(world, {"winner": (case.inputs["principal"], {})})
    world.deposit(INSURANCE, "500000")
    assert assets(world) == Fraction(case.inputs["collateral"])
    covered = cover_shortfall(world.state, world.state.accounts)
    assert covered.accounts is world.state.accounts
    assert covered.postings == ()
    used = world.account(INSURANCE).cash["USDT"] - covered.accounts[INSURANCE].cash["USDT"]
    return {
        "deficit": liabilities(world) - assets(world),
        "unvested_burned": charges(covered.events)[1],
        "insurance_used": dollars(used),
    }


@reproduces("waterfall-percolator-02")
def insurance_is_credited(case: Case) -> Answers:
    """Insurance that is drawn pays the loss and is not destroyed: the published haircut of everything is wrong."""
    given = case.inputs
    everything = str(int(given["principal"]) + int(given["unvested_profit"]))
    world = crisis(given, principal=given["principal"], shortfall=everything)
    assert assets(world) == Fraction(given["insurance"])
    charged = charges(world.do(BackstopTransfer(world.time, "debtor")).events)
    assert charged[1] == Fraction(given["unvested_profit"])
    haircut = charged[2] / Fraction(given["principal"])
    assert worth(world, "winner") == Fraction(given["principal"]) - charged[2] == assets(world)
    assert haircut != Fraction(case.expected["source_haircut_fraction"])
    return {"correct_haircut_fraction": haircut}


@differs(
    "waterfall-percolator-04",
    "profit that has not vested is burned before insurance is used: with us insurance is first, then fees, then "
    "unrealised gains, so that insurance is used up and the rest burned",
    {"unvested_burned": "50000", "insurance_used": "50000"},
)
def insurance_first(case: Case) -> Answers:
    """Nothing but unrealised gains and insurance."""
    given = case.inputs
    world = crisis(given, principal=given["principal"], shortfall=given["unvested_profit"])
    assert assets(world) == Fraction(given["insurance"])
    before = fund_balance(world, INSURANCE)
    charged = charges(world.do(BackstopTransfer(world.time, "debtor")).events)
    return {"unvested_burned": charged[1], "insurance_used": before - fund_balance(world, INSURANCE)}


@differs(
    "settle-dydx3-21",
    "whoever withdraws first is paid in full and the last get nothing: with us the loss is shared when the account is "
    "taken over, here pro rata to account value, and nobody's turn matters",
    {"paid": {"long": "0", "s0": "666.6666666666667", "s1": "666.6666666666667", "s2": "666.6666666666666"}},
)
def insolvent_pool(case: Case) -> Answers:
    """The long is taken over at the price; the shorts are deleveraged, roll, and share its loss."""
    given = case.inputs
    world = venue(terms(maintenance="0.1"), marks=given["price"])
    put_in(world, {name: (held["margin"], {BTC: held["position"]}) for name, held in given["accounts"].items()})
    assert assets(world) == Fraction(given["pool_cash"])
    assert {name: worth(world, name) for name in given["accounts"]} == {
        name: Fraction(value) for name, value in case.expected["value"].items()
    }
    take_over(world, "long")
    return {"paid": {name: worth(world, name) for name in given["accounts"]}}


@differs(
    "fee-snperp-01",
    "a fee is rounded down to a whole unit, in the payer's favour: ours is rounded up to 10^-9 USDT, against the "
    "payer, so that it is 10.24",
    {"fee": "10.24", "total_value": "102.76"},
)
def fee(case: Case) -> Answers:
    """One trade by a taker."""
    trade = case.inputs["trade"]
    world = venue(terms(taker=trade["fee_rate"]), marks=case.inputs["mark"])
    for account_id in ("taker", "maker"):
        world.deposit(account_id, case.inputs["deposit"])
    world.trade("taker", "maker", trade["qty"], trade["price"])
    return {"fee": fund_balance(world, "@fees"), "total_value": worth(world, "taker")}


explain(
    {
        "social-drift-01": "every open unit on both sides is charged, through the funding index: our loss is charged "
        "to accounts, first by their unrealised gains, then by their value, and losers of that "
        "market only in the second",
        "bankrupt-mango-03": "pnl is settled with others up to a limit, the liquidator is paid from the insurance and "
        "takes a liability: ours hands the account on whole, uses insurance without a fee, then "
        "fees, then shares the loss",
        "lazyscale-percolator-01": "a haircut is an index that scales a balance when it is next touched: our charges "
        "are postings made at once, in whole atoms that sum to the loss, and there is no "
        "index",
    }
)
