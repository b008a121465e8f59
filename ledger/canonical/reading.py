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
from ..strict_json import NotStrict, Reader, load_strictly, shown
from ..units import PRICE_SCALE
from .writing import state_bytes

HALF_OF_A_PAIR = re.compile("[\ud800-\udfff]")
"""A surrogate without the other one, which JSON can escape and no bytes can hold."""


class StateError(NotStrict):
    """What is no state: `field` is a path, empty for the whole, `message` what is wrong."""


def state_from_bytes(data: bytes) -> State:
    """The state whose canonical bytes these are. StateError where they are no state's."""
    state = _Reader(_plain(data)).state()
    if state_bytes(state) != data:
        raise _not_canonical(data)
    return state


def state_from_document(document: object) -> State:
    """The state of a plain object with all that canonical bytes hold, however it was written. StateError for none."""
    return _Reader(document).state()


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
    what = "expected its canonical bytes, keys sorted and no spaces"
    return StateError("", f"found a state that is not written the canonical way, {what}")


class _Reader(Reader):
    """The parts of a state."""

    __slots__ = ()
    error = StateError

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
            if not account_id.isascii() and HALF_OF_A_PAIR.search(account_id):
                raise StateError(self.path, f"found the id {shown(account_id)}, expected one that UTF-8 can hold")
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
