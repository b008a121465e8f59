"""Small symbolic worlds: concrete ids, one market, and integers of any size in every other place."""

from collections.abc import Mapping, Sequence

import attrs
from immutables import Map

from ledger.profiles import load_profile
from ledger.rulebook import EXTERNAL, SYSTEM_ACCOUNTS, Rulebook, Tier
from ledger.state import (
    NEVER,
    Account,
    Limits,
    Liquidation,
    LiquidityMonitor,
    Market,
    Observation,
    Position,
    Provider,
    State,
    Takeover,
)

from .engine import Path

RULEBOOK: Rulebook = load_profile("ascendex-2020")
ONE_TIER: Rulebook = attrs.evolve(
    RULEBOOK,
    contracts=RULEBOOK.contracts.set(
        "BTC-PERP",
        attrs.evolve(RULEBOOK.contracts["BTC-PERP"], tiers=RULEBOOK.contracts["BTC-PERP"].tiers[-1:]),
    ),
)
"""The same with the last margin tier alone."""

USDT, COIN, UNPRICED, UNLISTED = RULEBOOK.settlement_asset, "BTC", "ETH", "DOGE"
MARKET, SECOND_MARKET = "BTC-PERP", "ETH-PERP"
ALICE, BOB, STRANGER = "alice", "bob", "nobody"

WORLD = (
    "rulebook ascendex-2020; concrete ids; market BTC-PERP; USDT at a price of 1; leverage 100, fee tier standard; "
    "stored amounts not zero"
)


def balance(path: Path, name: str) -> int:
    """A stored balance: any integer but zero."""
    amount = path.integer(name)
    path.assume(amount != 0)
    return amount


def cash_of(path: Path, name: str, holdings: Sequence[tuple[str, ...]]) -> Map[str, int]:
    """Balances of any of these sets of assets."""
    held = path.choice(f"{name} has", holdings)
    return Map({asset: balance(path, f"{name} {asset}") for asset in held})


def positions_of(path: Path, name: str) -> Map[str, Position]:
    """A position of any size and reference cost, or none."""
    if not path.choice(f"{name} has a position", (True, False)):
        return Map()
    return Map({MARKET: position_of(path, name)})


def position_of(path: Path, name: str) -> Position:
    """A position of any size and reference cost."""
    return Position(balance(path, f"{name} size"), path.integer(f"{name} reference cost"))


def with_any_tiers(path: Path, rulebook: Rulebook, brackets: Mapping[str, int], least: int = 1) -> Rulebook:
    """The rulebook with tables of so many brackets for these markets: any bounds in order, and any rates, the initial
    one of at `least` so many ppb.

    A rule that looks up so many effective notionals of a market at most gets from some such table what it gets from
    any longer one, whose first match in order it is.
    """
    contracts = rulebook.contracts
    for market, count in brackets.items():
        tiers, bound = [], 0
        for number in range(count):
            name = f"{market} bracket {number}"
            is_last = number == count - 1
            upper = None if is_last else path.integer(f"{name} below")
            if upper is not None:
                path.assume(upper > bound)
                bound = upper
            initial = path.integer(f"{name} initial rate", least=least, most=10**9)
            maintenance = path.integer(f"{name} maintenance rate", least=1, most=10**9)
            tiers.append(Tier(upper, initial, maintenance))
        contracts = contracts.set(market, attrs.evolve(contracts[market], tiers=tuple(tiers)))
    return attrs.evolve(rulebook, contracts=contracts)


def liquidation_of(path: Path, name: str) -> Liquidation | None:
    """Active or liquidating."""
    if path.choice(f"{name} is active", (True, False)):
        return None
    return Liquidation(path.integer(f"{name} round", least=1), path.integer(f"{name} round time"), Map())


def account_of(
    path: Path,
    name: str,
    *,
    holdings: Sequence[tuple[str, ...]] = ((USDT,), ()),
    flat: bool = False,
    active: bool = False,
) -> Account:
    """An ordinary account at leverage 100 and the standard fee tier: a position or none, active or liquidating."""
    return Account(
        cash_of(path, name, holdings),
        Map() if flat else positions_of(path, name),
        RULEBOOK.maximum_leverage,
        RULEBOOK.default_fee_tier,
        None if active else liquidation_of(path, name),
    )


def system_accounts(path: Path, touched: str = "", holdings: Sequence[tuple[str, ...]] = ((),)) -> dict[str, Account]:
    """The three system accounts, one of them with balances, the others empty."""
    return {
        account_id: Account(
            cash_of(path, account_id, holdings if account_id == touched else ((),)),
            Map(),
            RULEBOOK.maximum_leverage,
            RULEBOOK.default_fee_tier,
            None,
        )
        for account_id in SYSTEM_ACCOUNTS
    }


def reserves(path: Path, held: Mapping[str, Sequence[tuple[str, ...]]]) -> dict[str, Account]:
    """The three system accounts with balances of any of these sets of assets, none where not named, and as CON-4 has
    them: custody, the insurance fund and fees not negative."""
    accounts = {}
    for account_id in SYSTEM_ACCOUNTS:
        cash = cash_of(path, account_id, held.get(account_id, ((),)))
        for amount in cash.values():
            path.assume(amount < 0 if account_id == EXTERNAL else amount > 0)
        accounts[account_id] = Account(cash, Map(), RULEBOOK.maximum_leverage, RULEBOOK.default_fee_tier, None)
    return accounts


OBSERVED = LiquidityMonitor(0, 1, 2, 0, 0, (Observation(1, 0),), False)
"""A monitor that found its market calm: what most transactions carry on and none of them reads."""


def market_of(path: Path, prefix: str = "") -> Market:
    """A market at any positive index and mark, with any samples, its last funding at any instant or never, observed
    once and calm."""
    return Market(
        path.integer(f"{prefix}index", least=1),
        path.integer(f"{prefix}mark", least=1),
        path.integer(f"{prefix}premium sum"),
        path.integer(f"{prefix}premium count", least=0),
        path.integer(f"{prefix}last funding", least=NEVER),
        OBSERVED,
    )


RECORDS = ("none", "obliged", "leaving", "ended")


def provider_of(path: Path, name: str, records: Sequence[str] = RECORDS) -> Provider | None:
    """No record, or one with limits or without, with a notice or without, and one takeover."""
    record = path.choice(f"{name} as provider", records)
    if record == "none":
        return None
    limits = Limits(
        path.integer(f"{name} per minute", least=0),
        path.integer(f"{name} per hour", least=0),
        path.integer(f"{name} max holdings", least=0),
    )
    notice = path.integer(f"{name} notice") if record == "leaving" else None
    takeover = Takeover(path.integer(f"{name} takeover time"), path.integer(f"{name} takeover notional"))
    return Provider(None if record == "ended" else limits, notice, (takeover,))


def state_of(
    path: Path,
    accounts: dict[str, Account],
    providers: dict[str, Provider | None] | None = None,
    rulebook: Rulebook = RULEBOOK,
    markets: Sequence[str] = (MARKET,),
) -> State:
    """A state of the accounts: one market or those named, prices of USDT and BTC, any time and sequence."""
    records = {account_id: record for account_id, record in (providers or {}).items() if record is not None}
    return State(
        rulebook,
        Map(accounts),
        Map({market: market_of(path, "" if market == MARKET else f"{market} ") for market in markets}),
        Map({USDT: 10**9, COIN: path.integer("price of BTC", least=1)}),
        Map(records),
        path.integer("last settle", least=NEVER),
        path.integer("state time", least=0),
        path.integer("sequence", least=0),
    )
