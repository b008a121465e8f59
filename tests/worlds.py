"""Small worlds for tests: quantities from decimal text, and a ledger that is driven one transaction at a time."""

from immutables import Map

from ledger.outcomes import Applied, Outcome, Rejected
from ledger.profiles import load_profile
from ledger.rulebook import Rulebook
from ledger.state import Account, Position, State, genesis
from ledger.transactions import (
    Deposit,
    MarkAsset,
    MarkMarket,
    Trade,
    Transaction,
)
from ledger.transition import apply
from ledger.units import parse_decimal

BTC = "BTC-PERP"
ETH = "ETH-PERP"
START = 1_600_000_000_000
"""A time off every funding and settle instant: 2020-09-13T12:26:40Z."""

ASCENDEX = load_profile("ascendex-2020")
COLLAR = load_profile("ascendex-2020-collar")
TEXTBOOK = load_profile("textbook")


def usdt(text: str) -> int:
    """Atoms of USDT."""
    return parse_decimal(text, 13)


def coins(text: str) -> int:
    """Atoms of any other collateral asset of the shipped profiles."""
    return parse_decimal(text, 9)


def price(text: str) -> int:
    """Price units."""
    return parse_decimal(text, 9)


def rate(text: str) -> int:
    """Parts per billion of a fraction."""
    return parse_decimal(text, 9)


def lots(text: str) -> int:
    """Lots of BTC-PERP."""
    return parse_decimal(text, 4)


def quotes(text: str, rulebook: Rulebook = ASCENDEX) -> Map[str, int]:
    """The same price from every source."""
    return Map(dict.fromkeys(rulebook.sources, price(text)))


class Refused(AssertionError):
    """A transaction that a test takes for granted was refused."""


class World:
    """A ledger driven one transaction at a time; `do` insists that it is applied, `ask` only asks."""

    def __init__(self, rulebook: Rulebook = ASCENDEX, time: int = START) -> None:
        self.state: State = genesis(rulebook, time)
        self.time = time
        self.done: list[Transaction] = []

    @property
    def rulebook(self) -> Rulebook:
        return self.state.rulebook

    def account(self, account_id: str) -> Account:
        return self.state.accounts[account_id]

    def ask(self, transaction: Transaction) -> Outcome:
        """The outcome, the world left as it is."""
        return apply(self.state, transaction)

    def do(self, transaction: Transaction) -> Applied:
        """Apply, and move on; `Refused` where the ledger refuses."""
        outcome = apply(self.state, transaction)
        if isinstance(outcome, Rejected):
            raise Refused(f"{transaction} was refused: {outcome}")
        self.state, self.time = outcome.state, transaction.time
        self.done.append(transaction)
        return outcome

    def later(self, milliseconds: int) -> int:
        """Let time pass; the new time."""
        self.time += milliseconds
        return self.time

    def deposit(self, account_id: str, amount: str, asset: str = "USDT") -> Applied:
        decimals = self.rulebook.assets[asset].decimals
        return self.do(Deposit(self.time, account_id, asset, parse_decimal(amount, decimals)))

    def mark(self, text: str, market: str = BTC, premium: str = "0") -> Applied:
        return self.do(MarkMarket(self.time, market, quotes(text, self.rulebook), price(premium)))

    def mark_asset(self, asset: str, text: str) -> Applied:
        return self.do(MarkAsset(self.time, asset, quotes(text, self.rulebook)))

    def trade(
        self, buyer: str, seller: str, size: str, at: str, *, market: str = BTC, buyer_is_taker: bool = True
    ) -> Applied:
        """`size` in units of the underlying."""
        contract = self.rulebook.contracts[market]
        in_lots, rest = divmod(parse_decimal(size, 9), contract.lot_units)
        assert rest == 0, "a size is a whole number of lots"
        return self.do(Trade(self.time, market, buyer, seller, in_lots, price(at), buyer_is_taker))


def with_account(state: State, account_id: str, account: Account) -> State:
    """The state with one account put in by hand, as no transaction would: for quoted examples and refused corners."""
    return with_accounts(state, {account_id: account})


def with_accounts(state: State, accounts: dict[str, Account]) -> State:
    """The state with accounts put in by hand."""
    return State(
        state.rulebook,
        state.accounts.update(accounts),
        state.markets,
        state.prices,
        state.providers,
        state.last_settle,
        state.time,
        state.sequence,
    )


def account_of(
    cash: dict[str, int] | None = None,
    positions: dict[str, tuple[int, int]] | None = None,
    *,
    max_leverage: int = 100,
    fee_tier: str = "standard",
) -> Account:
    """An account by hand: cash in atoms by asset, (size in lots, reference cost in atoms) by market."""
    held = {market: Position(size, cost) for market, (size, cost) in (positions or {}).items()}
    return Account(Map(cash or {}), Map(held), max_leverage, fee_tier, None)
