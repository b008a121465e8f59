"""`backstop simulate`: from a scenario and prices to a log that replays, and what it came to."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from ledger.cli import simulate as simulate_command
from ledger.cli.formatting import Format
from ledger.cli.simulated import cents, share_of, span, verdict
from ledger.profiles import load_profile
from ledger.simulation.summary import Summary, Window
from ledger.transactions import Settle

from .runs import EXAMPLES, document, run, words_of

CRASH = str(EXAMPLES / "crash.toml")
PRICES = str(EXAMPLES / "crash-prices.csv")
FORM = Format(load_profile("ascendex-2020"))
USDT = 10**13


def scenario_at(folder: Path, *changes: tuple[str, str]) -> str:
    """The example's scenario with texts replaced, its prices beside it."""
    text = Path(CRASH).read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / "crash-prices.csv").write_bytes(Path(PRICES).read_bytes())
    path = folder / "crash.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_the_log_replays_with_every_law_checked_and_is_what_the_summary_says(tmp_path: Path) -> None:
    path = str(tmp_path / "out.jsonl")
    told = document("simulate", "--scenario", CRASH, "--out", path)
    replayed = document("replay", path)
    assert replayed["result"] == "holds"
    assert replayed["transactions"] == told["transactions"] == len(Path(path).read_bytes().splitlines()) - 1
    assert told["log"] == path
    assert (told["from"], told["bars"], told["seed"]) == ("2020-09-03T14:04:00Z", 60, 0)
    assert told["shortfall"] == "0"
    assert 0 < told["taken_over"] < told["accounts"] == told["entered"] == 300
    assert len(told["minutes"]) > 3
    assert set(told["minutes"][0]) == {"from", "capacity", "used", "refused"}


def test_the_page_says_what_the_document_says(tmp_path: Path) -> None:
    path = str(tmp_path / "out.jsonl")
    told = document("simulate", "--scenario", CRASH, "--out", path)
    printed = run("simulate", "--scenario", CRASH, "--out", path)
    assert (printed.exit_code, printed.stderr) == (0, "")
    words = words_of(printed.stdout)
    assert f"taken over {told['taken_over']}" in words
    assert f"accounts that entered {told['entered']} of 300" in words
    assert "No loss was shared, but" in words
    assert f"Written: {path}," in words


def test_the_same_seed_has_the_same_bytes_and_another_one_others(tmp_path: Path) -> None:
    paths = [str(tmp_path / name) for name in ("a.jsonl", "b.jsonl", "c.jsonl")]
    for path, seed in zip(paths, ("5", "5", "6"), strict=True):
        assert run("simulate", "--scenario", CRASH, "--seed", seed, "--out", path).exit_code == 0
    first, second, third = (Path(path).read_bytes() for path in paths)
    assert first == second != third


def test_a_log_is_gzipped_by_its_name_to_the_same_bytes(tmp_path: Path) -> None:
    plain, packed, again = (str(tmp_path / name) for name in ("a.jsonl", "a.jsonl.gz", "b.jsonl.gz"))
    for path in (plain, packed, again):
        assert run("simulate", "--scenario", CRASH, "--out", path).exit_code == 0
    assert gzip.decompress(Path(packed).read_bytes()) == Path(plain).read_bytes()
    assert Path(packed).read_bytes() == Path(again).read_bytes()


def test_a_log_on_standard_output_leaves_the_summary_to_standard_error(tmp_path: Path) -> None:
    path = str(tmp_path / "out.jsonl")
    run("simulate", "--scenario", CRASH, "--out", path)
    result = run("simulate", "--scenario", CRASH, "--out", "-", "--json")
    assert result.exit_code == 0
    assert result.stdout_bytes == Path(path).read_bytes()
    assert json.loads(result.stderr)["log"] is None
    replay = run("replay", "-", stdin=result.stdout_bytes)
    assert replay.exit_code == 0


def test_prices_of_the_command_come_before_the_scenarios(tmp_path: Path) -> None:
    prices = tmp_path / "mine.csv"
    prices.write_text("Date;Last Price\n2021-01-01;20000\n2021-01-02;20100\n", encoding="utf-8")
    told = document("simulate", "--scenario", CRASH, "--prices", str(prices), "--out", str(tmp_path / "o.jsonl"))
    assert (told["bars"], told["from"], told["taken_over"]) == (2, "2021-01-01T00:00:00Z", 0)
    assert told["fundings"] > 0


def test_rates_and_rows_are_picked(tmp_path: Path) -> None:
    prices, rates = tmp_path / "p.csv", tmp_path / "r.csv"
    prices.write_text(
        "time,exchange,close\n2021-01-01 07:00,a,20000\n2021-01-01 07:00,b,1\n2021-01-01 09:00,a,20100\n",
        encoding="utf-8",
    )
    rates.write_text("time,pair,funding rate\n2021-01-01 08:00,X,0.0001\n2021-01-01 08:00,Y,0.9\n", encoding="utf-8")
    chosen = ("--prices", str(prices), "--where", "exchange=a", "--funding", str(rates))
    told = document("simulate", "--scenario", CRASH, *chosen, "--funding-where", "pair=Y", "--out", str(tmp_path / "l"))
    assert (told["bars"], told["fundings"], told["clamped"]) == (2, 1, 1)
    printed = run("simulate", "--scenario", CRASH, *chosen, "--funding-where", "pair=Y", "--out", str(tmp_path / "l"))
    assert "fundings 1, 1 clamped" in words_of(printed.stdout)
    told = document("simulate", "--scenario", CRASH, *chosen, "--funding-where", "pair=X", "--out", str(tmp_path / "l"))
    assert (told["fundings"], told["clamped"]) == (1, 0)


def test_funding_is_computed_where_that_is_asked_for(tmp_path: Path) -> None:
    prices, log = tmp_path / "p.csv", tmp_path / "log.jsonl"
    rows = "2021-01-01 07:00,20000,0.00000000019\n2021-01-01 08:00,20000,0.0001\n2021-01-01 09:00,20100,0.2\n"
    prices.write_text(f"time,close,funding rate\n{rows}", encoding="utf-8")
    chosen = ("--scenario", CRASH, "--prices", str(prices), "--out", str(log))
    refused = run("simulate", *chosen)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr.endswith("expected at most 9 decimals (--cut-rates cuts finer rates)\n")
    assert document("simulate", *chosen, "--cut-rates")["fundings"] == 1
    assert b'"rate":"0.0001"' in log.read_bytes()
    assert document("simulate", *chosen, "--funding", "computed")["fundings"] == 1
    assert b'"rate"' not in log.read_bytes()


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ((), "backstop simulate: missing option '--scenario' (see backstop simulate --help)"),
        (("--scenario", CRASH), "backstop simulate: missing option '--out' (see backstop simulate --help)"),
        (("--scenario", "nowhere.toml", "--out", "{}/o"), "backstop: nowhere.toml: No such file or directory"),
        (
            ("--scenario", CRASH, "--prices", "nowhere.csv", "--out", "{}/o"),
            "nowhere.csv: found no such file or directory, expected a file that can be read",
        ),
        (
            ("--scenario", CRASH, "--where", "exchange", "--out", "{}/o"),
            'backstop simulate: found "exchange", expected COLUMN=VALUE (see backstop simulate --help)',
        ),
        (("--scenario", CRASH, "--out", "{}"), "{}: found a folder or device, expected a file to write"),
        (("--scenario", CRASH, "--out", "{}/no/o"), "{}/no/o: found no folder {}/no to write to"),
    ],
)
def test_bad_input_is_one_clear_line(options: tuple[str, ...], error: str, tmp_path: Path) -> None:
    result = run("simulate", *(option.replace("{}", str(tmp_path)) for option in options))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == error.replace("{}", str(tmp_path)) + "\n"


def test_a_scenario_is_told_with_all_its_errors(tmp_path: Path) -> None:
    path = scenario_at(tmp_path, ("accounts = 300", "accounts = 0"), ("levels = 10", "levels = 0"))
    result = run("simulate", "--scenario", path, "--out", str(tmp_path / "o"))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines() == [
        f"{path}: population.accounts: found 0, expected a whole number from 1 to 1000000",
        f"{path}: book.levels: found 0, expected a whole number from 1 to 100",
    ]
    assert not (tmp_path / "o").exists()


def test_a_scenario_without_prices_asks_for_them(tmp_path: Path) -> None:
    path = scenario_at(tmp_path, ('[prices]\nfile = "crash-prices.csv"\n', ""))
    result = run("simulate", "--scenario", path, "--out", str(tmp_path / "o"))
    assert (result.exit_code, result.stderr) == (2, "crash: names no file of prices; give one with --prices\n")


def test_the_log_takes_the_place_of_nothing_that_it_is_made_of(tmp_path: Path) -> None:
    path = scenario_at(tmp_path, ('file = "crash-prices.csv"', 'file = "crash-prices.csv"\nfunding = "rates.csv"'))
    prices, rates, other = (str(tmp_path / name) for name in ("crash-prices.csv", "rates.csv", "other.csv"))
    Path(rates).write_text("time,rate\n2020-09-03 16:00,0.0001\n", encoding="utf-8")
    Path(other).write_bytes(Path(rates).read_bytes())
    link = str(tmp_path / "link")
    Path(link).symlink_to(prices)
    before = {name: Path(name).read_bytes() for name in (path, prices, rates, other)}
    for out in (path, prices, rates, other, link):
        result = run("simulate", "--scenario", path, *(("--funding", other) if out == other else ()), "--out", out)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr == f"{out}: is what the log is made of, expected another file\n"
    result = run("simulate", "--scenario", path, "--prices", prices, "--out", prices)
    assert result.exit_code == 2
    assert {name: Path(name).read_bytes() for name in before} == before


def test_the_log_begins_where_the_path_does(tmp_path: Path) -> None:
    path = scenario_at(tmp_path, ('file = "crash-prices.csv"', 'file = "crash-prices.csv"\npoints = "close"'))
    out = str(tmp_path / "o.jsonl")
    assert document("simulate", "--scenario", path, "--out", out)["from"] == "2020-09-03T14:05:00Z"
    assert b'"time":"2020-09-03T14:05:00Z"' in Path(out).read_bytes().splitlines()[0]
    assert document("replay", out)["result"] == "holds"


def test_rates_that_no_funding_had_are_told(tmp_path: Path) -> None:
    prices, rates = tmp_path / "p.csv", tmp_path / "r.csv"
    prices.write_text("time,close\n2021-01-01 07:00,20000\n2021-01-01 17:00,20100\n", encoding="utf-8")
    hourly = "".join(f"2021-01-01 {hour:02}:00,0.0000{hour:02}\n" for hour in range(24))
    rates.write_text(f"time,rate\n{hourly}", encoding="utf-8")
    chosen = ("--scenario", CRASH, "--prices", str(prices), "--funding", str(rates), "--out", str(tmp_path / "l"))
    told = document("simulate", *chosen)
    # From 7 to 17 there are eleven, of which those of 8 and of 16 are paid.
    assert (told["fundings"], told["clamped"], told["rates_passed_over"]) == (2, 0, 9)
    assert "fundings 2, 9 rates of the file passed over" in words_of(run("simulate", *chosen).stdout)
    log = (tmp_path / "l").read_bytes()
    assert log.count(b'"rate":"0.000008"') == log.count(b'"rate":"0.000016"') == 1


def test_an_interrupt_leaves_the_log_that_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "o.jsonl"
    out.write_text("before", encoding="utf-8")

    def interrupted(*arguments: Any, write: Any, **options: Any) -> None:
        write(Settle(0))
        raise KeyboardInterrupt

    monkeypatch.setattr(simulate_command, "simulate", interrupted)
    result = run("simulate", "--scenario", CRASH, "--out", str(out))
    assert (result.exit_code, result.output) == (130, "")
    assert [each.name for each in tmp_path.iterdir()] == ["o.jsonl"]
    assert out.read_text(encoding="utf-8") == "before"


def test_prices_come_from_standard_input(tmp_path: Path) -> None:
    paths = [str(tmp_path / name) for name in ("a.jsonl", "b.jsonl")]
    result = run("simulate", "--scenario", CRASH, "--prices", "-", "--out", paths[0], stdin=Path(PRICES).read_bytes())
    assert (result.exit_code, result.stderr) == (0, "")
    run("simulate", "--scenario", CRASH, "--out", paths[1])
    assert Path(paths[0]).read_bytes() == Path(paths[1]).read_bytes()


def summary(**figures: Any) -> Summary:
    """A summary with these figures, and zeros."""
    zeros = dict.fromkeys(Summary.__annotations__, 0) | {"minutes": (), "hours": ()}
    return Summary(**{**zeros, **figures})


def test_the_verdict_names_the_worst_that_happened() -> None:
    assert verdict(FORM, summary()).startswith("Nobody was taken over")
    assert verdict(FORM, summary(taken_over=1)).startswith("The backstop held")
    assert "5.00 USDT of positions found no provider" in verdict(FORM, summary(taken_over=1, deleveraged=5 * USDT))
    given_up = verdict(FORM, summary(taken_over=1, discount_given_up=5 * USDT))
    assert given_up.endswith("the fund ran out, and providers gave up 5.00 USDT of their discount.")
    short = verdict(FORM, summary(taken_over=1, deleveraged=5 * USDT, fees_used=USDT, loss_shared=2 * USDT))
    assert short == "The backstop did not hold: the insurance fund was 3.00 USDT short, which fees and accounts paid."
    assert verdict(FORM, summary(taken_over=1, fees_used=USDT)).endswith(
        "1.00 USDT short, which the venue's fees paid."
    )


def test_spans_for_people() -> None:
    day, hour, minute = 86_400_000, 3_600_000, 60_000
    spans = {
        0: "0 s",
        1: "0.001 s",
        20 * minute: "20 min",
        1_485_000: "24 min 45 s",
        517 * day + 12 * hour + 30 * minute: "517 d 12 h 30 min",
        day + 1_500: "1 d 1.5 s",
    }
    assert {milliseconds: span(milliseconds) for milliseconds in spans} == spans


def test_amounts_for_people() -> None:
    assert cents(FORM, 1_234_567 * USDT + USDT // 3) == "1,234,567.33"
    assert cents(FORM, -USDT // 2) == "-0.50"
    assert cents(FORM, 0) == "0.00"
    assert share_of(FORM, Window(0, 3 * USDT, USDT, 0)) == "33.3%"
    assert share_of(FORM, Window(0, 0, 0, USDT)) == "-"
