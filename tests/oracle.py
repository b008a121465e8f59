"""An auditor of its own: the rulebook read a second time, in fractions, by none of the ledger's code.

It takes the terms from the rulebook's document and computes with `Fraction`, from the definitions. It shares with the
ledger only the shapes of states, transactions and outcomes. After every step it checks the whole state (`audit_state`),
that postings explain every balance and nothing else moved (`audit_step`), and what the step did to account values
(`audit_values`). The laws say more; this says it independently.
"""

import json
from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import floor
from typing import Any

import attrs

from ledger.outcomes import Applied, Converted, Funded, LossShared, Outcome, TakenOver
from ledger.postings import CashPosting
from ledger.state import Account, State
from ledger.transactions import (
    BackstopTransfer,
    Deposit,
    Enroll,
    Fund,
    Leave,
    Liquidate,
    MarkAsset,
    MarkMarket,
    SetAccount,
    Settle,
    Trade,
    Transaction,
    Withdraw,
)

OUTSIDE = "@external"
FUND = "@insurance"
TILL = "@fees"
NANO = Fraction(1, 10**9)


class AuditFailed(AssertionError):
    """The auditor disagrees with the ledger."""


def require(condition: bool, message: str) -> None:
    """Raise `AuditFailed` unless the condition holds, also under `python -O`."""
    if not condition:
        raise AuditFailed(message)


def whole(text: object) -> Fraction:
    """A number of the document."""
    return Fraction(str(text))


@attrs.frozen
class Bracket:
    """A margin bracket: its upper bound in USDT or None, initial and maintenance rate."""

    below: Fraction | None
    initial: Fraction
    maintenance: Fraction


class Terms:
    """The document's terms, in whole units and fractions."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.settlement = str(document["settlement_asset"])
        self.atom = {name: Fraction(1, 10 ** row["decimals"]) for name, row in document["assets"].items()}
        self.factor = {name: whole(row["factor"]) for name, row in document["assets"].items()}
        self.booking = {name: Fraction(1, 10 ** row["booking_decimals"]) for name, row in document["assets"].items()}
        self.lot = {name: whole(row["lot"]) for name, row in document["markets"].items()}
        self.tick = {name: whole(row["tick"]) for name, row in document["markets"].items()}
        self.band = {
            name: None if row.get("price_band", "none") == "none" else whole(row["price_band"])
            for name, row in document["markets"].items()
        }
        self.brackets = {
            name: tuple(
                Bracket(
                    whole(tier["below"]) if "below" in tier else None,
                    whole(tier["initial"]),
                    whole(tier["maintenance"]),
                )
                for tier in row["tiers"]
            )
            for name, row in document["markets"].items()
        }
        self.fees = {name: (whole(row["maker"]), whole(row["taker"])) for name, row in document["fee_tiers"].items()}
        self.fee_unit = Fraction(1, 10 ** document["fee_decimals"])
        self.gains_count = bool(document["unrealised_gains_count"])
        self.sources = frozenset(document["sources"])
        self.minimum_sources = int(document["minimum_sources"])
        self.maximum_leverage = int(document["maximum_leverage"])
        self.funding, self.settle = document["funding"], document["settle"]
        self.liquidation, self.program = document["liquidation"], document["program"]


_TERMS: dict[str, Terms] = {}


def terms_of(state: State) -> Terms:
    """The terms a state clears by."""
    document = state.rulebook.document
    if document not in _TERMS:
        _TERMS[document] = Terms(json.loads(document))
    return _TERMS[document]


# Values of one account, in USDT.


def mark_of(state: State, market: str) -> Fraction:
    """A market's mark, USDT per whole unit."""
    return state.markets[market].mark * NANO


def size_in_units(terms: Terms, account: Account, market: str) -> Fraction:
    """The account's signed size in a market, in whole units of the underlying."""
    held = account.positions.get(market)
    return Fraction(0) if held is None else held.size * terms.lot[market]


def pnl(state: State, account: Account) -> Fraction:
    """`sum(size * M + reference_cost)`."""
    terms = terms_of(state)
    return sum(
        (
            size_in_units(terms, account, market) * mark_of(state, market)
            + held.reference_cost * terms.atom[terms.settlement]
            for market, held in account.positions.items()
        ),
        Fraction(0),
    )


def cash_value(state: State, cash: Mapping[str, int]) -> Fraction:
    """`sum(cash * price)`."""
    terms = terms_of(state)
    return sum((amount * terms.atom[asset] * state.prices[asset] * NANO for asset, amount in cash.items()), Fraction(0))


def value(state: State, account: Account) -> Fraction:
    """`AV = sum(cash * price) + sum(pnl)`."""
    return cash_value(state, account.cash) + pnl(state, account)


def effective_collateral(state: State, account: Account) -> Fraction:
    """`EC`: cash at price and factor, with losses, and with gains where the document lets them count."""
    terms = terms_of(state)
    backing = sum(
        (
            amount * terms.atom[asset] * state.prices[asset] * NANO * terms.factor[asset]
            for asset, amount in account.cash.items()
        ),
        Fraction(0),
    )
    gains = pnl(state, account)
    return backing + (gains if terms.gains_count else min(Fraction(0), gains))


def distress_collateral(state: State, account: Account) -> Fraction:
    """`DC = USDT + sum(floor(cash * price * factor)) + sum(pnl)`, floored to atoms per asset."""
    terms = terms_of(state)
    atom = terms.atom[terms.settlement]
    total = account.cash.get(terms.settlement, 0) * atom + pnl(state, account)
    for asset, amount in account.cash.items():
        if asset != terms.settlement:
            worth = amount * terms.atom[asset] * state.prices[asset] * NANO * terms.factor[asset]
            total += floor(worth / atom) * atom
    return total


def exposures(state: State, account: Account) -> list[tuple[Fraction, Bracket]]:
    """Notional at mark and bracket of each position."""
    terms = terms_of(state)
    found = []
    for market in account.positions:
        notional = abs(size_in_units(terms, account, market) * mark_of(state, market))
        bracket = next(row for row in terms.brackets[market] if row.below is None or notional < row.below)
        found.append((notional, bracket))
    return found


def exposure(state: State, account: Account) -> Fraction:
    """`sum(EPN)`."""
    return sum((notional for notional, _ in exposures(state, account)), Fraction(0))


def maintenance(state: State, account: Account) -> Fraction:
    """`MM`."""
    return sum((notional * bracket.maintenance for notional, bracket in exposures(state, account)), Fraction(0))


def tier_initial(state: State, account: Account) -> Fraction:
    """`sum(EPN * IMR)`."""
    return sum((notional * bracket.initial for notional, bracket in exposures(state, account)), Fraction(0))


def initial(state: State, account: Account) -> Fraction:
    """`IM`, the account's own leverage limit included."""
    own = Fraction(1, account.max_leverage)
    return sum((notional * max(bracket.initial, own) for notional, bracket in exposures(state, account)), Fraction(0))


def is_obliged(state: State, account_id: str, time: int) -> bool:
    """Whether the account is a provider whose limits are in force."""
    record = state.providers.get(account_id)
    if record is None or record.limits is None:
        return False
    return record.notice is None or time < record.notice + int(terms_of(state).program["notice"])


# The whole state.


def audit_state(state: State) -> None:
    """Sums, values, signs and canonical storage, over everything there is."""
    terms = terms_of(state)
    totals: dict[str, int] = dict.fromkeys(terms.atom, 0)
    sizes: dict[str, int] = dict.fromkeys(terms.lot, 0)
    worth = Fraction(0)
    for account_id, account in state.accounts.items():
        for asset, amount in account.cash.items():
            totals[asset] += amount
            require(amount != 0, f"{account_id} stores a zero balance of {asset}")
            if account_id != OUTSIDE and (asset != terms.settlement or account_id in (FUND, TILL)):
                require(amount > 0, f"{account_id} has {amount} {asset}")
        for market, held in account.positions.items():
            require(held.size != 0, f"{account_id} stores a flat position in {market}")
            sizes[market] += held.size
            totals[terms.settlement] += held.reference_cost
        if account_id != OUTSIDE:
            worth += value(state, account)
        _audit_account(state, terms, account_id, account)
    for asset, total in totals.items():
        require(total == 0, f"{asset} sums to {total}")
    for market, size in sizes.items():
        require(size == 0, f"sizes in {market} sum to {size}")
    custody = {asset: -amount for asset, amount in state.accounts[OUTSIDE].cash.items()}
    for asset, amount in custody.items():
        require(amount >= 0, f"custody of {asset} is {amount}")
    require(worth == cash_value(state, custody), "account values do not sum to the value of custody")
    _audit_tables(state, terms)


def _audit_account(state: State, terms: Terms, account_id: str, account: Account) -> None:
    if account_id.startswith("@"):
        require(account_id in (OUTSIDE, FUND, TILL), f"{account_id} is no system account")
        require(not account.positions and account.liquidation is None, f"{account_id} trades")
        if account_id != OUTSIDE:
            require(set(account.cash) <= {terms.settlement}, f"{account_id} holds more than {terms.settlement}")
    require(1 <= account.max_leverage <= terms.maximum_leverage, f"{account_id} has leverage {account.max_leverage}")
    require(account.fee_tier in terms.fees, f"{account_id} is in no fee tier")
    liquidation = account.liquidation
    if liquidation is None:
        return
    require(1 <= liquidation.round <= terms.liquidation["rounds"], f"{account_id} is in round {liquidation.round}")
    require(liquidation.time <= state.time, f"{account_id} had its last round in the future")
    for market, held in account.positions.items():
        start = liquidation.starting_sizes.get(market, 0)
        require(abs(held.size) <= abs(start) and held.size * start > 0, f"{account_id} grew in {market}")


def _audit_tables(state: State, terms: Terms) -> None:
    for name, market in state.markets.items():
        require(name in terms.lot, f"{name} is not listed")
        require(market.index > 0 and market.mark > 0 and market.premium_count >= 0, f"{name} has no price")
        require(market.last_funding <= state.time, f"{name} was funded in the future")
    for asset, price in state.prices.items():
        require(asset in terms.atom and price > 0, f"{asset} has the price {price}")
    require(state.prices[terms.settlement] == 10**9, "the settlement asset is not worth one")
    require(state.last_settle <= state.time, "settled in the future")
    for provider_id, record in state.providers.items():
        require(provider_id in state.accounts, f"{provider_id} has a record and no account")
        times = [takeover.time for takeover in record.takeovers]
        require(times == sorted(times), f"{provider_id}'s takeovers are out of order")
        require(not times or times[-1] <= state.time, f"{provider_id} took over in the future")
        require(not times or times[-1] - times[0] < terms.program["hour"], f"{provider_id} keeps old takeovers")
        require(all(takeover.notional > 0 for takeover in record.takeovers), f"{provider_id} took nothing over")
        if record.notice is not None:
            require(record.limits is not None and record.notice <= state.time, f"{provider_id}'s notice is odd")


# One step.


def parties(transaction: Transaction) -> set[str]:
    """The accounts that a transaction names."""
    match transaction:
        case Trade():
            return {transaction.buyer, transaction.seller}
        case Liquidate():
            return {transaction.account, *(fill.counterparty for fill in transaction.fills)}
        case Deposit() | Withdraw() | SetAccount() | Enroll() | Leave() | BackstopTransfer():
            return {transaction.account}
        case MarkMarket() | MarkAsset() | Fund() | Settle():
            return set()


def audit_step(before: State, transaction: Transaction, outcome: Outcome, after: State) -> None:
    """Refused: the very same object. Applied: one step on, and the postings explain every balance."""
    if not isinstance(outcome, Applied):
        require(after is before, "a refused transaction left another state")
        return
    require(after is outcome.state and after is not before, "an applied transaction left the state it found")
    require(after.rulebook is before.rulebook, "the rulebook changed")
    require(after.sequence == before.sequence + 1, "the sequence did not go on by one")
    require(before.time <= transaction.time == after.time, "time is not the transaction's")
    posted = {posting.account for posting in outcome.postings}
    new = set(after.accounts) - set(before.accounts)
    require(set(before.accounts) <= set(after.accounts), "an account is gone")
    require(new <= (parties(transaction) if isinstance(transaction, Deposit) else set()), f"{new} appeared")
    for account_id, account in after.accounts.items():
        if account_id not in posted and account_id not in parties(transaction):
            require(account is before.accounts[account_id], f"{account_id} was reached without a posting")
    _audit_postings(before, outcome, after)
    if not isinstance(transaction, MarkMarket | Fund):
        require(after.markets is before.markets, "a market changed")
    if not isinstance(transaction, MarkAsset):
        require(after.prices is before.prices, "a price changed")
    if not isinstance(transaction, Enroll | Leave | BackstopTransfer):
        require(after.providers is before.providers, "a provider's record changed")
    if not isinstance(transaction, Settle):
        require(after.last_settle == before.last_settle, "the last settle changed")


def _audit_postings(before: State, outcome: Applied, after: State) -> None:
    changes: dict[tuple[str, str, str], int] = {}
    for posting in outcome.postings:
        if isinstance(posting, CashPosting):
            entries = {("cash", posting.asset): posting.amount}
        else:
            entries = {("size", posting.market): posting.size, ("cost", posting.market): posting.reference_cost}
        for (column, name), amount in entries.items():
            key = (posting.account, column, name)
            changes[key] = changes.get(key, 0) + amount
    was, now = balances(before, outcome.postings), balances(after, outcome.postings)
    for key in was.keys() | now.keys() | changes.keys():
        require(
            now.get(key, 0) - was.get(key, 0) == changes.get(key, 0),
            f"{key} went from {was.get(key, 0)} to {now.get(key, 0)}, postings say {changes.get(key, 0)}",
        )


def balances(state: State, postings: Iterable[Any]) -> dict[tuple[str, str, str], int]:
    """Every balance of the accounts that the postings name."""
    found: dict[tuple[str, str, str], int] = {}
    for account_id in {posting.account for posting in postings}:
        account = state.accounts.get(account_id)
        if account is None:
            continue
        for asset, amount in account.cash.items():
            found[account_id, "cash", asset] = amount
        for market, held in account.positions.items():
            found[account_id, "size", market] = held.size
            found[account_id, "cost", market] = held.reference_cost
    return found


# What a step does to account values.


def audit_values(before: State, transaction: Transaction, outcome: Outcome, after: State) -> None:
    """The exact change of every account's value, where the transaction alone says what it must be."""
    if not isinstance(outcome, Applied):
        return
    terms = terms_of(before)
    atom = terms.atom[terms.settlement]
    moved = {
        account_id: value(after, account) - value(before, before.accounts.get(account_id, _EMPTY))
        for account_id, account in after.accounts.items()
        if account is not before.accounts.get(account_id)
    }
    match transaction:
        case Deposit() | Withdraw():
            paid = transaction.amount * terms.atom[transaction.asset] * before.prices[transaction.asset] * NANO
            paid = paid if isinstance(transaction, Deposit) else -paid
            require(moved == {transaction.account: paid, OUTSIDE: -paid}, f"{transaction} moved {moved}")
        case SetAccount() | Enroll() | Leave() | Settle():
            require(not any(moved.values()), f"{transaction} moved {moved}")
        case MarkMarket() | MarkAsset():
            require(after.accounts is before.accounts, f"{transaction} reached accounts")
        case Fund():
            _audit_funding(before, transaction, outcome, moved)
        case Trade():
            size = transaction.size * terms.lot[transaction.market]
            edge = size * (mark_of(before, transaction.market) - transaction.price * NANO)
            fees = (moved[transaction.buyer] - edge, moved[transaction.seller] + edge)
            require(moved.get(TILL, Fraction(0)) == -sum(fees) >= 0, f"{transaction} charged {fees}")
            for fee, name in zip(fees, (transaction.buyer, transaction.seller), strict=True):
                _audit_fee(before, transaction, name=name, fee=-fee)
        case Liquidate():
            _audit_liquidation(before, transaction, outcome, after)
        case BackstopTransfer():
            left = after.accounts[transaction.account]
            require(not left.cash and not left.positions and left.liquidation is None, f"{transaction} left {left}")
            equity = next(event.equity for event in outcome.events if isinstance(event, TakenOver))
            require(equity * atom == distress_collateral(before, before.accounts[transaction.account]), "odd equity")
            charged = [event for event in outcome.events if isinstance(event, LossShared)]
            if charged:
                require(not after.accounts[FUND].cash and not after.accounts[TILL].cash, "a loss was shared too early")


_EMPTY = attrs.make_class("Empty", {"cash": attrs.field(factory=dict), "positions": attrs.field(factory=dict)})()


def _audit_fee(before: State, trade: Trade, *, name: str, fee: Fraction) -> None:
    terms = terms_of(before)
    taker = (name == trade.buyer) == trade.buyer_is_taker
    rates = terms.fees[before.accounts[name].fee_tier]
    if is_obliged(before, name, trade.time):
        rates = (min(maker for maker, _ in terms.fees.values()), min(taker for _, taker in terms.fees.values()))
    exact = trade.size * terms.lot[trade.market] * trade.price * NANO * rates[taker]
    require(exact <= fee < exact + terms.fee_unit, f"{name} paid a fee of {fee} where {exact} was due")
    require((fee / terms.fee_unit).denominator == 1, f"{name} paid a fee of {fee}")


def _audit_funding(before: State, fund: Fund, outcome: Applied, moved: Mapping[str, Fraction]) -> None:
    terms, market = terms_of(before), before.markets[fund.market]
    atom = terms.atom[terms.settlement]
    clamp = whole(terms.funding["clamp"])
    if fund.rate is not None:
        rate = fund.rate * NANO
    elif market.premium_count == 0:
        rate = Fraction(0)
    else:
        rate = max(-clamp, min(clamp, Fraction(market.premium_sum, market.premium_count * market.index)))
    exact = terms.lot[fund.market] * market.index * NANO * rate / atom
    per_lot = floor(abs(exact)) * (1 if exact > 0 else -1)
    funded = next(event for event in outcome.events if isinstance(event, Funded))
    require(funded.per_lot == per_lot, f"{fund} paid {funded.per_lot} a lot where {per_lot} was due")
    for account_id, account in before.accounts.items():
        held = account.positions.get(fund.market)
        due = Fraction(0) if held is None else -per_lot * held.size * atom
        require(moved.get(account_id, Fraction(0)) == due, f"{account_id} was paid {moved.get(account_id)}, not {due}")


def _audit_liquidation(before: State, liquidate: Liquidate, outcome: Applied, after: State) -> None:
    terms = terms_of(before)
    account = before.accounts[liquidate.account]
    require(
        account.liquidation is not None or distress_collateral(before, account) < maintenance(before, account),
        f"{liquidate.account} was healthy",
    )
    left = after.accounts[liquidate.account]
    require(set(left.cash) <= {terms.settlement}, f"{liquidate.account} still holds collateral")
    for event in outcome.events:
        if isinstance(event, Converted):
            exact = event.amount * terms.atom[event.asset] * before.prices[event.asset] * NANO
            exact *= terms.factor[event.asset] / terms.atom[terms.settlement]
            require(event.proceeds == floor(exact), f"{event} where {exact} was due")
    if liquidate.fills:
        require(value(after, left) >= 0, f"{liquidate.account} was closed into bankruptcy")
    distress = distress_collateral(after, left)
    healthy = distress > tier_initial(after, left) if left.positions else distress >= 0
    last = account.liquidation is not None and account.liquidation.round + 1 >= terms.liquidation["rounds"]
    last = last or terms.liquidation["rounds"] == 1
    healthy = healthy or (last and distress > maintenance(after, left))
    require((left.liquidation is None) == healthy, f"{liquidate.account} is {left.status} with {float(distress)}")


def audit(before: State, transaction: Transaction, outcome: Outcome, after: State) -> None:
    """Everything, over one step."""
    audit_step(before, transaction, outcome, after)
    if isinstance(outcome, Applied):
        audit_state(after)
        audit_values(before, transaction, outcome, after)
