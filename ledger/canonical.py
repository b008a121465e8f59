"""Canonical bytes: what two implementations compare to know that they agree.

Both formats are JSON (RFC 8259) in UTF-8 with no space between tokens. Strings escape only the quotation mark, the
backslash and the control characters below U+0020: backspace, form feed, line feed, carriage return and tab by their
letter, the others as `\\u00xx` in lower case. The ids that a log admits need no escape and are ASCII. Keys, and lists
that stand for maps, are sorted by code point. Integers are plain digits with an optional minus, of any length.

**The chain** says that two implementations gave the same answers. It starts with the SHA-256 of the genesis state's
canonical bytes. Each transaction makes the next link, SHA-256 over the 32 bytes of the link before and the JSON of
`[transaction, outcome]`:

- `transaction` is `[type, field, ...]`: the rulebook's name of the type, then the fields in the order in which
  `transactions` declares them, `time` first. Quantities are JSON integers in the core's units, flags `true` or `false`,
  what is not given `null`. `quotes` is `[[source, price], ...]` sorted by source, and `fills` is
  `[[market, counterparty, size, price], ...]` in its own order. A trade of one lot of BTC-PERP at 5,000 USDT is
  `["trade",1600000000000,"BTC-PERP","alice","bob",1,5000000000000,true]`.
- The outcome of an applied transaction is `["applied", entry, ...]`: the net change of every balance over all
  postings, in any order they were made. Cash is `[account,"cash",asset,amount]`, a position
  `[account,"position",market,size,reference_cost]`; sorted by account, then kind, then asset or market; left out where
  every number is zero.
- That of a refused one is `["rejected", reason, subject, supplied, limit]`: the reason's name, and the other three as
  `outcomes.Rejected` has them, a string or an integer each.

**The state's bytes** are one object, keys sorted, that holds everything. Amounts, prices, sizes and costs, all that can
pass 2^53, are strings of decimal digits with an optional minus; times, rounds, counts and leverage are JSON integers.

    {"accounts":{ID:{"cash":{ASSET:AMOUNT},"fee_tier":NAME,"liquidation":LIQUIDATION,"max_leverage":INTEGER,
                     "positions":{MARKET:{"reference_cost":AMOUNT,"size":LOTS}}}},
     "last_settle":TIME,
     "markets":{MARKET:{"index":PRICE,"last_funding":TIME,"mark":PRICE,"premium_count":INTEGER,"premium_sum":PRICE}},
     "prices":{ASSET:PRICE},
     "providers":{ID:{"limits":LIMITS,"notice":TIME,"takeovers":[{"notional":AMOUNT,"time":TIME}]}},
     "rulebook":DOCUMENT,
     "sequence":INTEGER,
     "time":TIME}

`LIQUIDATION` is `null` for an active account, else `{"round":INTEGER,"starting_sizes":{MARKET:LOTS},"time":TIME}`.
`LIMITS` is `null` for a lapsed enrolment, else `{"capacity_per_hour":AMOUNT,"capacity_per_minute":AMOUNT,
"max_holdings":AMOUNT}`. `TIME` is `null` for what has not happened. `DOCUMENT` is the rulebook's document as it was
given, keys sorted. Takeovers are in the order they happened. The digest of a state is the SHA-256 of its bytes.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from operator import attrgetter
from typing import Any

import msgspec
from immutables import Map

from .outcomes import Applied, Outcome
from .postings import PositionPosting, Posting
from .profiles import RulebookError, rulebook_of
from .rulebook import SYSTEM_ACCOUNTS, Rulebook, is_system
from .state import NEVER, Account, Limits, Liquidation, Market, Position, Provider, State, Takeover
from .transactions import (
    TYPE_NAMES,
    BackstopTransfer,
    Deposit,
    Enroll,
    Fund,
    Leave,
    Liquidate,
    MarkAsset,
    MarkMarket,
    SetAccount,
    Settle,
    Trade,
    Transaction,
    Withdraw,
)
from .units import PRICE_SCALE

RECORDS_PER_CHUNK = 1000

_encode = msgspec.json.Encoder().encode
_encode_sorted = msgspec.json.Encoder(order="sorted").encode


# The chain.


def chain_start(state: State) -> bytes:
    """The chain's first link: the SHA-256 of the genesis state's canonical bytes."""
    return _sha256_of(state_chunks(state)).digest()


def chain(previous: bytes, transaction: Transaction, outcome: Outcome) -> bytes:
    """The next link, 32 bytes, after a transaction and the answer to it."""
    text = _encode((_fields_of[type(transaction)](transaction), outcome_fields(outcome)))
    return hashlib.sha256(previous + text).digest()


def outcome_fields(outcome: Outcome) -> tuple[Any, ...]:
    """An outcome as the chain has it."""
    if isinstance(outcome, Applied):
        return ("applied", *net_changes(outcome.postings))
    return ("rejected", outcome.reason.name, outcome.subject, outcome.supplied, outcome.limit)


def net_changes(postings: Sequence[Posting]) -> list[tuple[str | int, ...]]:
    """The net change of every balance that the postings reach, sorted, without those that come to nothing."""
    cash: dict[tuple[str, str], int] = {}
    positions: dict[tuple[str, str], tuple[int, int]] = {}
    for posting in postings:
        if isinstance(posting, PositionPosting):
            key = (posting.account, posting.market)
            size, cost = positions.get(key, (0, 0))
            positions[key] = (size + posting.size, cost + posting.reference_cost)
        else:
            key = (posting.account, posting.asset)
            cash[key] = cash.get(key, 0) + posting.amount
    entries: list[tuple[str | int, ...]] = []
    for (account_id, asset), amount in cash.items():
        if amount != 0:
            entries.append((account_id, "cash", asset, amount))
    for (account_id, market_id), (size, cost) in positions.items():
        if size != 0 or cost != 0:
            entries.append((account_id, "position", market_id, size, cost))
    entries.sort()
    return entries


def transaction_fields(transaction: Transaction) -> tuple[Any, ...]:
    """A transaction as the chain has it."""
    return _fields_of[type(transaction)](transaction)


def _plain(kind: type, *names: str) -> Callable[[Any], tuple[Any, ...]]:
    """How a type is written whose fields, besides the time, are `names` and all integers, strings or flags."""
    head = (TYPE_NAMES[kind],)
    fields = attrgetter("time", *names)
    if not names:
        return lambda transaction: (*head, transaction.time)
    return lambda transaction: head + fields(transaction)


def _pairs(table: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(table.items())


def _mark_market(mark: MarkMarket) -> tuple[Any, ...]:
    return ("mark", mark.time, mark.market, _pairs(mark.quotes), mark.premium)


def _mark_asset(mark: MarkAsset) -> tuple[Any, ...]:
    return ("mark", mark.time, mark.asset, _pairs(mark.quotes))


def _liquidate(liquidate: Liquidate) -> tuple[Any, ...]:
    fills = [(fill.market, fill.counterparty, fill.size, fill.price) for fill in liquidate.fills]
    return ("liquidate", liquidate.time, liquidate.account, fills)


_fields_of: dict[type, Callable[[Any], tuple[Any, ...]]] = {
    Deposit: _plain(Deposit, "account", "asset", "amount"),
    Withdraw: _plain(Withdraw, "account", "asset", "amount"),
    SetAccount: _plain(SetAccount, "account", "max_leverage", "fee_tier"),
    Trade: _plain(Trade, "market", "buyer", "seller", "size", "price", "buyer_is_taker"),
    MarkMarket: _mark_market,
    MarkAsset: _mark_asset,
    Fund: _plain(Fund, "market", "rate"),
    Settle: _plain(Settle),
    Enroll: _plain(Enroll, "account", "capacity_per_minute", "capacity_per_hour", "max_holdings"),
    Leave: _plain(Leave, "account"),
    Liquidate: _liquidate,
    BackstopTransfer: _plain(BackstopTransfer, "account"),
}


# The state's bytes.


def state_digest(state: State) -> str:
    """The SHA-256 of the state's canonical bytes, as 64 lower-case hexadecimal digits."""
    return _sha256_of(state_chunks(state)).hexdigest()


def state_bytes(state: State) -> bytes:
    """The state's canonical bytes."""
    return b"".join(state_chunks(state))


def state_chunks(state: State) -> Iterator[bytes]:
    """The state's canonical bytes, piece by piece: where one piece ends means nothing."""
    yield b'{"accounts":{'
    yield from _records(state.accounts, _account_document)
    yield b'},"last_settle":' + _encode(_optional_time(state.last_settle)) + b',"markets":{'
    yield from _records(state.markets, _market_document)
    yield b'},"prices":{'
    yield from _records(state.prices, str)
    yield b'},"providers":{'
    yield from _records(state.providers, _provider_document)
    yield b'},"rulebook":' + state.rulebook.document.encode("utf-8")
    yield b',"sequence":%d,"time":%d}' % (state.sequence, state.time)


def _sha256_of(chunks: Iterable[bytes]) -> "hashlib._Hash":
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest


def _records(table: Mapping[str, Any], document: Callable[[Any], object]) -> Iterator[bytes]:
    """The members of an object, without its braces, a thousand at a time."""
    ids = iter(sorted(table))
    separator = b""
    while part := list(islice(ids, RECORDS_PER_CHUNK)):
        yield separator + _encode_sorted({record_id: document(table[record_id]) for record_id in part})[1:-1]
        separator = b","


def _optional_time(time: int | None) -> int | None:
    return None if time is None or time == NEVER else time


def _account_document(account: Account) -> dict[str, object]:
    liquidation = account.liquidation
    return {
        "cash": {asset: str(amount) for asset, amount in account.cash.items()},
        "fee_tier": account.fee_tier,
        "liquidation": None if liquidation is None else _liquidation_document(liquidation),
        "max_leverage": account.max_leverage,
        "positions": {
            market: {"reference_cost": str(position.reference_cost), "size": str(position.size)}
            for market, position in account.positions.items()
        },
    }


def _liquidation_document(liquidation: Liquidation) -> dict[str, object]:
    return {
        "round": liquidation.round,
        "starting_sizes": {market: str(size) for market, size in liquidation.starting_sizes.items()},
        "time": liquidation.time,
    }


def _market_document(market: Market) -> dict[str, object]:
    return {
        "index": str(market.index),
        "last_funding": _optional_time(market.last_funding),
        "mark": str(market.mark),
        "premium_count": market.premium_count,
        "premium_sum": str(market.premium_sum),
    }


def _provider_document(provider: Provider) -> dict[str, object]:
    limits = provider.limits
    return {
        "limits": None
        if limits is None
        else {
            "capacity_per_hour": str(limits.capacity_per_hour),
            "capacity_per_minute": str(limits.capacity_per_minute),
            "max_holdings": str(limits.max_holdings),
        },
        "notice": provider.notice,
        "takeovers": [{"notional": str(taken.notional), "time": taken.time} for taken in provider.takeovers],
    }


# Back from the bytes.


class StateError(ValueError):
    """Bytes that are no state's canonical bytes: `field` is a path, empty for the whole, `message` what is wrong."""

    def __init__(self, field: str, message: str) -> None:
        self.field, self.message = field, message
        super().__init__(f"{field}: {message}" if field else message)


def state_from_bytes(data: bytes) -> State:
    """The state whose canonical bytes these are. StateError where they are no state's."""
    reader = _Reader(_load(data), "")
    state = reader.state()
    if state_bytes(state) != data:
        raise StateError("", "found a state that is not written the canonical way, expected its canonical bytes")
    return state


def _load(data: bytes) -> object:
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_without_duplicates)
    except UnicodeDecodeError as error:
        raise StateError("", f"found bytes that are not UTF-8 (at byte {error.start}), expected JSON") from None
    except RecursionError:
        raise StateError("", "found too many nested brackets, expected a state") from None
    except StateError:
        raise
    except ValueError as error:
        raise StateError("", f"found malformed JSON ({error}), expected a state") from None


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for number, name in enumerate(names) if name in names[:number])
        raise StateError(_shown(twice), "found the field twice, expected it once")
    return table


def _shown(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


class _Reader:
    """A value somewhere in the document, read as what it should be."""

    def __init__(self, value: object, path: str) -> None:
        self.value, self.path = value, path

    def wrong(self, expected: str) -> StateError:
        return StateError(self.path, f"found {_shown(self.value)}, expected {expected}")

    def members(self) -> dict[str, "_Reader"]:
        """The members of an object, whatever their keys."""
        if not isinstance(self.value, dict):
            raise self.wrong("an object")
        return {key: _Reader(value, f"{self.path}.{key}" if self.path else key) for key, value in self.value.items()}

    def fields(self, *names: str) -> list["_Reader"]:
        """The members of an object that has exactly these."""
        members = self.members()
        for name in names:
            if name not in members:
                raise StateError(f"{self.path}.{name}" if self.path else name, "found nothing, expected this field")
        for name in members:
            if name not in names:
                raise StateError(members[name].path, f"found an unknown field, expected one of {', '.join(names)}")
        return [members[name] for name in names]

    def items(self) -> list["_Reader"]:
        """The items of a list."""
        if not isinstance(self.value, list):
            raise self.wrong("a list")
        return [_Reader(item, f"{self.path}[{number}]") for number, item in enumerate(self.value)]

    def quantity(self, expected: str = "an integer's digits as text", *, least: int | None = None) -> int:
        """An integer in text."""
        try:
            if not isinstance(self.value, str) or len(self.value) > LONGEST_INTEGER:
                raise ValueError
            number = int(self.value)
        except ValueError:
            raise self.wrong(expected) from None
        if str(number) != self.value or (least is not None and number < least):
            raise self.wrong(expected)
        return number

    def nonzero(self) -> int:
        number = self.quantity("a nonzero integer's digits as text")
        if number == 0:
            raise self.wrong("a nonzero integer's digits as text")
        return number

    def positive(self) -> int:
        return self.quantity("a positive integer's digits as text", least=1)

    def integer(self, least: int, most: int | None = None) -> int:
        """A JSON integer."""
        value = self.value
        in_range = isinstance(value, int) and not isinstance(value, bool) and value >= least
        if not in_range or not isinstance(value, int) or (most is not None and value > most):
            raise self.wrong(f"an integer from {least}" + ("" if most is None else f" to {most}"))
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
        state_markets = markets.table(rulebook.contracts, "a market of the rulebook", _Reader.market)
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
                raise StateError(members[key].path, f"found {_shown(key)}, expected {what}")
        return Map({key: read(member) for key, member in members.items()})

    def rulebook(self) -> Rulebook:
        if not isinstance(self.value, dict):
            raise self.wrong("an object")
        try:
            return rulebook_of(self.value)
        except RulebookError as error:
            field, message = error.errors[0]
            raise StateError(f"{self.path}.{field}", message) from None

    def accounts(self, rulebook: Rulebook, markets: Map[str, Market], prices: Map[str, int]) -> Map[str, Account]:
        members = self.members()
        for account_id in SYSTEM_ACCOUNTS:
            if account_id not in members:
                raise StateError(f"{self.path}.{account_id}", "found nothing, expected the system account")
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

    def market(self) -> Market:
        index, last_funding, mark, premium_count, premium_sum = self.fields(
            "index", "last_funding", "mark", "premium_count", "premium_sum"
        )
        return Market(
            index.positive(),
            mark.positive(),
            premium_sum.quantity(),
            premium_count.integer(0),
            last_funding.optional_time(NEVER),
        )

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
            capacity_per_minute=per_minute.quantity(least=0),
            capacity_per_hour=per_hour.quantity(least=0),
            max_holdings=max_holdings.quantity(least=0),
        )

    def takeover(self) -> Takeover:
        notional, time = self.fields("notional", "time")
        return Takeover(time.integer(0), notional.positive())


LONGEST_INTEGER = 1000
"""Digits of the longest integer that is read: far beyond any quantity, far below what is slow to convert."""
