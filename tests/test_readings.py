"""Readings of the text (docs/decisions/0031, 0030): what the rules' tables do not already show, as short logs."""

import io

from ledger import Applied, Rejected, apply, free_collateral, is_liquidatable, read_log, state_after
from ledger.state import State

START = '{"type":"genesis","rulebook":"ascendex-2020","overrides":{"sources":["A","B","C","D","E","F","G"]}}'
MARK = '{"type":"mark","time":1,"market":"BTC-PERP","quotes":{%s}}'
TRADE = (
    '{"type":"trade","time":4,"market":"BTC-PERP","buyer":"%s","seller":"%s",'
    '"size":"%s","price":"5000","taker":"buyer"}'
)
THREE = '"A":"5000","B":"5000","C":"5000"'


def replayed(*lines: str) -> tuple[State, list[Applied | Rejected]]:
    """The last state of a log of seven sources, and every outcome."""
    text = "".join(f"{line}\n" for line in (START, *lines))
    state, entries = read_log(io.BytesIO(text.encode()), "log")
    outcomes = []
    for entry in entries:
        outcome = apply(state, entry.transaction)
        outcomes.append(outcome)
        state = state_after(state, outcome)
    return state, outcomes


def test_of_seven_quotes_one_is_dropped_on_each_side() -> None:
    quotes = '"A":"1","B":"5000","C":"5001","D":"5002","E":"5003","F":"5010","G":"9999"'
    state, _ = replayed(MARK % quotes)
    assert state.markets["BTC-PERP"].index == 5_003_200_000_000  # (5000 + 5001 + 5002 + 5003 + 5010) / 5


def test_of_two_parties_that_are_not_open_the_buyer_is_refused() -> None:
    _, outcomes = replayed(MARK % THREE, TRADE % ("nobody", "somebody", "0.1"))
    refused = outcomes[-1]
    assert isinstance(refused, Rejected)
    assert (refused.reason.name, refused.subject) == ("UNKNOWN_ACCOUNT", "nobody")


def test_a_lower_leverage_may_leave_free_collateral_negative() -> None:
    """The account may then reduce, and neither grow nor withdraw; nobody becomes liquidatable by it."""
    deposit = '{"type":"deposit","time":2,"account":"%s","asset":"USDT","amount":"100"}'
    lines = [
        MARK % THREE,
        deposit % "alice",
        deposit % "bob",
        TRADE % ("alice", "bob", "0.1"),
        '{"type":"set-account","time":4,"account":"alice","max_leverage":1}',
    ]
    state, outcomes = replayed(*lines)
    assert all(isinstance(outcome, Applied) for outcome in outcomes)
    alice = state.accounts["alice"]
    assert free_collateral(state, alice) == -(400 * 10**13 + 325 * 10**10) * 10**18  # 99.675 - 500
    assert not is_liquidatable(state, alice)

    for more, reason in (
        (TRADE % ("bob", "alice", "0.05"), None),
        (TRADE % ("alice", "bob", "0.0001"), "FREE_COLLATERAL_NEGATIVE"),
        ('{"type":"withdraw","time":4,"account":"alice","asset":"USDT","amount":"1"}', "FREE_COLLATERAL_NEGATIVE"),
    ):
        answer = replayed(*lines, more)[1][-1]
        assert (answer.reason.name if isinstance(answer, Rejected) else None) == reason
