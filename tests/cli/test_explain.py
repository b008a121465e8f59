"""`backstop explain`: one transaction's checks, postings and events."""

import json
import re
from fractions import Fraction
from pathlib import Path

import pytest

from ledger.checks import checks_of
from ledger.outcomes import Reason

from .runs import ALICE_AND_BOB, CASCADE, TAKEOVER, deposit, document, log, mark, run, trade, words_of

AT_TAKEOVER = Reason.NOT_AT_TAKEOVER.condition


def test_a_refused_trade() -> None:
    result = run("explain", ALICE_AND_BOB, "--line", "6")
    assert result.exit_code == 0
    text = words_of(result.stdout)
    assert text.startswith(f"{words_of(ALICE_AND_BOB)}:6, 2020-09-13T12:26:45Z ")
    assert (
        "alice buys 0.0001 BTC-PERP from bob at 5000, alice taking. Refused, FREE_COLLATERAL_NEGATIVE: it must hold "
        "that effective collateral covers initial margin; alice: effective collateral 500 USDT, initial margin "
        "500.005 USDT. checks"
    ) in text
    assert "passed the size is positive (BTC-PERP: size 0.0001 BTC-PERP, above 0 BTC-PERP)" in text
    assert (
        "refused effective collateral covers initial margin "
        "(alice: effective collateral 500 USDT, initial margin 500.005 USDT)"
    ) in text
    assert "not reached a flat account's effective collateral is zero or more" in text
    assert "postings" not in text


def test_the_checks_are_those_of_the_rule_in_their_order() -> None:
    told = document("explain", ALICE_AND_BOB, "--line", "6")
    reasons = [check["reason"] for check in told["checks"]]
    assert reasons == [check.reason.name for check in checks_of("trade")]
    results = [check["result"] for check in told["checks"]]
    refused = results.index("refused")
    assert results[:refused] == ["passed"] * refused
    assert results[refused + 1 :] == ["not reached"] * (len(results) - refused - 1)
    assert told["checks"][refused] == {
        "reason": "FREE_COLLATERAL_NEGATIVE",
        "condition": "effective collateral covers initial margin",
        "result": "refused",
        "subject": "alice",
        "unit": "exact value",
        "supplied": "500",
        "limit": "500.005",
    }
    assert told["checks"][-1]["supplied"] is None


def test_an_applied_trade() -> None:
    text = words_of(run("explain", TAKEOVER, "--at", "11").stdout)
    assert "dan buys 0.5695 BTC-PERP from eve at 7238.75, dan taking. Applied as sequence 11." in text
    assert "refused" not in text
    assert "postings dan +0.5695 BTC-PERP, reference cost -4125.147729282 USDT" in text
    assert "eve -0.5695 BTC-PERP, reference cost +4121.643631375 USDT" in text
    assert "@fees +3.504097907 USDT They net to zero in each column." in text
    assert "events - on BTC-PERP dan pays a fee of 2.679604282 USDT and eve pays a fee of 0.824493625 USDT" in text


def test_an_applied_trade_for_machines() -> None:
    told = document("explain", TAKEOVER, "--line", "12")
    assert list(told) == [
        "log", "line", "sequence", "transaction", "words", "applied", "reason", "checks", "postings", "events",
    ]  # fmt: skip
    assert (told["line"], told["sequence"], told["applied"], told["reason"]) == (12, 11, True, None)
    written = json.loads(Path(TAKEOVER).read_text(encoding="utf-8").splitlines()[11])
    del written["expect"]
    assert told["transaction"] == written
    assert told["words"] == "dan buys 0.5695 BTC-PERP from eve at 7238.75, dan taking"
    assert told["postings"] == [
        {"account": "dan", "market": "BTC-PERP", "size": "0.5695", "reference_cost": "-4125.147729282"},
        {"account": "eve", "market": "BTC-PERP", "size": "-0.5695", "reference_cost": "4121.643631375"},
        {"account": "@fees", "asset": "USDT", "amount": "3.504097907"},
    ]
    assert told["events"] == [
        {
            "event": "FeesCharged",
            "market": "BTC-PERP",
            "buyer": "dan",
            "buyer_fee": "2.679604282",
            "seller": "eve",
            "seller_fee": "0.824493625",
            "words": "on BTC-PERP dan pays a fee of 2.679604282 USDT and eve pays a fee of 0.824493625 USDT",
        }
    ]


def test_a_takeover() -> None:
    """The numbers that decided: what the account had, its prices, and who took how much having which room."""
    text = words_of(run("explain", TAKEOVER, "--line", "17").stdout)
    assert "the backstop takes dan over. Applied as sequence 13." in text
    assert f"passed {AT_TAKEOVER} (dan: distress collateral -1071.2814 USDT, takeover level 8.5425 USDT)" in text
    assert "- dan is taken over with an equity of -1071.2814 USDT" in text
    assert "- a long of 0.5695 BTC-PERP is handed on at a mark of 5000, with -1071.2814 USDT of the equity" in text
    assert "- ann takes 0.1139 BTC-PERP at 4950, having room for 20" in text
    assert "- cyd takes 0.2848 BTC-PERP at 4950, having room for 50" in text
    assert "@insurance -1099.7564 USDT" in text


def test_a_refused_takeover_and_a_refused_leave() -> None:
    again = words_of(run("explain", TAKEOVER, "--line", "18").stdout)
    assert f"refused {AT_TAKEOVER} (dan: distress collateral 0 USDT, takeover level 0 USDT)" in again
    leave = document("explain", TAKEOVER, "--line", "21")
    assert (leave["applied"], leave["sequence"], leave["reason"]) == (False, None, "ALREADY_LEAVING")
    assert (leave["postings"], leave["events"]) == ([], [])


def test_the_prices_of_a_takeover_multiply_out() -> None:
    """What each receiver paid, by its printed size and price, is what its posting says."""
    told = document("explain", CASCADE, "--line", "1354")
    text = words_of(run("explain", CASCADE, "--line", "1354").stdout)
    paid = re.findall(r"- (\S+) takes (\S+) ETH-PERP at (\S+),", text)
    assert [provider for provider, _, _ in paid] == ["provider-east", "provider-north", "provider-south"]
    costs = {posting["account"]: posting["reference_cost"] for posting in told["postings"] if "market" in posting}
    for provider, size, price in paid:
        assert Fraction(size) * Fraction(price) == -Fraction(costs[provider])


def test_a_takeover_whose_rounds_are_used_up_is_measured_by_maintenance_margin() -> None:
    """Night-owl has more than half of its maintenance margin, and no round of its liquidation is left."""
    text = words_of(run("explain", CASCADE, "--line", "1354").stdout)
    assert (
        f"passed {AT_TAKEOVER} (night-owl: distress "
        "collateral 1920.906914403 USDT, maintenance margin 2068.133062556 USDT, its rounds used up)"
    ) in text
    assert "takeover level" not in text


def test_checks_that_repeat_word_for_word_are_told_once() -> None:
    text = words_of(run("explain", TAKEOVER, "--at", "1").stdout)
    assert "every quote is positive (BTC-PERP: quote 7238.75, above 0), 5 times" in text
    assert "postings None: no balance moved." in text
    assert "events - BTC-PERP has the index 7238.75 and the mark 7238.75" in text


def test_a_round_of_a_liquidation_is_judged_in_the_market_of_each_fill() -> None:
    told = document("explain", CASCADE, "--line", "5367")
    sizes = [check["supplied"] for check in told["checks"] if check["reason"] == "FILL_BEYOND_ROUND"]
    assert sizes == ["0.83", "1.66", "2.49"]
    text = words_of(run("explain", CASCADE, "--line", "5367").stdout)
    assert "(trader-189: closed in the round 2.49 ETH-PERP, at most 7.13 ETH-PERP)" in text
    assert "passed after the last round fills are empty (trader-189)" in text


def test_what_moves_many_accounts_is_cut_and_says_so() -> None:
    lines = Path(CASCADE).read_text(encoding="utf-8").splitlines()
    funding = [number for number, line in enumerate(lines, start=1) if '"type":"fund"' in line and "expect" not in line]
    number = str(funding[-1])
    told = document("explain", CASCADE, "--line", number)
    assert len(told["postings"]) > 40
    text = run("explain", CASCADE, "--line", number).stdout
    assert f"... and {len(told['postings']) - 40} postings more; --json prints all of them." in text
    assert "They net to zero in each column." in text


@pytest.mark.parametrize("width", ["80", "120"])
def test_a_page_is_not_exceeded(width: str) -> None:
    for line in ("12", "15", "17", "18"):
        text = run("explain", TAKEOVER, "--line", line, env={"COLUMNS": width}).stdout
        assert max(map(len, text.splitlines())) <= int(width)
        assert not any(each != each.rstrip() for each in text.splitlines())


def test_the_same_account_on_both_sides(tmp_path: Path) -> None:
    path = log(tmp_path, mark("5000"), deposit("alice", "1", 1), trade("alice", "alice", "1", "5000", 2))
    text = words_of(run("explain", path, "--line", "4").stdout)
    assert (
        "Refused, SAME_ACCOUNT: it must hold that the two parties differ; party alice, expected another account."
        in text
    )


GENESIS_IS_NONE = f"{ALICE_AND_BOB}:1: the genesis is no transaction; sequence 1 is the first"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "backstop explain: which transaction? give --at or --line (see backstop explain --help)"),
        (("--at", "0"), GENESIS_IS_NONE),
        (("--line", "1"), GENESIS_IS_NONE),
        (("--at", "11"), f"{ALICE_AND_BOB}: there is no sequence 11; it ends with line 13, sequence 10"),
        (
            ("--line", "0"),
            "backstop explain: invalid value for '--line': 0 is not in the range x>=1 (see backstop explain --help)",
        ),
    ],
)
def test_what_cannot_be_explained(arguments: tuple[str, ...], message: str) -> None:
    result = run("explain", ALICE_AND_BOB, *arguments)
    assert (result.exit_code, result.stderr, result.stdout) == (2, f"{message}\n", "")


def test_a_log_that_is_not_there_has_no_genesis_either() -> None:
    result = run("explain", "nowhere", "--line", "1")
    assert (result.exit_code, result.stderr) == (
        2,
        "nowhere: found no such file or directory, expected a log that can be read\n",
    )
