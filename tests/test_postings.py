"""The double-entry kernel: what does not net to zero raises, in every column, also without assertions."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from immutables import Map

from ledger.postings import (
    CashPosting,
    LedgerBug,
    PositionPosting,
    Posting,
    UnbalancedPostings,
    post,
    require_balanced,
)
from ledger.rulebook import EXTERNAL
from ledger.state import Account, Liquidation, Position

from .worlds import BTC, ETH, account_of

deterministic = settings(deadline=None, derandomize=True)


def accounts() -> Map[str, Account]:
    """Three accounts: a long, a short, and one with cash alone."""
    return Map(
        {
            "ann": account_of({"USDT": 100, "BTC": 7}, {BTC: (5, -50)}),
            "ben": account_of({"USDT": -20}, {BTC: (-5, 50), ETH: (3, -9)}, max_leverage=20, fee_tier="vip"),
            EXTERNAL: account_of({"USDT": -80}),
        }
    )


UNBALANCED: dict[str, tuple[list[Posting], str]] = {
    "an asset": ([CashPosting("ann", "BTC", 1)], "BTC net to 1"),
    "an asset, though another has as much less": (
        [CashPosting("ann", "BTC", 1), CashPosting("ann", "ETH", -1)],
        "BTC net to 1",
    ),
    "settlement cash": ([CashPosting("ann", "USDT", -3), CashPosting("ben", "USDT", 2)], "USDT net to -1"),
    "reference costs": (
        [PositionPosting("ann", BTC, 0, 3), PositionPosting("ben", ETH, 0, -2)],
        "USDT net to 1",
    ),
    "cash and reference costs together": (
        [CashPosting("ann", "USDT", 5), PositionPosting("ann", BTC, 0, -4)],
        "USDT net to 1",
    ),
    "a market's sizes": ([PositionPosting("ann", BTC, 2, 0), PositionPosting("ben", BTC, -1, 0)], "BTC-PERP net to 1"),
    "a market's sizes, though another has as much less": (
        [PositionPosting("ann", BTC, 1, 0), PositionPosting("ann", ETH, -1, 0)],
        "BTC-PERP net to 1",
    ),
    "an asset against reference costs": (
        [CashPosting("ann", "USDC", 4), PositionPosting("ann", BTC, 0, -4)],
        "net to",
    ),
}


@pytest.mark.parametrize("column", UNBALANCED)
def test_postings_that_do_not_net_to_zero_raise(column: str) -> None:
    postings, message = UNBALANCED[column]
    before = accounts()
    with pytest.raises(UnbalancedPostings, match=message):
        post(before, postings, settlement_asset="USDT")
    with pytest.raises(LedgerBug):
        require_balanced(postings, "USDT")
    assert before == accounts()


def test_the_settlement_asset_is_the_rulebooks() -> None:
    """Reference costs stand against the cash of the settlement asset, whichever it is."""
    postings: list[Posting] = [CashPosting("ann", "USDC", 4), PositionPosting("ann", BTC, 0, -4)]
    after = post(accounts(), postings, settlement_asset="USDC")
    assert after["ann"].cash["USDC"] == 4
    with pytest.raises(UnbalancedPostings):
        post(accounts(), postings, settlement_asset="USDT")


def test_unbalanced_postings_raise_without_assertions_too() -> None:
    """Under `python -O` as well: the check is no assertion."""
    program = """
from immutables import Map
from ledger.postings import CashPosting, UnbalancedPostings, post
from ledger.state import Account
assert False, "assertions are off"
accounts = Map({"ann": Account(Map(), Map(), 100, "standard", None)})
try:
    post(accounts, [CashPosting("ann", "USDT", 1)], settlement_asset="USDT")
except UnbalancedPostings as error:
    print(error)
"""
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run([sys.executable, "-O", "-c", program], cwd=root, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "postings of USDT net to 1, not to zero", "")


def test_postings_add_up_in_one_account() -> None:
    postings: list[Posting] = [
        CashPosting("ann", "USDT", 7),
        PositionPosting("ann", BTC, 2, -30),
        CashPosting("ann", "USDT", 3),
        PositionPosting("ben", BTC, -2, 20),
    ]
    after = post(accounts(), postings, settlement_asset="USDT")
    assert after["ann"] == account_of({"USDT": 110, "BTC": 7}, {BTC: (7, -80)})
    assert after["ben"].positions == Map({BTC: Position(-7, 70), ETH: Position(3, -9)})


def test_zero_balances_and_flat_positions_are_removed() -> None:
    postings: list[Posting] = [
        CashPosting("ann", "BTC", -7),
        CashPosting(EXTERNAL, "BTC", 7),
        CashPosting("ann", "USDT", -100),
        CashPosting("ben", "USDT", 100),
        PositionPosting("ann", BTC, -5, 50),
        PositionPosting("ben", BTC, 5, -50),
    ]
    after = post(accounts(), postings, settlement_asset="USDT")
    assert after["ann"] == account_of()
    assert after["ben"].positions == Map({ETH: Position(3, -9)})
    assert after["ben"].cash == Map({"USDT": 80})
    assert after[EXTERNAL].cash == Map({"USDT": -80, "BTC": 7})


@pytest.mark.parametrize(("size", "reference_cost"), [(-5, 0), (0, 50)])
def test_a_position_is_stored_while_size_or_cost_is_left(size: int, reference_cost: int) -> None:
    """A size without cost and a cost without size both still mean something."""
    postings: list[Posting] = [
        PositionPosting("ann", BTC, size, reference_cost),
        PositionPosting("ben", BTC, -size, -reference_cost),
    ]
    after = post(accounts(), postings, settlement_asset="USDT")
    assert after["ann"].positions[BTC] == Position(5 + size, -50 + reference_cost)


def test_a_posting_of_nothing_leaves_nothing_behind() -> None:
    postings: list[Posting] = [CashPosting("ann", "ETH", 0), PositionPosting("ann", ETH, 0, 0)]
    assert post(accounts(), postings, settlement_asset="USDT") == accounts()


def test_what_is_not_posted_to_is_shared() -> None:
    """The old accounts stay valid; other accounts, and the other table of a touched one, are the very same objects."""
    before = accounts()
    kept = accounts()
    liquidation = Liquidation(3, 17, Map({BTC: 5}))
    old = before["ann"]
    liquidating = Account(old.cash, old.positions, 25, "vip", liquidation)
    before = before.set("ann", liquidating)
    postings: list[Posting] = [CashPosting("ann", "USDT", 1), CashPosting(EXTERNAL, "USDT", -1)]

    after = post(before, postings, settlement_asset="USDT")

    assert before["ann"] is liquidating
    assert (before["ben"], before[EXTERNAL]) == (kept["ben"], kept[EXTERNAL])
    assert after["ben"] is before["ben"]
    assert after["ann"].positions is liquidating.positions
    assert (after["ann"].max_leverage, after["ann"].fee_tier, after["ann"].liquidation) == (25, "vip", liquidation)
    assert after["ann"].liquidation is liquidation
    assert post(after, [], settlement_asset="USDT") == after


def test_an_account_that_is_not_open_is_a_bug() -> None:
    with pytest.raises(KeyError):
        post(
            accounts(),
            [CashPosting("nobody", "USDT", 1), CashPosting("ann", "USDT", -1)],
            settlement_asset="USDT",
        )


amounts = st.integers(-(10**20), 10**20)
names = st.sampled_from(["ann", "ben", EXTERNAL])
cash_postings = st.builds(CashPosting, names, st.sampled_from(["USDT", "BTC"]), amounts)
position_postings = st.builds(PositionPosting, names, st.sampled_from([BTC, ETH]), amounts, amounts)


def columns(table: Map[str, Account]) -> tuple[int, int, int, int]:
    """Totals over all accounts: USDT with reference costs, BTC, and the sizes of both markets."""
    usdt = bitcoin = btc_size = eth_size = 0
    for account in table.values():
        usdt += account.cash.get("USDT", 0)
        usdt += sum(position.reference_cost for position in account.positions.values())
        bitcoin += account.cash.get("BTC", 0)
        btc_size += account.positions[BTC].size if BTC in account.positions else 0
        eth_size += account.positions[ETH].size if ETH in account.positions else 0
    return usdt, bitcoin, btc_size, eth_size


@deterministic
@given(st.lists(st.one_of(cash_postings, position_postings), max_size=8))
def test_postings_are_applied_exactly_when_they_keep_every_total(postings: list[Posting]) -> None:
    """Also closed with what they lack, so that both answers are common."""
    before = accounts()
    usdt = bitcoin = btc_size = eth_size = 0
    for posting in postings:
        if isinstance(posting, CashPosting):
            usdt += posting.amount if posting.asset == "USDT" else 0
            bitcoin += posting.amount if posting.asset == "BTC" else 0
        else:
            usdt += posting.reference_cost
            btc_size += posting.size if posting.market == BTC else 0
            eth_size += posting.size if posting.market == ETH else 0
    if any((usdt, bitcoin, btc_size, eth_size)):
        with pytest.raises(UnbalancedPostings):
            post(before, postings, settlement_asset="USDT")
    closing: list[Posting] = [
        CashPosting(EXTERNAL, "USDT", -usdt),
        CashPosting(EXTERNAL, "BTC", -bitcoin),
        PositionPosting("ben", BTC, -btc_size, 0),
        PositionPosting("ben", ETH, -eth_size, 0),
    ]
    after = post(before, [*postings, *closing], settlement_asset="USDT")
    assert columns(after) == columns(before)
    for account in after.values():
        assert 0 not in account.cash.values()
        assert Position(0, 0) not in account.positions.values()
