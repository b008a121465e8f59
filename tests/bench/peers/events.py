"""The eventsourcing library, an aggregate for each account, and nautilus_trader, whose positions take fills."""

import functools
import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .peer import Checks, Peer, Run, package_version
from .transfers import OUTSIDE, Balances, Transfer, in_cents, in_text, named_in


@functools.cache
def _account_class() -> type[Any]:
    """An account as the library's own pages write one: it refuses to go below zero, unless it is the outside world."""
    domain = importlib.import_module("eventsourcing.domain")
    aggregate_class: Any = domain.Aggregate

    class Account(aggregate_class):  # type: ignore[misc]
        @domain.event("Opened")  # type: ignore[untyped-decorator]
        def __init__(self, name: str) -> None:
            self.name = name
            self.cents = 0

        @domain.event("Moved")  # type: ignore[untyped-decorator]
        def move(self, cents: int) -> None:
            if self.cents + cents < 0 and self.name != OUTSIDE:
                raise ValueError(f"{self.name} would be overdrawn")
            self.cents += cents

    made: type[Any] = Account
    return made


def _events(settings: dict[str, str], given: Sequence[Transfer], folder: Path) -> Run:
    """Both sides of a transfer are events, stored together. Accounts are opened beforehand, and stay in the cache."""
    application, account_class = importlib.import_module("eventsourcing.application"), _account_class()
    names = [OUTSIDE, *named_in(given)]
    cache = {"AGGREGATE_CACHE_MAXSIZE": str(2 * len(names)), "AGGREGATE_CACHE_FASTFORWARD": "no"}
    stored = {name: value.format(folder=folder) for name, value in settings.items()}
    bank = application.Application({**cache, **stored})
    ids = {}
    for name in names:
        account = account_class(name)
        bank.save(account)
        ids[name] = account.id

    def run() -> Balances:
        for transfer in given:
            account, outside = bank.repository.get(ids[transfer.account]), bank.repository.get(ids[OUTSIDE])
            account.move(transfer.cents)
            outside.move(-transfer.cents)
            bank.save(account, outside)
        return {name: bank.repository.get(known).cents for name, known in ids.items()}

    return run


def _positions(given: Sequence[Transfer], _: Path) -> Run:
    """One position an account: a transfer in is bought at 1, one out is sold. Nobody is on the other side."""
    model = importlib.import_module("nautilus_trader.model")
    position_class = importlib.import_module("nautilus_trader.model.position").Position
    instrument = importlib.import_module("nautilus_trader.test_kit.providers").TestInstrumentProvider.btcusdt_binance()
    fill_class = importlib.import_module("nautilus_trader.model.events").OrderFilled
    enums = importlib.import_module("nautilus_trader.model.enums")
    new_id = importlib.import_module("nautilus_trader.core.uuid").UUID4
    price, nothing = model.Price.from_str("1.00"), model.Money(0, instrument.quote_currency)

    def fill(number: int, transfer: Transfer) -> Any:
        return fill_class(
            model.TraderId("TRADER-001"),
            model.StrategyId("S-001"),
            instrument.id,
            model.ClientOrderId(f"O-{number}"),
            model.VenueOrderId(str(number)),
            model.AccountId("BENCH-001"),
            model.TradeId(str(number)),
            model.PositionId(transfer.account),
            enums.OrderSide.BUY if transfer.cents > 0 else enums.OrderSide.SELL,
            enums.OrderType.MARKET,
            model.Quantity.from_str(in_text(abs(transfer.cents)) + "0000"),
            price,
            instrument.quote_currency,
            nothing,
            enums.LiquiditySide.TAKER,
            new_id(),
            number,
            number,
        )

    fills = [(transfer.account, fill(number, transfer)) for number, transfer in enumerate(given)]

    def run() -> Balances:
        positions: dict[str, Any] = {}
        for account, filled in fills:
            position = positions.get(account)
            if position is None:
                positions[account] = position_class(instrument, filled)
            else:
                position.apply(filled)
        held = {account: in_cents(str(position.signed_decimal_qty())) for account, position in positions.items()}
        return held | {OUTSIDE: -sum(held.values())}

    return run


SQLITE = {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": "{folder}/events.sqlite"}

EVENTS = (
    Peer(
        "eventsourcing, in memory",
        "values",
        Checks(False, True, True, False, False, "what it checks its user writes: an overdraft, here"),
        package_version("eventsourcing"),
        functools.partial(_events, {}),
    ),
    Peer(
        "eventsourcing, SQLite",
        "values",
        Checks(False, True, True, True, False, "the same, each transfer committed to a file"),
        package_version("eventsourcing"),
        functools.partial(_events, SQLITE),
        most=5_000,
    ),
    Peer(
        "nautilus_trader position",
        "values",
        Checks(False, False, False, False, False, "one side only; average prices, profits and commissions as well"),
        package_version("nautilus_trader"),
        _positions,
    ),
)
