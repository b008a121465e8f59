"""`backstop show`: the state, or one account, at a point of a log."""

from pathlib import Path

import pytest

from .runs import ALICE_AND_BOB, CASCADE, STRESS, TAKEOVER, deposit, document, log, mark, run, trade, words_of


def table_row(text: str, *beginning: str) -> list[str]:
    """The cells of the first line that begins with these words, after them."""
    for line in text.splitlines():
        cells = line.split()
        if cells[: len(beginning)] == list(beginning):
            return cells[len(beginning) :]
    raise AssertionError(f"no line begins with {' '.join(beginning)}\n{text}")


def test_one_account_with_every_margin_quantity() -> None:
    """The account taken over in takeover.jsonl, a line before."""
    text = run("show", TAKEOVER, "--at", "12", "--account", "dan").stdout
    assert text.splitlines()[1] == "after line 15, sequence 12, 2020-09-13T12:27:54Z"
    assert text.splitlines()[4] == "dan, ACTIVE and at takeover, leverage at most 100, fee tier standard"
    assert table_row(text, "USDT") == ["206.366329282", "1", "1", "206.366329282", "206.366329282"]
    for name, value in {
        "size": "0.5695",
        "reference cost": "-4125.147729282",
        "mark": "5000",
        "notional": "2847.5",
        "unrealised pnl": "-1277.647729282",
        "break-even price": "7243.455187501",
        "liquidation price": "6922.626893936",
        "initial rate of the tier": "1%",
        "maintenance rate of the tier": "0.6%",
        "wallet W": "206.366329282",
        "account value AV": "-1071.2814",
        "collateral C": "206.366329282",
        "effective collateral EC": "-1071.2814",
        "distress collateral DC": "-1071.2814",
        "exposure EPN": "2847.5",
        "initial margin IM": "28.475",
        "maintenance margin MM": "17.085",
        "takeover level MM / 2": "8.5425",
        "release level": "28.475",
        "free collateral EC - IM": "-1099.7564",
        "margin rate EC / EPN": "-37.6218226%",
        "leverage EPN / EC": "-",
    }.items():
        assert table_row(text, *name.split()) == [value], name
    assert table_row(text, "BTC-PERP") == ["0", "0"]


def test_one_account_for_machines() -> None:
    told = document("show", TAKEOVER, "--line", "15", "--account", "dan")
    assert (told["log"], told["line"], told["sequence"], told["account"]) == (TAKEOVER, 15, 12, "dan")
    assert (told["status"], told["liquidation"], told["provider"]) == ("ACTIVE", None, None)
    assert told["cash"]["USDT"]["amount"] == "206.366329282"
    assert told["positions"]["BTC-PERP"]["maintenance_rate"] == "0.006"
    assert told["margin"]["takeover_level"] == "8.5425"
    assert told["margin"]["leverage"] is None
    assert told["largest_orders"] == {"BTC-PERP": {"buy": "0", "sell": "0"}}


def test_machines_get_exact_values_where_people_get_nine_decimals(tmp_path: Path) -> None:
    third = {"type": "set-account", "time": "2020-09-13T12:27:04Z", "account": "alice", "max_leverage": 3}
    lines = (
        mark("5000"),
        deposit("alice", "50", 1),
        deposit("bob", "50", 2),
        trade("alice", "bob", "0.0001", "5000", 3),
    )
    path = log(tmp_path, *lines, third)
    exact = document("show", path, "--account", "alice")["margin"]["initial_margin"]
    assert exact == "0." + "1" + "6" * 29 + "7"
    assert table_row(run("show", path, "--account", "alice").stdout, "initial", "margin", "IM") == ["0.166666666"]


def test_a_liquidating_account_and_a_provider() -> None:
    text = run("show", CASCADE, "--line", "5367", "--account", "trader-189").stdout
    assert "\ntrader-189, LIQUIDATING, leverage at most 40, fee tier standard\n" in text
    assert "Liquidation: round 2 at 2020-09-03T14:23:40.059Z, begun with 71.304 ETH-PERP." in words_of(text)
    told = document("show", CASCADE, "--line", "5367", "--account", "trader-189")
    assert told["liquidation"] == {
        "round": 2,
        "time": "2020-09-03T14:23:40.059Z",
        "starting_sizes": {"ETH-PERP": "71.304"},
    }
    provider = run("show", TAKEOVER, "--account", "ann").stdout
    assert table_row(provider, "ann", "take") == ["in", "a", "minute", "100000", "569.5", "99430.5"]
    assert "ben" not in provider


def test_a_system_account_has_no_margin() -> None:
    text = run("show", TAKEOVER, "--account", "@insurance").stdout
    assert "@insurance, a system account" in text
    assert table_row(text, "USDT")[0] == "900.2436"
    assert "margin" not in text
    assert set(document("show", TAKEOVER, "--account", "@insurance")) == {
        "log", "line", "chain_digest", "rulebook", "sequence", "time", "account", "cash",
    }  # fmt: skip


def test_the_whole_state() -> None:
    text = run("show", TAKEOVER).stdout
    assert table_row(text, "BTC-PERP") == ["5000", "5000", "0.5695", "never"]
    assert table_row(text, "eve") == ["ACTIVE", "11274.143631375", "2847.5", "351.1852502%"]
    assert table_row(text, "dan") == ["ACTIVE", "0", "0", "-"]
    assert "5 accounts, 4 with positions, 0 liquidating." in text
    assert "greatest exposure" not in text


def test_a_market_that_was_observed_is_stressed_or_calm() -> None:
    for line, words in (("10", ["calm,", "2020-09-13T12:26:47Z"]), ("15", ["stressed,", "2020-09-13T12:28:50Z"])):
        text = run("show", STRESS, "--line", line).stdout
        assert table_row(text, "market")[-2:] == ["funding", "liquidity"]
        assert table_row(text, "BTC-PERP")[-2:] == words
        assert document("show", STRESS, "--line", line)["markets"]["BTC-PERP"]["stressed"] is (words[0] == "stressed,")
    assert "liquidity" not in run("show", STRESS, "--line", "2").stdout
    assert "liquidity" not in run("show", TAKEOVER).stdout


def test_the_whole_state_for_machines() -> None:
    told = document("show", TAKEOVER)
    assert list(told) == [
        "log", "line", "chain_digest", "rulebook", "sequence", "time", "last_settle", "markets", "prices",
        "system_accounts", "custody", "accounts",
    ]  # fmt: skip
    assert list(told["accounts"]) == ["ann", "ben", "cyd", "dan", "eve"]
    assert told["accounts"]["eve"]["positions"]["BTC-PERP"]["size"] == "-0.5695"
    assert told["markets"]["BTC-PERP"]["open_interest_notional"] == "2847.5"
    assert told["prices"] == {"USDT": "1"}
    assert told["last_settle"] == "never"


@pytest.mark.parametrize("width", ["80", "120"])
def test_a_large_state_is_summarised_and_says_so(width: str) -> None:
    text = run("show", CASCADE, "--at", "6000", env={"COLUMNS": width}).stdout
    assert max(map(len, text.splitlines())) <= int(width)
    said = words_of(text.rpartition("200 accounts,")[2])
    assert said.endswith("The 20 with the greatest exposure are shown; --account shows any one, --json all of them.")
    shown = [line.split() for line in text.rpartition("\naccount ")[2].splitlines()[1:21]]
    exposures = [int(cells[-2].partition(".")[0]) for cells in shown]
    assert len(shown) == 20
    assert exposures == sorted(exposures, reverse=True)
    assert len(document("show", CASCADE, "--at", "6000")["accounts"]) == 200


def test_accounts_that_are_due(tmp_path: Path) -> None:
    lines = [mark("5000")]
    lines += [deposit(name, amount, 1) for name, amount in (("low", "50.2"), ("bust", "50"), ("eve", "9000"))]
    lines += [trade(name, "eve", "1", "5000", 2) for name in ("low", "bust")]
    path = log(tmp_path, *lines, mark("4980", 3))
    assert run("show", path, "--account", "low").stdout.splitlines()[4].startswith("low, ACTIVE, leverage")
    path = log(tmp_path, *lines, mark("4977", 3))
    text = run("show", path).stdout
    assert table_row(text, "low")[0] == "liquidatable"
    path = log(tmp_path, *lines, mark("4960", 3))
    assert table_row(run("show", path).stdout, "bust")[:2] == ["at", "takeover"]


def test_the_largest_order_says_its_unit() -> None:
    text = run("show", ALICE_AND_BOB, "--at", "5", "--account", "alice").stdout
    assert table_row(text, "largest", "order,") == ["notional", "in", "USDT", "buy", "sell"]


def test_the_chain_digest_tells_every_line_apart() -> None:
    """Refused lines too, of which the sequence says nothing: line 6 is one."""
    whole = document("replay", ALICE_AND_BOB)["chain_digest"]
    assert document("show", ALICE_AND_BOB)["chain_digest"] == whole
    assert f"\nchain digest {whole}\n" in run("show", ALICE_AND_BOB, "--account", "alice").stdout
    digests = [document("show", ALICE_AND_BOB, "--line", str(line))["chain_digest"] for line in range(1, 14)]
    assert len(set(digests)) == 13
    assert digests[4] == document("replay", ALICE_AND_BOB, "--until", "4")["chain_digest"]
    assert digests[5] not in (digests[4], digests[6])


def test_points() -> None:
    assert document("show", ALICE_AND_BOB)["line"] == 13
    assert document("show", ALICE_AND_BOB, "--at", "10")["line"] == 13
    assert document("show", ALICE_AND_BOB, "--at", "0")["line"] == 1
    assert document("show", ALICE_AND_BOB, "--line", "1")["sequence"] == 0
    assert document("show", ALICE_AND_BOB, "--line", "6")["sequence"] == 4
    assert document("show", ALICE_AND_BOB, "--at", "4")["line"] == 5


def test_the_genesis() -> None:
    text = run("show", ALICE_AND_BOB, "--at", "0").stdout
    assert "No market has a mark yet." in text
    assert "No account is open yet." in text


def test_no_more_is_read_than_asked(tmp_path: Path) -> None:
    path = log(tmp_path, mark("5000"), deposit("alice", "1", 1), {"type": "nonsense"})
    assert document("show", path, "--at", "2")["sequence"] == 2
    assert run("show", path).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--at", "11"), f"{ALICE_AND_BOB}: there is no sequence 11; it ends with line 13, sequence 10"),
        (("--line", "14"), f"{ALICE_AND_BOB}: there is no line 14; it ends with line 13, sequence 10"),
        (("--account", "zoe"), f"{ALICE_AND_BOB}: no account zoe is open after line 13, sequence 10"),
        (
            ("--at", "1", "--line", "2"),
            "backstop show: --at and --line are two ways to say where; give one of them (see backstop show --help)",
        ),
    ],
)
def test_what_cannot_be_shown(arguments: tuple[str, ...], message: str) -> None:
    result = run("show", ALICE_AND_BOB, *arguments)
    assert (result.exit_code, result.stderr, result.stdout) == (2, f"{message}\n", "")
