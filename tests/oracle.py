"""An auditor of its own: the rulebook read a second time, in fractions, by none of the ledger's code.

It takes the terms from the rulebook's document and computes with `Fraction`, from the definitions. It shares with the
ledger only the shapes of states, transactions and outcomes. After every step it checks

- that the answer is the one the rulebook gives, with the reason and the figures of a refusal (`audit_answer`),
- that postings explain every balance and nothing else moved (`audit_step`),
- the whole state (`audit_state`), and what the step did to account values (`audit_values`).
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from math import ceil, floor
from typing import Any

import attrs

from ledger.outcomes import (
    Applied,
    Converted,
    Funded,
    LossShared,
    Observed,
    Outcome,
    Reason,
    Rejected,
    StressEntered,
    StressLeft,
    TakenOver,
)
from ledger.postings import CashPosting
from ledger.state import Account, Position, State
from ledger.transactions import (
    BackstopTransfer,
    Deposit,
    Enroll,
    Fill,
    Fund,
    Leave,
    Liquidate,
    MarkAsset,
    MarkMarket,
    Observe,
    SetAccount,
    Settle,
    Trade,
    Transaction,
    Withdraw,
)
from tests import oracle_monitor

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
        self.monitors: dict[str, Mapping[str, Any] | None] = {
            name: row.get("monitor") for name, row in document["markets"].items()
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
        self.size_factor = whole(document["size_factor"])
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
        section, monitor = terms.monitors[name], market.monitor
        if monitor is not None:
            require(section is not None and monitor.time <= state.time, f"{name} has a monitor of its own")
            assert section is not None
            require(0 < len(monitor.observations) <= section["window"] + 1, f"{name} remembers too much")
            require(0 < monitor.bid < monitor.ask, f"the book of {name} is crossed")
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
        case MarkMarket() | MarkAsset() | Observe() | Fund() | Settle():
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
    if isinstance(transaction, Observe):
        _audit_observation(before, transaction, outcome, after)
    elif not isinstance(transaction, MarkMarket | Fund):
        require(after.markets is before.markets, "a market changed")
    elif transaction.market in before.markets:
        kept = after.markets[transaction.market].monitor is before.markets[transaction.market].monitor
        require(kept, "a monitor changed without an observation")
    if not isinstance(transaction, MarkAsset):
        require(after.prices is before.prices, "a price changed")
    if not isinstance(transaction, Enroll | Leave | BackstopTransfer):
        require(after.providers is before.providers, "a provider's record changed")
    if not isinstance(transaction, Settle):
        require(after.last_settle == before.last_settle, "the last settle changed")


def _audit_observation(before: State, observe: Observe, outcome: Applied, after: State) -> None:
    """The monitor and what is told, as the page has them; nothing else is there to change."""
    terms, market = terms_of(before).monitors[observe.market], observe.market
    assert terms is not None
    monitor, figures = oracle_monitor.expected(before, observe, terms)
    changed = before.markets.set(market, attrs.evolve(before.markets[market], monitor=monitor))
    require(after.markets == changed, f"the monitor of {market} is {after.markets[market].monitor}, not {monitor}")
    was = before.markets[market].monitor
    events: list[Any] = [Observed(market, figures)]
    if monitor.stressed != (was is not None and was.stressed):
        events.append((StressEntered if monitor.stressed else StressLeft)(market, figures))
    require(outcome.events == tuple(events), f"told {outcome.events}, due was {events}")
    require(not outcome.postings and after.accounts is before.accounts, "an observation moved an account")


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


# Whether a transaction is refused, and why: the checks of section 4 in their order, read from the rulebook alone.


def refusal(state: State, transaction: Transaction) -> Rejected | None:
    """The refusal by the first check that fails, or None where the transaction must be applied."""
    if transaction.time < state.time:
        return Rejected(Reason.TIME_BACKWARDS, transaction.time, state.time, "time")
    return next(_failing(state, transaction), None)


def exactly(state: State, amount: Fraction) -> int:
    """An amount of USDT in 10^-18 atoms, rounded up where it is not whole."""
    terms = terms_of(state)
    return ceil(amount / terms.atom[terms.settlement] * 10**18)


def atoms(state: State, amount: object) -> int:
    """An amount of the document, in settlement atoms."""
    terms = terms_of(state)
    return int(whole(amount) / terms.atom[terms.settlement])


def _failing(state: State, transaction: Transaction) -> Iterator[Rejected]:
    """The refusals by the checks that fail, in order. Only the first is asked for: the next may make no sense."""
    match transaction:
        case Deposit():
            yield from _failing_booking(state, transaction)
        case Withdraw():
            yield from _failing_withdraw(state, transaction)
        case SetAccount():
            yield from _failing_set_account(state, transaction)
        case Trade():
            yield from _failing_trade(state, transaction)
        case MarkMarket():
            market = transaction.market
            if market not in terms_of(state).lot:
                yield Rejected(Reason.UNKNOWN_MARKET, market, "a listed market", market)
            yield from _failing_quotes(state, transaction.quotes, market)
            mark = index(transaction.quotes) + transaction.premium
            if mark <= 0:
                yield Rejected(Reason.MARK_NOT_POSITIVE, mark, 0, market)
        case MarkAsset():
            asset = transaction.asset
            if asset not in terms_of(state).atom:
                yield Rejected(Reason.UNKNOWN_ASSET, asset, "a listed asset", asset)
            if asset == terms_of(state).settlement:
                yield Rejected(Reason.SETTLEMENT_ASSET, asset, "another asset", asset)
            yield from _failing_quotes(state, transaction.quotes, asset)
        case Observe():
            yield from oracle_monitor.failing(state, transaction, terms_of(state).monitors)
        case Fund():
            yield from _failing_fund(state, transaction)
        case Settle():
            yield from _failing_instant(terms_of(state).settle, transaction.time, state.last_settle, "settle")
        case Enroll():
            yield from _failing_enroll(state, transaction)
        case Leave():
            account_id, time = transaction.account, transaction.time
            yield from _failing_party(state, account_id)
            if not is_obliged(state, account_id, time):
                yield Rejected(Reason.NOT_A_PROVIDER, account_id, "an obliged provider", account_id)
            notice = state.providers[account_id].notice
            if notice is not None:
                yield Rejected(Reason.ALREADY_LEAVING, time, notice, account_id)
        case Liquidate():
            yield from _failing_liquidate(state, transaction)
        case BackstopTransfer():
            yield from _failing_party(state, transaction.account)
            if not is_transferable(state, transaction.account):
                yield _not_at_takeover(state, transaction.account)


def _failing_party(state: State, account_id: str) -> Iterator[Rejected]:
    if account_id.startswith("@"):
        yield Rejected(Reason.SYSTEM_ACCOUNT, account_id, "an ordinary account", account_id)
    if account_id not in state.accounts:
        yield Rejected(Reason.UNKNOWN_ACCOUNT, account_id, "an open account", account_id)


def _failing_booking(state: State, booking: Deposit | Withdraw) -> Iterator[Rejected]:
    terms = terms_of(state)
    account_id, asset, amount = booking.account, booking.asset, booking.amount
    if amount <= 0:
        yield Rejected(Reason.AMOUNT_NOT_POSITIVE, amount, 0, asset)
    if asset not in terms.atom:
        yield Rejected(Reason.UNKNOWN_ASSET, asset, "a listed asset", asset)
    unit = terms.booking[asset] / terms.atom[asset]
    if (amount / unit).denominator != 1:
        yield Rejected(Reason.AMOUNT_OFF_BOOKING_UNIT, amount, int(unit), asset)
    if isinstance(booking, Deposit) and asset not in state.prices:
        yield Rejected(Reason.ASSET_WITHOUT_PRICE, asset, "an asset with a price", asset)
    if account_id.startswith("@"):
        if account_id not in (FUND, TILL):
            expected = "an ordinary account, @insurance or @fees"
            yield Rejected(Reason.SYSTEM_ACCOUNT, account_id, expected, account_id)
        if asset != terms.settlement:
            yield Rejected(Reason.SYSTEM_ACCOUNT_ASSET, asset, terms.settlement, account_id)


def _failing_withdraw(state: State, withdraw: Withdraw) -> Iterator[Rejected]:
    yield from _failing_booking(state, withdraw)
    account_id, asset, amount = withdraw.account, withdraw.asset, withdraw.amount
    if account_id not in state.accounts:
        yield Rejected(Reason.UNKNOWN_ACCOUNT, account_id, "an open account", account_id)
    account = state.accounts[account_id]
    if account.liquidation is not None:
        yield Rejected(Reason.ACCOUNT_LIQUIDATING, "LIQUIDATING", "ACTIVE", account_id)
    held = account.cash.get(asset, 0)
    if held < amount:
        yield Rejected(Reason.INSUFFICIENT_BALANCE, amount, held, account_id)
    after = attrs.evolve(account, cash=account.cash.set(asset, held - amount))
    if effective_collateral(state, after) < initial(state, after):
        yield _without_collateral(state, account_id, after)
    minimum = whole(terms_of(state).program["minimum_account_value"])
    if is_obliged(state, account_id, withdraw.time) and value(state, after) < minimum:
        yield _below_minimum(state, account_id, after)
    custody = -state.accounts[OUTSIDE].cash.get(asset, 0)
    if custody < amount:
        yield Rejected(Reason.INSUFFICIENT_CUSTODY, amount, custody, asset)


def _without_collateral(state: State, account_id: str, after: Account) -> Rejected:
    backing, required = exactly(state, effective_collateral(state, after)), exactly(state, initial(state, after))
    return Rejected(Reason.FREE_COLLATERAL_NEGATIVE, backing, required, account_id)


def _below_minimum(state: State, account_id: str, after: Account) -> Rejected:
    minimum = whole(terms_of(state).program["minimum_account_value"])
    supplied = exactly(state, value(state, after))
    return Rejected(Reason.PROVIDER_BELOW_MINIMUM, supplied, exactly(state, minimum), account_id)


def _failing_set_account(state: State, change: SetAccount) -> Iterator[Rejected]:
    account_id, wanted, maximum = change.account, change.max_leverage, terms_of(state).maximum_leverage
    yield from _failing_party(state, account_id)
    if wanted is None and change.fee_tier is None:
        yield Rejected(Reason.NOTHING_TO_SET, "neither", "max_leverage or fee_tier", account_id)
    if wanted is not None and wanted < 1:
        yield Rejected(Reason.LEVERAGE_OUT_OF_RANGE, wanted, 1, account_id)
    if wanted is not None and wanted > maximum:
        yield Rejected(Reason.LEVERAGE_OUT_OF_RANGE, wanted, maximum, account_id)
    if change.fee_tier is not None and change.fee_tier not in terms_of(state).fees:
        yield Rejected(Reason.UNKNOWN_FEE_TIER, change.fee_tier, "a listed fee tier", account_id)


def index(quotes: Mapping[str, int]) -> int:
    """Of five or four drop the highest and the lowest, and take the mean of the rest; of three the median."""
    rest = sorted(quotes.values())
    rest.remove(max(rest))
    rest.remove(min(rest))
    return floor(Fraction(sum(rest), len(rest)))


def _failing_quotes(state: State, quotes: Mapping[str, int], subject: str) -> Iterator[Rejected]:
    terms = terms_of(state)
    unlisted = set(quotes) - terms.sources
    if unlisted:
        yield Rejected(Reason.UNKNOWN_SOURCE, min(unlisted), "a listed source", subject)
    wrong = [source for source, quote in quotes.items() if quote <= 0]
    if wrong:
        yield Rejected(Reason.QUOTE_NOT_POSITIVE, quotes[min(wrong)], 0, subject)
    if len(quotes) < terms.minimum_sources:
        yield Rejected(Reason.TOO_FEW_SOURCES, len(quotes), terms.minimum_sources, subject)


def _failing_instant(schedule: Mapping[str, Any], time: int, last: int, subject: str) -> Iterator[Rejected]:
    since = time % schedule["interval"]
    if since >= schedule["window"]:
        yield Rejected(Reason.OUTSIDE_WINDOW, since, schedule["window"], subject)
    if time - since <= last:
        yield Rejected(Reason.INSTANT_ALREADY_DONE, time - since, last, subject)


def _failing_fund(state: State, fund: Fund) -> Iterator[Rejected]:
    terms, market = terms_of(state), fund.market
    if market not in terms.lot:
        yield Rejected(Reason.UNKNOWN_MARKET, market, "a listed market", market)
    if market not in state.markets:
        yield Rejected(Reason.MARKET_WITHOUT_MARK, market, "a market with a mark", market)
    yield from _failing_instant(terms.funding, fund.time, state.markets[market].last_funding, market)
    clamp = int(whole(terms.funding["clamp"]) / NANO)
    if fund.rate is not None and abs(fund.rate) > clamp:
        yield Rejected(Reason.RATE_BEYOND_CLAMP, fund.rate, clamp if fund.rate > 0 else -clamp, market)


def _failing_enroll(state: State, enroll: Enroll) -> Iterator[Rejected]:
    program, account_id = terms_of(state).program, enroll.account
    yield from _failing_party(state, account_id)
    account = state.accounts[account_id]
    if account.liquidation is not None:
        yield Rejected(Reason.ACCOUNT_LIQUIDATING, "LIQUIDATING", "ACTIVE", account_id)
    per_minute, per_hour = enroll.capacity_per_minute, enroll.capacity_per_hour
    least = atoms(state, program["minimum_capacity_per_minute"])
    if per_minute < least:
        yield Rejected(Reason.CAPACITY_PER_MINUTE_TOO_LOW, per_minute, least, account_id)
    least = atoms(state, program["minimum_capacity_per_hour"])
    if per_hour < least or per_hour < per_minute:
        yield Rejected(Reason.CAPACITY_PER_HOUR_TOO_LOW, per_hour, max(least, per_minute), account_id)
    if enroll.max_holdings < per_minute:
        yield Rejected(Reason.MAX_HOLDINGS_TOO_LOW, enroll.max_holdings, per_minute, account_id)
    if value(state, account) < whole(program["minimum_account_value"]):
        yield _below_minimum(state, account_id, account)
    if is_obliged(state, account_id, enroll.time):
        limits = state.providers[account_id].limits
        require(limits is not None, "an obliged provider has limits")
        assert limits is not None
        in_force = (limits.capacity_per_minute, limits.capacity_per_hour, limits.max_holdings)
        for new, old in zip((per_minute, per_hour, enroll.max_holdings), in_force, strict=True):
            if new < old:
                yield Rejected(Reason.LIMIT_LOWERED, new, old, account_id)


# Fills.


def _failing_terms(state: State, market: str, size: int, price: int) -> Iterator[Rejected]:
    terms = terms_of(state)
    if market not in terms.lot:
        yield Rejected(Reason.UNKNOWN_MARKET, market, "a listed market", market)
    if market not in state.markets:
        yield Rejected(Reason.MARKET_WITHOUT_MARK, market, "a market with a mark", market)
    if size <= 0:
        yield Rejected(Reason.SIZE_NOT_POSITIVE, size, 0, market)
    if price <= 0 or (price * NANO / terms.tick[market]).denominator != 1:
        yield Rejected(Reason.PRICE_OFF_TICK, price, int(terms.tick[market] / NANO), market)
    band, mark = terms.band[market], mark_of(state, market)
    if band is not None and price * NANO < mark * (1 - band):
        yield Rejected(Reason.PRICE_OUTSIDE_BAND, price, ceil(mark * (1 - band) / NANO), market)
    if band is not None and price * NANO > mark * (1 + band):
        yield Rejected(Reason.PRICE_OUTSIDE_BAND, price, floor(mark * (1 + band) / NANO), market)


def fee_atoms(state: State, account_id: str, time: int, *, value_filled: Fraction, takes: bool) -> int:
    """The fee of one side of a fill, in atoms, rounded up to the fee unit."""
    terms = terms_of(state)
    rates = [terms.fees[state.accounts[account_id].fee_tier]]
    if is_obliged(state, account_id, time):
        rates = list(terms.fees.values())
    rate = min(tier[takes] for tier in rates)
    return int(ceil(value_filled * rate / terms.fee_unit) * terms.fee_unit / terms.atom[terms.settlement])


def rolled(state: State, account: Account) -> Account:
    """The account with all its pnl in cash."""
    terms = terms_of(state)
    atom = terms.atom[terms.settlement]
    gains = int(pnl(state, account) / atom)
    positions = account.positions
    for market, held in account.positions.items():
        cost = -size_in_units(terms, account, market) * mark_of(state, market) / atom
        if held.size == 0:
            positions = positions.delete(market)
        else:
            positions = positions.set(market, Position(held.size, int(cost)))
    cash = account.cash.set(terms.settlement, account.cash.get(terms.settlement, 0) + gains)
    return attrs.evolve(account, cash=cash, positions=positions)


def after_fill(state: State, account: Account, *, market: str, lots: int, price: int, fee: int) -> Account:
    """The account after it bought `lots` (negative: sold) at `price` for `fee`; it rolls where it closed or flipped."""
    terms = terms_of(state)
    held = account.positions.get(market, Position(0, 0))
    paid = lots * terms.lot[market] * price * NANO / terms.atom[terms.settlement]
    size = held.size + lots
    after = attrs.evolve(
        account, positions=account.positions.set(market, Position(size, held.reference_cost - int(paid) - fee))
    )
    return rolled(state, after) if held.size != 0 and size * held.size <= 0 else after


def _failing_side(
    state: State, account_id: str, *, market: str, time: int, before: Account, after: Account
) -> Iterator[Rejected]:
    was, now = (size_in_units(terms_of(state), account, market) for account in (before, after))
    backing, required = effective_collateral(state, after), initial(state, after)
    if abs(now) > abs(was) or now * was < 0:
        if backing < required:
            yield _without_collateral(state, account_id, after)
    elif not after.positions:
        if backing < 0:
            yield Rejected(Reason.EFFECTIVE_COLLATERAL_NEGATIVE, exactly(state, backing), 0, account_id)
    elif backing < required:
        kept = distress_collateral(state, before) / exposure(state, before) * exposure(state, after)
        distress = distress_collateral(state, after)
        if distress < kept:
            yield Rejected(Reason.MARGIN_RATE_FELL, exactly(state, distress), exactly(state, kept), account_id)
    minimum = whole(terms_of(state).program["minimum_account_value"])
    if is_obliged(state, account_id, time) and value(state, before) >= minimum > value(state, after):
        yield _below_minimum(state, account_id, after)


def _failing_trade(state: State, trade: Trade) -> Iterator[Rejected]:
    terms, sides = terms_of(state), (trade.buyer, trade.seller)
    yield from _failing_terms(state, trade.market, trade.size, trade.price)
    if trade.buyer == trade.seller:
        yield Rejected(Reason.SAME_ACCOUNT, trade.seller, "another account", trade.buyer)
    for account_id in sides:
        yield from _failing_party(state, account_id)
    for account_id in sides:
        if state.accounts[account_id].liquidation is not None:
            yield Rejected(Reason.ACCOUNT_LIQUIDATING, "LIQUIDATING", "ACTIVE", account_id)
    value_filled = trade.size * terms.lot[trade.market] * trade.price * NANO
    for account_id, lots in zip(sides, (trade.size, -trade.size), strict=True):
        takes = trade.buyer_is_taker == (account_id == trade.buyer)
        fee = fee_atoms(state, account_id, trade.time, value_filled=value_filled, takes=takes)
        before = state.accounts[account_id]
        after = after_fill(state, before, market=trade.market, lots=lots, price=trade.price, fee=fee)
        yield from _failing_side(state, account_id, market=trade.market, time=trade.time, before=before, after=after)


# Distress.


def prepared(state: State, account: Account) -> Account:
    """The account rolled, and with nothing but settlement cash."""
    terms = terms_of(state)
    atoms = int(distress_collateral(state, account) / terms.atom[terms.settlement])
    return attrs.evolve(rolled(state, account), cash=account.cash.__class__({terms.settlement: atoms}))


def is_transferable(state: State, account_id: str) -> bool:
    """At takeover; or liquidating with its rounds used up and not above maintenance margin, or below it in a stressed
    market."""
    account = state.accounts[account_id]
    distress, required = distress_collateral(state, account), maintenance(state, account)
    if distress < required / 2 or (not account.positions and distress < 0):
        return True
    used_up, stressed = _is_used_up(state, account), _is_squeezed(state, account)
    return (used_up and distress <= required) or (stressed and distress < required)


def _is_used_up(state: State, account: Account) -> bool:
    return account.liquidation is not None and account.liquidation.round >= terms_of(state).liquidation["rounds"]


def _is_squeezed(state: State, account: Account) -> bool:
    monitors = [state.markets[market].monitor for market in account.positions]
    return account.liquidation is not None and any(monitor is not None and monitor.stressed for monitor in monitors)


def _not_at_takeover(state: State, account_id: str) -> Rejected:
    """It is to be below half of maintenance margin, or with its rounds used up not above it, or below it
    in a stressed market."""
    account, required = state.accounts[account_id], exactly(state, maintenance(state, state.accounts[account_id]))
    is_open = _is_used_up(state, account) or _is_squeezed(state, account)
    distress = exactly(state, distress_collateral(state, account))
    return Rejected(Reason.NOT_AT_TAKEOVER, distress, required if is_open else required // 2, account_id)


def _failing_liquidate(state: State, liquidate: Liquidate) -> Iterator[Rejected]:
    terms = terms_of(state)
    yield from _failing_party(state, liquidate.account)
    account = state.accounts[liquidate.account]
    if account.liquidation is None:
        distress, required = distress_collateral(state, account), maintenance(state, account)
        if distress >= required:
            figures = exactly(state, distress), exactly(state, required)
            yield Rejected(Reason.NOT_LIQUIDATABLE, *figures, liquidate.account)
        start = {market: held.size for market, held in account.positions.items()}
    else:
        waited, interval = liquidate.time - account.liquidation.time, terms.liquidation["round_interval"]
        if waited < interval:
            yield Rejected(Reason.ROUND_TOO_SOON, waited, interval, liquidate.account)
        if account.liquidation.round >= terms.liquidation["rounds"] and liquidate.fills:
            yield Rejected(Reason.ROUNDS_USED_UP, len(liquidate.fills), 0, liquidate.account)
        start = dict(account.liquidation.starting_sizes)
    accounts = dict(state.accounts)
    accounts[liquidate.account] = prepared(state, account)
    closed: dict[str, int] = {}
    for fill in liquidate.fills:
        yield from _failing_fill(state, liquidate, fill, accounts=accounts, start=start, closed=closed)


def _failing_fill(
    state: State,
    liquidate: Liquidate,
    fill: Fill,
    *,
    accounts: dict[str, Account],
    start: Mapping[str, int],
    closed: dict[str, int],
) -> Iterator[Rejected]:
    """The checks of one fill; `accounts` and `closed` go on with it."""
    terms, market, other = terms_of(state), fill.market, fill.counterparty
    yield from _failing_terms(state, market, fill.size, fill.price)
    if other == liquidate.account:
        yield Rejected(Reason.SAME_ACCOUNT, other, "another account", liquidate.account)
    yield from _failing_party(state, other)
    if accounts[other].liquidation is not None:
        yield Rejected(Reason.ACCOUNT_LIQUIDATING, "LIQUIDATING", "ACTIVE", other)
    held = accounts[liquidate.account].positions.get(market, Position(0, 0)).size
    if held == 0:
        yield Rejected(Reason.NOTHING_TO_REDUCE, fill.size, 0, liquidate.account)
    if fill.size > abs(held):
        yield Rejected(Reason.FILL_BEYOND_POSITION, fill.size, abs(held), liquidate.account)
    value_filled = fill.size * terms.lot[market] * fill.price * NANO
    lots = -fill.size if held > 0 else fill.size
    after = {}
    for account_id, bought, takes in ((liquidate.account, lots, True), (other, -lots, False)):
        fee = fee_atoms(state, account_id, liquidate.time, value_filled=value_filled, takes=takes)
        after[account_id] = after_fill(
            state, accounts[account_id], market=market, lots=bought, price=fill.price, fee=fee
        )
    left = value(state, after[liquidate.account])
    if left < 0:
        yield Rejected(Reason.ACCOUNT_VALUE_NEGATIVE, exactly(state, left), 0, liquidate.account)
    closed[market] = closed.get(market, 0) + fill.size
    per_lot = terms.lot[market] * mark_of(state, market)
    limits = (
        1,
        abs(start.get(market, 0)) // terms.liquidation["fraction"],
        floor(whole(terms.liquidation["minimum_value"]) / per_lot),
    )
    if closed[market] > max(limits):
        yield Rejected(Reason.FILL_BEYOND_ROUND, closed[market], max(limits), liquidate.account)
    yield from _failing_side(
        state, other, market=market, time=liquidate.time, before=accounts[other], after=after[other]
    )
    accounts |= after


def audit_answer(before: State, transaction: Transaction, outcome: Outcome) -> None:
    """Applied exactly when nothing in the rulebook refuses; refused for exactly the first reason, with its figures."""
    expected = refusal(before, transaction)
    found = None if isinstance(outcome, Applied) else outcome
    require(expected == found, f"{transaction} was answered by {found}, the refusal should be {expected}")


def audit(before: State, transaction: Transaction, outcome: Outcome, after: State) -> None:
    """Everything, over one step."""
    audit_answer(before, transaction, outcome)
    audit_step(before, transaction, outcome, after)
    if isinstance(outcome, Applied):
        audit_state(after)
        audit_values(before, transaction, outcome, after)
