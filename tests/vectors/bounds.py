"""The venue of specs/vectors ("a venue of stated size") at its bounds, and each operation of the rules asked there.

Every operation is monotone in the magnitudes of what it is given, so that what it works out at the bounds is the widest
it works out in that venue.
"""

from collections.abc import Callable, Mapping
from typing import Any

import attrs
from immutables import Map

from ledger.choosers import Chooser
from ledger.outcomes import Figures
from ledger.profiles import load_profile
from ledger.rulebook import Contract, is_system
from ledger.rules.takeover import Leg, Share
from ledger.state import (
    Account,
    Limits,
    LiquidityMonitor,
    Market,
    Observation,
    Position,
    Provider,
    State,
    Takeover,
    genesis,
)
from ledger.transactions import BackstopTransfer, Enroll, Liquidate, Withdraw

from .arithmetic import Watch

ACCOUNTS, MARKETS, ASSETS, SOURCES, MARKS = 10**6, 10, 10, 10, 10**6
PRICE = 10**18
PAID_IN = 10**22
CASH = 10**25
VALUE = 10**31
SIZE = 10**15
NOTIONAL = 10**24
AMOUNT = 10**25
MULTIPLIER = 10**4
RATE = 10**9

WEIGHT = 10**4
MARKS_OF_A_WINDOW = (1, PRICE)
EQUITY = CASH + (ASSETS - 1) * PAID_IN + 2 * MARKETS * NOTIONAL
"""The largest value of an account, in atoms: its cash in every asset, and pnl in every market."""

TIME = 1_600_000_000_000
NAMES = tuple(f"M{number}" for number in range(MARKETS))
COINS = tuple(f"C{number}" for number in range(ASSETS - 1))
MONITOR: dict[str, Any] = {
    "window": 1000,
    "interval": 1,
    "confidence": "0.000000001",
    "spread": {"enter": "1000000", "leave": "0"},
    "depth": {"enter": "0", "leave": "1000000"},
    "volatility": {"enter": "1000000", "leave": "999999.999999"},
    "expected_shortfall": {"enter": "1000000", "leave": "0"},
}


def rulebook_terms() -> dict[str, Any]:
    """Rates of 100%, leverage of 1,000, and a trillion USDT for every amount."""
    trillion = "1000000000000"
    market = {
        "lot": "0.0001",
        "tick": "0.000000001",
        "tiers": [{"initial": "1", "maintenance": "1"}],
        "monitor": MONITOR,
    }
    coin = {"decimals": 9, "booking_decimals": 9, "factor": "1"}
    return {
        "assets": {**dict.fromkeys(("BTC", "ETH", "PAX", "USDC")), **dict.fromkeys(COINS, coin)},
        "markets": {**dict.fromkeys(("BTC-PERP", "ETH-PERP")), **dict.fromkeys(NAMES, market)},
        "maximum_leverage": 1000,
        "settle": {"minimum_pnl": "0", "minimum_ratio": "1"},
        "program": {
            "minimum_account_value": trillion,
            "minimum_capacity_per_minute": trillion,
            "minimum_capacity_per_hour": trillion,
        },
        "liquidation": {"minimum_value": trillion},
    }


def holder(direction: int) -> Account:
    """An account with everything at its bound, and gains or losses in every market."""
    cash = {"USDT": direction * CASH, **dict.fromkeys(COINS, VALUE // (WEIGHT * 10**9))}
    positions = dict.fromkeys(NAMES, Position(direction * SIZE, direction * NOTIONAL))
    return Account(Map(cash), Map(positions), 1000, "standard", None)


def drawn_holder(chooser: Chooser) -> Account:
    """An account somewhere within the bounds, each balance of any sign that it may have."""

    def within(bound: int, least: int = -1) -> int:
        return chooser.choose_from((least, 0, 1)) * chooser.choose_from((bound, bound - 1, bound // 3, 1))

    cash = {"USDT": within(CASH), **{coin: within(VALUE // (WEIGHT * 10**9), 0) for coin in COINS}}
    positions = {name: Position(within(SIZE), within(NOTIONAL)) for name in NAMES}
    return Account(
        Map({asset: amount for asset, amount in cash.items() if amount}),
        Map({name: position for name, position in positions.items() if position.size}),
        chooser.choose_from((1, 3, 1000)),
        "standard",
        None,
    )


def mirrored(winner: Account, loser: Account) -> Account:
    """The loser with the other side of every position of the winner, at reference costs of its own."""
    positions = {}
    for name, position in winner.positions.items():
        own = loser.positions.get(name)
        positions[name] = Position(-position.size, 0 if own is None else own.reference_cost)
    return attrs.evolve(loser, positions=Map(positions))


def venue(winner: Account | None = None, loser: Account | None = None) -> State:
    """A winner, who is a provider, and a loser; a lot at mark is worth what makes the notional its bound."""
    begun = genesis(load_profile("ascendex-2020", rulebook_terms()), TIME)
    mark = NOTIONAL // SIZE
    monitor = LiquidityMonitor(TIME, 1, 2, 1, 1, (Observation(mark, 1),), False)
    market = Market(mark, mark, MARKS * PRICE, MARKS, -1, monitor)
    provider = Provider(Limits(AMOUNT, AMOUNT, AMOUNT), None, (Takeover(TIME - 1, AMOUNT),))
    return State(
        begun.rulebook,
        begun.accounts.update({"winner": winner or holder(1), "loser": loser or holder(-1)}),
        Map(dict.fromkeys(NAMES, market)),
        Map({"USDT": 10**9, **dict.fromkeys(COINS, 10**9)}),
        Map({"winner": provider}),
        -1,
        TIME,
        0,
    )


def is_within(state: State) -> bool:
    """Whether a state is one of the venue's: its prices, and every account but the system's."""
    prices = [*state.prices.values(), *(market.index for market in state.markets.values())]
    prices += [market.mark for market in state.markets.values()]
    holders = [account for account_id, account in state.accounts.items() if not is_system(account_id)]
    return max(prices, default=0) <= PRICE and all(holds_within(state, account) for account in holders)


def holds_within(state: State, account: Account) -> bool:
    """Whether every balance of an account is within the bounds."""
    for asset, amount in account.cash.items():
        settles = asset == state.rulebook.settlement_asset
        worth = abs(amount) * state.prices[asset] * state.rulebook.assets[asset].weight
        if worth > VALUE or abs(amount) > (CASH if settles else 10**18):
            return False
    for market, position in account.positions.items():
        notional = abs(position.size) * state.markets[market].mark * state.rulebook.contracts[market].multiplier
        if abs(position.size) > SIZE or max(notional, abs(position.reference_cost)) > NOTIONAL:
            return False
    return True


Call = Callable[[], object]


def calls(watch: Watch, state: State) -> Mapping[str, tuple[Call, ...]]:
    """For each function of the rules that multiplies or divides, calls of it at the bounds.

    Those of whole accounts are called with the two of a venue.
    """
    winner, loser, terms = state.accounts["winner"], state.accounts["loser"], state.rulebook
    contract, market = terms.contracts["M0"], state.markets["M0"]
    given = watch.function

    def of_accounts(name: str) -> tuple[Call, ...]:
        function = given(name)
        return (lambda: function(state, winner), lambda: function(state, loser))

    def plain(name: str, *arguments: Any, **named: Any) -> tuple[Call, ...]:
        function = given(name)
        return (lambda: function(*arguments, **named),)

    def shared(total: int, weights: int) -> tuple[Call, ...]:
        """`apportion` over weights that sum to so much."""
        return plain("units.apportion", total, [weights // 2, weights - weights // 2])

    lowest, highest = MARKS_OF_A_WINDOW
    returns = given("liquidity.returns_of")([Observation(mark, 1) for mark in (lowest, highest)]) * 1000
    leg = Leg("M0", SIZE, EQUITY, 10**9, *(EQUITY // SIZE,) * 3, (), (), 0)
    close = {"size": SIZE, "mark_per_lot": NOTIONAL // SIZE}
    losses = {"losses": list(returns), "confidence": 1}
    monitor = contract.monitor
    assert monitor is not None
    calm = Figures(0, None, 0, 0, 0, 1000, 1)
    return {
        **{
            name: of_accounts(name)
            for name in (
                *("margin.unrealised_pnl", "margin.wallet", "margin.collateral", "margin.account_value"),
                *("margin.effective_collateral", "margin.distress_collateral", "margin.exposure"),
                *("margin.initial_margin", "margin.tier_margin", "margin.maintenance_margin"),
                *("margin.is_liquidatable", "margin.is_at_takeover", "margin.is_above_release"),
                *("margin.margin_rate", "margin.leverage", "rules.settle.is_due_to_roll"),
                *("rules.loss_waterfall.gains_weight", "rules.loss_waterfall.value_weight"),
                *("rules.backstop_transfer.is_transferable", "rules.backstop_transfer.transfer_level"),
            )
        },
        "margin.notional": plain("margin.notional", contract, SIZE, NOTIONAL // SIZE),
        "margin._exposures": plain("margin._exposures", state, winner, None),
        "margin.mark_per_lot": plain("margin.mark_per_lot", coarse(contract), at_price(market)),
        "margin.conversion_proceeds": plain("margin.conversion_proceeds", terms, "C0", VALUE // (WEIGHT * RATE), RATE),
        "margin._largest_order": (
            *plain("margin.max_buy", state, winner, "M0"),
            *plain("margin.max_sell", state, winner, "M0"),
        ),
        "margin.liquidation_price": tuple(
            call
            for account in (winner, loser)
            if "M0" in account.positions
            for call in plain("margin.liquidation_price", state, account, "M0")
        ),
        "margin.break_even_price": plain("margin.break_even_price", contract, size=SIZE, reference_cost=-NOTIONAL),
        "pricing.bankruptcy_price": (
            *plain("pricing.bankruptcy_price", **close, equity=-EQUITY),
            *plain("pricing.bankruptcy_price", **{**close, "size": -SIZE}, equity=-EQUITY),
        ),
        "pricing.provider_price": tuple(
            call
            for size in (SIZE, -SIZE)
            for discount in (RATE - 1, 1 - RATE)
            for call in plain(
                "pricing.provider_price", size=size, mark_per_lot=PRICE * MULTIPLIER, bankruptcy=1, discount=discount
            )
        ),
        "pricing.shrink_discounts": plain(
            "pricing.shrink_discounts",
            shortfall=EQUITY,
            discounts=[NOTIONAL // SIZE] * MARKETS,
            lots=[SIZE] * MARKETS,
        ),
        "capacity.headroom": plain(
            "capacity.headroom", Limits(AMOUNT, AMOUNT, AMOUNT), mark_per_lot=1, held=-SIZE, taken_over=SIZE
        ),
        "capacity.room": plain("capacity.room", capacity=AMOUNT, mark_per_lot=1, headroom_lots=AMOUNT),
        "liquidity.spread_of": plain("liquidity.spread_of", bid=1, ask=PRICE),
        "liquidity.depth_of": plain(
            "liquidity.depth_of", bid_depth=ACCOUNTS * SIZE, ask_depth=ACCOUNTS * SIZE, open_interest=1
        ),
        "liquidity.return_of": plain("liquidity.return_of", before=lowest, mark=highest),
        "liquidity.realised_variance": plain("liquidity.realised_variance", returns),
        "liquidity.value_at_risk": plain("liquidity.value_at_risk", **losses),
        "liquidity.expected_shortfall": plain("liquidity.expected_shortfall", **losses),
        "liquidity.is_beyond": plain("liquidity.is_beyond", calm, monitor),
        "liquidity.is_calm": plain("liquidity.is_calm", calm, monitor),
        "rules.parties.refuse_amount": plain("rules.parties.refuse_amount", state, "USDT", AMOUNT),
        "rules.instants.instant_of": plain("rules.instants.instant_of", terms.funding, 253_402_300_799_999),
        "rules.fills.refuse_terms": plain("rules.fills.refuse_terms", with_band(state), "M0", size=SIZE, price=PRICE),
        "rules.fills.band_bound": plain("rules.fills.band_bound", mark=PRICE, price=PRICE + 1, band=RATE),
        "rules.fills.fee_on": plain("rules.fills.fee_on", value=NOTIONAL, rate=RATE, fee_unit=terms.fee_unit),
        "rules.fills.exposure_grew": plain("rules.fills.exposure_grew", SIZE, -SIZE),
        "rules.fills.margin_rate_fell": plain("rules.fills.margin_rate_fell", state, winner, loser),
        "rules.fills.distress_at_rate": plain("rules.fills.distress_at_rate", state, winner, loser),
        "rules.fills.refuse_side": tuple(
            call
            for account in (winner, loser)
            for call in plain(
                "rules.fills.refuse_side", state, "winner", market_id="M0", time=TIME, before=winner, after=account
            )
        ),
        "rules.withdraw.withdraw": plain("rules.withdraw.withdraw", state, Withdraw(TIME, "winner", "USDT", CASH)),
        "rules.enroll.enroll": plain("rules.enroll.enroll", state, Enroll(TIME, "winner", AMOUNT, AMOUNT, AMOUNT)),
        "rules.mark.index_of": plain("rules.mark.index_of", Map({str(n): PRICE for n in range(SOURCES)})),
        "rules.fund.computed_rate": plain(
            "rules.fund.computed_rate", Market(PRICE, PRICE, MARKS * PRICE, MARKS, -1), RATE
        ),
        "rules.fund.funding_per_lot": plain(
            "rules.fund.funding_per_lot", PRICE * MULTIPLIER, MARKS * PRICE, MARKS * PRICE
        ),
        "rules.fund.funding_postings": plain(
            "rules.fund.funding_postings",
            {"winner": winner if "M0" in winner.positions else holder(1)},
            "M0",
            NOTIONAL // SIZE,
        ),
        "rules.liquidate.refuse_round": plain(
            "rules.liquidate.refuse_round", state, winner, Liquidate(TIME, "winner", ())
        ),
        "rules.liquidate.round_limit": plain(
            "rules.liquidate.round_limit",
            starting_size=SIZE,
            fraction=1,
            minimum_value=AMOUNT,
            per_lot=1,
        ),
        "rules.liquidate.is_released": of_accounts("rules.liquidate.is_released"),
        "rules.loss_waterfall.cover_shortfall": shared(EQUITY, ACCOUNTS * EQUITY),
        "rules.takeover.equity_parts": tuple(
            call for account in (winner, loser) for call in plain("rules.takeover.equity_parts", state, account, NAMES)
        ),
        "rules.takeover.ready_providers": plain("rules.takeover.ready_providers", state, taken_over="loser", time=TIME),
        "rules.takeover.allocate": shared(SIZE, ACCOUNTS * AMOUNT),
        "rules.takeover.deleverage": shared(SIZE, ACCOUNTS * SIZE),
        "rules.takeover.transfer_value": plain("rules.takeover.transfer_value", leg),
        "rules.takeover.shrink": plain("rules.takeover.shrink", [leg] * MARKETS, fund=0, equity=-EQUITY, discount=1),
        "rules.takeover.plan_takeover": plain("rules.takeover.plan_takeover", state, state.accounts, "loser", TIME),
        "rules.backstop_transfer.leg_postings": plain(
            "rules.backstop_transfer.leg_postings",
            "loser",
            Leg("M0", SIZE, EQUITY, 1, *(EQUITY // SIZE,) * 3, (Share("winner", SIZE, SIZE),), (), 0),
        ),
        "rules.backstop_transfer.backstop_transfer": tuple(
            call
            for name in ("winner", "loser")
            for call in plain("rules.backstop_transfer.backstop_transfer", state, BackstopTransfer(TIME, name))
        ),
    }


def coarse(contract: Contract) -> Contract:
    """A contract whose lot is a whole unit."""
    return attrs.evolve(contract, multiplier=MULTIPLIER)


def at_price(market: Market) -> Market:
    """The market at the highest price."""
    return Market(PRICE, PRICE, market.premium_sum, market.premium_count, -1)


def with_band(state: State) -> State:
    """The state with a price band of 100% around the highest price."""
    banded = attrs.evolve(state.rulebook.contracts["M0"], price_band=RATE)
    terms = attrs.evolve(state.rulebook, contracts=state.rulebook.contracts.set("M0", banded))
    return attrs.evolve(state, rulebook=terms, markets=state.markets.set("M0", at_price(state.markets["M0"])))
