"""The scripted corners of the day: what a seed alone would not be sure to reach, and what the ledger refuses.

Each is due at its time, after that tick's marks and before the risk desk's patrol. What has to be refused names the
refusal, and the log then expects it.
"""

from collections.abc import Callable

from immutables import Map

from ledger.margin import distress_collateral, free_collateral, initial_margin, is_liquidatable, mark_per_lot
from ledger.outcomes import Reason
from ledger.state import Account
from ledger.transactions import (
    BackstopTransfer,
    Deposit,
    Enroll,
    Fill,
    Fund,
    Leave,
    Liquidate,
    MarkMarket,
    SetAccount,
    Settle,
    Trade,
    Withdraw,
)
from ledger.units import EXACT_SCALE

from .crowd import PROVIDER_LIMITS, Crowd, price_near_mark
from .desk import Desk
from .population import MAKERS, NIGHT_OWL, USDT_UNIT
from .tape import BTC, ETH, SOURCES, Tick, at
from .venue import Venue

EAST, NORTH, SOUTH = "provider-east", "provider-north", "provider-south"
MAKER = MAKERS[0]


class Script:
    """The corners, in order of time."""

    def __init__(self, venue: Venue, crowd: Crowd, desk: Desk) -> None:
        self._venue, self._crowd, self._desk = venue, crowd, desk
        corners: list[tuple[str, Callable[[], None]]] = [
            ("00:03", self.strangers_are_refused),
            ("00:31", self.bad_marks_are_refused),
            ("02:50", self.night_owl_goes_to_bed),
            ("03:06", self.night_owl_wakes_up),
            ("08:00", self.funding_twice_is_refused),
            ("08:01", self.late_funding_is_refused),
            *((f"09:{minute}", self.north_buys) for minute in range(30, 40)),
            ("10:15", self.settling_twice_is_refused),
            ("10:20", self.settling_off_the_grid_is_refused),
            ("11:00", self.obligations_are_kept),
            ("12:00", self.the_venue_takes_its_fees),
            ("13:10", self.greed_is_refused),
            ("14:12", self.the_healthy_are_left_alone),
            ("14:20", self.east_gives_notice),
            ("14:26", self.leaving_twice_is_refused),
            ("14:28", self.south_raises_its_limits),
            ("14:29", self.selling_at_any_price_is_refused),
            ("14:40", self.rounds_have_their_terms),
            ("15:40", self.east_is_gone),
            ("17:00", self.the_winners_are_paid),
            ("18:00", self.the_venue_pays_in),
            ("18:30", self.north_comes_back),
        ]
        self._coming = [(at(clock), corner) for clock, corner in corners]

    def play(self, tick: Tick) -> None:
        """Play what is due by this tick."""
        while self._coming and self._coming[0][0] <= tick.time:
            _, corner = self._coming.pop(0)
            corner()

    # ------------------------------------------------------------------------------------------------ who and what

    def strangers_are_refused(self) -> None:
        venue = self._venue
        nobody, amount = "nobody", 100 * USDT_UNIT
        venue.must_refuse(Withdraw(venue.later(), nobody, "USDT", amount), Reason.UNKNOWN_ACCOUNT)
        venue.must_refuse(SetAccount(venue.later(), nobody, 10, None), Reason.UNKNOWN_ACCOUNT)
        venue.must_refuse(Withdraw(venue.later(), MAKER, "BTC", 10**9), Reason.INSUFFICIENT_BALANCE)
        price = price_near_mark(venue.state, BTC, 0)
        venue.must_refuse(Trade(venue.later(), BTC, MAKER, MAKER, 10, price, True), Reason.SAME_ACCOUNT)
        price = price_near_mark(venue.state, BTC, 110_000)
        venue.must_refuse(Trade(venue.later(), BTC, MAKER, MAKERS[1], 10, price, True), Reason.PRICE_OUTSIDE_BAND)

    def bad_marks_are_refused(self) -> None:
        """Two fresh sources are too few, and a source the rulebook does not know is none."""
        venue = self._venue
        index = venue.state.markets[BTC].index
        for sources, reason in (
            (SOURCES[:2], Reason.TOO_FEW_SOURCES),
            ((*SOURCES, "Rumour"), Reason.UNKNOWN_SOURCE),
        ):
            quotes = Map(dict.fromkeys(sources, index))
            venue.must_refuse(MarkMarket(venue.later(), BTC, quotes, 0), reason)
        zero = Map({**dict.fromkeys(SOURCES, index), "OKEx": 0})
        venue.must_refuse(MarkMarket(venue.later(), BTC, zero, 0), Reason.QUOTE_NOT_POSITIVE)

    # --------------------------------------------------------------------------------------------------- the night

    def night_owl_goes_to_bed(self) -> None:
        """Fifty times its money in ETH, before an hour in which nobody bids."""
        venue = self._venue
        venue.must(Deposit(venue.later(), NIGHT_OWL, "USDT", 3_700 * USDT_UNIT))
        venue.must(SetAccount(venue.later(), NIGHT_OWL, 50, None))
        lots = 174_000 * USDT_UNIT // self._per_lot(ETH)
        if not self._crowd.trade(NIGHT_OWL, ETH, is_buy=True, lots=lots):
            raise AssertionError("no maker sells to the night owl")

    def night_owl_wakes_up(self) -> None:
        """While it is being liquidated, in empty rounds, nothing else is open to it, nor yet a takeover."""
        venue = self._venue
        venue.must_refuse(Withdraw(venue.later(), NIGHT_OWL, "USDT", 10 * USDT_UNIT), Reason.ACCOUNT_LIQUIDATING)
        price = price_near_mark(venue.state, ETH, 0)
        sale = Trade(venue.later(), ETH, MAKER, NIGHT_OWL, 1000, price, False)
        venue.must_refuse(sale, Reason.ACCOUNT_LIQUIDATING)
        venue.must_refuse(BackstopTransfer(venue.later(), NIGHT_OWL), Reason.NOT_AT_TAKEOVER)

    # --------------------------------------------------------------------------------------------------- the clock

    def funding_twice_is_refused(self) -> None:
        for market in (BTC, ETH):
            self._venue.must_refuse(Fund(self._venue.later(), market, None), Reason.INSTANT_ALREADY_DONE)

    def late_funding_is_refused(self) -> None:
        self._venue.must_refuse(Fund(self._venue.later(), BTC, None), Reason.OUTSIDE_WINDOW)

    def settling_twice_is_refused(self) -> None:
        self._venue.must_refuse(Settle(self._venue.later()), Reason.INSTANT_ALREADY_DONE)

    def settling_off_the_grid_is_refused(self) -> None:
        self._venue.must_refuse(Settle(self._venue.later()), Reason.OUTSIDE_WINDOW)

    # ----------------------------------------------------------------------------------------------- the providers

    def north_buys(self) -> None:
        """A provider with a view: ten times 420,000 dollars of bitcoin, at its own low fees."""
        self._crowd.accumulate(NORTH, BTC, 420_000)

    def obligations_are_kept(self) -> None:
        """Limits in force are not lowered, the minimum stays in, and the small do not join."""
        venue = self._venue
        per_minute, per_hour, most = self._limits(SOUTH)
        for lowered in (
            (per_minute - USDT_UNIT, per_hour, most),
            (per_minute, per_hour - USDT_UNIT, most),
            (per_minute, per_hour, most - USDT_UNIT),
        ):
            venue.must_refuse(Enroll(venue.later(), SOUTH, *lowered), Reason.LIMIT_LOWERED)
        venue.must_refuse(Withdraw(venue.later(), EAST, "USDT", 450_000 * USDT_UNIT), Reason.PROVIDER_BELOW_MINIMUM)
        venue.must(Withdraw(venue.later(), EAST, "USDT", 50_000 * USDT_UNIT))
        small = self._first(lambda account: distress_collateral(venue.state, account) < 10_000 * USDT_UNIT)
        venue.must_refuse(Enroll(venue.later(), small, per_minute, per_hour, most), Reason.PROVIDER_BELOW_MINIMUM)
        venue.must_refuse(Enroll(venue.later(), MAKER, 1, per_hour, most), Reason.CAPACITY_PER_MINUTE_TOO_LOW)
        venue.must_refuse(Leave(venue.later(), MAKER), Reason.NOT_A_PROVIDER)

    def east_gives_notice(self) -> None:
        """In the middle of the fall; it stays obliged for an hour."""
        self._venue.must(Leave(self._venue.later(), EAST))

    def leaving_twice_is_refused(self) -> None:
        self._venue.must_refuse(Leave(self._venue.later(), EAST), Reason.ALREADY_LEAVING)

    def south_raises_its_limits(self) -> None:
        per_minute, per_hour, most = self._limits(SOUTH)
        self._venue.must(Enroll(self._venue.later(), SOUTH, per_minute, per_hour, most + 400_000 * USDT_UNIT))

    def east_is_gone(self) -> None:
        """Its notice has run out without a transaction; what it had as a provider, it may take home."""
        venue = self._venue
        venue.must_refuse(Leave(venue.later(), EAST), Reason.NOT_A_PROVIDER)
        venue.must(Withdraw(venue.later(), EAST, "USDT", 400_000 * USDT_UNIT))

    def north_comes_back(self) -> None:
        """Taken over in the afternoon, it pays in anew and enrols with smaller limits."""
        venue = self._venue
        venue.must(Deposit(venue.later(), NORTH, "USDC", 600_000 * 10**9))
        per_minute, per_hour, most = (dollars * USDT_UNIT for dollars in (200_000, 600_000, 2_000_000))
        venue.must(Enroll(venue.later(), NORTH, per_minute, per_hour, most))

    # ------------------------------------------------------------------------------------------------- the traders

    def greed_is_refused(self) -> None:
        """Beyond the account's own leverage, beyond the venue's, and money that carries risk."""
        venue = self._venue
        trader = self._first(lambda account: self._is_in_btc_alone(account) and list(account.cash) == ["USDT"])
        account = venue.account(trader)
        size, cash = account.positions[BTC].size, account.cash["USDT"]
        price = price_near_mark(venue.state, BTC, 0)
        buyer, seller = (trader, MAKER) if size > 0 else (MAKER, trader)
        more = Trade(venue.later(), BTC, buyer, seller, 40 * abs(size), price, size > 0)
        venue.must_refuse(more, Reason.FREE_COLLATERAL_NEGATIVE)
        venue.must_refuse(SetAccount(venue.later(), trader, 101, None), Reason.LEVERAGE_OUT_OF_RANGE)
        whole_cents = cash // (USDT_UNIT // 100) * (USDT_UNIT // 100)
        venue.must_refuse(Withdraw(venue.later(), trader, "USDT", whole_cents), Reason.FREE_COLLATERAL_NEGATIVE)
        too_much = Withdraw(venue.later(), trader, "USDT", whole_cents + USDT_UNIT)
        venue.must_refuse(too_much, Reason.INSUFFICIENT_BALANCE)

    def the_healthy_are_left_alone(self) -> None:
        venue = self._venue
        venue.must_refuse(Liquidate(venue.later(), MAKER, ()), Reason.NOT_LIQUIDATABLE)
        venue.must_refuse(BackstopTransfer(venue.later(), MAKER), Reason.NOT_AT_TAKEOVER)

    def selling_at_any_price_is_refused(self) -> None:
        """Below initial margin nobody may hand value away: not half the position, nor all of it."""
        venue = self._venue
        trader = self._first(self._is_stretched_in_btc)
        size = venue.account(trader).positions[BTC].size
        price = price_near_mark(venue.state, BTC, -90_000)
        half = Trade(venue.later(), BTC, MAKERS[4], trader, max(1, size // 2), price, False)
        venue.must_refuse(half, Reason.MARGIN_RATE_FELL)
        venue.must_refuse(
            Trade(venue.later(), BTC, MAKERS[4], trader, size, price, False), Reason.EFFECTIVE_COLLATERAL_NEGATIVE
        )

    def rounds_have_their_terms(self) -> None:
        """A round closes no more than its share and never flips, pays no account below zero, and has to wait."""
        venue = self._venue
        trader = next(each for each in self._desk.liquidating if BTC in venue.account(each).positions)
        venue.wait_until(venue.time + 1_000)
        size = venue.account(trader).positions[BTC].size
        buys_back = size < 0
        near = price_near_mark(venue.state, BTC, 1_000 if buys_back else -1_000)
        for lots, reason in ((abs(size) + 1, Reason.FILL_BEYOND_POSITION), (abs(size), Reason.FILL_BEYOND_ROUND)):
            fill = Fill(BTC, MAKER, lots, near)
            venue.must_refuse(Liquidate(venue.later(), trader, (fill,)), reason)
        venue.must(Liquidate(venue.later(), trader, ()))
        venue.must_refuse(Liquidate(venue.later(), trader, ()), Reason.ROUND_TOO_SOON)

    def the_winners_are_paid(self) -> None:
        """Everybody who was short takes a third of the dollars home that free collateral leaves."""
        venue = self._venue
        for account_id in self._desk.watched:
            account = venue.account(account_id)
            if account_id.startswith("trader") and any(position.size < 0 for position in account.positions.values()):
                spare = max(0, free_collateral(venue.state, account)) // EXACT_SCALE
                amount = min(spare, account.cash.get("USDT", 0)) // 3 // USDT_UNIT * USDT_UNIT
                if amount > 0:
                    venue.must(Withdraw(venue.later(), account_id, "USDT", amount))

    def the_venue_takes_its_fees(self) -> None:
        """At noon, two hours before they will be needed."""
        self._venue.must(Withdraw(self._venue.later(), "@fees", "USDT", 12_000 * USDT_UNIT))

    def the_venue_pays_in(self) -> None:
        """It would take more than is left, and has to put new money into the insurance fund instead."""
        venue = self._venue
        venue.must_refuse(Withdraw(venue.later(), "@fees", "USDT", 12_000 * USDT_UNIT), Reason.INSUFFICIENT_BALANCE)
        venue.must(Deposit(venue.later(), "@insurance", "USDT", 50_000 * USDT_UNIT))

    # --------------------------------------------------------------------------------------------------- looking up

    def _per_lot(self, market: str) -> int:
        state = self._venue.state
        return mark_per_lot(state.rulebook.contracts[market], state.markets[market])

    def _limits(self, provider: str) -> tuple[int, int, int]:
        per_minute, per_hour, most = PROVIDER_LIMITS[provider]
        return per_minute * USDT_UNIT, per_hour * USDT_UNIT, most * USDT_UNIT

    def _first(self, fits: Callable[[Account], bool]) -> str:
        """The first trader, by id, whose account fits and is active."""
        for account_id in self._desk.watched:
            account = self._venue.account(account_id)
            if account_id.startswith("trader") and account.liquidation is None and fits(account):
                return account_id
        raise AssertionError("no account fits the corner")

    def _is_in_btc_alone(self, account: Account) -> bool:
        return list(account.positions) == [BTC]

    def _is_stretched_in_btc(self, account: Account) -> bool:
        """Long bitcoin alone, below initial margin, and not yet liquidatable."""
        state = self._venue.state
        if not self._is_in_btc_alone(account) or account.positions[BTC].size < 2:
            return False
        margin_of_tier = initial_margin(state, account)
        return (
            account.positions[BTC].size > 0
            and distress_collateral(state, account) * EXACT_SCALE < margin_of_tier * 3 // 4
            and free_collateral(state, account) < 0
            and not is_liquidatable(state, account)
        )
