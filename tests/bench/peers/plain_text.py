"""Plain-text accounting: beancount, a Python package, and the programs ledger and hledger, which Debian has.

Each reads a file of transactions and answers balances; reading is part of what it does, so it is timed.
"""

import csv
import importlib
import io
import subprocess
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from .peer import Checks, Peer, Refused, Run, package_version, program_version
from .transfers import ASSET, OUTSIDE, Balances, Transfer, in_cents, in_text, named_in

DAY = "2020-09-13"


def _journal(given: Sequence[Transfer]) -> str:
    """The transfers as ledger and hledger write them."""
    return "".join(
        f"{DAY} transfer\n    {transfer.account}  {ASSET} {in_text(transfer.cents)}\n"
        f"    {OUTSIDE}  {ASSET} {in_text(-transfer.cents)}\n\n"
        for transfer in given
    )


def _answered(command: Sequence[str]) -> str:
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise Refused(answer.stderr)
    return answer.stdout


Ask = Callable[[Path], Balances]


def _ledger_balances(path: Path) -> Balances:
    shown = ["--flat", "--no-total", "--empty", "--format", "%(account)\t%(quantity(scrub(display_total)))\n"]
    rows = (row.split("\t") for row in _answered(["ledger", "-f", str(path), "balance", *shown]).splitlines())
    return {account: in_cents(quantity) for account, quantity in rows}


def _hledger_balances(path: Path) -> Balances:
    shown = ["--flat", "--no-total", "--empty", "-O", "csv"]
    _, *rows = csv.reader(io.StringIO(_answered(["hledger", "-f", str(path), "balance", *shown])))
    return {account: in_cents(amount.removeprefix(ASSET).strip()) for account, amount in rows}


def _program(ask: Ask, given: Sequence[Transfer], folder: Path) -> Run:
    path = folder / "transfers.journal"
    path.write_text(_journal(given), encoding="utf-8")
    return partial(ask, path)


def _program_refuses_one_side(ask: Ask, folder: Path) -> bool:
    path = folder / "one-side.journal"
    path.write_text(f"{DAY} transfer\n    A000000  {ASSET} 1.00\n    {OUTSIDE}  {ASSET} 0.00\n", encoding="utf-8")
    try:
        ask(path)
    except Refused:
        return True
    return False


def _beancount_balances(text: str) -> Balances:
    loader, realization = (
        importlib.import_module("beancount.loader"),
        importlib.import_module("beancount.core.realization"),
    )
    entries, errors, _ = loader.load_string(text)
    if errors:
        raise Refused(str(errors[0].message))
    accounts = realization.iter_children(realization.realize(entries), leaf_only=True)
    return {
        account.account.rpartition(":")[2].replace("Outside", OUTSIDE): in_cents(str(position.units.number))
        for account in accounts
        for position in account.balance
    }


def _beancount(given: Sequence[Transfer], _: Path) -> Run:
    opened = [f"{DAY} open Assets:{account} {ASSET}\n" for account in named_in(given)]
    moved = [_beancount_entry(transfer.account, transfer.cents, -transfer.cents) for transfer in given]
    return partial(_beancount_balances, f"{DAY} open Equity:Outside {ASSET}\n" + "".join(opened + moved))


def _beancount_entry(account: str, cents: int, outside_cents: int) -> str:
    return (
        f'{DAY} * "transfer"\n  Assets:{account}  {in_text(cents)} {ASSET}\n'
        f"  Equity:Outside  {in_text(outside_cents)} {ASSET}\n"
    )


def _beancount_refuses_one_side(_: Path) -> bool:
    opened = f"{DAY} open Equity:Outside {ASSET}\n{DAY} open Assets:A000000 {ASSET}\n"
    try:
        _beancount_balances(opened + _beancount_entry("A000000", 100, 0))
    except Refused:
        return True
    return False


PLAIN_TEXT = (
    Peer(
        "beancount",
        "text",
        Checks(True, False, True, False, False, "an overdraft is seen by a balance assertion, where one is written"),
        package_version("beancount"),
        _beancount,
        _beancount_refuses_one_side,
    ),
    Peer(
        "ledger",
        "text",
        Checks(True, False, True, False, False, "as beancount; a program in C++, its start included"),
        program_version("ledger"),
        partial(_program, _ledger_balances),
        partial(_program_refuses_one_side, _ledger_balances),
    ),
    Peer(
        "hledger",
        "text",
        Checks(True, False, True, False, False, "as beancount; a program in Haskell, its start included"),
        program_version("hledger"),
        partial(_program, _hledger_balances),
        partial(_program_refuses_one_side, _hledger_balances),
    ),
)
