"""Watched tables give and take the rows in reach as any table does, and raise at everything else."""

from collections.abc import Callable
from typing import Any

import pytest
from immutables import Map

from ledger.postings import CashPosting, post
from ledger.profiles import load_profile
from ledger.state import Account, genesis, new_account
from specs.proofs.watched import OutOfReach, Reach, Watched, rows_of, watched

RULEBOOK = load_profile("ascendex-2020")
ROWS = Map({"alice": 1, "bob": 2, "carol": 3})
TABLE = Watched(ROWS, frozenset(("alice", "bob", "dan")))

OUTSIDE: dict[str, Callable[[], Any]] = {
    "read": lambda: TABLE["carol"],
    "get": lambda: TABLE.get("carol"),
    "asked for": lambda: "carol" in TABLE,
    "asked for, and not there": lambda: "nobody" in TABLE,
    "set": lambda: TABLE.set("carol", 4),
    "updated": lambda: TABLE.update({"alice": 1, "carol": 4}),
    "deleted": lambda: TABLE.delete("carol"),
    "iterated": lambda: list(TABLE),
    "items": lambda: list(TABLE.items()),
    "values": lambda: sum(TABLE.values()),
    "sorted": lambda: sorted(TABLE),
    "counted": lambda: len(TABLE),
    "true": lambda: bool(TABLE),
    "compared": lambda: TABLE == ROWS,
    "told apart": lambda: TABLE != ROWS,
    "hashed": lambda: hash(TABLE),
    "copied": lambda: dict(TABLE),
    "after a change": lambda: TABLE.set("alice", 7)["carol"],
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_what_is_out_of_reach_raises(name: str) -> None:
    with pytest.raises(OutOfReach):
        OUTSIDE[name]()


def test_rows_in_reach_are_those_of_the_table() -> None:
    assert (TABLE["alice"], TABLE.get("bob"), TABLE.get("dan"), TABLE.get("dan", 9)) == (1, 2, None, 9)
    assert "alice" in TABLE
    assert "dan" not in TABLE
    with pytest.raises(KeyError):
        TABLE["dan"]
    changed = TABLE.set("dan", 4).update({"alice": 7}).delete("bob")
    assert rows_of(changed) == Map({"alice": 7, "carol": 3, "dan": 4})
    assert rows_of(TABLE) is ROWS
    assert rows_of(ROWS) is ROWS


def test_postings_go_through_a_watched_table() -> None:
    accounts: Map[str, Account] = Map({name: new_account(RULEBOOK) for name in ("alice", "bob", "carol")})
    postings = (CashPosting("alice", "USDT", 5), CashPosting("bob", "USDT", -5))
    seen: Any = Watched(accounts, frozenset(("alice", "bob")))
    after = rows_of(post(seen, postings, settlement_asset="USDT"))
    assert after == post(accounts, postings, settlement_asset="USDT")
    assert after["carol"] is accounts["carol"]
    with pytest.raises(OutOfReach):
        post(Watched(accounts, frozenset(("alice",))), postings, settlement_asset="USDT")  # type: ignore[arg-type]


def test_a_state_is_watched_table_by_table() -> None:
    state = genesis(RULEBOOK)
    seen = watched(state, Reach(accounts=None, prices=frozenset(("USDT",))))
    assert seen.accounts is state.accounts
    assert seen.prices["USDT"] == state.prices["USDT"]
    for table in (seen.markets, seen.providers, seen.prices):
        with pytest.raises(OutOfReach):
            table.get("BTC")
    assert (seen.time, seen.sequence, seen.rulebook) == (state.time, state.sequence, state.rulebook)
