"""backstop-transfer: scenes."""

from collections.abc import Mapping, Sequence

import attrs
from immutables import Map

from ledger.rulebook import EXTERNAL, FEES, INSURANCE, Rulebook, Tier
from ledger.state import Account, Limits, Liquidation, Position, Provider, State, Takeover
from ledger.transactions import BackstopTransfer, Transaction

from ..engine import Path
from ..quantities import sign_of
from ..worlds import ALICE, BOB, COIN, MARKET, OBSERVED, RULEBOOK, STRANGER, USDT, liquidation_of, provider_of, state_of

CAROL, PAT, QUINN = "carol", "pat", "quinn"
MINIMUM = RULEBOOK.program.minimum_account_value
NOBODY: Mapping[str, Provider] = {}


def rated(path: Path) -> Rulebook:
    """The rulebook with one margin bracket of any rates.

    A transfer looks up no other bracket than that of the account taken over.
    """
    initial = path.integer("initial rate", least=1, most=10**9)
    maintenance = path.integer("maintenance rate", least=1, most=10**9)
    contract = attrs.evolve(RULEBOOK.contracts[MARKET], tiers=(Tier(None, initial, maintenance),))
    return attrs.evolve(RULEBOOK, contracts=RULEBOOK.contracts.set(MARKET, contract))


def account(
    cash: Mapping[str, int], positions: Mapping[str, Position] | None = None, running: Liquidation | None = None
) -> Account:
    """At leverage 100 and the standard fee tier."""
    return Account(Map(cash), Map(positions or {}), 100, "standard", running)


def of_usdt(path: Path, name: str) -> dict[str, int]:
    """Any balance but zero."""
    amount = path.integer(f"{name} USDT")
    path.assume(amount != 0)
    return {USDT: amount}


def held(path: Path, name: str, size: int) -> dict[str, Position]:
    """A position of this size, of any reference cost."""
    return {MARKET: Position(size, path.integer(f"{name} reference cost"))}


def any_size(path: Path, signs: Sequence[int] = (1, -1)) -> int:
    """Lots, of these signs."""
    lots = path.integer("lots", least=1)
    path.hint(lots == 1000)
    return lots * path.choice("side", signs)


def reserved(path: Path, accounts: dict[str, Account], *, fund: bool, fees: bool) -> dict[str, Account]:
    """With `@insurance` and `@fees`, and `@external` so that every asset sums to zero, custody not negative."""
    accounts[INSURANCE] = account({USDT: path.integer(INSURANCE, least=1)} if fund else {})
    accounts[FEES] = account({USDT: path.integer(FEES, least=1)} if fees else {})
    totals = {USDT: 0}
    for one in accounts.values():
        for asset, amount in one.cash.items():
            totals[asset] = totals.get(asset, 0) + amount
        for position in one.positions.values():
            totals[USDT] = totals[USDT] + position.reference_cost
    for amount in totals.values():
        path.assume(amount > 0)
    accounts[EXTERNAL] = account({asset: -amount for asset, amount in totals.items()})
    return accounts


def transfer(
    path: Path,
    accounts: dict[str, Account],
    *,
    fund: bool = True,
    fees: bool = False,
    providers: Mapping[str, Provider] = NOBODY,
    taken_over: str = ALICE,
) -> tuple[State, Transaction]:
    """The state of these accounts, and the takeover of alice unless another is named."""
    accounts = reserved(path, accounts, fund=fund, fees=fees)
    state = state_of(path, accounts, {**providers}, rated(path))
    path.hint(state.markets[MARKET].mark == 10**12)
    return state, BackstopTransfer(path.integer("time"), taken_over)


def alone(path: Path) -> tuple[State, Transaction]:
    """A long or a short against bob, no providers."""
    size = any_size(path)
    accounts = {
        ALICE: account(of_usdt(path, ALICE), held(path, ALICE, size), liquidation_of(path, ALICE)),
        BOB: account(of_usdt(path, BOB), held(path, BOB, -size)),
    }
    has_reserves = path.choice("has reserves", (True, False))
    return transfer(path, accounts, fund=has_reserves, fees=has_reserves)


def squeezed(path: Path) -> tuple[State, Transaction]:
    """A long or a short against bob in a stressed market, no providers; the fund is not short."""
    size = any_size(path)
    accounts = {
        ALICE: account(of_usdt(path, ALICE), held(path, ALICE, size), liquidation_of(path, ALICE)),
        BOB: account(of_usdt(path, BOB), held(path, BOB, -size)),
    }
    state, transaction = transfer(path, accounts)
    stressed = attrs.evolve(state.markets[MARKET], monitor=attrs.evolve(OBSERVED, stressed=True))
    return enough(path, attrs.evolve(state, markets=state.markets.set(MARKET, stressed)), transaction)


def flat(path: Path) -> tuple[State, Transaction]:
    """No position, or none to take over; bob and carol hold each other's."""
    taken_over = path.choice("taken over", (ALICE, FEES, STRANGER))
    size = any_size(path, (1,))
    accounts = {
        ALICE: account(of_usdt(path, ALICE), {}, liquidation_of(path, ALICE)),
        BOB: account(of_usdt(path, BOB), held(path, BOB, size)),
        CAROL: account(of_usdt(path, CAROL), held(path, CAROL, -size)),
    }
    has_reserves = path.choice("has reserves", (True, False))
    return transfer(path, accounts, fund=has_reserves, fees=has_reserves, taken_over=taken_over)


def assets(path: Path) -> tuple[State, Transaction]:
    """A long or a short against bob, and BTC, with USDT or without; the fund is not short."""
    size = any_size(path)
    cash = of_usdt(path, ALICE) if path.choice("has USDT", (True, False)) else {}
    cash[COIN] = path.integer("alice BTC", least=1)
    accounts = {
        ALICE: account(cash, held(path, ALICE, size)),
        BOB: account(of_usdt(path, BOB), held(path, BOB, -size)),
    }
    return enough(path, *transfer(path, accounts))


def enough(path: Path, state: State, transaction: Transaction) -> tuple[State, Transaction]:
    """The fund alone covers whatever alice owes, and her positions at mark besides.

    Her equity is not above these, as it never is at takeover, where it is below maintenance margin.
    """
    fund, alice = state.accounts[INSURANCE].cash[USDT], state.accounts[ALICE]
    equity, exposed = alice.cash.get(USDT, 0), 0
    for market, position in alice.positions.items():
        value = position.size * state.markets[market].mark * state.rulebook.contracts[market].multiplier
        equity, exposed = equity + value + position.reference_cost, exposed + sign_of(position.size) * value
    path.assume((fund + equity > exposed) & (equity <= exposed))
    return state, transaction


def limits_of(path: Path, name: str) -> Limits:
    """Any, in the order that enrolment asks for."""
    limits = Limits(*(path.integer(f"{name} {limit}", least=1) for limit in ("per minute", "per hour", "max holdings")))
    path.assume(limits.capacity_per_minute <= limits.capacity_per_hour)
    path.assume(limits.capacity_per_minute <= limits.max_holdings)
    return limits


def rich(path: Path, name: str, positions: Mapping[str, Position] | None = None) -> Account:
    """Able to take over: USDT of the program's minimum or more."""
    return account({USDT: path.integer(f"{name} USDT", least=MINIMUM)}, positions)


def provided(
    path: Path,
    *,
    fund: bool = True,
    signs: Sequence[int] = (1, -1),
    takeovers: int = 0,
) -> tuple[State, Transaction]:
    """A long or a short against bob; pat, who is flat and able, provides."""
    size = any_size(path, signs)
    accounts = {
        ALICE: account(of_usdt(path, ALICE), held(path, ALICE, size)),
        BOB: account(of_usdt(path, BOB), held(path, BOB, -size)),
        PAT: rich(path, PAT),
    }
    times = [path.integer(f"takeover {number} time") for number in range(takeovers)]
    taken = tuple(
        Takeover(time, path.integer(f"takeover {number} notional", least=1)) for number, time in enumerate(times)
    )
    providers = {PAT: Provider(limits_of(path, PAT), None, taken)}
    state, transaction = transfer(path, accounts, fund=fund, providers=providers)
    for time in times:
        path.assume(time <= transaction.time)
    return enough(path, state, transaction) if fund else (state, transaction)


def holding(path: Path) -> tuple[State, Transaction]:
    """A long; pat, who provides, has a position too, long or short, and bob what is opposite to both; all rolled."""
    size, pats = any_size(path, (1,)), path.integer("pat lots")
    path.assume((pats != 0) & (pats != -size))
    accounts = {
        ALICE: account(of_usdt(path, ALICE), held(path, ALICE, size)),
        BOB: account(of_usdt(path, BOB), held(path, BOB, -size - pats)),
        PAT: rich(path, PAT, held(path, PAT, pats)),
    }
    scene = transfer(path, accounts, providers={PAT: Provider(limits_of(path, PAT), None, ())})
    return enough(path, *all_rolled(scene))


def enrolled(path: Path) -> tuple[State, Transaction]:
    """No position, and a provider in any way or none; the fund is not short."""
    accounts = {ALICE: account(of_usdt(path, ALICE), {}, liquidation_of(path, ALICE))}
    record = provider_of(path, ALICE)
    state, transaction = transfer(path, accounts, providers={ALICE: record} if record else {})
    path.assume(state.accounts[INSURANCE].cash[USDT] + state.accounts[ALICE].cash[USDT] > 0)
    return state, transaction


def two_provide(path: Path) -> tuple[State, Transaction]:
    """A long against bob and carol, all rolled; pat and quinn, who are flat and able, provide."""
    bobs, carols = path.integer("bob lots", least=1), path.integer("carol lots", least=1)
    path.hint((bobs == 500) & (carols == 500))
    accounts = {
        ALICE: account(of_usdt(path, ALICE), held(path, ALICE, bobs + carols)),
        BOB: account({}, held(path, BOB, -bobs)),
        CAROL: account({}, held(path, CAROL, -carols)),
        PAT: rich(path, PAT),
        QUINN: rich(path, QUINN),
    }
    providers = {name: Provider(limits_of(path, name), None, ()) for name in (PAT, QUINN)}
    return enough(path, *all_rolled(transfer(path, accounts, providers=providers)))


def all_rolled(scene: tuple[State, Transaction]) -> tuple[State, Transaction]:
    """The same, with reference costs at which no position has pnl."""
    state, transaction = scene
    accounts = state.accounts
    for account_id, one in state.accounts.items():
        positions = one.positions
        for market, position in one.positions.items():
            per_lot = state.markets[market].mark * state.rulebook.contracts[market].multiplier
            positions = positions.set(market, Position(position.size, -position.size * per_lot))
        accounts = accounts.set(account_id, attrs.evolve(one, positions=positions))
    return attrs.evolve(state, accounts=accounts), transaction
