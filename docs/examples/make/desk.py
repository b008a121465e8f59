"""The risk desk: it watches every account, closes distressed ones on the book, and takes over what the book cannot.

It reads the state through `ledger.margin` and decides no more than when and how much: whether is the rulebook's.
"""

from collections.abc import Sequence

import attrs

from ledger.margin import is_liquidatable, mark_per_lot
from ledger.rules.backstop_transfer import is_transferable
from ledger.rules.liquidate import round_limit
from ledger.state import Account
from ledger.transactions import BackstopTransfer, Fill, Liquidate
from ledger.units import ceil_div, floor_to_multiple

from .dice import Dice
from .population import MAKERS, USDT_UNIT
from .tape import BTC, ETH, MARKETS, PPM, at, is_stormy
from .venue import Venue

LEVELS = (300, 900, 2_000)
"""How far from mark the makers' three levels are, in millionths; three times as far in the storm."""


@attrs.frozen
class Drought:
    """A market whose book is empty for a while."""

    market: str
    start: int
    end: int


DROUGHTS = (
    Drought(ETH, at("02:58"), at("03:24")),
    Drought(BTC, at("14:41:10"), at("14:43")),
    Drought(ETH, at("14:41:10"), at("14:44")),
    Drought(BTC, at("14:44:50"), at("14:50")),
    Drought(ETH, at("14:44:50"), at("14:52")),
)


def depth(market: str, time: int) -> int:
    """What the makers show on each side of a market for one patrol, in atoms of notional."""
    if any(drought.market == market and drought.start <= time < drought.end for drought in DROUGHTS):
        return 0
    dollars = 40_000 if is_stormy(time) else 150_000
    return (dollars if market == BTC else dollars // 2) * USDT_UNIT


class Desk:
    """Patrols the accounts; one patrol makes at most one round for each and repeats transfers until none is open."""

    def __init__(self, venue: Venue, seed: int, accounts: Sequence[str]) -> None:
        self._venue = venue
        self._dice = Dice(seed, "desk")
        self._left = dict.fromkeys(MARKETS, 0)
        self._accounts = sorted(accounts)

    @property
    def watched(self) -> list[str]:
        """The ids to look at: those that are open, in order."""
        return [account_id for account_id in self._accounts if account_id in self._venue.state.accounts]

    @property
    def liquidating(self) -> list[str]:
        """The ids of the accounts that are being liquidated, in order."""
        accounts = self._venue.state.accounts
        return [account_id for account_id in self.watched if accounts[account_id].liquidation is not None]

    def patrol(self) -> None:
        """Take over what is at takeover, make a round for what is distressed, and look again after shared losses."""
        self._left = {market: depth(market, self._venue.time) for market in MARKETS}
        while self._take_over_all():
            pass
        for account_id in self.watched:
            self._round(account_id)

    def _take_over_all(self) -> int:
        taken = 0
        for account_id in self.watched:
            if is_transferable(self._venue.state, self._venue.account(account_id)):
                self._venue.must(BackstopTransfer(self._venue.later(), account_id))
                taken += 1
        return taken

    def _round(self, account_id: str) -> None:
        venue, account = self._venue, self._venue.account(account_id)
        if account.liquidation is None:
            if account.positions and is_liquidatable(venue.state, account):
                self._send_round(account_id, account)
            return
        terms = venue.state.rulebook.liquidation
        if venue.time - account.liquidation.time < terms.round_interval:
            return
        if account.liquidation.round >= terms.rounds:
            empty = Liquidate(venue.later(), account_id, ())
            venue.must(empty)
        else:
            self._send_round(account_id, account)

    def _send_round(self, account_id: str, account: Account) -> None:
        """As many fills as the book and the round allow; the ledger has the last word on each."""
        time = self._venue.later()
        fills = self._fills(account)
        while fills and not self._venue.would_apply(Liquidate(time, account_id, tuple(fills))):
            fills.pop()
        self._venue.must(Liquidate(time, account_id, tuple(fills)))
        state = self._venue.state
        for fill in fills:
            self._left[fill.market] -= fill.size * mark_per_lot(
                state.rulebook.contracts[fill.market], state.markets[fill.market]
            )

    def _fills(self, account: Account) -> list[Fill]:
        state, fills = self._venue.state, []
        terms = state.rulebook.liquidation
        for market_id in sorted(account.positions):
            size = account.positions[market_id].size
            per_lot = mark_per_lot(state.rulebook.contracts[market_id], state.markets[market_id])
            start = size if account.liquidation is None else account.liquidation.starting_sizes.get(market_id, 0)
            most = round_limit(
                starting_size=start, fraction=terms.fraction, minimum_value=terms.minimum_value, per_lot=per_lot
            )
            fills += self._walk(market_id, size, min(most, abs(size), self._left[market_id] // per_lot))
        return fills

    def _walk(self, market_id: str, size: int, lots: int) -> list[Fill]:
        """Fill `lots` over the levels of the book, each with another maker, further and further from mark."""
        fills = []
        first = self._dice.below(len(MAKERS))
        for number, level in enumerate(LEVELS):
            piece = (lots + len(LEVELS) - 1 - number) // len(LEVELS)
            if piece > 0:
                maker = MAKERS[(first + number) % len(MAKERS)]
                fills.append(Fill(market_id, maker, piece, self._price(market_id, size, level)))
        return fills

    def _price(self, market_id: str, size: int, level: int) -> int:
        """A price `level` millionths on the worse side of mark for a position of `size`, on the tick."""
        state = self._venue.state
        mark, tick = state.markets[market_id].mark, state.rulebook.contracts[market_id].tick
        away = level * 3 if is_stormy(self._venue.time) else level
        if size > 0:
            return floor_to_multiple(mark - mark * away // PPM, tick)
        return ceil_div(mark + mark * away // PPM, tick) * tick
