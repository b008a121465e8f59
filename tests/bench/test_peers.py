"""The peers agree on the balances, and what the table says that each checks is what each does."""

from collections.abc import Sequence
from pathlib import Path

import attrs
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from .peers import running
from .peers.__main__ import main
from .peers.own import BASELINE, OWN
from .peers.peer import Peer, Run
from .peers.running import PEERS, WrongBalances, figures, measured, notes, require_right, table
from .peers.transfers import OUTSIDE, Transfer, in_cents, in_text, named_in, nothing_missing, transfers

GIVEN = transfers(300, 20, seed=1)
ALL_PEERS = pytest.mark.parametrize("peer", PEERS, ids=[peer.name for peer in PEERS])


def installed(peer: Peer) -> Peer:
    """The peer; the test is skipped where it is not installed."""
    if peer.version() is None:
        pytest.skip(f"{peer.name} is not installed")
    return peer


def test_the_transfers_overdraw_nobody_and_go_both_ways() -> None:
    held: dict[str, int] = {}
    for transfer in GIVEN:
        held[transfer.account] = held.get(transfer.account, 0) + transfer.cents
        assert transfer.cents != 0
        assert held[transfer.account] >= 0
    assert len(named_in(GIVEN)) == 20
    assert 0.3 < sum(transfer.cents < 0 for transfer in GIVEN) / len(GIVEN) < 0.6
    assert transfers(300, 20, seed=1) == GIVEN != transfers(300, 20, seed=2)
    assert sum(nothing_missing(GIVEN).values()) == 0


@ALL_PEERS
def test_balances_agree(peer: Peer, tmp_path: Path) -> None:
    require_right(peer.name, installed(peer).prepare(GIVEN, tmp_path)(), nothing_missing(GIVEN))


@ALL_PEERS
def test_an_overdraft_is_refused_where_the_table_says_so(peer: Peer, tmp_path: Path) -> None:
    run = installed(peer).prepare([Transfer("A000000", 100), Transfer("A000000", -200)], tmp_path)
    if peer.checks.overdraft:
        with pytest.raises(Exception, match=r"INSUFFICIENT_BALANCE|overdrawn"):
            run()
    else:
        assert run()["A000000"] == -100


@ALL_PEERS
def test_one_side_alone_is_refused_where_the_table_says_so(peer: Peer, tmp_path: Path) -> None:
    try_it = installed(peer).refuses_unbalanced
    assert (try_it is not None and try_it(tmp_path)) == peer.checks.balanced


def test_a_peer_that_loses_a_transfer_is_found() -> None:
    def prepare(given: Sequence[Transfer], folder: Path) -> Run:
        return BASELINE.prepare(given[:-1], folder)

    forgetful = attrs.evolve(BASELINE, name="forgetful", prepare=prepare)
    with pytest.raises(WrongBalances, match=r"forgetful: .* cents, expected"):
        measured([BASELINE, forgetful], GIVEN, rounds=1)


def test_a_peer_that_is_absent_is_a_row_that_says_so() -> None:
    absent = attrs.evolve(BASELINE, name="absent", version=lambda: None)
    rows = measured([BASELINE, absent], GIVEN, rounds=1)
    assert [row.seconds is None for row in rows] == [False, True]
    assert list(table(rows).columns[1].cells) == ["", "not installed"]
    assert [figure.name for figure in figures(rows)] == []


def test_a_slow_peer_gets_fewer_transfers_and_its_ratio_is_of_one_transfer() -> None:
    slow = attrs.evolve(BASELINE, name="slow", most=100)
    rows = [attrs.evolve(row, seconds=1.0) for row in measured([BASELINE, slow], GIVEN, rounds=1)]
    assert [row.transfers for row in rows] == [300, 100]
    (figure,) = figures(rows)
    assert figure.value == 100.0
    assert figure.ratio == pytest.approx(3.0)
    assert list(notes(rows))[1].endswith("; only 100 transfers")


def test_the_command_prints_a_row_for_every_peer_that_is_chosen() -> None:
    chosen = [peer.name for peer in OWN]
    arguments = ["--transfers", "200", "--accounts", "10", "--rounds", "1"]
    result = CliRunner(catch_exceptions=False).invoke(
        main, [*arguments, *(word for name in chosen for word in ("--peer", name))]
    )
    assert result.exit_code == 0
    assert all(f"│ {name} " in result.output for name in chosen)
    assert "hledger" not in result.output
    assert len({peer.name for peer in running.PEERS}) == len(running.PEERS)


@given(st.integers(-(10**12), 10**12))
def test_cents_and_their_text(cents: int) -> None:
    assert in_cents(in_text(cents)) == cents
    assert in_cents(f"{in_text(cents)}0000") == cents


def test_text_that_is_no_whole_number_of_cents() -> None:
    assert [in_cents(text) for text in ("12.3", "-0.05", "7")] == [1230, -5, 700]
    with pytest.raises(ValueError, match="no whole number of cents"):
        in_cents("1.005")
    assert OUTSIDE not in named_in(GIVEN)
