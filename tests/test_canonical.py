"""The canonical encodings: the chain of digests and a state's bytes, against what their page says.

Expected bytes are put together here with the standard library alone, as another implementation would.
"""

import hashlib
import itertools
import json
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from immutables import Map

from ledger.canonical import (
    StateError,
    chain,
    chain_start,
    net_changes,
    state_bytes,
    state_chunks,
    state_digest,
    state_from_bytes,
)
from ledger.fuzzing import GENESES, RULEBOOKS, Seeded, play
from ledger.fuzzing.rulebooks import COMPACT_MONITOR
from ledger.outcomes import Applied, Outcome, Reason, Rejected
from ledger.postings import CashPosting, PositionPosting, Posting
from ledger.profiles import load_profile
from ledger.rulebook import FEES
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
    genesis,
)
from ledger.transactions import (
    BackstopTransfer,
    Deposit,
    Enroll,
    Fill,
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
from tests.test_log import transactions
from tests.worlds import ASCENDEX, BTC, ETH, START, TEXTBOOK, World, account_of, coins, price, usdt, with_accounts

START_OF_ALL = bytes(32)
deterministic = settings(deadline=None, derandomize=True)


def plain(value: object) -> bytes:
    """JSON as the page describes it, by the standard library."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


# The chain.

REFUSAL = Rejected(Reason.AMOUNT_NOT_POSITIVE, -(10**30), 0, "USDT")
REFUSAL_TEXT = ["rejected", "AMOUNT_NOT_POSITIVE", "USDT", -(10**30), 0]
TRANSACTIONS: list[tuple[Transaction, list[Any]]] = [
    (Deposit(1, "alice", "USDT", 10**40), ["deposit", 1, "alice", "USDT", 10**40]),
    (Withdraw(1, "alice", "BTC", -7), ["withdraw", 1, "alice", "BTC", -7]),
    (SetAccount(1, "alice", 20, "vip"), ["set-account", 1, "alice", 20, "vip"]),
    (SetAccount(1, "alice", None, None), ["set-account", 1, "alice", None, None]),
    (Trade(1, BTC, "alice", "bob", 2, 3, True), ["trade", 1, "BTC-PERP", "alice", "bob", 2, 3, True]),
    (Trade(1, BTC, "alice", "bob", 2, 3, False), ["trade", 1, "BTC-PERP", "alice", "bob", 2, 3, False]),
    (
        MarkMarket(1, BTC, Map({"OKEx": 3, "Binance": 5}), -2),
        ["mark", 1, "BTC-PERP", [["Binance", 5], ["OKEx", 3]], -2],
    ),
    (MarkAsset(1, "BTC", Map({"OKEx": 3, "Binance": 5})), ["mark", 1, "BTC", [["Binance", 5], ["OKEx", 3]]]),
    (Fund(1, BTC, None), ["fund", 1, "BTC-PERP", None]),
    (Fund(1, BTC, 0), ["fund", 1, "BTC-PERP", 0]),
    (Settle(1), ["settle", 1]),
    (Enroll(1, "carol", 2, 3, 4), ["enroll", 1, "carol", 2, 3, 4]),
    (Leave(1, "carol"), ["leave", 1, "carol"]),
    (
        Liquidate(1, "alice", (Fill(ETH, "bob", 2, 3), Fill(BTC, "al", 4, 5))),
        ["liquidate", 1, "alice", [["ETH-PERP", "bob", 2, 3], ["BTC-PERP", "al", 4, 5]]],
    ),
    (BackstopTransfer(1, "alice"), ["backstop-transfer", 1, "alice"]),
]


@pytest.mark.parametrize(("transaction", "text"), TRANSACTIONS)
def test_a_link_over_every_type(transaction: Transaction, text: list[Any]) -> None:
    expected = hashlib.sha256(START_OF_ALL + plain([text, REFUSAL_TEXT])).digest()
    assert chain(START_OF_ALL, transaction, REFUSAL) == expected


def test_every_link_is_another() -> None:
    links = {chain(START_OF_ALL, transaction, REFUSAL) for transaction, _ in TRANSACTIONS}
    assert len(links) == len(TRANSACTIONS)


OUTCOMES: list[tuple[Outcome, list[Any]]] = [
    (REFUSAL, REFUSAL_TEXT),
    (
        Rejected(Reason.UNKNOWN_ASSET, "DOGE", "a listed asset", "DOGE"),
        ["rejected", "UNKNOWN_ASSET", "DOGE", "DOGE", "a listed asset"],
    ),
    (Applied(genesis(ASCENDEX), (), ()), ["applied"]),
    (
        Applied(
            genesis(ASCENDEX),
            (
                PositionPosting("bob", BTC, -1, 5),
                CashPosting("bob", "USDT", 1),
                CashPosting("alice", "BTC", 10**30),
                PositionPosting("bob", BTC, 3, 7),
                CashPosting(FEES, "USDT", 4),
                CashPosting("bob", "BTC", 2),
                CashPosting("bob", "USDT", -3),
            ),
            (),
        ),
        [
            "applied",
            ["@fees", "cash", "USDT", 4],
            ["alice", "cash", "BTC", 10**30],
            ["bob", "cash", "BTC", 2],
            ["bob", "cash", "USDT", -2],
            ["bob", "position", "BTC-PERP", 2, 12],
        ],
    ),
    (
        Applied(
            genesis(ASCENDEX),
            (
                CashPosting("a", "USDT", 4),
                CashPosting("a", "USDT", -4),
                CashPosting("a", "BTC", 0),
                PositionPosting("a", BTC, 1, 1),
                PositionPosting("a", BTC, -1, -1),
                PositionPosting("b", BTC, 1, 1),
                PositionPosting("b", BTC, -1, 0),
                PositionPosting("c", BTC, 0, 1),
                PositionPosting("c", BTC, 5, -1),
            ),
            (),
        ),
        ["applied", ["b", "position", "BTC-PERP", 0, 1], ["c", "position", "BTC-PERP", 5, 0]],
    ),
]


@pytest.mark.parametrize(("outcome", "text"), OUTCOMES)
def test_a_link_over_every_kind_of_outcome(outcome: Outcome, text: list[Any]) -> None:
    expected = hashlib.sha256(b"\1" * 32 + plain([["settle", 1], text])).digest()
    assert chain(b"\1" * 32, Settle(1), outcome) == expected


def test_what_the_page_says_of_a_trade() -> None:
    """The example of the package's docstring."""
    trade = Trade(1_600_000_000_000, BTC, "alice", "bob", 1, price("5000"), True)
    text = b'["trade",1600000000000,"BTC-PERP","alice","bob",1,5000000000000,true]'
    expected = hashlib.sha256(START_OF_ALL + b"[" + text + b"," + plain(REFUSAL_TEXT) + b"]").digest()
    assert chain(START_OF_ALL, trade, REFUSAL) == expected


def test_a_known_chain() -> None:
    """Fixed digests: a change of any format breaks them, and needs a new version of the format."""
    world = World(ASCENDEX)
    link = START_OF_ALL
    for transaction in (
        MarkMarket(START, BTC, Map({"Binance": price("5000"), "Huobi": price("5001"), "OKEx": price("5002")}), 0),
        Deposit(START, "alice", "USDT", usdt("500")),
        Deposit(START, "bob", "USDT", usdt("500")),
        Trade(START + 1, BTC, "alice", "bob", 100, price("5000"), True),
    ):
        link = chain(link, transaction, world.do(transaction))
    assert link.hex() == "9ccb16c1527b01b64d450eeb046059159bd060dbb9496ba716cb305227cf72a4"
    refused = Trade(START, BTC, "alice", "bob", 100, price("5000"), True)
    link = chain(link, refused, world.ask(refused))
    assert link.hex() == "b3e86104456d896d3b7ed050238f58f7b95c1a4fe2fce3ebec74068f6991e6e9"


postings = st.lists(
    st.builds(CashPosting, st.sampled_from(["a", "b"]), st.sampled_from(["USDT", "BTC"]), st.integers(-3, 3))
    | st.builds(
        PositionPosting,
        st.sampled_from(["a", "b"]),
        st.sampled_from([BTC, ETH]),
        st.integers(-2, 2),
        st.integers(-3, 3),
    ),
    max_size=8,
)


@deterministic
@given(postings, st.randoms(use_true_random=False))
def test_net_changes_are_sums_in_any_order(made: list[Posting], random: Any) -> None:
    shuffled = list(made)
    random.shuffle(shuffled)
    assert net_changes(made) == net_changes(shuffled)
    sums: dict[tuple[str, str, str], list[int]] = {}
    for posting in made:
        if isinstance(posting, CashPosting):
            key, change = (posting.account, "cash", posting.asset), [posting.amount]
        else:
            key, change = (posting.account, "position", posting.market), [posting.size, posting.reference_cost]
        sums[key] = [before + more for before, more in zip(sums.get(key, [0] * len(change)), change, strict=True)]
    expected = [(*key, *change) for key, change in sorted(sums.items()) if any(change)]
    assert net_changes(made) == expected


@deterministic
@given(transactions, transactions)
def test_different_transactions_have_different_links(first: Transaction, second: Transaction) -> None:
    same = chain(START_OF_ALL, first, REFUSAL) == chain(START_OF_ALL, second, REFUSAL)
    assert same == (first == second)


def test_a_link_depends_on_the_link_before() -> None:
    assert chain(START_OF_ALL, Settle(1), REFUSAL) != chain(b"\1" * 32, Settle(1), REFUSAL)


def test_a_chain_starts_with_the_genesis() -> None:
    starts = {chain_start(genesis(rulebook, time)) for rulebook in (ASCENDEX, TEXTBOOK) for time in (0, 1)}
    assert len(starts) == 4
    assert chain_start(genesis(ASCENDEX)).hex() == state_digest(genesis(ASCENDEX))


# A state's bytes.


def rich_state() -> State:
    """A state with something in every corner, put together by hand."""
    state = with_accounts(
        genesis(ASCENDEX, START),
        {
            "alice": account_of({"USDT": -(10**30), "BTC": coins("1")}, {BTC: (10_000, -(10**20)), ETH: (0, 5)}),
            "bob": Account(
                Map({"USDT": usdt("1")}),
                Map({BTC: Position(-10_000, 10**20)}),
                3,
                "vip",
                Liquidation(7, START - 6000, Map({ETH: 12, BTC: -20_000})),
            ),
            "empty": account_of(max_leverage=1),
        },
    )
    return attrs.evolve(
        state,
        markets=Map({BTC: Market(10**13, 10**13 + 1, -5, 3, NEVER), ETH: Market(4, 3, -1, 1, START - 1)}),
        prices=state.prices.set("BTC", price("5000")),
        providers=Map(
            {
                "alice": Provider(Limits(1, 2, 3), START - 1, (Takeover(START - 2, 10**30), Takeover(START - 1, 1))),
                "bob": Provider(None, None, ()),
                "empty": Provider(Limits(10**20, 10**21, 10**22), None, ()),
            }
        ),
        last_settle=START - 100_000,
        sequence=12,
    )


RICH_TEXT = (
    '{"accounts":{'
    '"@external":{"cash":{},"fee_tier":"standard","liquidation":null,"max_leverage":100,"positions":{}},'
    '"@fees":{"cash":{},"fee_tier":"standard","liquidation":null,"max_leverage":100,"positions":{}},'
    '"@insurance":{"cash":{},"fee_tier":"standard","liquidation":null,"max_leverage":100,"positions":{}},'
    '"alice":{"cash":{"BTC":"1000000000","USDT":"-1000000000000000000000000000000"},"fee_tier":"standard",'
    '"liquidation":null,"max_leverage":100,"positions":{'
    '"BTC-PERP":{"reference_cost":"-100000000000000000000","size":"10000"},'
    '"ETH-PERP":{"reference_cost":"5","size":"0"}}},'
    '"bob":{"cash":{"USDT":"10000000000000"},"fee_tier":"vip","liquidation":{"round":7,"starting_sizes":{'
    '"BTC-PERP":"-20000","ETH-PERP":"12"},"time":1599999994000},"max_leverage":3,"positions":{'
    '"BTC-PERP":{"reference_cost":"100000000000000000000","size":"-10000"}}},'
    '"empty":{"cash":{},"fee_tier":"standard","liquidation":null,"max_leverage":1,"positions":{}}},'
    '"last_settle":1599999900000,'
    '"markets":{'
    '"BTC-PERP":{"index":"10000000000000","last_funding":null,"mark":"10000000000001","premium_count":3,'
    '"premium_sum":"-5"},'
    '"ETH-PERP":{"index":"4","last_funding":1599999999999,"mark":"3","premium_count":1,"premium_sum":"-1"}},'
    '"prices":{"BTC":"5000000000000","USDT":"1000000000"},'
    '"providers":{'
    '"alice":{"limits":{"capacity_per_hour":"2","capacity_per_minute":"1","max_holdings":"3"},'
    '"notice":1599999999999,"takeovers":[{"notional":"1000000000000000000000000000000","time":1599999999998},'
    '{"notional":"1","time":1599999999999}]},'
    '"bob":{"limits":null,"notice":null,"takeovers":[]},'
    '"empty":{"limits":{"capacity_per_hour":"1000000000000000000000","capacity_per_minute":"100000000000000000000",'
    '"max_holdings":"10000000000000000000000"},"notice":null,"takeovers":[]}},'
    f'"rulebook":{ASCENDEX.document},"sequence":12,"time":1600000000000}}'
)


def test_a_state_to_the_byte() -> None:
    assert state_bytes(rich_state()).decode("ascii") == RICH_TEXT
    assert state_from_bytes(RICH_TEXT.encode()) == rich_state()
    assert state_digest(rich_state()) == hashlib.sha256(RICH_TEXT.encode()).hexdigest()


def assert_round_trip(state: State) -> None:
    data = state_bytes(state)
    restored = state_from_bytes(data)
    assert restored == state
    assert state_bytes(restored) == data
    assert b"".join(state_chunks(state)) == data
    assert data == json.dumps(json.loads(data), sort_keys=True, separators=(",", ":")).encode("ascii")


@pytest.mark.parametrize("rulebook", [ASCENDEX, TEXTBOOK])
def test_a_genesis_is_read_back(rulebook: Any) -> None:
    assert_round_trip(genesis(rulebook))
    assert_round_trip(genesis(rulebook, START))


@pytest.mark.parametrize("name", sorted(GENESES))
def test_states_of_a_simulation_are_read_back(name: str) -> None:
    """Liquidating accounts and lapsed providers among them."""
    seen: set[str] = set()
    for number, step in enumerate(play(Seeded(5), RULEBOOKS[name], 1500)):
        accounts, providers = step.after.accounts.values(), step.after.providers.values()
        now = {
            *(["liquidating"] if any(account.liquidation is not None for account in accounts) else []),
            *(["lapsed"] if any(provider.limits is None for provider in providers) else []),
            *(["notice"] if any(provider.notice is not None for provider in providers) else []),
        }
        if number % 100 == 0 or not now <= seen:
            assert_round_trip(step.after)
            seen |= now


def test_equal_states_have_equal_bytes() -> None:
    """However their tables came about."""
    forwards, backwards = genesis(ASCENDEX), genesis(ASCENDEX)
    names = [f"account-{number}" for number in range(2500)]
    for name in names:
        forwards = with_accounts(forwards, {name: account_of({"USDT": len(name)})})
    for name in reversed(names):
        backwards = with_accounts(backwards, {name: account_of({"USDT": 1})})
    assert state_bytes(forwards) != state_bytes(backwards)
    for name in names:
        backwards = with_accounts(backwards, {name: account_of({"USDT": len(name)})})
    assert state_bytes(forwards) == state_bytes(backwards)
    assert_round_trip(forwards)


@pytest.mark.parametrize("count", [0, 1, 996, 997, 998, 1997, 2500])
def test_pieces_are_joined_right(count: int) -> None:
    """Around the edges of a piece of a thousand accounts, three of them the system's."""
    accounts = {f"a{number}": account_of({"USDT": number + 1}) for number in range(count)}
    state = with_accounts(genesis(TEXTBOOK), accounts)
    assert_round_trip(state)
    assert max(len(chunk) for chunk in state_chunks(state)) < 200_000


@deterministic
@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"])).filter(lambda t: not t.startswith("@")),
        st.just(account_of()),
        max_size=4,
    )
)
def test_ids_of_any_text_are_read_back(accounts: dict[str, Account]) -> None:
    """An embedding program's ids need not be those of a log; the order is by code point."""
    state = with_accounts(genesis(TEXTBOOK), accounts)
    data = state_bytes(state)
    assert state_from_bytes(data) == state
    assert list(json.loads(data)["accounts"]) == sorted(state.accounts)


def test_every_part_of_a_state_is_in_its_bytes() -> None:
    """Two states that differ in one attribute, at any depth, differ in bytes."""
    state = rich_state()
    variants = [
        attrs.evolve(state, last_settle=NEVER),
        attrs.evolve(state, time=START + 1),
        attrs.evolve(state, sequence=13),
        attrs.evolve(state, prices=state.prices.set("BTC", 1)),
        attrs.evolve(state, rulebook=TEXTBOOK),
        *(with_accounts(state, {"bob": changed}) for changed in varied(state.accounts["bob"])),
        *(attrs.evolve(state, markets=state.markets.set(BTC, changed)) for changed in varied(state.markets[BTC])),
        *(
            attrs.evolve(state, providers=state.providers.set("alice", changed))
            for changed in varied(state.providers["alice"])
        ),
    ]
    assert len(variants) == 5 + 9 + 5 + 8
    assert len({state_bytes(variant) for variant in [state, *variants]}) == len(variants) + 1


def varied(value: Any) -> list[Any]:
    """The attrs value with each of its integers and texts, at any depth, changed by itself."""
    if isinstance(value, bool) or value is None:
        return []
    if isinstance(value, int):
        return [value + 1]
    if isinstance(value, str):
        return [value + "x"]
    if isinstance(value, Map):
        return [value.set(key, changed) for key in sorted(value) for changed in varied(value[key])]
    if isinstance(value, tuple):
        return [
            (*value[:number], changed, *value[number + 1 :])
            for number, item in enumerate(value)
            for changed in varied(item)
        ]
    return [
        attrs.evolve(value, **{field.name: changed})
        for field in attrs.fields(type(value))
        for changed in varied(getattr(value, field.name))
    ]


# Bytes that are no state's.

Change = Callable[[dict[str, Any]], object]


def put(*path: str | int, value: object) -> Change:
    """Put a value at a path of the document."""

    def change(document: dict[str, Any]) -> None:
        place: Any = document
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    return change


def drop(*path: str | int) -> Change:
    """Take out what is at a path of the document."""

    def change(document: dict[str, Any]) -> None:
        place: Any = document
        for step in path[:-1]:
            place = place[step]
        del place[path[-1]]

    return change


INTEGER = "an integer's digits as text"
BAD_DOCUMENTS: list[tuple[Change, str]] = [
    (drop("time"), "time: found nothing, expected this field"),
    (
        put("version", value=1),
        (
            "version: found an unknown field,"
            " expected one of accounts, last_settle, markets, prices, providers, rulebook, sequence, time"
        ),
    ),
    (put("time", value="0"), 'time: found "0", expected an integer of 0 or more'),
    (put("time", value=True), "time: found true, expected an integer of 0 or more"),
    (put("time", value=1.5), "time: found 1.5, expected an integer of 0 or more"),
    (put("time", value=-1), "time: found -1, expected an integer of 0 or more"),
    (put("sequence", value=-1), "sequence: found -1, expected an integer of 0 or more"),
    (put("last_settle", value=-1), "last_settle: found -1, expected an integer of 0 or more"),
    (put("accounts", value=[]), "accounts: found a list, expected an object"),
    (drop("accounts", "@fees"), "accounts.@fees: found nothing, expected the system account"),
    (
        put("accounts", "@other", value={}),
        "accounts.@other: expected no system account but @external, @fees, @insurance",
    ),
    (put("accounts", "bob", value=None), "accounts.bob: found null, expected an object"),
    (drop("accounts", "bob", "cash"), "accounts.bob.cash: found nothing, expected this field"),
    (
        put("accounts", "bob", "status", value="ACTIVE"),
        (
            "accounts.bob.status: found an unknown field,"
            " expected one of cash, fee_tier, liquidation, max_leverage, positions"
        ),
    ),
    (
        put("accounts", "bob", "cash", "USDT", value=5),
        "accounts.bob.cash.USDT: found 5, expected a nonzero integer's digits as text",
    ),
    (
        put("accounts", "bob", "cash", "USDT", value="0"),
        'accounts.bob.cash.USDT: found "0", expected a nonzero integer\'s digits as text',
    ),
    (
        put("accounts", "bob", "cash", "USDT", value="-0"),
        'accounts.bob.cash.USDT: found "-0", expected a nonzero integer\'s digits as text',
    ),
    (
        put("accounts", "bob", "cash", "USDT", value="007"),
        'accounts.bob.cash.USDT: found "007", expected a nonzero integer\'s digits as text',
    ),
    (
        put("accounts", "bob", "cash", "USDT", value="+7"),
        'accounts.bob.cash.USDT: found "+7", expected a nonzero integer\'s digits as text',
    ),
    (
        put("accounts", "bob", "cash", "USDT", value="7.0"),
        'accounts.bob.cash.USDT: found "7.0", expected a nonzero integer\'s digits as text',
    ),
    (
        put("accounts", "bob", "cash", "USDT", value=" 7"),
        'accounts.bob.cash.USDT: found " 7", expected a nonzero integer\'s digits as text',
    ),
    (
        put("accounts", "bob", "cash", "USDT", value="1_000"),
        'accounts.bob.cash.USDT: found "1_000", expected a nonzero integer\'s digits as text',
    ),
    (
        put("accounts", "bob", "cash", "USDT", value="\u0665"),
        'accounts.bob.cash.USDT: found "\\u0665", expected a nonzero integer\'s digits as text',
    ),
    (
        put("accounts", "bob", "cash", "USDT", value="9" * 1001),
        (
            'accounts.bob.cash.USDT: found "99999999999999999999999999999999999999999999999999999999...,'
            " expected a nonzero integer's digits as text"
        ),
    ),
    (
        put("accounts", "bob", "cash", "DOGE", value="1"),
        'accounts.bob.cash.DOGE: found "DOGE", expected an asset with a price',
    ),
    (
        put("accounts", "bob", "cash", "ETH", value="1"),
        'accounts.bob.cash.ETH: found "ETH", expected an asset with a price',
    ),
    (
        put("accounts", "bob", "max_leverage", value=0),
        "accounts.bob.max_leverage: found 0, expected an integer from 1 to 100",
    ),
    (
        put("accounts", "bob", "max_leverage", value=101),
        "accounts.bob.max_leverage: found 101, expected an integer from 1 to 100",
    ),
    (
        put("accounts", "bob", "fee_tier", value="gold"),
        'accounts.bob.fee_tier: found "gold", expected one of the fee tiers backstop, standard, vip',
    ),
    (
        put("accounts", "bob", "fee_tier", value=None),
        "accounts.bob.fee_tier: found null, expected one of the fee tiers backstop, standard, vip",
    ),
    (
        put("accounts", "bob", "positions", "DOGE-PERP", value={}),
        'accounts.bob.positions.DOGE-PERP: found "DOGE-PERP", expected a market with a mark',
    ),
    (
        put("accounts", "bob", "positions", BTC, value={"reference_cost": "0", "size": "0"}),
        "accounts.bob.positions.BTC-PERP: found an object, expected no position where size and reference cost are zero",
    ),
    (
        put("accounts", "bob", "positions", BTC, "size", value=1),
        f"accounts.bob.positions.BTC-PERP.size: found 1, expected {INTEGER}",
    ),
    (
        put("accounts", "bob", "liquidation", "round", value=0),
        "accounts.bob.liquidation.round: found 0, expected an integer from 1 to 50",
    ),
    (
        put("accounts", "bob", "liquidation", "round", value=51),
        "accounts.bob.liquidation.round: found 51, expected an integer from 1 to 50",
    ),
    (
        put("accounts", "bob", "liquidation", "time", value=None),
        "accounts.bob.liquidation.time: found null, expected an integer of 0 or more",
    ),
    (
        put("accounts", "bob", "liquidation", "starting_sizes", "DOGE-PERP", value="1"),
        'accounts.bob.liquidation.starting_sizes.DOGE-PERP: found "DOGE-PERP", expected a market with a mark',
    ),
    (put("markets", "DOGE-PERP", value={}), 'markets.DOGE-PERP: found "DOGE-PERP", expected a market of the rulebook'),
    (
        put("markets", BTC, "mark", value="0"),
        'markets.BTC-PERP.mark: found "0", expected a positive integer\'s digits as text',
    ),
    (
        put("markets", BTC, "index", value="-1"),
        'markets.BTC-PERP.index: found "-1", expected a positive integer\'s digits as text',
    ),
    (
        put("markets", BTC, "premium_count", value="1"),
        'markets.BTC-PERP.premium_count: found "1", expected an integer of 0 or more',
    ),
    (
        put("markets", BTC, "last_funding", value=-1),
        "markets.BTC-PERP.last_funding: found -1, expected an integer of 0 or more",
    ),
    (drop("markets", ETH), 'accounts.alice.positions.ETH-PERP: found "ETH-PERP", expected a market with a mark'),
    (put("prices", "DOGE", value="1"), 'prices.DOGE: found "DOGE", expected an asset of the rulebook'),
    (put("prices", "BTC", value="0"), 'prices.BTC: found "0", expected a positive integer\'s digits as text'),
    (put("prices", "USDT", value="1"), 'prices.USDT: expected "1000000000", one, for the settlement asset'),
    (drop("prices", "USDT"), 'prices.USDT: expected "1000000000", one, for the settlement asset'),
    (drop("prices", "BTC"), 'accounts.alice.cash.BTC: found "BTC", expected an asset with a price'),
    (put("providers", "nobody", value={}), 'providers.nobody: found "nobody", expected an account'),
    (
        put("providers", "alice", "limits", value={}),
        "providers.alice.limits.capacity_per_hour: found nothing, expected this field",
    ),
    (
        put("providers", "alice", "notice", value="1"),
        'providers.alice.notice: found "1", expected an integer of 0 or more',
    ),
    (put("providers", "alice", "takeovers", value={}), "providers.alice.takeovers: found an object, expected a list"),
    (
        put("providers", "alice", "takeovers", 1, "notional", value="0"),
        'providers.alice.takeovers[1].notional: found "0", expected a positive integer\'s digits as text',
    ),
    (
        put("providers", "alice", "takeovers", 0, "time", value=None),
        "providers.alice.takeovers[0].time: found null, expected an integer of 0 or more",
    ),
    (put("rulebook", value="ascendex-2020"), 'rulebook: found "ascendex-2020", expected an object'),
    (
        put("rulebook", "fee_decimals", value=99),
        "rulebook.fee_decimals: found 99, expected a whole number from 0 to 13",
    ),
]


def changed_document(change: Change) -> bytes:
    document = json.loads(RICH_TEXT)
    change(document)
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


@pytest.mark.parametrize(("change", "message"), BAD_DOCUMENTS, ids=itertools.count())
def test_a_document_that_is_no_state(change: Change, message: str) -> None:
    with pytest.raises(StateError) as error:
        state_from_bytes(changed_document(change))
    assert str(error.value) == message
    assert message.startswith(f"{error.value.field}: ")


NOT_CANONICAL = (
    "found a state that is not written the canonical way, expected its canonical bytes, keys sorted and no spaces"
)
BAD_BYTES: list[tuple[bytes, str]] = [
    (b"", "found malformed JSON (Expecting value: line 1 column 1 (char 0)), expected one object"),
    (b'{"time":1', "found malformed JSON (Expecting ',' delimiter: line 1 column 10 (char 9)), expected one object"),
    (b"{}}", "found malformed JSON (Extra data: line 1 column 3 (char 2)), expected one object"),
    (RICH_TEXT.encode("utf-16"), "found bytes that are not UTF-8 (at byte 0), expected UTF-8 text"),
    (b"[" * 100_000, "found brackets nested too deeply, expected a few levels"),
    (
        RICH_TEXT.replace('"sequence":12', '"sequence":12,"sequence":12').encode(),
        "sequence: found the field twice, expected it once",
    ),
    (
        RICH_TEXT.replace('"size":"-10000"', '"size":"-10000","size":"-10000"').encode(),
        "accounts.bob.positions.BTC-PERP.size: found the field twice, expected it once",
    ),
    (RICH_TEXT.replace('"sequence":12', '"sequence":NaN').encode(), "found NaN, expected a number that JSON has"),
    (b"[]", "found a list, expected an object"),
    (RICH_TEXT.encode() + b"\n", NOT_CANONICAL),
    (RICH_TEXT.replace('"sequence":12', '"sequence": 12').encode(), NOT_CANONICAL),
    (RICH_TEXT.replace("alice", r"\u0061lice").encode(), NOT_CANONICAL),
    (json.dumps(json.loads(RICH_TEXT), separators=(",", ":"), sort_keys=True, indent=0).encode(), NOT_CANONICAL),
    (plain(dict(reversed(json.loads(RICH_TEXT).items()))), NOT_CANONICAL),
]


@pytest.mark.parametrize(("data", "message"), BAD_BYTES, ids=itertools.count())
def test_bytes_that_are_no_state(data: bytes, message: str) -> None:
    with pytest.raises(StateError) as error:
        state_from_bytes(data)
    assert str(error.value) == message


# The liquidity monitor

MONITOR_TEXT = (
    b'"monitor":{"ask":"7","ask_depth":"0","bid":"5","bid_depth":"12","observations":[{"mark":"4","volume":"0"},'
    b'{"mark":"3","volume":"100000000000000000000"}],"stressed":true,"time":1599999999999},'
)


MONITORED = load_profile(
    "ascendex-2020",
    {"markets": {ETH: {"monitor": {**COMPACT_MONITOR, "window": 2}}}},
)


def observed() -> State:
    """The rich state, ETH-PERP observed twice under a rulebook that has a monitor for it."""
    state = attrs.evolve(rich_state(), rulebook=MONITORED)
    seen = (Observation(4, 0), Observation(3, 10**20))
    monitor = LiquidityMonitor(START - 1, 5, 7, 12, 0, seen, True)
    return attrs.evolve(state, markets=state.markets.set(ETH, attrs.evolve(state.markets[ETH], monitor=monitor)))


def test_a_monitor_is_written_between_mark_and_premiums_and_nowhere_else() -> None:
    text = state_bytes(observed())
    assert text.count(MONITOR_TEXT) == 1
    assert text.replace(MONITOR_TEXT, b"") == state_bytes(attrs.evolve(rich_state(), rulebook=MONITORED))
    assert state_from_bytes(text) == observed()


@pytest.mark.parametrize(
    ("found", "instead", "field"),
    [
        (b'"stressed":true', b'"stressed":1', "stressed"),
        (b'"ask_depth":"0"', b'"ask_depth":"-1"', "ask_depth"),
        (b'"bid":"5"', b'"bid":"0"', "bid"),
        (b'{"mark":"4","volume":"0"}', b'{"mark":"0","volume":"0"}', "observations[0].mark"),
        (b'{"mark":"4","volume":"0"}', b'{"mark":"4","volume":"-1"}', "observations[0].volume"),
        (b'"ask":"7",', b"", "ask"),
        (b'"ask":"7"', b'"ask":"5"', "ask"),
        (b'[{"mark":"4","volume":"0"},', b"[" + b'{"mark":"4","volume":"0"},' * 3, "observations"),
        (MONITOR_TEXT[64:-39], b'"observations":[]', "observations"),
    ],
)
def test_a_monitor_that_is_none_is_refused_by_field(found: bytes, instead: bytes, field: str) -> None:
    text = state_bytes(observed())
    assert found in text
    with pytest.raises(StateError) as refused:
        state_from_bytes(text.replace(found, instead))
    assert refused.value.field == f"markets.ETH-PERP.monitor.{field}"


def test_a_window_is_as_long_as_the_rulebook_says() -> None:
    """One observation more than returns, and not one besides."""
    one = b'{"mark":"4","volume":"0"},'
    full = state_bytes(observed()).replace(one, one * 2)
    assert state_bytes(state_from_bytes(full)) == full
    with pytest.raises(StateError, match="found 4 observations, expected from 1 to 3"):
        state_from_bytes(full.replace(one * 2, one * 3))


def test_a_monitor_where_the_rulebook_has_none_is_refused() -> None:
    unmonitored = attrs.evolve(observed(), rulebook=ASCENDEX)
    with pytest.raises(StateError) as refused:
        state_from_bytes(state_bytes(unmonitored))
    assert refused.value.field == "markets.ETH-PERP.monitor"
