"""`backstop watch`: a venue's log held against the operator."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from .runs import ALICE_AND_BOB, CASCADE, TAKEOVER, at, deposit, document, log, mark, run, trade, words_of

Line = Mapping[str, Any]
NOTHING = {
    "unattended": 0,
    "round-instead-of-takeover": 0,
    "fills-instead-of-release": 0,
    "takeover-out-of-order": 0,
    "funding-missed": 0,
    "settle-missed": 0,
}


def liquidate(account: str, seconds: int, *fills: Line) -> Line:
    return {"type": "liquidate", "time": at(seconds), "account": account, "fills": fills}


def takeover(account: str, seconds: int) -> Line:
    return {"type": "backstop-transfer", "time": at(seconds), "account": account}


def crowd(price: str, *names: str, cash: tuple[str, ...] = ()) -> list[Line]:
    """Everybody long 1 BTC from 5,000 against eve, and then a mark."""
    amounts = cash or ("50",) * len(names)
    lines = [mark("5000"), deposit("eve", "90000", 1)]
    lines += [deposit(name, amount, 1) for name, amount in zip(names, amounts, strict=True)]
    lines += [trade(name, "eve", "1", "5000", 2) for name in names]
    return [*lines, mark(price, 3)]


def found(path: str, *arguments: str) -> dict[str, int]:
    """What was found, by kind; the exit code is that of it."""
    result = run("watch", path, "--json", *arguments)
    told = document("watch", path, *arguments, code=result.exit_code)
    counts: dict[str, int] = told["found"]
    assert result.exit_code == int(any(counts.values()))
    assert len(told["findings"]) == sum(counts.values())
    return counts


@pytest.mark.parametrize("path", [ALICE_AND_BOB, TAKEOVER])
def test_nothing_is_found(path: str) -> None:
    result = run("watch", path)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "The operator would have done nothing otherwise in" in words_of(result.stdout)
    assert found(path) == NOTHING


def test_an_account_that_nobody_attends_to(tmp_path: Path) -> None:
    lines = crowd("4974", "ann")
    waits = log(tmp_path, *lines, deposit("eve", "1", 33), deposit("eve", "1", 40))
    assert found(waits) == NOTHING
    assert found(waits, "--patience", "30") == NOTHING | {"unattended": 1}
    assert document("watch", waits, "--patience", "29", code=1)["findings"] == [
        {
            "kind": "unattended",
            "line": 7,
            "time": "2020-09-13T12:27:33Z",
            "subject": "ann",
            "since": "2020-09-13T12:27:03Z",
            "count": 1,
            "other": None,
        }
    ]
    attended = log(tmp_path, *lines, liquidate("ann", 33), deposit("eve", "1", 40))
    assert found(attended, "--patience", "30") == NOTHING
    assert found(attended, "--patience", "29") == NOTHING | {"unattended": 1}
    recovered = log(tmp_path, *lines, mark("5000", 20), mark("4974", 30), deposit("eve", "1", 50))
    assert found(recovered, "--patience", "20") == NOTHING


def test_a_liquidating_account_waits_from_the_end_of_its_interval(tmp_path: Path) -> None:
    path = log(tmp_path, *crowd("4974", "ann"), liquidate("ann", 3), deposit("eve", "1", 19))
    assert found(path, "--patience", "10") == NOTHING
    assert found(path, "--patience", "9") == NOTHING | {"unattended": 1}


def test_a_round_where_a_takeover_is_open(tmp_path: Path) -> None:
    path = log(tmp_path, *crowd("4955", "ann"), liquidate("ann", 4))
    assert found(path) == NOTHING | {"round-instead-of-takeover": 1}
    assert "ann has a round, and a takeover is open to it" in words_of(run("watch", path).stdout)


def test_fills_of_who_is_to_be_released(tmp_path: Path) -> None:
    begun = [*crowd("4974", "ann"), liquidate("ann", 3), mark("5010", 5)]
    fill = {"market": "BTC-PERP", "counterparty": "eve", "size": "0.05", "price": "5010"}
    assert found(log(tmp_path, *begun, liquidate("ann", 9, fill))) == NOTHING | {"fills-instead-of-release": 1}
    assert found(log(tmp_path, *begun, liquidate("ann", 9))) == NOTHING


def test_takeovers_out_of_order(tmp_path: Path) -> None:
    lines = crowd("4930", "ann", "bob", cash=("80", "75"))
    path = log(tmp_path, *lines, takeover("ann", 4), takeover("bob", 4))
    assert found(path) == NOTHING | {"takeover-out-of-order": 1}
    assert "ann is taken over before bob, who is more distressed" in words_of(run("watch", path).stdout)
    assert found(log(tmp_path, *lines, takeover("bob", 4), takeover("ann", 4))) == NOTHING


MONITORED = {
    "markets": {
        "BTC-PERP": {
            "monitor": {
                "window": 2,
                "interval": 0,
                "confidence": "0.5",
                "spread": {"enter": "0.01", "leave": "0.005"},
                "depth": {"enter": "0", "leave": "0.000001"},
                "volatility": {"enter": "1", "leave": "0.5"},
                "expected_shortfall": {"enter": "1", "leave": "0.5"},
            }
        }
    },
    "liquidation": {"round_interval": 30_000},
}
"""A monitor that looks at the spread, and rounds half a minute apart."""


def observe(seconds: int, *, is_wide: bool) -> Line:
    best = {"bid": "4900", "ask": "5000"} if is_wide else {"bid": "4990", "ask": "5000"}
    sizes = dict.fromkeys(("bid_depth", "ask_depth", "volume"), "1")
    return {"type": "observe", "time": at(seconds), "market": "BTC-PERP", **best, **sizes}


def test_stress_opens_takeovers_and_the_operator_makes_them(tmp_path: Path) -> None:
    begun = [*crowd("4974", "ann", "bob", cash=("50.5", "50")), liquidate("bob", 3), liquidate("ann", 3)]
    stressed = [*begun, observe(5, is_wide=True)]

    def watched(*lines: Line, takeovers: int) -> dict[str, int]:
        path = log(tmp_path, *lines, overrides=MONITORED)
        counts = found(path, "--patience", "2")
        told = document("watch", path, "--patience", "2", code=int(any(counts.values())))
        assert told["looked_at"]["backstop-transfer"] == takeovers
        return counts

    assert watched(*stressed, takeover("bob", 7), takeover("ann", 7), takeovers=2) == NOTHING
    swapped = watched(*stressed, takeover("ann", 7), takeover("bob", 7), takeovers=2)
    assert swapped == NOTHING | {"takeover-out-of-order": 1}
    rounds = (liquidate("bob", 33), liquidate("ann", 33))
    assert watched(*begun, observe(5, is_wide=False), takeover("bob", 7), *rounds, takeovers=0) == NOTHING
    assert watched(*stressed, takeover("bob", 7), rounds[1], takeovers=1) == NOTHING | {
        "unattended": 1,
        "round-instead-of-takeover": 1,
    }
    calm = (takeover("bob", 7), observe(7, is_wide=False), rounds[1])
    assert watched(*stressed, *calm, takeovers=1) == NOTHING


def test_who_a_takeover_is_open_to_waits_from_then_and_not_from_the_next_round(tmp_path: Path) -> None:
    begun = [*crowd("4974", "ann"), liquidate("ann", 3)]
    for opening in (observe(10, is_wide=True), mark("4955", 10)):
        path = log(tmp_path, *begun, opening, deposit("eve", "1", 15), overrides=MONITORED)
        assert found(path, "--patience", "5") == NOTHING
        (told,) = document("watch", path, "--patience", "4", code=1)["findings"]
        assert (told["kind"], told["subject"], told["since"]) == ("unattended", "ann", at(10))
    path = log(tmp_path, *begun, mark("4955", 10), mark("4974", 12), deposit("eve", "1", 15), overrides=MONITORED)
    assert found(path, "--patience", "2") == NOTHING
    rescued = (mark("4955", 10), deposit("ann", "10", 12), deposit("eve", "1", 15))
    assert found(log(tmp_path, *begun, *rescued, overrides=MONITORED), "--patience", "2") == NOTHING


def later(clock: str, kind: str, **more: Any) -> Line:
    return {"type": kind, "time": f"2020-09-13T{clock}Z", **more}


def test_missed_instants(tmp_path: Path) -> None:
    """From the first mark on; each gap is told once, with how many instants it held."""
    end = later("16:00:59.999", "deposit", account="eve", asset="USDT", amount="1")
    settled = [
        later(f"{hour}:{minute:02}:00", "settle")
        for hour in range(12, 17)
        for minute in (0, 15, 30, 45)
        if (12, 30) <= (hour, minute) <= (16, 0)
    ]
    assert found(log(tmp_path, mark("5000"), *settled, end)) == NOTHING
    over = later("16:01:00", "deposit", account="eve", asset="USDT", amount="1")
    assert found(log(tmp_path, mark("5000"), *settled, over)) == NOTHING | {"funding-missed": 1}
    fund = later("16:00:00", "fund", market="BTC-PERP", rate="0")
    assert found(log(tmp_path, mark("5000"), *settled, fund, over)) == NOTHING
    told = document("watch", log(tmp_path, mark("5000"), fund, over), code=1)
    assert [(row["kind"], row["line"], row["since"], row["count"]) for row in told["findings"]] == [
        ("settle-missed", 3, "2020-09-13T12:30:00Z", 14),
        ("settle-missed", 4, "2020-09-13T16:00:00Z", 1),
    ]


def test_refused_transactions_are_no_action(tmp_path: Path) -> None:
    """A takeover that the ledger refused attends to nobody."""
    path = log(tmp_path, *crowd("4974", "ann"), takeover("ann", 20), deposit("eve", "1", 40))
    assert found(path, "--patience", "30") == NOTHING | {"unattended": 1}


def test_a_day_that_a_desk_wrote() -> None:
    """Its desk takes over whom it comes to first, and closes on when an account is above release already."""
    result = run("watch", CASCADE)
    assert result.exit_code == 1
    text = words_of(result.stdout)
    assert "The first 20 are shown; --json tells all of them." in text
    told = document("watch", CASCADE, code=1)
    kinds = {kind for kind, count in told["found"].items() if count}
    assert kinds == {"takeover-out-of-order", "fills-instead-of-release"}
    assert told["looked_at"]["settle"] == 96
    assert max(map(len, result.stdout.splitlines())) <= 100


def test_bad_input_and_usage(tmp_path: Path) -> None:
    path = log(tmp_path, mark("5000"), {"type": "nonsense"})
    result = run("watch", path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1
    assert run("watch", ALICE_AND_BOB, "--patience", "-1").exit_code == 2
    assert run("watch").exit_code == 2
