"""Running the command line in a test, and small logs for it to read."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from ledger.cli import main

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "docs" / "examples"
ALICE_AND_BOB = str(EXAMPLES / "alice-and-bob.jsonl")
TAKEOVER = str(EXAMPLES / "takeover.jsonl")
STRESS = str(EXAMPLES / "stress.jsonl")
CASCADE = str(EXAMPLES / "cascade.jsonl")

SOURCES = ("AscendEX", "Binance", "Huobi", "OKEx", "Poloniex")
GENESIS = {"type": "genesis", "rulebook": "textbook", "time": "2020-09-13T12:26:40Z"}

Line = Mapping[str, Any]


def run(*arguments: str, stdin: bytes | None = None, env: Mapping[str, str | None] | None = None) -> Result:
    """What `backstop` answers on a page of 100 characters. An exception that it lets out fails the test."""
    settings: dict[str, str | None] = {"COLUMNS": None, "NO_COLOR": None, "BACKSTOP_TRACEBACK": None, **(env or {})}
    return CliRunner(catch_exceptions=False, env=settings).invoke(main, arguments, input=stdin, prog_name="backstop")


def document(*arguments: str, code: int = 0) -> Any:
    """The one JSON document that a command prints with --json."""
    result = run(*arguments, "--json")
    assert result.exit_code == code, result.output
    assert result.stderr == ""
    return json.loads(result.stdout)


def backstop(*arguments: str, env: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    """The program itself, in its own process."""
    return subprocess.run(
        [sys.executable, "-m", "ledger", *arguments],
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def log(folder: Path, *lines: Line, name: str = "small.jsonl", overrides: Mapping[str, Any] | None = None) -> str:
    """The path of a log of these lines after a genesis under the `textbook` rulebook: no fees, one flat tier."""
    path = folder / name
    genesis = GENESIS if overrides is None else {**GENESIS, "overrides": overrides}
    path.write_text("".join(f"{json.dumps(line)}\n" for line in (genesis, *lines)), encoding="utf-8")
    return str(path)


def at(seconds: int) -> str:
    """The time so many seconds after the genesis, below a minute."""
    return f"2020-09-13T12:27:{seconds:02}Z"


def mark(price: str, seconds: int = 0, **more: Any) -> Line:
    """All five sources agree on BTC-PERP."""
    return {"type": "mark", "time": at(seconds), "market": "BTC-PERP", "quotes": dict.fromkeys(SOURCES, price), **more}


def deposit(account: str, amount: str, seconds: int = 0, **more: Any) -> Line:
    """USDT come in."""
    return {"type": "deposit", "time": at(seconds), "account": account, "asset": "USDT", "amount": amount, **more}


def trade(buyer: str, seller: str, size: str, price: str, seconds: int = 0, **more: Any) -> Line:
    """BTC-PERP changes hands, the buyer taking."""
    terms = {"market": "BTC-PERP", "buyer": buyer, "seller": seller, "size": size, "price": price, "taker": "buyer"}
    return {"type": "trade", "time": at(seconds), **terms, **more}


def words_of(text: str) -> str:
    """The text with every run of spaces and line ends as one space: what it says, however it is laid out."""
    return " ".join(text.split())
