"""The cases of the package as they are made: of the rules' tables, of published numbers, and of worked examples."""

import io
import re
from collections.abc import Iterator
from typing import Any

import attrs

from ledger.fuzzing.geneses import genesis_of
from ledger.fuzzing.rulebooks import COMPACT_MONITOR
from ledger.interchange import state_document, transaction_document
from ledger.log import read_log
from ledger.profiles import load_profile, merge
from ledger.state import State, genesis
from ledger.transactions import TYPE_NAMES, TYPES, Transaction
from ledger.vectors import Case
from tests.house.source import ROOT
from tests.rules.tables import Refusal, Success, all_tables

from .published import PUBLISHED

EXAMPLES = tuple((f"specs/rules/{kind}.md", kind, "the worked example of the page") for kind in TYPES)
LOGS = (
    ("docs/examples/alice-and-bob.jsonl", "trade", "ten bitcoin on 500 USDT, a hundred times over"),
    ("docs/examples/takeover.jsonl", "backstop-transfer", "three providers take a bankrupt account over"),
    ("docs/examples/takeover-collar.jsonl", "backstop-transfer", "the same takeover within a collar"),
    (
        "tests/logs/attacks/closing-before-a-shared-loss.jsonl",
        "backstop-transfer",
        "a winner closes before a loss is shared",
    ),
    (
        "tests/logs/attacks/colluding-provider-draws-on-insurance.jsonl",
        "backstop-transfer",
        "a provider and the account it takes over draw on the insurance fund",
    ),
    (
        "tests/logs/attacks/haircut-bankrupts.jsonl",
        "backstop-transfer",
        "a haircut makes an account liquidatable that was charged a loss",
    ),
    (
        "tests/logs/attacks/provider-fills-its-own-headroom.jsonl",
        "backstop-transfer",
        "a provider fills its own headroom before a takeover",
    ),
    ("tests/logs/attacks/found/ENR-1-a-notice-of-nothing.jsonl", "leave", "a notice that runs out at once"),
    ("tests/logs/attacks/found/FND-1-a-clamp-of-nothing.jsonl", "fund", "a clamp of zero"),
)
LONGEST_NAME = 90
LOG_BLOCK = re.compile(r"^```jsonl\n(.*?)^```", flags=re.DOTALL | re.MULTILINE)


def slug(text: str) -> str:
    """A file's name of the first words of a text; signs and shares are words too."""
    text = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", text)
    for sign, word in ((r"\+", " plus "), (r"(?<![A-Za-z0-9])-(?=[0-9])", " minus "), ("%", " percent ")):
        text = re.sub(sign, word, text)
    words = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-").split("-")
    while len("-".join(words)) > LONGEST_NAME:
        words.pop()
    return "-".join(words)


def case_for(
    kind: str,
    name: str,
    description: str,
    origin: dict[str, Any],
    state: State,
    transactions: tuple[Transaction, ...],
    time: int | None = None,
) -> Case:
    """A case that begins with a state; `time` is the genesis's, the state's own where it is put in by hand."""
    begun = genesis_of(state.rulebook, state.time if time is None else time)
    return Case(
        kind,
        name,
        description,
        origin,
        begun.profile,
        dict(begun.overrides),
        begun.time,
        None if state == genesis(state.rulebook, begun.time) else state_document(state),
        tuple(transaction_document(transaction) for transaction in transactions),
    )


def of_tables() -> Iterator[Case]:
    """Every row of every table."""
    for table in all_tables():
        rows: tuple[Refusal | Success, ...] = (*table.refusals, *table.successes)
        for row in rows:
            words = f"Refused with {row.reason.name}" if isinstance(row, Refusal) else "Applied"
            rule = table.rule.replace("_", "-")
            prefix = "" if rule == table.type_name else f"{rule.removeprefix(table.type_name).strip('-')}-"
            yield case_for(
                table.type_name,
                f"{prefix}{'refused' if isinstance(row, Refusal) else 'applied'}-{slug(row.name)}",
                f"{words}: {row.name}.",
                {"kind": "table", "rule": rule, "row": row.name},
                readable(row),
                (row.transaction,),
            )


def readable(row: Refusal | Success) -> State:
    """The row's state, with a liquidity monitor in the rulebook for every market that has one in the state: no ledger
    can be in such a state otherwise. No answer of a row depends on it but that to an observation."""
    state = row.state
    without = [
        name
        for name, market in sorted(state.markets.items())
        if market.monitor is not None and state.rulebook.contracts[name].monitor is None
    ]
    if not without:
        return state
    begun = genesis_of(state.rulebook, state.time)
    monitors = {"markets": {name: {"monitor": COMPACT_MONITOR} for name in without}}
    return attrs.evolve(state, rulebook=load_profile(begun.profile, merge(dict(begun.overrides), monitors)))


def of_logs() -> Iterator[Case]:
    """The worked examples of the pages, and short logs of the project: from the genesis on."""
    for path, kind, words in (*EXAMPLES, *LOGS):
        text = (ROOT / path).read_text(encoding="utf-8")
        is_page = path.endswith(".md")
        logs = LOG_BLOCK.findall(text) if is_page else [text]
        for number, log in enumerate(logs, start=1):
            state, entries = read_log(io.BytesIO(log.encode()), path)
            name = "worked-example" if is_page else f"log-{slug(path.rpartition('/')[2].removesuffix('.jsonl'))}"
            yield case_for(
                kind,
                name if number == 1 else f"{name}-{number}",
                f"{words[:1].upper()}{words[1:]}.",
                {"kind": "example", "source": path},
                state,
                tuple(entry.transaction for entry in entries),
            )


def of_published() -> Iterator[Case]:
    """The published facts of specs/README."""
    for fact in PUBLISHED:
        state, transactions = fact.make()
        kind = TYPE_NAMES[type(transactions[-1])]
        origin = {"kind": "published", "source": fact.source}
        yield case_for(kind, f"published-{fact.name}", fact.description, origin, state, transactions)


def made_cases() -> list[Case]:
    """Every case that is made anew, sorted as the files have them."""
    return in_order([*of_tables(), *of_published(), *of_logs()])


def in_order(cases: list[Case]) -> list[Case]:
    """Cases by type, then by name."""
    return sorted(cases, key=lambda case: (TYPES.index(case.transaction), case.name))
