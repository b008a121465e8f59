"""One fault for a transaction, of those that its type can have."""

import attrs
from immutables import Map

from ..rulebook import INSURANCE
from ..state import State
from ..transactions import (
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
from ..units import floor_to_multiple
from .choosers import Chooser, one_in
from .sight import STRANGERS, active_accounts, liquidating_accounts


def spoil(chooser: Chooser, state: State, transaction: Transaction) -> Transaction:
    """The transaction with one fault, of those that its type can have: time going back, or a field beyond its limit."""
    if one_in(chooser, 6):
        return attrs.evolve(transaction, time=max(-1, state.time - chooser.choose_from((1, 60_000, state.time + 1))))
    match transaction:
        case Deposit() | Withdraw():
            return _spoiled_booking(chooser, state, transaction)
        case SetAccount():
            return chooser.choose_from(
                (
                    attrs.evolve(transaction, account=chooser.choose_from(STRANGERS)),
                    attrs.evolve(transaction, max_leverage=None, fee_tier=None),
                    attrs.evolve(transaction, max_leverage=0),
                    attrs.evolve(transaction, max_leverage=state.rulebook.maximum_leverage + 1),
                    attrs.evolve(transaction, fee_tier="gold"),
                )
            )
        case Trade():
            return _spoiled_trade(chooser, state, transaction)
        case MarkMarket():
            return chooser.choose_from(
                (
                    attrs.evolve(transaction, market="XRP-PERP"),
                    attrs.evolve(transaction, premium=-max(transaction.quotes.values())),
                    attrs.evolve(transaction, quotes=_spoiled_quotes(chooser, transaction.quotes)),
                )
            )
        case MarkAsset():
            return chooser.choose_from(
                (
                    attrs.evolve(transaction, asset="DOGE"),
                    attrs.evolve(transaction, asset=state.rulebook.settlement_asset),
                    attrs.evolve(transaction, quotes=_spoiled_quotes(chooser, transaction.quotes)),
                )
            )
        case Fund():
            return _spoiled_fund(chooser, state, transaction)
        case Settle():
            missed = transaction.time + state.rulebook.settle.schedule.window
            return Settle(chooser.choose_from((missed, state.time)))
        case Enroll():
            program = state.rulebook.program
            return chooser.choose_from(
                (
                    attrs.evolve(transaction, account=chooser.choose_from(STRANGERS)),
                    attrs.evolve(transaction, capacity_per_minute=program.minimum_capacity_per_minute - 1),
                    attrs.evolve(transaction, capacity_per_hour=transaction.capacity_per_minute - 1),
                    attrs.evolve(transaction, max_holdings=transaction.capacity_per_minute - 1),
                )
            )
        case Leave() | BackstopTransfer():
            return attrs.evolve(transaction, account=chooser.choose_from((*STRANGERS, *active_accounts(state))))
        case Liquidate():
            return _spoiled_liquidate(chooser, state, transaction)


def _spoiled_booking(chooser: Chooser, state: State, transaction: Deposit | Withdraw) -> Transaction:
    unpriced = [asset for asset in sorted(state.rulebook.assets) if asset not in state.prices]
    stranger = chooser.choose_from(STRANGERS)
    if one_in(chooser, 4):
        return attrs.evolve(transaction, account=INSURANCE, asset="USDC", amount=10**9)
    return chooser.choose_from(
        (
            attrs.evolve(transaction, account=stranger),
            attrs.evolve(transaction, asset=chooser.choose_from(("DOGE", *unpriced)), amount=10**9),
            attrs.evolve(transaction, amount=chooser.choose_from((0, -1, -transaction.amount))),
            attrs.evolve(transaction, asset=state.rulebook.settlement_asset, amount=transaction.amount * 10_000 + 1),
        )
    )


def _spoiled_trade(chooser: Chooser, state: State, transaction: Trade) -> Trade:
    unmarked = [market for market in sorted(state.rulebook.contracts) if market not in state.markets]
    stranger = chooser.choose_from((*STRANGERS, *liquidating_accounts(state)))
    return chooser.choose_from(
        (
            attrs.evolve(transaction, buyer=stranger),
            attrs.evolve(transaction, seller=stranger),
            attrs.evolve(transaction, seller=transaction.buyer),
            attrs.evolve(transaction, market=chooser.choose_from(("XRP-PERP", *unmarked))),
            attrs.evolve(transaction, size=chooser.choose_from((0, -transaction.size))),
            attrs.evolve(transaction, size=transaction.size * 1000),
            attrs.evolve(transaction, price=chooser.choose_from((transaction.price + 1, 0, -transaction.price))),
            attrs.evolve(transaction, price=transaction.price * 2),
        )
    )


def _spoiled_quotes(chooser: Chooser, quotes: Map[str, int]) -> Map[str, int]:
    source = chooser.choose_from(sorted(quotes))
    return chooser.choose_from(
        (
            quotes.set("Mtgox", quotes[source]),
            quotes.set(source, 0),
            quotes.set(source, -1),
            Map({source: quotes[source]}),
            Map(),
        )
    )


def _spoiled_fund(chooser: Chooser, state: State, transaction: Fund) -> Fund:
    beyond = state.rulebook.funding_clamp + 1
    unmarked = [market for market in sorted(state.rulebook.contracts) if market not in state.markets]
    terms = state.rulebook.funding
    due = max(state.time, floor_to_multiple(state.time, terms.interval))
    return chooser.choose_from(
        (
            attrs.evolve(transaction, market=chooser.choose_from(("XRP-PERP", *unmarked))),
            attrs.evolve(transaction, rate=chooser.choose_from((beyond, -beyond))),
            attrs.evolve(transaction, time=due + terms.window),
        )
    )


def _spoiled_liquidate(chooser: Chooser, state: State, transaction: Liquidate) -> Liquidate:
    if not transaction.fills or one_in(chooser, 3):
        return attrs.evolve(transaction, account=chooser.choose_from((*STRANGERS, *active_accounts(state))))
    number = chooser.choose_int(0, len(transaction.fills) - 1)
    fill = transaction.fills[number]
    markets = sorted(state.rulebook.contracts)
    unmarked = [market for market in markets if market not in state.markets]
    spoiled = chooser.choose_from(
        (
            attrs.evolve(fill, market=chooser.choose_from(("XRP-PERP", *(2 * unmarked or markets)))),
            attrs.evolve(
                fill,
                counterparty=chooser.choose_from(
                    (transaction.account, *STRANGERS, "nobody", *liquidating_accounts(state))
                ),
            ),
            attrs.evolve(fill, size=chooser.choose_from((0, -1, fill.size * 3))),
            attrs.evolve(fill, price=chooser.choose_from((fill.price + 1, 0, fill.price * 2))),
        )
    )
    return attrs.evolve(transaction, fills=(*transaction.fills[:number], spoiled, *transaction.fills[number + 1 :]))
