"""`backstop rulebook`: list, show, check."""

import json
from pathlib import Path

from ledger.profiles import profile_document, profile_names, rulebook_of

from .runs import document, run, words_of

GOOD = 'name = "mine"\nbase = "ascendex-2020"\n[program]\ndiscount = "0.02"\n'


def test_the_list() -> None:
    result = run("rulebook", "list")
    assert result.exit_code == 0
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[1] == ["ascendex-2020", "(default)", "1%", "0.02%", "0.065%", "6", "BTC-PERP,", "ETH-PERP"]
    assert lines[2][:2] == ["ascendex-2020-collar", "-1%"]
    assert lines[3][:2] == ["ascendex-2020-monitored", "1%"]
    assert lines[4][:5] == ["textbook", "1%", "0%", "0%", "1"]
    told = document("rulebook", "list")["rulebooks"]
    assert [each["name"] for each in told] == list(profile_names())
    assert [each["name"] for each in told if each["default"]] == ["ascendex-2020"]


def test_all_terms_of_one() -> None:
    text = run("rulebook", "show", "ascendex-2020").stdout
    said = words_of(text)
    for term in (
        "ascendex-2020, settled in USDT",
        "ETH 0.95 9 0.000000001",
        "BTC-PERP lot 0.0001, tick 0.25, price band 10%",
        "below 50000 1% 0.6%",
        "and above 33.3333333% 20%",
        "standard (default) 0.02% 0.065%",
        "providers -0.005% 0.02%",
        "funding every 8 h, within 1 min, clamped to 0.5%",
        "settle every 15 min, within 1 min, where pnl is 10 USDT or more, and above 1% of effective collateral",
        "liquidation 50 rounds, 6 s apart; a round closes at most 1/10 of the position, or 1000 USDT",
        "backstop program providers' discount 1%, notice 1 h, at least 100000 USDT a minute and 300000 an hour",
        "shared by at least the 10 largest opposite positions",
    ):
        assert term in said, term
    assert max(map(len, run("rulebook", "show", "textbook", env={"COLUMNS": "80"}).stdout.splitlines())) <= 80
    assert "BTC-PERP lot 0.0001, tick 0.25, no price band" in words_of(run("rulebook", "show", "textbook").stdout)


def test_the_terms_of_a_liquidity_monitor() -> None:
    said = words_of(run("rulebook", "show", "ascendex-2020-monitored").stdout)
    assert (
        "60 returns, at least 1 min apart, at a confidence of 95%; stressed by a spread above 0.5% (calm at 0.2%), a "
        "depth below 1% (calm at 2%), a volatility above 1% (calm at 0.5%), an expected shortfall above 2.5% (calm at "
        "1.25%)"
    ) in said
    assert "calm at" not in run("rulebook", "show", "ascendex-2020").stdout


def test_the_document_of_one_makes_it_again() -> None:
    told = document("rulebook", "show", "ascendex-2020-collar")
    assert rulebook_of(told) == rulebook_of(profile_document("ascendex-2020-collar"))


def test_an_unknown_name() -> None:
    result = run("rulebook", "show", "nasdaq")
    assert result.exit_code == 2
    assert result.stderr == (
        'rulebook: found "nasdaq", expected one of ascendex-2020, ascendex-2020-collar, '
        "ascendex-2020-monitored, textbook\n"
    )


def test_a_good_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD, encoding="utf-8")
    result = run("rulebook", "check", str(path))
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        f"{path}: a valid rulebook, mine: BTC-PERP, ETH-PERP; 5 collateral assets, settled in USDT; "
        "providers' discount 2%\n"
    )
    as_json = tmp_path / "mine.json"
    as_json.write_text(json.dumps(profile_document("textbook")), encoding="utf-8")
    assert run("rulebook", "check", str(as_json)).exit_code == 0


def test_every_error_has_its_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD + 'notice = -1\n[markets.BTC-PERP]\ntick = "none"\n', encoding="utf-8")
    result = run("rulebook", "check", str(path))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert [line.partition(": ")[::2][0] for line in result.stderr.splitlines()] == [str(path), str(path)]
    assert f'{path}: markets.BTC-PERP.tick: found "none", expected an exact decimal such as' in result.stderr
    assert f"{path}: program.notice: found -1, expected a whole number from 0 to 1000000000000" in result.stderr


def test_files_that_are_none(tmp_path: Path) -> None:
    absent = str(tmp_path / "absent.toml")
    result = run("rulebook", "check", absent)
    assert (result.exit_code, result.stderr) == (
        2,
        f"{absent}: found no such file or directory, expected a rulebook that can be read\n",
    )
    folder = run("rulebook", "check", str(tmp_path))
    assert (folder.exit_code, folder.stderr) == (
        2,
        f"{tmp_path}: found a folder, expected a rulebook that can be read\n",
    )
    broken = tmp_path / "broken.toml"
    broken.write_text("name = ", encoding="utf-8")
    result = run("rulebook", "check", str(broken))
    assert result.exit_code == 2
    assert result.stderr.startswith(f"{broken}: document: not TOML: ")
    assert len(result.stderr.splitlines()) == 1


def test_the_group_alone_prints_its_help() -> None:
    result = run("rulebook")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Check the rulebook in FILE" in result.stderr
