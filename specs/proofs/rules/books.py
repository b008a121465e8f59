"""Double entry as the page of the state has it: balances that move by postings, and what is told on the way."""

import attrs

from ledger.outcomes import Converted, Event, Rolled
from ledger.postings import CashPosting, PositionPosting, Posting
from ledger.rulebook import EXTERNAL
from ledger.state import Account, Position, State

from ..quantities import WHOLE, signed_notional, weight


class Books:
    """The accounts of a state while postings come in; zero balances stay, empty positions go."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.settlement = state.rulebook.settlement_asset
        self.accounts: dict[str, Account] = {}
        self.postings: list[Posting] = []
        self.events: list[Event] = []

    def __getitem__(self, account_id: str) -> Account:
        return self.accounts.get(account_id) or self.state.accounts[account_id]

    def cash(self, account_id: str, asset: str | None = None) -> int:
        """A balance, of the settlement asset unless another is named."""
        return self[account_id].cash.get(asset or self.settlement, 0)

    def pay(self, account_id: str, amount: int, asset: str | None = None) -> None:
        """Into an account's cash."""
        asset, account = asset or self.settlement, self[account_id]
        self.postings.append(CashPosting(account_id, asset, amount))
        cash = account.cash.set(asset, account.cash.get(asset, 0) + amount)
        self.accounts[account_id] = attrs.evolve(account, cash=cash)

    def move(self, account_id: str, market: str, size: int, cost: int) -> None:
        """Into an account's position."""
        account = self[account_id]
        self.postings.append(PositionPosting(account_id, market, size, cost))
        held = account.positions.get(market, Position(0, 0))
        after = Position(held.size + size, held.reference_cost + cost)
        if after.size == 0 and after.reference_cost == 0:
            positions = account.positions.delete(market) if market in account.positions else account.positions
        else:
            positions = account.positions.set(market, after)
        self.accounts[account_id] = attrs.evolve(account, positions=positions)

    def roll(self, account_id: str) -> None:
        """All pnl of an account into its cash."""
        total, is_rolled = 0, False
        for market in sorted(self[account_id].positions):
            gain = signed_notional(self.state, self[account_id], market)
            gain = gain + self[account_id].positions[market].reference_cost
            if gain != 0:
                self.move(account_id, market, 0, -gain)
                total, is_rolled = total + gain, True
        if is_rolled and total != 0:
            self.pay(account_id, total)
        if is_rolled:
            self.events.append(Rolled(account_id, total))

    def prepare(self, account_id: str) -> None:
        """Preparation: the account rolls, and every other asset it holds is sold outside."""
        self.roll(account_id)
        rulebook = self.state.rulebook
        for asset, amount in sorted(self.state.accounts[account_id].cash.items()):
            if asset == self.settlement:
                continue
            price, factor = self.state.prices[asset], rulebook.assets[asset].factor
            proceeds = amount * price * factor * weight(rulebook, asset) // WHOLE
            self.pay(account_id, -amount, asset)
            self.pay(EXTERNAL, amount, asset)
            self.pay(EXTERNAL, -proceeds)
            self.pay(account_id, proceeds)
            self.events.append(Converted(account_id, asset, amount, proceeds))
