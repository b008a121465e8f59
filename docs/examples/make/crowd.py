"""The crowd: makers, providers and traders, who trade through the day."""

from collections.abc import Iterator

from ledger.margin import mark_per_lot, max_buy, max_sell
from ledger.state import State, size_of
from ledger.transactions import Deposit, Enroll, SetAccount, Trade, Withdraw
from ledger.units import floor_to_multiple

from .dice import Dice
from .population import COIN, MAKERS, PROVIDERS, USDT_UNIT, Plan, amount_of, trader_plans
from .tape import PPM, Tick, is_stormy
from .venue import Venue

PROVIDER_LIMITS = {
    # per minute, per hour, held at most; dollars of notional
    "provider-east": (400_000, 1_500_000, 6_000_000),
    "provider-north": (1_000_000, 9_000_000, 20_000_000),
    "provider-south": (700_000, 6_000_000, 900_000),
}
"""Three tempers: east is soon through with its hour, north takes everything, south will not hold much."""

PROVIDER_WEALTH = {"provider-east": 900_000, "provider-north": 900_000, "provider-south": 1_200_000}
MAKER_WEALTH = 2_500_000


def price_near_mark(state: State, market: str, ppm: int) -> int:
    """A price `ppm` millionths above mark (below, when negative), on the tick below it, in price units."""
    mark = state.markets[market].mark
    return floor_to_multiple(mark + mark * ppm // PPM, state.rulebook.contracts[market].tick)


class Crowd:
    """Opens the accounts as they arrive and lets them trade a little every tick."""

    def __init__(self, venue: Venue, seed: int) -> None:
        self._venue = venue
        self._dice = Dice(seed, "crowd")
        self._coming: Iterator[Plan] = trader_plans(seed)
        self._next: Plan | None = next(self._coming, None)
        self._here: list[Plan] = []

    def open_doors(self) -> None:
        """Makers, providers and the insurance fund, before anybody trades."""
        venue = self._venue
        for account, dollars in (("@insurance", 20_000), *((maker, MAKER_WEALTH) for maker in MAKERS)):
            venue.must(Deposit(venue.later(), account, "USDT", dollars * USDT_UNIT))
        for maker in MAKERS:
            venue.must(SetAccount(venue.later(), maker, None, "vip"))
        for provider in PROVIDERS:
            venue.must(Deposit(venue.later(), provider, "USDT", PROVIDER_WEALTH[provider] * USDT_UNIT))
            per_minute, per_hour, most = (dollars * USDT_UNIT for dollars in PROVIDER_LIMITS[provider])
            venue.must(Enroll(venue.later(), provider, per_minute, per_hour, most))

    def act(self, tick: Tick) -> None:
        """Who arrives in this minute opens its position; a few of those who are here adjust theirs."""
        while self._next is not None and self._next.minute <= tick.minute_of_day:
            self._arrive(self._next)
            self._here.append(self._next)
            self._next = next(self._coming, None)
        dice = self._dice
        times = (1 if dice.percent(70) else 0) if is_stormy(tick.time) else dice.between(0, 5)
        for _ in range(times):
            self._adjust(dice.pick(self._here), tick)

    def accumulate(self, account: str, market: str, dollars: int) -> None:
        """Buy about `dollars` of notional from the makers, in pieces."""
        state = self._venue.state
        lots = dollars * USDT_UNIT // mark_per_lot(state.rulebook.contracts[market], state.markets[market])
        for piece in (lots // 2, lots - lots // 2):
            self.trade(account, market, is_buy=True, lots=piece)

    def _arrive(self, plan: Plan) -> None:
        venue = self._venue
        share = plan.wealth // len(plan.assets)
        for asset in plan.assets:
            venue.must(Deposit(venue.later(), plan.account, asset, amount_of(asset, share)))
        venue.must(SetAccount(venue.later(), plan.account, plan.leverage, plan.fee_tier))
        if plan.second_market is not None:
            self._open(plan, plan.second_market, usage=plan.usage // 3)
        self._open(plan, plan.market, usage=plan.usage)

    def _open(self, plan: Plan, market: str, *, usage: int) -> None:
        self._grow(plan, market, is_buy=plan.is_long, usage=usage)

    def _grow(self, plan: Plan, market: str, *, is_buy: bool, usage: int) -> None:
        """Take `usage` percent of what margin allows, and less where a larger position has a higher rate."""
        state, account = self._venue.state, self._venue.account(plan.account)
        allowed = (max_buy if is_buy else max_sell)(state, account, market)
        lots = allowed * usage // 100 // mark_per_lot(state.rulebook.contracts[market], state.markets[market])
        for _ in range(5):
            if lots > 0 and self.trade(plan.account, market, is_buy=is_buy, lots=lots):
                return
            lots = lots * 3 // 5

    def trade(self, account: str, market: str, *, is_buy: bool, lots: int) -> bool:
        """Take `lots` from a maker that is able; whether one was."""
        venue = self._venue
        first = self._dice.below(len(MAKERS))
        at = price_near_mark(venue.state, market, self._dice.between(20, 300) * (1 if is_buy else -1))
        for turn in range(len(MAKERS)):
            maker = MAKERS[(first + turn) % len(MAKERS)]
            buyer, seller = (account, maker) if is_buy else (maker, account)
            trade = Trade(venue.time + 1, market, buyer, seller, lots, at, is_buy)
            if venue.would_apply(trade):
                venue.time += 1
                venue.must(trade)
                return True
        return False

    def _adjust(self, plan: Plan, tick: Tick) -> None:
        """Add, reduce, close, reverse, top up or take out; in the storm nobody adds."""
        venue, dice = self._venue, self._dice
        account = venue.account(plan.account)
        if account.liquidation is not None:
            return
        size = size_of(account, plan.market)
        mood = dice.below(100)
        if size == 0:
            if not is_stormy(tick.time) and mood < 50:
                self._grow(plan, plan.market, is_buy=plan.is_long, usage=plan.usage)
        elif mood < 45 and not is_stormy(tick.time):
            self._grow(plan, plan.market, is_buy=size > 0, usage=dice.between(20, 80))
        elif mood < 85:
            self.trade(plan.account, plan.market, is_buy=size < 0, lots=max(1, abs(size) * dice.between(2, 15) // 100))
        elif mood < 88:
            self.trade(plan.account, plan.market, is_buy=size < 0, lots=abs(size))
        elif mood < 92:
            self._top_up(plan)
        elif mood < 96:
            self._take_out(plan)
        else:
            self._between_traders(plan, lots=max(1, abs(size) // 20))

    def _top_up(self, plan: Plan) -> None:
        asset = self._dice.pick(plan.assets)
        deposit = Deposit(self._venue.later(), plan.account, asset, amount_of(asset, 50 + plan.wealth // 10))
        self._venue.must(deposit)

    def _take_out(self, plan: Plan) -> None:
        """Ask for some of the cash back; who has too much at risk is refused."""
        asset = self._dice.pick(plan.assets)
        held = self._venue.account(plan.account).cash.get(asset, 0)
        unit = self._venue.state.rulebook.assets[asset].booking_unit
        amount = floor_to_multiple(held * self._dice.between(1, 30) // 100, unit * (COIN // 1000))
        if amount > 0:
            self._venue.send(Withdraw(self._venue.later(), plan.account, asset, amount))

    def _between_traders(self, plan: Plan, *, lots: int) -> None:
        """A trader sells to, or buys from, another trader; the order that margin refuses is on record too."""
        venue, other = self._venue, self._dice.pick(self._here)
        if other.account == plan.account or venue.account(other.account).liquidation is not None:
            return
        size = size_of(venue.account(plan.account), plan.market)
        buyer, seller = (other.account, plan.account) if size > 0 else (plan.account, other.account)
        at = price_near_mark(venue.state, plan.market, 0)
        venue.send(Trade(venue.later(), plan.market, buyer, seller, lots, at, self._dice.percent(50)))
