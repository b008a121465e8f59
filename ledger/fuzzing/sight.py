"""What a generator sees of a state: who is rich, who is in distress, who is obliged.

A `Sight` is of one state. It works out what it is asked for, and hands on to the next state's sight what is still true
there: generators look several times at each state, and most steps change one or two accounts.
"""

from collections.abc import Sequence

import attrs

from ..capacity import limits_in_force
from ..margin import account_value, distress_collateral, effective_collateral, maintenance_margin
from ..rulebook import EXTERNAL, FEES, INSURANCE, Rulebook, is_system
from ..state import Account, State, holds_stressed
from ..transactions import Transaction
from ..units import EXACT_SCALE, PRICE_SCALE, floor_div, floor_to_multiple

NAMES = (
    *("ann", "bob", "cid", "dan", "eve", "fay", "gus", "hal", "ida", "joe"),
    *("kim", "lee", "max", "ned", "ola", "pam"),
)
STRANGERS = ("nobody", INSURANCE, FEES, EXTERNAL, "@treasury")
BASE_PRICES = {"BTC-PERP": 5000, "ETH-PERP": 350, "BTC": 5000, "ETH": 350, "USDC": 1, "PAX": 1}
OTHER_BASE_PRICE = 100
WEALTH = 1000


@attrs.frozen(eq=False)
class Venue:
    """What a rulebook lists, in order of the names, and what its accounts are rich in.

    `coins`: the collateral assets but the settlement asset. `wealth`: settlement atoms, the program's minimum account
    value where it has one. `capacity`: settlement atoms, the least that a provider takes over in a minute, not zero.
    """

    rulebook: Rulebook
    assets: tuple[str, ...]
    coins: tuple[str, ...]
    markets: tuple[str, ...]
    fee_tiers: tuple[str, ...]
    wealth: int
    capacity: int

    def base_price(self, name: str) -> int:
        """The price (10^-9) with which a market or an asset begins, a market's on its tick."""
        price = BASE_PRICES.get(name, OTHER_BASE_PRICE) * PRICE_SCALE
        contract = self.rulebook.contracts.get(name)
        return price if contract is None else max(contract.tick, floor_to_multiple(price, contract.tick))


def venue_of(rulebook: Rulebook) -> Venue:
    """What the rulebook lists."""
    settlement_asset, program = rulebook.settlement_asset, rulebook.program
    assets = tuple(sorted(rulebook.assets))
    wealth = program.minimum_account_value or WEALTH * 10**rulebook.settlement_decimals
    return Venue(
        rulebook=rulebook,
        assets=assets,
        coins=tuple(asset for asset in assets if asset != settlement_asset),
        markets=tuple(sorted(rulebook.contracts)),
        fee_tiers=tuple(sorted(rulebook.fee_tiers)),
        wealth=wealth,
        capacity=program.minimum_capacity_per_minute or max(1, floor_div(wealth, 5)),
    )


@attrs.frozen(eq=False)
class Standing:
    """How an account stands at the marks. `distress`: its distress collateral in atoms. `maintenance`: its maintenance
    margin, an exact value. `is_distressed` and `is_at_takeover`: below the level, or exactly at it with a position, who
    is healthy by nothing."""

    account: Account
    distress: int
    maintenance: int
    is_distressed: bool
    is_at_takeover: bool


def standing_of(state: State, account: Account) -> Standing:
    """How the account stands at the state's marks."""
    distress = distress_collateral(state, account)
    if not account.positions:
        return Standing(account, distress, 0, distress < 0, distress < 0)
    maintenance = maintenance_margin(state, account)
    exact = distress * EXACT_SCALE
    return Standing(account, distress, maintenance, exact <= maintenance, 2 * exact <= maintenance)


Names = tuple[str, ...]


class Sight:
    """What generators see of `state`. `recent`: the transactions last applied, the latest at the end.

    Accounts are told by their names, in order: `everyone` that is ordinary; `holders` of a position; the `active` and
    the `liquidating`; of the active the `able`, with something to risk or to close, and the `broke`, with neither, most
    of whom were taken over; the `distressed`; and the `transferable`, at takeover, with their rounds used up, or
    liquidated in a stressed market.
    """

    __slots__ = ("_able", "_distressed", "_everyone", "_roll", "_standings", "recent", "state", "venue")

    def __init__(self, state: State, recent: Sequence[Transaction] = (), venue: Venue | None = None) -> None:
        self.state, self.recent = state, recent
        self.venue = venue_of(state.rulebook) if venue is None else venue
        self._standings: dict[str, Standing] = {}
        self._everyone: Names | None = None
        self._roll: tuple[Names, Names, Names] | None = None
        self._able: tuple[Names, Names] | None = None
        self._distressed: tuple[Names, Names] | None = None

    def at(self, state: State) -> "Sight":
        """The sight of a later state of the same ledger, with all that is still true there."""
        before = self.state
        if state is before:
            return self
        following = Sight(state, self.recent, self.venue)
        if len(state.accounts) == len(before.accounts):
            following._everyone = self._everyone
        if state.accounts is before.accounts:
            following._roll = self._roll
        if state.markets is before.markets and state.prices is before.prices:
            following._standings = self._standings
            if state.accounts is before.accounts:
                following._able, following._distressed = self._able, self._distressed
        return following

    def standing(self, account_id: str) -> Standing:
        """How an open account stands."""
        account, known = self.state.accounts[account_id], self._standings.get(account_id)
        if known is None or known.account is not account:
            known = self._standings[account_id] = standing_of(self.state, account)
        return known

    @property
    def everyone(self) -> Names:
        """Ordinary accounts."""
        if self._everyone is None:
            self._everyone = tuple(sorted(name for name in self.state.accounts if not is_system(name)))
        return self._everyone

    @property
    def holders(self) -> Names:
        """Accounts with a position."""
        return self._called()[0]

    @property
    def active(self) -> Names:
        """Accounts that are not being liquidated."""
        return self._called()[1]

    @property
    def liquidating(self) -> Names:
        """Accounts that are being liquidated."""
        return self._called()[2]

    @property
    def able(self) -> Names:
        """Active accounts with something to risk or to close."""
        return self._able_and_broke()[0]

    @property
    def broke(self) -> Names:
        """Active accounts with nothing to risk and nothing to close."""
        return self._able_and_broke()[1]

    @property
    def distressed(self) -> Names:
        """Accounts below maintenance margin, and those exactly at it."""
        return self._in_distress()[0]

    @property
    def transferable(self) -> Names:
        """Accounts at takeover or exactly at its level, those with their rounds used up, and distressed ones that are
        liquidated in a stressed market."""
        return self._in_distress()[1]

    def _called(self) -> tuple[Names, Names, Names]:
        if self._roll is None:
            holders: list[str] = []
            active: list[str] = []
            liquidating: list[str] = []
            accounts = self.state.accounts
            for name in self.everyone:
                account = accounts[name]
                if account.positions:
                    holders.append(name)
                (active if account.liquidation is None else liquidating).append(name)
            self._roll = tuple(holders), tuple(active), tuple(liquidating)
        return self._roll

    def _able_and_broke(self) -> tuple[Names, Names]:
        if self._able is None:
            state = self.state
            able: list[str] = []
            broke: list[str] = []
            for name in self.active:
                account = state.accounts[name]
                is_able = bool(account.positions) or (bool(account.cash) and effective_collateral(state, account) > 0)
                (able if is_able else broke).append(name)
            self._able = tuple(able), tuple(broke)
        return self._able

    def _in_distress(self) -> tuple[Names, Names]:
        if self._distressed is None:
            rounds, settlement_asset = self.state.rulebook.liquidation.rounds, self.state.rulebook.settlement_asset
            distressed: list[str] = []
            transferable: list[str] = []
            for name in self.everyone:
                account = self.state.accounts[name]
                if not account.positions and account.cash.get(settlement_asset, 0) >= 0 and account.liquidation is None:
                    continue  # with neither a position nor a debt nothing can be short
                standing = self.standing(name)
                if standing.is_distressed:
                    distressed.append(name)
                used_up = account.liquidation is not None and account.liquidation.round >= rounds
                stressed = standing.is_distressed and holds_stressed(self.state, account)
                if standing.is_at_takeover or used_up or stressed:
                    transferable.append(name)
            self._distressed = tuple(distressed), tuple(transferable)
        return self._distressed

    def names_to_use(self) -> tuple[str, ...]:
        """Open accounts, and one name that is still free."""
        free = next((name for name in NAMES if name not in self.state.accounts), None)
        return self.everyone if free is None else (*self.everyone, free)

    def obliged(self) -> list[str]:
        """Providers whose limits are in force, in id order."""
        state = self.state
        program, providers, time = state.rulebook.program, state.providers, state.time
        return [name for name in sorted(providers) if limits_in_force(program, providers[name], time) is not None]

    def obliged_near_the_minimum(self) -> list[str]:
        """Obliged providers that can hardly lose anything and stay at or above the program's minimum account value."""
        state = self.state
        minimum = state.rulebook.program.minimum_account_value
        found = []
        for name in self.obliged():
            spare = floor_div(account_value(state, state.accounts[name]), EXACT_SCALE) - minimum
            if 0 <= spare < floor_div(minimum, 40):
                found.append(name)
        return found

    def settlement_cash(self, account_id: str) -> int:
        """An open account's cash in the settlement asset, in atoms."""
        return self.state.accounts[account_id].cash.get(self.state.rulebook.settlement_asset, 0)
