"""A state back from its canonical bytes, strictly; the format is in the package's docstring."""

import re
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from immutables import Map

from ..profiles import RulebookError, rulebook_of
from ..rulebook import SYSTEM_ACCOUNTS, MonitorTerms, Rulebook, is_system
from ..state import (
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
from ..strict_json import NotStrict, joined, load_strictly, one_line, shown
from ..units import PRICE_SCALE
from .writing import state_bytes

DIGITS = re.compile(r"0|-?[1-9][0-9]{0,999}")
"""The text of an integer, far longer than any quantity and far shorter than what is slow to convert."""


class StateError(ValueError):
    """Bytes that are no state's canonical bytes: `field` is a path, empty for the whole, `message` what is wrong."""

    def __init__(self, field: str, message: str) -> None:
        self.field, self.message = field, message
        super().__init__(one_line(f"{field}: {message}" if field else message))


def state_from_bytes(data: bytes) -> State:
    """The state whose canonical bytes these are. StateError where they are no state's."""
    state = _Reader(_plain(data)).state()
    if state_bytes(state) != data:
        raise _not_canonical(data)
    return state


def _plain(data: bytes) -> object:
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _not_canonical(data) from None


def _not_canonical(data: bytes) -> StateError:
    """Why these bytes are not canonical: no strict JSON, a field twice, or another spelling of the same."""
    try:
        load_strictly(data)
    except NotStrict as error:
        return StateError(error.field, error.message)
    return StateError("", "found a state that is not written the canonical way, expected its canonical bytes")


class _Reader:
    """A value somewhere in the document, read as what it should be: the member or item `step` of its parent."""

    __slots__ = ("parent", "step", "value")

    def __init__(self, value: object, parent: "_Reader | None" = None, step: str | int = "") -> None:
        self.value, self.parent, self.step = value, parent, step

    @property
    def path(self) -> str:
        """Where the value is, empty for the whole document."""
        if self.parent is None:
            return ""
        return f"{self.parent.path}[{self.step}]" if isinstance(self.step, int) else self.parent.within(self.step)

    def within(self, name: str) -> str:
        """The path of a member."""
        return joined(self.path, name)

    def wrong(self, expected: str) -> StateError:
        return StateError(self.path, f"found {shown(self.value)}, expected {expected}")

    def members(self) -> dict[str, "_Reader"]:
        """The members of an object, whatever their keys."""
        if not isinstance(self.value, dict):
            raise self.wrong("an object")
        return {key: _Reader(value, self, key) for key, value in self.value.items()}

    def fields(self, *names: str) -> list["_Reader"]:
        """The members of an object that has exactly these."""
        members = self.members()
        for name in names:
            if name not in members:
                raise StateError(self.within(name), "found nothing, expected this field")
        if len(members) > len(names):
            unknown = next(name for name in members if name not in names)
            raise StateError(self.within(unknown), f"found an unknown field, expected one of {', '.join(names)}")
        return [members[name] for name in names]

    def items(self) -> list["_Reader"]:
        """The items of a list."""
        if not isinstance(self.value, list):
            raise self.wrong("a list")
        return [_Reader(item, self, number) for number, item in enumerate(self.value)]

    def quantity(self) -> int:
        """An integer's digits as text."""
        return self.digits("an integer's digits as text")

    def positive(self) -> int:
        """A positive integer's digits as text."""
        number = self.digits(expected := "a positive integer's digits as text")
        if number <= 0:
            raise self.wrong(expected)
        return number

    def natural(self) -> int:
        """The digits, as text, of an integer that is not negative."""
        number = self.digits(expected := "the digits as text of an integer of 0 or more")
        if number < 0:
            raise self.wrong(expected)
        return number

    def flag(self) -> bool:
        """True or false."""
        if not isinstance(self.value, bool):
            raise self.wrong("true or false")
        return self.value

    def nonzero(self) -> int:
        """A nonzero integer's digits as text."""
        number = self.digits(expected := "a nonzero integer's digits as text")
        if number == 0:
            raise self.wrong(expected)
        return number

    def digits(self, expected: str) -> int:
        if not isinstance(self.value, str) or not DIGITS.fullmatch(self.value):
            raise self.wrong(expected)
        return int(self.value)

    def integer(self, least: int, most: int | None = None) -> int:
        """A JSON integer."""
        value = self.value
        expected = f"an integer of {least} or more" if most is None else f"an integer from {least} to {most}"
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.wrong(expected)
        if value < least or (most is not None and value > most):
            raise self.wrong(expected)
        return value

    def optional_time(self, none: int | None) -> Any:
        return none if self.value is None else self.integer(0)

    def name(self, names: Iterable[str], what: str) -> str:
        if not isinstance(self.value, str) or self.value not in names:
            raise self.wrong(what)
        return self.value

    # The parts of a state.

    def state(self) -> State:
        accounts, last_settle, markets, prices, providers, document, sequence, time = self.fields(
            "accounts", "last_settle", "markets", "prices", "providers", "rulebook", "sequence", "time"
        )
        rulebook = document.rulebook()
        state_markets = markets.markets(rulebook)
        state_prices = prices.table(rulebook.assets, "an asset of the rulebook", _Reader.positive)
        if state_prices.get(rulebook.settlement_asset) != PRICE_SCALE:
            raise StateError(
                f"prices.{rulebook.settlement_asset}", f'expected "{PRICE_SCALE}", one, for the settlement asset'
            )
        state_accounts = accounts.accounts(rulebook, state_markets, state_prices)
        return State(
            rulebook,
            state_accounts,
            state_markets,
            state_prices,
            providers.table(state_accounts, "an account", _Reader.provider),
            last_settle.optional_time(NEVER),
            time.integer(0),
            sequence.integer(0),
        )

    def table(self, keys: Iterable[str], what: str, read: Callable[["_Reader"], Any]) -> Map[str, Any]:
        """An object whose keys are all among `keys`, each value read by `read`."""
        members = self.members()
        for key in members:
            if key not in keys:
                raise StateError(members[key].path, f"found {shown(key)}, expected {what}")
        return Map({key: read(member) for key, member in members.items()})

    def rulebook(self) -> Rulebook:
        if not isinstance(self.value, dict):
            raise self.wrong("an object")
        try:
            return rulebook_of(self.value)
        except RulebookError as error:
            (field, message), *others = error.errors
            more = [f"{self.path}.{field}: {message}" for field, message in others]
            raise StateError(f"{self.path}.{field}", "; ".join([message, *more])) from None

    def accounts(self, rulebook: Rulebook, markets: Map[str, Market], prices: Map[str, int]) -> Map[str, Account]:
        members = self.members()
        for account_id in SYSTEM_ACCOUNTS:
            if account_id not in members:
                raise StateError(self.within(account_id), "found nothing, expected the system account")
        for account_id, member in members.items():
            if is_system(account_id) and account_id not in SYSTEM_ACCOUNTS:
                raise StateError(member.path, f"expected no system account but {', '.join(SYSTEM_ACCOUNTS)}")
        return Map({key: member.account(rulebook, markets, prices) for key, member in members.items()})

    def account(self, rulebook: Rulebook, markets: Map[str, Market], prices: Map[str, int]) -> Account:
        cash, fee_tier, liquidation, max_leverage, positions = self.fields(
            "cash", "fee_tier", "liquidation", "max_leverage", "positions"
        )
        return Account(
            cash.table(prices, "an asset with a price", _Reader.nonzero),
            positions.table(markets, "a market with a mark", _Reader.position),
            max_leverage.integer(1, rulebook.maximum_leverage),
            fee_tier.name(rulebook.fee_tiers, f"one of the fee tiers {', '.join(sorted(rulebook.fee_tiers))}"),
            None if liquidation.value is None else liquidation.liquidation(rulebook, markets),
        )

    def position(self) -> Position:
        cost, size = self.fields("reference_cost", "size")
        position = Position(size.quantity(), cost.quantity())
        if position.size == 0 and position.reference_cost == 0:
            raise self.wrong("no position where size and reference cost are zero")
        return position

    def liquidation(self, rulebook: Rulebook, markets: Map[str, Market]) -> Liquidation:
        round_made, starting_sizes, time = self.fields("round", "starting_sizes", "time")
        return Liquidation(
            round_made.integer(1, rulebook.liquidation.rounds),
            time.integer(0),
            starting_sizes.table(markets, "a market with a mark", _Reader.quantity),
        )

    def markets(self, rulebook: Rulebook) -> Map[str, Market]:
        """A monitor only where the rulebook has one for the market."""
        terms = {market_id: contract.monitor for market_id, contract in rulebook.contracts.items()}
        return self.table(terms, "a market of the rulebook", lambda member: member.market(terms[str(member.step)]))

    def market(self, terms: MonitorTerms | None) -> Market:
        names = ("index", "last_funding", "mark", "premium_count", "premium_sum")
        is_observed = terms is not None and isinstance(self.value, dict) and "monitor" in self.value
        monitors = ("monitor",) if is_observed else ()
        index, last_funding, mark, premium_count, premium_sum, *monitor = self.fields(*names, *monitors)
        return Market(
            index.positive(),
            mark.positive(),
            premium_sum.quantity(),
            premium_count.integer(0),
            last_funding.optional_time(NEVER),
            monitor[0].monitor(terms.window) if terms is not None and monitor else None,
        )

    def monitor(self, window: int) -> LiquidityMonitor:
        ask, ask_depth, bid, bid_depth, observations, stressed, time = self.fields(
            "ask", "ask_depth", "bid", "bid_depth", "observations", "stressed", "time"
        )
        monitor = LiquidityMonitor(
            time.integer(0),
            bid.positive(),
            ask.positive(),
            bid_depth.natural(),
            ask_depth.natural(),
            tuple(observation.observation() for observation in observations.items()),
            stressed.flag(),
        )
        if monitor.ask <= monitor.bid:
            raise ask.wrong("a price above the bid")
        if not 1 <= len(monitor.observations) <= window + 1:
            found = len(monitor.observations)
            raise StateError(observations.path, f"found {found} observations, expected from 1 to {window + 1}")
        return monitor

    def observation(self) -> Observation:
        mark, volume = self.fields("mark", "volume")
        return Observation(mark.positive(), volume.natural())

    def provider(self) -> Provider:
        limits, notice, takeovers = self.fields("limits", "notice", "takeovers")
        return Provider(
            None if limits.value is None else limits.limits(),
            notice.optional_time(None),
            tuple(takeover.takeover() for takeover in takeovers.items()),
        )

    def limits(self) -> Limits:
        per_hour, per_minute, max_holdings = self.fields("capacity_per_hour", "capacity_per_minute", "max_holdings")
        return Limits(
            capacity_per_minute=per_minute.quantity(),
            capacity_per_hour=per_hour.quantity(),
            max_holdings=max_holdings.quantity(),
        )

    def takeover(self) -> Takeover:
        notional, time = self.fields("notional", "time")
        return Takeover(time.integer(0), notional.positive())
