"""The quantities of specs/margin and specs/state, written a second time from those pages, for pages of rules.

Amounts are atoms of the settlement asset; *exact* means 10^-18 of them. Fractions are kept as such: what is compared
is multiplied across, and what is reported rounded is said by the inequalities that it alone satisfies.
"""

from collections.abc import Callable

from ledger.rulebook import FeeTier, Rulebook
from ledger.state import Account, Limits, State

WHOLE, RATE = 10**18, 10**9
"""Exact values in an atom; parts in a rate of 1."""


def weight(rulebook: Rulebook, asset: str) -> int:
    """What one atom at price and factor 1 is worth, exact."""
    return cast_int(10 ** (rulebook.settlement_decimals - rulebook.assets[asset].decimals))


def cast_int(value: object) -> int:
    """An integer, for the type checker: 10 to a power may be a float for all it knows."""
    assert isinstance(value, int)
    return value


def signed_notional(state: State, account: Account, market: str) -> int:
    """N: lots at mark."""
    if market not in account.positions:
        return 0
    multiplier = state.rulebook.contracts[market].multiplier
    return account.positions[market].size * state.markets[market].mark * multiplier


def pnl(state: State, account: Account) -> int:
    """Unrealised, over all positions."""
    total = 0
    for market, position in account.positions.items():
        total = total + signed_notional(state, account, market) + position.reference_cost
    return total


def worth(state: State, account: Account, *, haircut: bool) -> int:
    """Balances at their prices, exact: collateral C with the haircut of their factors, the wallet W without."""
    total = 0
    for asset, amount in account.cash.items():
        factor = state.rulebook.assets[asset].factor if haircut else RATE
        total = total + amount * state.prices[asset] * factor * weight(state.rulebook, asset)
    return total


def account_value(state: State, account: Account) -> int:
    """AV, exact."""
    return worth(state, account, haircut=False) + pnl(state, account) * WHOLE


def effective_collateral(state: State, account: Account) -> int:
    """EC, exact: gains do not count before they are rolled, unless the rulebook says so."""
    gain = pnl(state, account)
    if not state.rulebook.unrealised_gains_count and gain > 0:
        gain = 0
    return worth(state, account, haircut=True) + gain * WHOLE


def distress_collateral(state: State, account: Account) -> int:
    """DC: settlement cash, what each other asset would be sold for, rounded down, and pnl."""
    total = pnl(state, account)
    for asset, amount in account.cash.items():
        if asset == state.rulebook.settlement_asset:
            total = total + amount
        else:
            factor = state.rulebook.assets[asset].factor
            total = total + amount * state.prices[asset] * factor * weight(state.rulebook, asset) // WHOLE
    return total


def exposures(state: State, account: Account) -> list[tuple[int, int]]:
    """EPN and the initial rate of its bracket, of each market."""
    found = []
    for market in account.positions:
        signed = signed_notional(state, account, market)
        effective = signed if signed >= 0 else -signed
        rate = 0
        for tier in state.rulebook.contracts[market].tiers:
            rate = tier.initial_rate
            if tier.upper is not None and tier.upper > effective:
                break
        found.append((effective, rate))
    return found


def exposure(state: State, account: Account) -> int:
    """sum(EPN)."""
    return sum(effective for effective, _ in exposures(state, account))


def initial_margin_over(state: State, account: Account) -> tuple[int, int]:
    """IM as an exact fraction: `sum(EPN * max(IMR * L, 10^9)) * 10^9` over L."""
    leverage = account.max_leverage
    total = 0
    for effective, rate in exposures(state, account):
        total = total + effective * (rate * leverage if rate * leverage > RATE else RATE)
    return total * RATE, leverage


def maintenance_margin(state: State, account: Account) -> int:
    """MM, exact."""
    total = 0
    for market in account.positions:
        total = total + maintenance_weight(state, account, market) * RATE
    return total


def maintenance_weight(state: State, account: Account, market: str) -> int:
    """A market's notional times the maintenance rate of its bracket."""
    size, contract = account.positions[market].size, state.rulebook.contracts[market]
    effective = sign_of(size) * size * state.markets[market].mark * contract.multiplier
    for tier in contract.tiers:
        rate = tier.maintenance_rate
        if tier.upper is not None and tier.upper > effective:
            break
    return effective * rate


def covers(value: int, fraction: tuple[int, int]) -> bool:
    """Whether a value reaches a fraction, multiplied across."""
    return value * fraction[1] >= fraction[0]


def rounded_up(fraction: tuple[int, int]) -> Callable[[int], bool]:
    """What is true of the fraction rounded up, and of no other integer."""
    numerator, denominator = fraction
    return lambda value: (value * denominator >= numerator) & ((value - 1) * denominator < numerator)


def rounded_down(fraction: tuple[int, int]) -> Callable[[int], bool]:
    """What is true of the fraction rounded down, and of no other integer."""
    numerator, denominator = fraction
    return lambda value: (value * denominator <= numerator) & ((value + 1) * denominator > numerator)


def obliged(state: State, account_id: str, time: int) -> tuple[bool, Limits]:
    """Whether the account is obliged at the time, and the limits it enrolled with."""
    record = state.providers.get(account_id)
    if record is None or record.limits is None:
        return False, Limits(0, 0, 0)
    in_time = True if record.notice is None else time < record.notice + state.rulebook.program.notice
    return in_time, record.limits


def lowest_fees(rulebook: Rulebook) -> FeeTier:
    """The lowest maker and the lowest taker rate of all fee tiers."""
    tiers = rulebook.fee_tiers.values()
    return FeeTier(min(tier.maker for tier in tiers), min(tier.taker for tier in tiers))


def sign_of(size: int) -> int:
    """1 for a long, -1 for a short."""
    return 1 if size > 0 else -1
