"""Accounts, providers and states as nested tables of text: printed as they are for machines, laid out for people."""

from typing import Any

from ..capacity import headroom, limits_in_force, taken_within
from ..liquidity import open_interest
from ..margin import (
    account_value,
    break_even_price,
    collateral,
    distress_collateral,
    effective_collateral,
    exposure,
    free_collateral,
    initial_margin,
    leverage,
    liquidation_price,
    maintenance_margin,
    margin_rate,
    mark_per_lot,
    max_buy,
    max_sell,
    notional,
    position_notional,
    tier_margin,
    tier_of,
    unrealised_pnl,
    wallet,
)
from ..replay import custody
from ..rulebook import SYSTEM_ACCOUNTS, is_system
from ..state import Account, Market, Provider, State, size_of
from ..units import RATE_SCALE, floor_div
from .formatting import Format

Document = dict[str, Any]

OBLIGED = "obliged"
"""The standing of a provider that has given no notice."""


def account_document(form: Format, state: State, account_id: str) -> Document:
    """An open account with every margin quantity; of a system account only what it holds."""
    account = state.accounts[account_id]
    document: Document = {"account": account_id, "cash": cash_document(form, state, account)}
    if is_system(account_id):
        return document
    provider = state.providers.get(account_id)
    return document | {
        "status": account.status,
        "liquidation": liquidation_document(form, account),
        "max_leverage": account.max_leverage,
        "fee_tier": account.fee_tier,
        "positions": {market: position_document(form, state, account, market) for market in sorted(account.positions)},
        "margin": margin_document(form, state, account),
        "largest_orders": {
            market: {
                "buy": form.value(max_buy(state, account, market)),
                "sell": form.value(max_sell(state, account, market)),
            }
            for market in sorted(state.markets)
        },
        "provider": None if provider is None else provider_document(form, state, account_id, provider),
    }


def holdings_document(form: Format, account: Account, account_id: str) -> Document:
    """What an account holds, and nothing that needs a price, a mark or a margin."""
    return {
        "account": account_id,
        "cash": {asset: {"amount": form.amount(amount, asset)} for asset, amount in sorted(account.cash.items())},
        "status": account.status,
        "liquidation": liquidation_document(form, account),
        "max_leverage": account.max_leverage,
        "fee_tier": account.fee_tier,
        "positions": {
            market: {"size": form.size(position.size, market), "reference_cost": form.money(position.reference_cost)}
            for market, position in sorted(account.positions.items())
        },
    }


def cash_document(form: Format, state: State, account: Account) -> Document:
    """The balances of an account by asset: amount, price, factor, value and collateral."""
    document: Document = {}
    for asset, amount in sorted(account.cash.items()):
        price, terms = state.prices[asset], state.rulebook.assets[asset]
        value = amount * price * terms.weight
        document[asset] = {
            "amount": form.amount(amount, asset),
            "price": form.price(price),
            "factor": form.ratio(terms.factor),
            "value": form.exact(value * RATE_SCALE),
            "collateral": form.exact(value * terms.factor),
        }
    return document


def liquidation_document(form: Format, account: Account) -> Document | None:
    """How far the account's liquidation is; None for an active one."""
    liquidation = account.liquidation
    if liquidation is None:
        return None
    return {
        "round": liquidation.round,
        "time": form.time(liquidation.time),
        "starting_sizes": {
            market: form.size(size, market) for market, size in sorted(liquidation.starting_sizes.items())
        },
    }


def position_document(form: Format, state: State, account: Account, market_id: str) -> Document:
    """A position with what it is worth, and the prices and rates that decide over it."""
    position, mark = account.positions[market_id], state.markets[market_id].mark
    contract = state.rulebook.contracts[market_id]
    value = notional(contract, position.size, mark)
    tier = tier_of(contract, abs(value))
    break_even = break_even_price(contract, size=position.size, reference_cost=position.reference_cost)
    liquidation = liquidation_price(state, account, market_id)
    return {
        "size": form.size(position.size, market_id),
        "reference_cost": form.money(position.reference_cost),
        "mark": form.price(mark),
        "notional": form.value(value),
        "pnl": form.value(value + position.reference_cost),
        "break_even_price": None if break_even is None else form.price(break_even),
        "liquidation_price": None if liquidation is None else form.price(liquidation),
        "initial_rate": form.rate(tier.initial_rate),
        "maintenance_rate": form.rate(tier.maintenance_rate),
    }


def margin_document(form: Format, state: State, account: Account) -> Document:
    """Every quantity of the account's margin, in the settlement asset, and its two ratios."""
    maintenance = maintenance_margin(state, account)
    rate, leveraged = margin_rate(state, account), leverage(state, account)
    return {
        "wallet": form.exact(wallet(state, account)),
        "unrealised_pnl": form.value(unrealised_pnl(state, account)),
        "account_value": form.exact(account_value(state, account)),
        "collateral": form.exact(collateral(state, account)),
        "effective_collateral": form.exact(effective_collateral(state, account)),
        "distress_collateral": form.value(distress_collateral(state, account)),
        "exposure": form.value(exposure(state, account)),
        "initial_margin": form.exact(initial_margin(state, account)),
        "maintenance_margin": form.exact(maintenance),
        "takeover_level": form.exact(floor_div(maintenance, 2)),
        "release_level": form.exact(tier_margin(state, account)),
        "free_collateral": form.exact(free_collateral(state, account)),
        "margin_rate": None if rate is None else form.rate(rate),
        "leverage": None if leveraged is None else form.ratio(leveraged),
    }


def standing(form: Format, state: State, provider: Provider) -> str:
    """Whether a provider is obliged, in words."""
    program = state.rulebook.program
    if provider.limits is None:
        return "ended"
    if provider.notice is None:
        return OBLIGED
    obliged = limits_in_force(program, provider, state.time) is not None
    return f"{'obliged until' if obliged else 'left at'} {form.time(provider.notice + program.notice)}"


def provider_document(form: Format, state: State, account_id: str, provider: Provider) -> Document:
    """A provider's limits, what it took over in the last minute and hour, and what is left of both and of its
    holdings; nothing is left where it is not obliged."""
    program, account = state.rulebook.program, state.accounts[account_id]
    in_force = limits_in_force(program, provider, state.time)
    windows = {}
    for name, window, limit in (
        ("minute", program.minute, None if in_force is None else in_force.capacity_per_minute),
        ("hour", program.hour, None if in_force is None else in_force.capacity_per_hour),
    ):
        taken = taken_within(provider, time=state.time, window=window)
        windows[name] = {
            "limit": None if limit is None else form.money(limit),
            "taken": form.value(taken),
            "left": form.value(0 if limit is None else max(0, limit - taken)),
        }
    return {
        "standing": standing(form, state, provider),
        "obliged": in_force is not None,
        "notice": None if provider.notice is None else form.time(provider.notice),
        "windows": windows,
        "max_holdings": None if in_force is None else form.money(in_force.max_holdings),
        "holdings": {
            market_id: {
                "size": form.size(size_of(account, market_id), market_id),
                "notional": form.value(position_notional(state, account, market_id)),
                **_left_to_hold(form, state, account_id, provider, market_id),
            }
            for market_id in sorted(state.markets)
        },
        "takeovers": [
            {"time": form.time(takeover.time), "notional": form.value(takeover.notional)}
            for takeover in provider.takeovers
        ],
    }


def _left_to_hold(form: Format, state: State, account_id: str, provider: Provider, market_id: str) -> Document:
    """The sizes of a long and of a short that the provider could still take over within its holdings' maximum."""
    limits = limits_in_force(state.rulebook.program, provider, state.time)
    held = size_of(state.accounts[account_id], market_id)
    per_lot = mark_per_lot(state.rulebook.contracts[market_id], state.markets[market_id])
    left = {}
    for name, direction in (("long", 1), ("short", -1)):
        lots = 0 if limits is None else headroom(limits, mark_per_lot=per_lot, held=held, taken_over=direction)
        left[f"left_{name}"] = form.size(max(0, lots), market_id)
    return left


def market_document(form: Format, state: State, market_id: str, market: Market) -> Document:
    """A market with its open interest, the sum of the longs; stress and the last observation where there is one."""
    longs = open_interest(state, market_id)
    document: Document = {
        "index": form.price(market.index),
        "mark": form.price(market.mark),
        "premium_samples": market.premium_count,
        "premium_sum": form.price(market.premium_sum),
        "last_funding": form.time(market.last_funding),
        "open_interest": form.size(longs, market_id),
        "open_interest_notional": form.notional(lots=longs, price=market.mark, market=market_id),
    }
    if market.monitor is not None:
        document["stressed"] = market.monitor.stressed
        document["last_observation"] = form.time(market.monitor.time)
    return document


def system_document(form: Format, state: State) -> Document:
    """The balances of the system accounts; `@external` holds minus the custody."""
    return {
        account_id: {
            asset: form.amount(amount, asset) for asset, amount in sorted(state.accounts[account_id].cash.items())
        }
        for account_id in sorted(SYSTEM_ACCOUNTS)
    }


def custody_document(form: Format, state: State) -> Document:
    """What the outside world has paid in, net, by asset."""
    return {asset: form.amount(amount, asset) for asset, amount in custody(state).items()}


def providers_document(form: Format, state: State) -> Document:
    """Every provider's record."""
    return {
        account_id: provider_document(form, state, account_id, provider)
        for account_id, provider in sorted(state.providers.items())
    }


def state_document(form: Format, state: State) -> Document:
    """The whole state, every account in full."""
    return {
        "rulebook": state.rulebook.name,
        "sequence": state.sequence,
        "time": form.time(state.time),
        "last_settle": form.time(state.last_settle),
        "markets": {
            market_id: market_document(form, state, market_id, market)
            for market_id, market in sorted(state.markets.items())
        },
        "prices": {asset: form.price(price) for asset, price in sorted(state.prices.items())},
        "system_accounts": system_document(form, state),
        "custody": custody_document(form, state),
        "accounts": {
            account_id: account_document(form, state, account_id)
            for account_id in sorted(state.accounts)
            if not is_system(account_id)
        },
    }
