"""Expectations: what a line of a log says must hold once it was answered, held against the ledger."""

from .canonical import state_digest
from .log import Expect
from .margin import account_value
from .outcomes import Applied, Outcome, Rejected
from .profiles import PRICE_DECIMALS
from .state import State, size_of
from .units import EXACT_DECIMALS, format_decimal


def unmet(expect: Expect, outcome: Outcome, state: State, digest: bytes) -> list[str]:
    """What an `expect` asks for and the ledger does not show, one phrase each; empty where all is met."""
    differences = []
    answer = "applied" if isinstance(outcome, Applied) else outcome.reason.name
    if expect.applied is not None and expect.applied != isinstance(outcome, Applied):
        differences.append(f"expected {'applied' if expect.applied else 'a refusal'}, found {answer}")
    if expect.reason is not None and not (isinstance(outcome, Rejected) and outcome.reason is expect.reason):
        differences.append(f"expected {expect.reason.name}, found {answer}")
    differences += _unmet_balances(expect, state)
    differences += _unmet_positions(expect, state)
    decimals = state.rulebook.settlement_decimals + EXACT_DECIMALS
    for account_id in sorted(expect.account_values):
        account = state.accounts.get(account_id)
        wanted = expect.account_values[account_id]
        found = None if account is None else account_value(state, account)
        if found != wanted:
            shown = "no such account" if found is None else format_decimal(found, decimals)
            differences.append(
                f"expected account value {format_decimal(wanted, decimals)} of {account_id}, found {shown}"
            )
    if expect.digest is not None and expect.digest != digest.hex():
        differences.append(f"expected digest {expect.digest}, found {digest.hex()}")
    if expect.state_digest is not None:
        found_digest = state_digest(state)
        if expect.state_digest != found_digest:
            differences.append(f"expected state digest {expect.state_digest}, found {found_digest}")
    return differences


def _unmet_balances(expect: Expect, state: State) -> list[str]:
    differences = []
    for account_id in sorted(expect.balances):
        account = state.accounts.get(account_id)
        for asset in sorted(expect.balances[account_id]):
            wanted = expect.balances[account_id][asset]
            found = 0 if account is None else account.cash.get(asset, 0)
            if found != wanted:
                decimals = state.rulebook.assets[asset].decimals
                differences.append(
                    f"expected {format_decimal(wanted, decimals)} {asset} of {account_id}, "
                    f"found {format_decimal(found, decimals)}"
                )
    return differences


def _unmet_positions(expect: Expect, state: State) -> list[str]:
    differences = []
    for account_id in sorted(expect.positions):
        account = state.accounts.get(account_id)
        for market_id in sorted(expect.positions[account_id]):
            wanted = expect.positions[account_id][market_id]
            size = 0 if account is None else size_of(account, market_id)
            if size != wanted.size:
                lot = state.rulebook.contracts[market_id].lot_units
                differences.append(
                    f"expected {format_decimal(wanted.size * lot, PRICE_DECIMALS)} {market_id} of {account_id}, "
                    f"found {format_decimal(size * lot, PRICE_DECIMALS)}"
                )
            held = None if account is None else account.positions.get(market_id)
            cost = 0 if held is None else held.reference_cost
            if wanted.reference_cost is not None and cost != wanted.reference_cost:
                decimals = state.rulebook.settlement_decimals
                differences.append(
                    f"expected reference cost {format_decimal(wanted.reference_cost, decimals)} of {account_id} in "
                    f"{market_id}, found {format_decimal(cost, decimals)}"
                )
    return differences
