"""Transactions drawn with the state in view, so that the corners of the rulebook are common and not one in a million.

A generator is a function of a `Chooser` and the state. It aims: at the mark where an account meets maintenance margin,
at the lot that uses free collateral up, at the millisecond in which a window ends. Two choosers drive the very same
generators: `Drawn`, which is hypothesis and shrinks, and `Seeded`, which is a plain `random.Random` and fast.

`spoil` takes a transaction and gives it one fault. `MOODS` weigh the generators, `ARCS` string moods together into
what markets do, and `play` runs a whole simulation of them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Any, Protocol, TypeVar

import attrs
from hypothesis import strategies as st
from immutables import Map

from ledger.capacity import limits_in_force
from ledger.laws.law import Step
from ledger.margin import (
    account_value,
    distress_collateral,
    effective_collateral,
    initial_margin,
    is_liquidatable,
    maintenance_margin,
    mark_per_lot,
    position_notional,
    tier_margin,
    tier_of,
)
from ledger.profiles import DEFAULT_PROFILE, load_profile
from ledger.rulebook import EXTERNAL, FEES, INSURANCE, Contract, Rulebook, is_system
from ledger.rules.liquidate import round_limit
from ledger.state import Account, Market, State, genesis, size_of
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
    SetAccount,
    Settle,
    Trade,
    Transaction,
    Withdraw,
)
from ledger.transition import apply, state_after
from ledger.units import EXACT_SCALE, PRICE_SCALE, RATE_SCALE, ceil_div, floor_div, floor_to_multiple
from tests.worlds import START

T = TypeVar("T")

# ---------------------------------------------------------------------------------------------------------------------
# Rulebooks in which corners are close together


def _tiers(*bounds: tuple[str, str, str], last: tuple[str, str]) -> list[dict[str, str]]:
    tiers = [{"below": below, "initial": initial, "maintenance": rate} for below, initial, rate in bounds]
    return [*tiers, {"initial": last[0], "maintenance": last[1]}]


COMPACT_TIERS = _tiers(
    ("500", "0.01", "0.006"), ("2000", "0.02", "0.012"), ("8000", "0.05", "0.03"), last=("0.2", "0.12")
)

COMPACT_TERMS: dict[str, Any] = {
    "name": "compact",
    "markets": {
        "BTC-PERP": {"lot": "0.01", "tiers": COMPACT_TIERS},
        "ETH-PERP": {"lot": "0.1", "tiers": COMPACT_TIERS},
    },
    "funding": {"interval": 1_800_000},
    "liquidation": {"rounds": 3, "fraction": 2, "minimum_value": "60"},
    "program": {
        "minimum_account_value": "1000",
        "minimum_capacity_per_minute": "200",
        "minimum_capacity_per_hour": "400",
        "minimum_candidates": 2,
    },
}
"""A few lots to a tier, three rounds, two candidates, and providers that a thousand USDT makes."""

COMPACT_COLLAR_TERMS: dict[str, Any] = {
    **COMPACT_TERMS,
    "name": "compact-collar",
    "program": {**COMPACT_TERMS["program"], "discount": "-0.01"},
}

COMPACT_OPEN_TERMS: dict[str, Any] = {
    **COMPACT_TERMS,
    "name": "compact-open",
    "unrealised_gains_count": True,
    "markets": {market: {**terms, "price_band": "none"} for market, terms in sorted(COMPACT_TERMS["markets"].items())},
    "liquidation": {"rounds": 1, "fraction": 1, "minimum_value": "0"},
    "program": {**COMPACT_TERMS["program"], "discount": "0.05", "minimum_candidates": 1},
}
"""No price band, unrealised gains that count, one round, one candidate, a discount wider than any takeover margin."""

GENESES: Mapping[str, tuple[str, dict[str, Any] | None]] = {
    "compact": (DEFAULT_PROFILE, COMPACT_TERMS),
    "compact-collar": (DEFAULT_PROFILE, COMPACT_COLLAR_TERMS),
    "compact-open": (DEFAULT_PROFILE, COMPACT_OPEN_TERMS),
    "ascendex-2020": ("ascendex-2020", None),
    "ascendex-2020-collar": ("ascendex-2020-collar", None),
    "textbook": ("textbook", None),
}
"""The profile and the overrides that each of `RULEBOOKS` is made of, as a log's genesis has them."""

RULEBOOKS: Mapping[str, Rulebook] = {
    name: load_profile(profile, overrides) for name, (profile, overrides) in GENESES.items()
}

# ---------------------------------------------------------------------------------------------------------------------
# Choosers


class Chooser(Protocol):
    """Where a generator's choices come from. The first and lowest choices are the plainest, so that shrinking helps."""

    def choose_int(self, lo: int, hi: int) -> int:
        """A whole number from `lo` to `hi`, both included."""
        ...

    def choose_from(self, choices: Sequence[T]) -> T:
        """One of a non-empty sequence."""
        ...


class Seeded:
    """Choices of a `random.Random`: the same seed makes the same choices everywhere."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def choose_int(self, lo: int, hi: int) -> int:
        return self._random.randrange(lo, hi + 1)

    def choose_from(self, choices: Sequence[T]) -> T:
        return choices[self._random.randrange(len(choices))]


class Drawn:
    """Choices that hypothesis draws, remembers and shrinks."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def choose_int(self, lo: int, hi: int) -> int:
        return self._draw(st.integers(lo, hi))

    def choose_from(self, choices: Sequence[T]) -> T:
        return choices[self._draw(st.integers(0, len(choices) - 1))]


Generator = Callable[[Chooser, State], Transaction]


def one_in(chooser: Chooser, many: int) -> bool:
    """True once in `many` times; the plain answer is False."""
    return chooser.choose_int(1, many) == many


def choose_near(chooser: Chooser, value: int) -> int:
    """The value, or one beside it."""
    return value + chooser.choose_from((0, -1, 1))


def choose_preferred(chooser: Chooser, preferred: Sequence[T], others: Sequence[T]) -> T:
    """Mostly one of the preferred, where there are any."""
    if preferred and not one_in(chooser, 8):
        return chooser.choose_from(preferred)
    return chooser.choose_from(others)


# ---------------------------------------------------------------------------------------------------------------------
# What a generator sees

NAMES = ("ann", "bob", "cid", "dan", "eve", "fay", "gus", "hal", "ida", "joe")
STRANGERS = ("nobody", INSURANCE, FEES, EXTERNAL, "@treasury")
BASE_PRICES = {"BTC-PERP": 5000, "ETH-PERP": 350, "BTC": 5000, "ETH": 350, "USDC": 1, "PAX": 1}


def open_accounts(state: State) -> list[str]:
    """Ordinary accounts, in id order."""
    return sorted(account_id for account_id in state.accounts if not is_system(account_id))


def holders(state: State) -> list[str]:
    """Accounts with a position."""
    return [account_id for account_id in open_accounts(state) if state.accounts[account_id].positions]


def active_accounts(state: State) -> list[str]:
    """Ordinary accounts that are not being liquidated."""
    return [account_id for account_id in open_accounts(state) if state.accounts[account_id].liquidation is None]


def able_accounts(state: State) -> list[str]:
    """Active accounts with something to risk or to close."""
    accounts = state.accounts
    return [
        name
        for name in active_accounts(state)
        if accounts[name].positions or effective_collateral(state, accounts[name]) > 0
    ]


def broke_accounts(state: State) -> list[str]:
    """Active accounts with nothing to risk and nothing to close: most were taken over."""
    able = set(able_accounts(state))
    return [name for name in active_accounts(state) if name not in able]


def liquidating_accounts(state: State) -> list[str]:
    """Accounts that are being liquidated."""
    return [account_id for account_id in open_accounts(state) if state.accounts[account_id].liquidation is not None]


def distressed_accounts(state: State) -> list[str]:
    """Accounts below maintenance margin, and those exactly at it, who are healthy by nothing."""
    found = []
    for account_id in open_accounts(state):
        account = state.accounts[account_id]
        at_level = distress_collateral(state, account) * EXACT_SCALE <= maintenance_margin(state, account)
        if at_level and (account.positions or is_liquidatable(state, account)):
            found.append(account_id)
    return found


def transferable_accounts(state: State) -> list[str]:
    """Accounts at takeover, with their rounds used up, or exactly at the level of takeover."""
    rounds = state.rulebook.liquidation.rounds
    found = []
    for account_id in open_accounts(state):
        account = state.accounts[account_id]
        used_up = account.liquidation is not None and account.liquidation.round >= rounds
        at_level = 2 * distress_collateral(state, account) * EXACT_SCALE <= maintenance_margin(state, account)
        if used_up or (at_level and (account.positions or is_liquidatable(state, account))):
            found.append(account_id)
    return found


def obliged_providers(state: State) -> list[str]:
    """Providers whose limits are in force."""
    program, providers = state.rulebook.program, state.providers
    return [
        account_id
        for account_id in sorted(providers)
        if limits_in_force(program, providers[account_id], state.time) is not None
    ]


def providers_near_the_minimum(state: State) -> list[str]:
    """Obliged providers that can hardly lose anything and stay at or above the program's minimum account value."""
    minimum = wealth_unit(state.rulebook)
    found = []
    for account_id in obliged_providers(state):
        spare = floor_div(account_value(state, state.accounts[account_id]), EXACT_SCALE) - minimum
        if 0 <= spare < minimum // 40:
            found.append(account_id)
    return found


def names_to_use(state: State) -> list[str]:
    """Open accounts, and one name that is still free."""
    free = [name for name in NAMES if name not in state.accounts]
    return [*open_accounts(state), *free[:1]] or ["ann"]


def wealth_unit(rulebook: Rulebook) -> int:
    """What accounts are rich in, in settlement atoms: the program's minimum account value."""
    return rulebook.program.minimum_account_value


# ---------------------------------------------------------------------------------------------------------------------
# Time


def next_instants(interval: int, window: int, time: int) -> tuple[int, ...]:
    """The edges of this and the next instant of a grid: hit, missed by a millisecond, just made, just too late."""
    this = floor_to_multiple(time, interval)
    return (this + window, this + interval)


def edges(state: State) -> list[int]:
    """Times at which something begins or ends: windows, notices, rounds, instants. Past ones too."""
    rulebook = state.rulebook
    program, schedule = rulebook.program, rulebook.settle.schedule
    found = [
        *next_instants(schedule.interval, schedule.window, state.time),
        *next_instants(rulebook.funding.interval, rulebook.funding.window, state.time),
    ]
    for account_id in liquidating_accounts(state):
        liquidation = state.accounts[account_id].liquidation
        if liquidation is not None:
            found.append(liquidation.time + rulebook.liquidation.round_interval)
    for provider_id in sorted(state.providers):
        provider = state.providers[provider_id]
        if provider.notice is not None:
            found.append(provider.notice + program.notice)
        for takeover in provider.takeovers[-2:] + provider.takeovers[:1]:
            found += [takeover.time + program.minute, takeover.time + program.hour]
    return found


def at_edge(chooser: Chooser, state: State, times: Sequence[int]) -> int:
    """One of the times that lie ahead, or a millisecond beside it; the state's own time where none does."""
    ahead = [time for time in times if time > state.time]
    if not ahead:
        return state.time
    return max(state.time, choose_near(chooser, chooser.choose_from(ahead)))


def a_time(chooser: Chooser, state: State) -> int:
    """Mostly now or seconds later; now and then the near edge of something, seldom a far one."""
    kind = chooser.choose_int(0, 39)
    if kind < 24:
        return state.time
    if kind < 36:
        return state.time + chooser.choose_from((1, 500, 2000, 6000, 15_000))
    if kind < 39:
        near = [time for time in edges(state) if time <= state.time + 90_000]
        return at_edge(chooser, state, near)
    return at_edge(chooser, state, edges(state))


# ---------------------------------------------------------------------------------------------------------------------
# Money


def deposit(chooser: Chooser, state: State) -> Deposit:
    """Mostly in assets that have a price, to old and new accounts, sometimes to the venue's own."""
    rulebook = state.rulebook
    needy = (*broke_accounts(state), *liquidating_accounts(state))
    to = chooser.choose_from((*names_to_use(state), *needy, *needy, INSURANCE))
    asset = rulebook.settlement_asset
    if not is_system(to):
        coins = [priced for priced in sorted(state.prices) if priced != asset]
        scarce = -state.accounts[EXTERNAL].cash.get(asset, 0) < 3 * wealth_unit(rulebook)
        asset = choose_preferred(chooser, coins if scarce else sorted(state.prices), sorted(rulebook.assets))
    value = wealth_unit(rulebook) * chooser.choose_int(1, 30) // 10
    if one_in(chooser, 12):
        value = wealth_unit(rulebook) * chooser.choose_int(30, 80) // 10
    return Deposit(a_time(chooser, state), to, asset, amount_worth(state, asset, value))


def rescue(chooser: Chooser, state: State) -> Deposit:
    """A deposit that brings somebody in distress exactly to a level at which a test turns, where that can be booked."""
    distressed = sorted({*distressed_accounts(state), *liquidating_accounts(state)})
    if distressed:
        account_id = chooser.choose_from(distressed)
        amount = amount_to_the_margin(chooser, state, state.accounts[account_id])
        if amount > 0:
            return Deposit(state.time, account_id, state.rulebook.settlement_asset, amount)
    return deposit(chooser, state)


def amount_to_the_margin(chooser: Chooser, state: State, account: Account) -> int:
    """Settlement atoms that bring the account exactly to a level at which a test turns, or one unit beside it.

    Zero or less where it stands above the level, or where the level is no whole number of booking units away.
    """
    distress = distress_collateral(state, account) * EXACT_SCALE
    maintenance, initial = maintenance_margin(state, account), tier_margin(state, account)
    missing = chooser.choose_from((maintenance, initial, maintenance // 2)) - distress
    unit = state.rulebook.assets[state.rulebook.settlement_asset].booking_unit
    units = ceil_div(missing, unit * EXACT_SCALE)
    return (units if one_in(chooser, 2) else choose_near(chooser, units)) * unit


def amount_worth(state: State, asset: str, value: int) -> int:
    """The booked amount (atoms) of the asset that is worth about `value` settlement atoms, at least one unit."""
    terms, price = state.rulebook.assets[asset], state.prices.get(asset, PRICE_SCALE)
    amount = floor_div(value * PRICE_SCALE, price * terms.weight)
    return max(terms.booking_unit, floor_to_multiple(amount, terms.booking_unit))


def withdraw(chooser: Chooser, state: State) -> Withdraw:
    """All of a balance, what free collateral or the program's minimum leaves, or a part; one unit more or less."""
    rulebook, time = state.rulebook, a_time(chooser, state)
    if one_in(chooser, 10):
        source = chooser.choose_from((INSURANCE, FEES))
        held = state.accounts[source].cash.get(rulebook.settlement_asset, 0)
        return Withdraw(time, source, rulebook.settlement_asset, _booked(chooser, rulebook, "USDT", held))
    funded = [name for name in open_accounts(state) if state.accounts[name].cash]
    if not funded:
        return Withdraw(time, chooser.choose_from(NAMES), rulebook.settlement_asset, 10**13)
    account_id = choose_preferred(chooser, funded, open_accounts(state))
    account = state.accounts[account_id]
    asset = chooser.choose_from(sorted(account.cash) or [rulebook.settlement_asset])
    custody = -state.accounts[EXTERNAL].cash.get(rulebook.settlement_asset, 0)
    if account.cash.get(rulebook.settlement_asset, 0) > custody:
        asset = rulebook.settlement_asset
    held = account.cash.get(asset, 0)
    free = effective_collateral(state, account) - initial_margin(state, account)
    spare = account_value(state, account) - rulebook.program.minimum_account_value * EXACT_SCALE
    terms, price = rulebook.assets[asset], state.prices[asset]
    limits = [
        held,
        floor_div(free, price * terms.factor * terms.weight),
        floor_div(spare, price * RATE_SCALE * terms.weight),
        floor_div(spare, price * RATE_SCALE * terms.weight),
        -state.accounts[EXTERNAL].cash.get(asset, 0),
        held * chooser.choose_int(1, 9) // 10,
    ]
    return Withdraw(time, account_id, asset, _booked(chooser, rulebook, asset, chooser.choose_from(limits)))


def _booked(chooser: Chooser, rulebook: Rulebook, asset: str, amount: int) -> int:
    unit = rulebook.assets[asset].booking_unit
    return floor_to_multiple(amount, unit) + unit * chooser.choose_from((0, 0, 1, -1))


def set_account(chooser: Chooser, state: State) -> SetAccount:
    """A leverage limit, a fee tier, or both, sometimes for an account with open risk."""
    leverage = chooser.choose_from((100, 100, 50, 20, 3, 1, None))
    fee_tier = chooser.choose_from((None, *sorted(state.rulebook.fee_tiers)))
    return SetAccount(a_time(chooser, state), chooser.choose_from(names_to_use(state)), leverage, fee_tier)


# ---------------------------------------------------------------------------------------------------------------------
# Trades


def band_edges(contract: Contract, market: Market) -> tuple[int, int]:
    """The lowest and the highest price on the tick within the band; half and one and a half times mark without one."""
    tick = contract.tick
    band = RATE_SCALE // 2 if contract.price_band is None else contract.price_band
    low = ceil_div(ceil_div(market.mark * (RATE_SCALE - band), RATE_SCALE), tick) * tick
    high = floor_to_multiple(floor_div(market.mark * (RATE_SCALE + band), RATE_SCALE), tick)
    return max(tick, low), max(tick, high)


def trade_price(chooser: Chooser, contract: Contract, market: Market) -> int:
    """At mark, a few ticks off, at the edge of the band, or one tick beyond it."""
    tick = contract.tick
    at_mark = max(tick, floor_to_multiple(market.mark, tick))
    kind = chooser.choose_int(0, 11)
    if kind < 7:
        return at_mark
    if kind < 9:
        return max(tick, at_mark + tick * chooser.choose_int(-8, 8))
    low, high = band_edges(contract, market)
    return max(tick, chooser.choose_from((low, high, low, high, low - tick, high + tick)))


def affordable_lots(state: State, account: Account, market_id: str, direction: int) -> int:
    """About the most lots (positive) that free collateral admits of a buy (1) or a sell (-1), fees aside."""
    contract = state.rulebook.contracts[market_id]
    per_lot = mark_per_lot(contract, state.markets[market_id])
    held = size_of(account, market_id)
    here = (
        Account(account.cash, account.positions.delete(market_id), account.max_leverage, "", None) if held else account
    )
    free = effective_collateral(state, account) - initial_margin(state, here)
    most, lower = 0, 0
    for tier in contract.tiers:
        rate = max(tier.initial_rate, ceil_div(RATE_SCALE, account.max_leverage))
        reach = floor_div(free, rate * per_lot * RATE_SCALE)
        if tier.upper is not None:
            reach = min(reach, floor_div(tier.upper - 1, per_lot))
        if reach * per_lot >= lower:
            most = max(most, reach)
        lower = tier.upper or lower
    return max(0, most - direction * held)


def trade_size(chooser: Chooser, state: State, market_id: str, buyer: str, seller: str) -> int:
    """Lots that use free collateral up, close, reduce or flip a side, or reach the bound of a tier; or a few."""
    contract, market = state.rulebook.contracts[market_id], state.markets[market_id]
    per_lot = mark_per_lot(contract, market)
    buys, sells = state.accounts[buyer], state.accounts[seller]
    kind = chooser.choose_int(0, 9)
    if kind < 4:
        most = min(affordable_lots(state, buys, market_id, 1), affordable_lots(state, sells, market_id, -1))
        share = chooser.choose_from((9, 10, 8, 5))
        return max(1, choose_near(chooser, most * share // 10))
    if kind < 8:
        held = chooser.choose_from((abs(size_of(buys, market_id)), abs(size_of(sells, market_id))))
        return max(1, held * chooser.choose_from((10, 5, 9, 15)) // 10)
    if kind < 9:
        bounds = [tier.upper for tier in contract.tiers if tier.upper is not None]
        if bounds:
            upto = chooser.choose_from(bounds) // per_lot - abs(size_of(buys, market_id))
            return max(1, choose_near(chooser, upto))
    return chooser.choose_int(1, 5)


def two_parties(chooser: Chooser, state: State, market_id: str) -> tuple[str, str]:
    """Buyer and seller: usually active; sometimes one who is in distress, and who then tends to get out."""
    everyone, able = names_to_use(state), able_accounts(state)
    first = choose_preferred(chooser, able, everyone)
    others = [name for name in able if name != first] or everyone
    if one_in(chooser, 4):
        distressed = [name for name in distressed_accounts(state) if state.accounts[name].liquidation is None]
        opposed = [name for name in distressed if size_of(state.accounts[name], market_id) > 0]
        second = chooser.choose_from(opposed or others)
    else:
        second = choose_preferred(chooser, others, everyone)
    return first, second


def trade(chooser: Chooser, state: State) -> Trade:
    """Two accounts open, close, reduce or flip."""
    rulebook, time = state.rulebook, a_time(chooser, state)
    market_id = choose_preferred(chooser, sorted(state.markets), sorted(rulebook.contracts))
    buyer, seller = two_parties(chooser, state, market_id)
    buyer_is_taker = bool(chooser.choose_int(0, 1))
    contract = rulebook.contracts[market_id]
    if market_id not in state.markets or buyer not in state.accounts or seller not in state.accounts:
        return Trade(time, market_id, buyer, seller, 1, contract.tick, buyer_is_taker)
    if size_of(state.accounts[buyer], market_id) > 0 > size_of(state.accounts[seller], market_id) and one_in(
        chooser, 2
    ):
        buyer, seller = seller, buyer
    size = trade_size(chooser, state, market_id, buyer, seller)
    return Trade(
        time,
        market_id,
        buyer,
        seller,
        size,
        trade_price(chooser, contract, state.markets[market_id]),
        buyer_is_taker,
    )


# ---------------------------------------------------------------------------------------------------------------------
# Prices


def quotes_around(chooser: Chooser, rulebook: Rulebook, index: int) -> Map[str, int]:
    """Quotes whose index is `index`: all the same, or with one source wild, of five, four or three sources."""
    fresh = rulebook.sources[: chooser.choose_from((5, 5, 4, 3))]
    quotes = dict.fromkeys(fresh, index)
    if one_in(chooser, 3):
        quotes[chooser.choose_from(fresh)] = chooser.choose_from((index * 2, 1, index + 1, max(1, index - 1)))
    return Map(quotes)


def level_of(state: State, account: Account, market_id: str, *, rate: int) -> int | None:
    """The mark (price units) where distress collateral is `rate` ppb of the market's notional, others as they are.

    None where there is no position or no such mark.
    """
    size = size_of(account, market_id)
    contract, mark = state.rulebook.contracts[market_id], state.markets[market_id].mark
    per_price = size * contract.multiplier
    divisor = per_price * RATE_SCALE - rate * abs(per_price)
    if size == 0 or divisor == 0:
        return None
    level = floor_div((per_price * mark - distress_collateral(state, account)) * RATE_SCALE, divisor)
    return level if level > 0 else None


def level_aimed_at(chooser: Chooser, state: State, market_id: str) -> int | None:
    """The mark at which somebody becomes liquidatable, released, taken over, bankrupt, or worse."""
    exposed = [name for name in holders(state) if market_id in state.accounts[name].positions]
    if not exposed:
        return None
    watched = [name for name in exposed if name in state.providers or state.accounts[name].liquidation is not None]
    account = state.accounts[choose_preferred(chooser, watched if one_in(chooser, 2) else exposed, exposed)]
    notional = abs(position_notional(state, account, market_id))
    tier = tier_of(state.rulebook.contracts[market_id], notional)
    initial, maintenance = tier.initial_rate, tier.maintenance_rate
    middle = (initial + maintenance) // 2
    if account.liquidation is not None:
        rates = (maintenance, middle, initial + 1, maintenance * 3 // 4, maintenance // 2, 0)
    else:
        rates = (maintenance, maintenance * 3 // 4, maintenance // 2, 0, -maintenance, -3 * initial)
    return level_of(state, account, market_id, rate=chooser.choose_from(rates))


def mark_aimed_at(chooser: Chooser, state: State, market_id: str, *, calm: bool) -> int:
    """A new mark: a drift when calm; otherwise a level that matters, a jump, or back where prices began."""
    base = BASE_PRICES[market_id] * PRICE_SCALE
    market = state.markets.get(market_id)
    if market is None:
        return base
    if calm:
        drifted = market.mark * (10_000 + chooser.choose_int(-60, 60)) // 10_000
        return max(1, floor_to_multiple(drifted, state.rulebook.contracts[market_id].tick))
    kind = chooser.choose_int(0, 9)
    if kind < 7:
        level = level_aimed_at(chooser, state, market_id)
        if level is not None and market.mark // 3 < level < market.mark * 3:
            if one_in(chooser, 2):
                return max(1, choose_near(chooser, level))
            tick = state.rulebook.contracts[market_id].tick
            return max(tick, floor_to_multiple(level, tick))
    if kind < 9:
        return max(1, market.mark * chooser.choose_int(80, 125) // 100)
    return base


def _mark_market(chooser: Chooser, state: State, *, calm: bool) -> MarkMarket:
    marked = sorted(state.markets)
    unmarked = [market for market in sorted(state.rulebook.contracts) if market not in state.markets]
    market_id = chooser.choose_from(unmarked if unmarked and (not marked or one_in(chooser, 60)) else marked)
    mark = mark_aimed_at(chooser, state, market_id, calm=calm)
    premium = mark * chooser.choose_from((0, 0, 1, -1, 7, -7)) // 1000
    quotes = quotes_around(chooser, state.rulebook, max(1, mark - premium))
    return MarkMarket(a_time(chooser, state), market_id, quotes, premium)


def mark_market(chooser: Chooser, state: State) -> MarkMarket:
    """A quiet market: the mark drifts."""
    return _mark_market(chooser, state, calm=True)


def crash(chooser: Chooser, state: State) -> MarkMarket:
    """A market that moves somebody to a level that matters."""
    return _mark_market(chooser, state, calm=False)


def price_of_debt(state: State, account: Account, asset: str) -> int | None:
    """The price of the collateral asset at which the account's distress collateral is nothing, other things equal."""
    terms, amount = state.rulebook.assets[asset], account.cash.get(asset, 0)
    if amount == 0:
        return None
    from_asset = amount * state.prices[asset] * terms.factor * terms.weight
    needed = from_asset - distress_collateral(state, account) * EXACT_SCALE
    price = ceil_div(needed, amount * terms.factor * terms.weight)
    return price if price > 0 else None


def mark_asset(chooser: Chooser, state: State) -> MarkAsset:
    """A collateral price: where it no longer covers somebody's debt, a drift, a fall, or back where it began."""
    settlement_asset = state.rulebook.settlement_asset
    asset = chooser.choose_from([asset for asset in sorted(state.rulebook.assets) if asset != settlement_asset])
    base = BASE_PRICES[asset] * PRICE_SCALE
    price = state.prices.get(asset, base)
    accounts = [state.accounts[name] for name in open_accounts(state)]
    debtors = [account for account in accounts if account.cash.get(settlement_asset, 0) < 0 and asset in account.cash]
    if debtors and one_in(chooser, 2):
        flat = [account for account in debtors if not account.positions]
        level = price_of_debt(state, choose_preferred(chooser, flat, debtors), asset)
        if level is not None and price // 10 < level < price * 3:
            return MarkAsset(a_time(chooser, state), asset, quotes_around(chooser, state.rulebook, max(1, level - 1)))
    changed = (base, price * chooser.choose_int(85, 115) // 100, price * 999 // 1000 + 7, max(1, price // 2))
    quotes = quotes_around(chooser, state.rulebook, max(1, chooser.choose_from(changed)))
    return MarkAsset(a_time(chooser, state), asset, quotes)


# ---------------------------------------------------------------------------------------------------------------------
# Instants


def instant_time(chooser: Chooser, state: State, *, interval: int, window: int) -> int:
    """Within the window of this or the next instant, at its last millisecond, or a millisecond outside."""
    this = floor_to_multiple(state.time, interval)
    if state.time < this + window:
        return chooser.choose_from((state.time, state.time, this + window - 1, this + window))
    following = this + interval
    return chooser.choose_from(
        (following, following, following + 1, following + window - 1, following + window, following - 1)
    )


def fund(chooser: Chooser, state: State) -> Fund:
    """An interval's funding, at a rate given or computed."""
    terms, clamp = state.rulebook.funding, state.rulebook.funding_clamp
    market_id = choose_preferred(chooser, sorted(state.markets), sorted(state.rulebook.contracts))
    rate = chooser.choose_from((None, None, 1_000_000, -1_000_000, clamp, -clamp, 0, 333))
    time = state.time
    if state.time - floor_to_multiple(state.time, terms.interval) < terms.window or one_in(chooser, 3):
        time = instant_time(chooser, state, interval=terms.interval, window=terms.window)
    return Fund(time, market_id, rate)


def settle(chooser: Chooser, state: State) -> Settle:
    """A settle, on the grid or beside it."""
    schedule = state.rulebook.settle.schedule
    return Settle(instant_time(chooser, state, interval=schedule.interval, window=schedule.window))


# ---------------------------------------------------------------------------------------------------------------------
# Providers


def enroll(chooser: Chooser, state: State) -> Enroll:
    """The rich join, with limits at the least the program takes or some times that; the enrolled raise theirs."""
    program = state.rulebook.program
    minimum = program.minimum_account_value * EXACT_SCALE
    rich = [
        name
        for name in active_accounts(state)
        if account_value(state, state.accounts[name]) >= minimum and state.accounts[name].liquidation is None
    ]
    account_id = choose_preferred(chooser, rich, names_to_use(state))
    time = a_time(chooser, state)
    per_minute = program.minimum_capacity_per_minute * chooser.choose_from((1, 2, 5, 20))
    least = max(program.minimum_capacity_per_hour, per_minute)
    per_hour = chooser.choose_from((least, least + per_minute, 10 * least))
    max_holdings = per_minute * chooser.choose_from((1, 2, 10))
    in_force = limits_in_force(program, state.providers.get(account_id), time)
    if in_force is not None and not one_in(chooser, 3):
        per_minute = max(per_minute, in_force.capacity_per_minute)
        per_hour = max(per_hour, in_force.capacity_per_hour, per_minute)
        max_holdings = max(max_holdings, in_force.max_holdings, per_minute)
    if one_in(chooser, 5):
        per_minute, per_hour, max_holdings = chooser.choose_from(
            (
                (program.minimum_capacity_per_minute - 1, per_hour, max_holdings),
                (per_minute, least - 1, max_holdings),
                (per_minute, per_hour, per_minute - 1),
                (per_minute, per_hour, per_minute),
            )
        )
    return Enroll(time, account_id, per_minute, per_hour, max_holdings)


def leave(chooser: Chooser, state: State) -> Leave:
    """A provider gives notice, also twice, also after it has run out."""
    account_id = choose_preferred(chooser, sorted(state.providers), names_to_use(state))
    return Leave(a_time(chooser, state), account_id)


# ---------------------------------------------------------------------------------------------------------------------
# Distress


def liquidate(chooser: Chooser, state: State) -> Liquidate:
    """A round for somebody who is being liquidated, or who could be; at, before or after the round is due."""
    liquidating = liquidating_accounts(state)
    distressed = [] if liquidating and one_in(chooser, 2) else distressed_accounts(state)
    account_id = choose_preferred(chooser, [*liquidating, *distressed], names_to_use(state))
    account = state.accounts.get(account_id)
    time = state.time
    if account is not None and account.liquidation is not None:
        due = account.liquidation.time + state.rulebook.liquidation.round_interval
        time = max(state.time, chooser.choose_from((due, due, due, due + 1, due - 1)))
    elif one_in(chooser, 3):
        time = a_time(chooser, state)
    if account is None or not account.positions:
        return Liquidate(time, account_id, ())
    fills = tuple(_fill(chooser, state, account_id, account) for _ in range(chooser.choose_from((1, 1, 0, 2, 3))))
    return Liquidate(time, account_id, fills)


def _fill(chooser: Chooser, state: State, account_id: str, account: Account) -> Fill:
    """Lots near the round's limit or the whole position, against an active account, at mark or near bankruptcy."""
    rulebook = state.rulebook
    market_id = choose_preferred(chooser, sorted(account.positions), sorted(state.markets))
    contract, market = rulebook.contracts[market_id], state.markets[market_id]
    held = size_of(account, market_id)
    starting = held if account.liquidation is None else account.liquidation.starting_sizes.get(market_id, 0)
    limit = round_limit(
        starting_size=starting,
        fraction=rulebook.liquidation.fraction,
        minimum_value=rulebook.liquidation.minimum_value,
        per_lot=mark_per_lot(contract, market),
    )
    most = min(limit, abs(held))
    size = chooser.choose_from((most, most, max(1, most // 2), 1, abs(held), limit + 1, abs(held) + 1))
    counterparty = choose_preferred(
        chooser, [name for name in able_accounts(state) if name != account_id], open_accounts(state)
    )
    price = trade_price(chooser, contract, market)
    closing = [
        name
        for name in distressed_accounts(state)
        if name != account_id and held * size_of(state.accounts[name], market_id) < 0
    ]
    poor = [name for name in providers_near_the_minimum(state) if name != account_id]
    low, high = band_edges(contract, market)
    if closing and one_in(chooser, 2):
        counterparty = chooser.choose_from(closing)
        size = min(most, abs(size_of(state.accounts[counterparty], market_id)))
        price = chooser.choose_from((price, high if held > 0 else low))
    elif poor and one_in(chooser, 2):
        counterparty, size = chooser.choose_from(poor), most
        price = chooser.choose_from((price, high if held > 0 else low))
    elif held != 0 and one_in(chooser, 4):
        per_lot = floor_div(max(0, distress_collateral(state, account)), abs(held) * contract.multiplier)
        worst = market.mark - per_lot if held > 0 else market.mark + per_lot
        price = max(contract.tick, floor_to_multiple(worst, contract.tick) + contract.tick * chooser.choose_int(-1, 1))
    return Fill(market_id, counterparty, size, price)


def backstop_transfer(chooser: Chooser, state: State) -> BackstopTransfer:
    """A takeover of somebody who qualifies, at once or when some provider's window has just moved on."""
    program = state.rulebook.program
    account_id = choose_preferred(chooser, transferable_accounts(state), names_to_use(state))
    time = state.time
    kind = chooser.choose_int(0, 9)
    if kind >= 6:
        windows = (program.minute,) if kind < 9 else (program.hour, program.minute)
        ends = []
        for provider_id in sorted(state.providers):
            provider = state.providers[provider_id]
            ends += [takeover.time + window for takeover in provider.takeovers for window in windows]
            if kind == 9 and provider.notice is not None:
                ends.append(provider.notice + program.notice)
        time = at_edge(chooser, state, ends)
    return BackstopTransfer(time, account_id)


def pursue(chooser: Chooser, state: State) -> Transaction:
    """Whatever distress asks for next, a round or a takeover; where nobody is in distress, a mark that makes some."""
    if transferable_accounts(state) and one_in(chooser, 2):
        return backstop_transfer(chooser, state)
    if liquidating_accounts(state) or distressed_accounts(state):
        return crash(chooser, state) if one_in(chooser, 5) else liquidate(chooser, state)
    return crash(chooser, state)


# ---------------------------------------------------------------------------------------------------------------------
# Faults


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


# ---------------------------------------------------------------------------------------------------------------------
# Moods, arcs and whole simulations

GENERATORS: tuple[Generator, ...] = (
    deposit,
    rescue,
    withdraw,
    set_account,
    trade,
    mark_market,
    crash,
    mark_asset,
    fund,
    settle,
    enroll,
    leave,
    liquidate,
    backstop_transfer,
    pursue,
)

Mood = tuple[Generator, ...]
"""Generators, each as often as its weight."""


def _mood(weights: Mapping[Generator, int]) -> Mood:
    return tuple(generator for generator, weight in weights.items() for _ in range(weight))


CALM = _mood({trade: 10, mark_market: 6, deposit: 4, withdraw: 3, set_account: 1, mark_asset: 2, fund: 6, settle: 2})
LEVER = _mood({trade: 16, deposit: 3, mark_market: 1, set_account: 1})
CRASH = _mood(
    {pursue: 20, liquidate: 2, backstop_transfer: 1, trade: 3, mark_asset: 2, deposit: 1, rescue: 2, settle: 1}
)
FLASH = _mood({pursue: 8, crash: 2, trade: 2, settle: 1})
DRAIN = _mood({withdraw: 10, trade: 3, settle: 2, crash: 1})
PROGRAM = _mood({enroll: 6, deposit: 3, leave: 1, trade: 4, crash: 2, pursue: 3, withdraw: 1})
RESCUE = _mood({rescue: 7, pursue: 8, liquidate: 4, mark_market: 1, trade: 1})

MOODS: tuple[Mood, ...] = (CALM, LEVER, CRASH, FLASH, DRAIN, PROGRAM, RESCUE)

ARCS: tuple[tuple[Mood, ...], ...] = (
    (CALM, LEVER, CRASH),
    (LEVER, CRASH, RESCUE),
    (PROGRAM, LEVER, FLASH, PROGRAM),
    (PROGRAM, LEVER, CRASH, CRASH),
    (LEVER, DRAIN, FLASH),
    (PROGRAM, CALM, DRAIN),
)


def opening(chooser: Chooser, rulebook: Rulebook, time: int = START) -> list[Transaction]:
    """The first transactions of a venue: BTC marked, some prices, funded accounts, a provider or two."""
    sources = rulebook.sources
    unit, program = wealth_unit(rulebook), rulebook.program
    in_coins = one_in(chooser, 3)
    opened: list[Transaction] = [
        MarkMarket(time, "BTC-PERP", Map(dict.fromkeys(sources, BASE_PRICES["BTC-PERP"] * PRICE_SCALE)), 0)
    ]
    for asset in ("BTC", "USDC"):
        opened.append(MarkAsset(time, asset, Map(dict.fromkeys(sources, BASE_PRICES[asset] * PRICE_SCALE))))
    if not one_in(chooser, 2):
        base = Map(dict.fromkeys(sources, BASE_PRICES["ETH-PERP"] * PRICE_SCALE))
        opened.append(MarkMarket(time, "ETH-PERP", base, 0))
    for name in NAMES[: chooser.choose_int(4, 8)]:
        tenths = chooser.choose_from((10, 2, 5, 30))
        if not in_coins and one_in(chooser, 2):
            opened.append(Deposit(time, name, rulebook.settlement_asset, unit * tenths // 10))
        else:
            opened.append(Deposit(time, name, "BTC", unit * tenths // (10 * BASE_PRICES["BTC"] * 10**4)))
    for name in ("joe", "ida")[: chooser.choose_int(0, 2)]:
        per_minute = program.minimum_capacity_per_minute * chooser.choose_from((1, 4))
        per_hour = max(program.minimum_capacity_per_hour, 2 * per_minute)
        opened.append(Deposit(time, name, "BTC", 2 * unit // (BASE_PRICES["BTC"] * 10**4)))
        opened.append(Enroll(time, name, per_minute, per_hour, chooser.choose_from((1, 8)) * per_minute))
    if one_in(chooser, 3):
        opened.append(Deposit(time, INSURANCE, rulebook.settlement_asset, unit // 20))
    return opened


def next_transaction(chooser: Chooser, state: State, mood: Mood) -> Transaction:
    """One transaction in a mood; one in ten spoiled, of rounds of liquidation, which have most checks, one in four."""
    transaction = chooser.choose_from(mood)(chooser, state)
    many = 4 if isinstance(transaction, Liquidate) else 10
    return spoil(chooser, state, transaction) if one_in(chooser, many) else transaction


def stepped(state: State, transaction: Transaction) -> Step:
    """One step of the ledger."""
    outcome = apply(state, transaction)
    return Step(state, transaction, outcome, state_after(state, outcome))


def play(chooser: Chooser, rulebook: Rulebook, steps: int, time: int = START) -> Iterator[Step]:
    """A simulation of `steps` steps: the opening, then one arc of moods after the other."""
    state = genesis(rulebook, time)
    done = 0
    for transaction in opening(chooser, rulebook, time)[:steps]:
        step = stepped(state, transaction)
        yield step
        state = step.after
        done += 1
    while done < steps:
        for mood in chooser.choose_from(ARCS):
            for _ in range(min(steps - done, chooser.choose_int(10, 40))):
                step = stepped(state, next_transaction(chooser, state, mood))
                yield step
                state = step.after
                done += 1
