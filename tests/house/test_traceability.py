"""The specification and the code name the same things: checks, reasons, events, fields, laws, parameters.

A page that falls behind the code fails here, and so does one that names what does not exist.
"""

import ast
import hashlib
import io
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import attrs
import msgspec
import pytest
from immutables import Map

from ledger.canonical import chain_start, outcome_fields, state_bytes, transaction_fields
from ledger.checks import checks_of, compare
from ledger.laws import REGISTRY
from ledger.log import read_log, wire
from ledger.margin import is_liquidatable, liquidation_price
from ledger.outcomes import Event, Reason, Rejected, Unit
from ledger.profiles import (
    RulebookError,
    load_profile,
    merge,
    profile_document,
    profile_names,
    rulebook_of,
    with_base,
)
from ledger.replay import replay_log
from ledger.state import State, genesis
from ledger.transactions import TYPES, Deposit, Liquidate, MarkMarket, Trade, Transaction
from ledger.transition import apply, state_after
from ledger.units import parse_decimal
from tests.rules.tables import Refusal, all_tables, name_of

from .source import PACKAGE, ROOT, tree

SPECS = ROOT / "specs"
RULE_PAGES = SPECS / "rules"
PAGES = tuple(sorted(path.relative_to(SPECS).as_posix() for path in SPECS.rglob("*.md")))

CHECK_ID = re.compile(rf"\b((?:mark-market|mark-asset|{'|'.join(TYPES)})-[0-9]+)\b")
LAW_ID = re.compile(r"\b[A-Z]{3}-[0-9]+\b")
CODE = re.compile(r"`([^`\n]+)`")
WORDS_IN_CAPITALS = {"ACTIVE", "LIQUIDATING", "NAME"}
SOURCE_NAMES = {"AscendEX", "OKEx"}
"""Names of the rulebook's sources, which look like events."""
REFUSALS = [row for table in all_tables() for row in table.refusals]


def page(name: str) -> str:
    """A page of the specification."""
    return (SPECS / name).read_text(encoding="utf-8")


def prose(name: str) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^```.*?^```", "", page(name), flags=re.DOTALL | re.MULTILINE)


def rows(text: str, *heading: str) -> list[list[str]]:
    """The rows of every table whose heading begins with these cells."""
    found: list[list[str]] = []
    inside = False
    for line in text.splitlines():
        if not line.startswith("|"):
            inside = False
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if cells[: len(heading)] == list(heading):
            inside = True
        elif inside and not set(line) <= set("|- "):
            found.append(cells)
    return found


def check_ids(type_name: str) -> list[tuple[str, str, str]]:
    """Id, reason and unit of every check of a type, in order, as the rules' source has them."""
    return [
        (f"{check.rule.replace('_', '-')}-{check.number}", f"`{check.reason.name}`", check.reason.unit.value)
        for check in checks_of(type_name)
    ]


@pytest.mark.parametrize("type_name", TYPES)
def test_checks_are_those_of_the_rule_in_order(type_name: str) -> None:
    table = rows(page(f"rules/{type_name}.md"), "id", "condition", "reason", "supplied", "limit", "unit")
    assert [(row[0], row[2], row[5]) for row in table] == check_ids(type_name)
    assert all(row[1] and row[3] and row[4] for row in table)


@pytest.mark.parametrize("type_name", TYPES)
def test_fields_are_those_of_the_line(type_name: str) -> None:
    named: list[str] = []
    for row in rows(page(f"rules/{type_name}.md"), "field", "unit", "meaning"):
        named += CODE.findall(row[0])
    line = next(line for line in wire.LINES if line.__struct_config__.tag == type_name)
    fields = [name for name in line.__struct_fields__ if name != "expect"]
    if type_name == "liquidate":
        fields += [f"fills[].{name}" for name in wire.Fill.__struct_fields__]
    assert sorted(named) == sorted(fields)


@pytest.mark.parametrize("type_name", TYPES)
def test_each_type_has_its_rule_page_and_tests(type_name: str) -> None:
    name = type_name.replace("-", "_")
    assert (PACKAGE / "rules" / f"{name}.py").is_file()
    assert (ROOT / "tests" / "rules" / f"test_{name}.py").is_file()
    assert f"](rules/{type_name}.md)" in page("README.md")
    for part in ("## Fields", "## Checks", "## Effects", "## Events", "## Worked example"):
        assert part in page(f"rules/{type_name}.md"), f"rules/{type_name}.md has no {part}"


def test_no_page_is_left_over() -> None:
    assert {path.stem for path in RULE_PAGES.glob("*.md")} == set(TYPES)


def test_reasons_are_listed_in_order_with_condition_and_unit() -> None:
    table = rows(page("outcomes.md"), "reason", "condition", "unit")
    assert [tuple(row) for row in table] == [
        (f"`{reason.name}`", reason.condition, reason.unit.value) for reason in Reason
    ]


def test_every_reason_is_a_check_of_some_rule() -> None:
    used = {check.reason for type_name in TYPES for check in checks_of(type_name)}
    assert used == set(Reason)


def test_units_are_listed() -> None:
    table = rows(page("outcomes.md"), "unit", "what the two values are")
    assert [row[0] for row in table] == [unit.value for unit in Unit]


def test_events_are_listed_with_their_fields() -> None:
    table = rows(page("outcomes.md"), "event", "fields", "meaning")
    assert [(row[0], CODE.findall(row[1])) for row in table] == [
        (f"`{event.__name__}`", [field.name for field in attrs.fields(event)]) for event in get_args(Event)
    ]


def test_every_event_is_on_the_page_of_some_rule() -> None:
    pages = "".join(page(f"rules/{type_name}.md") for type_name in TYPES)
    for event in get_args(Event):
        assert event.__name__ in pages, f"no rule's page names the event {event.__name__}"


def test_laws_are_those_of_the_registry() -> None:
    table = rows(page("laws.md"), "id", "scope", "statement")
    expected = [[law.id, law.scope.value, law.statement] for law in REGISTRY]
    lines = "\n".join(f"| {' | '.join(row)} |" for row in expected)
    assert table == expected, f"the table of specs/laws.md should be\n{lines}"


def test_every_law_is_stated_formally() -> None:
    stated = {
        law_id for bold in re.findall(r"^\*\*([^*]+)\*\*", page("laws.md"), re.M) for law_id in LAW_ID.findall(bold)
    }
    assert stated == {law.id for law in REGISTRY}


def leaves(document: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """The paths of a rulebook document's values, with NAME for what the rulebook names itself."""
    for key, value in document.items():
        name = "NAME" if path in {"assets", "markets", "fee_tiers"} else key
        inner = f"{path}.{name}".strip(".")
        if isinstance(value, Mapping):
            yield from leaves(value, inner)
        else:
            yield inner


def test_parameters_are_those_of_a_rulebook() -> None:
    documented: set[str] = set()
    for row in rows(page("parameters.md"), "field", "value", "meaning"):
        names = CODE.findall(row[0])
        parent = names[0].rpartition(".")[0]
        documented |= {f"{parent}{name}" if name.startswith(".") else name for name in names}
    expected = {path for name in profile_names() for path in leaves(profile_document(name))}
    assert documented == expected


def test_profiles_are_named() -> None:
    for name in profile_names():
        assert f"`{name}`" in page("parameters.md")


def documents() -> dict[str, dict[str, Any]]:
    """The document of each profile as the page has it, by name: the first whole, the others before they are merged."""
    section = page("parameters.md").partition("### The documents")[2]
    blocks = [json.loads(block) for block in re.findall(r"^```json\n(.*?)^```", section, re.DOTALL | re.MULTILINE)]
    return {block["name"]: block for block in blocks}


def test_documents_of_the_profiles_are_those_of_the_page() -> None:
    stated = documents()
    assert tuple(sorted(stated)) == profile_names()
    whole = {name: document for name, document in stated.items() if "base" not in document}
    assert list(whole) == ["ascendex-2020"]
    for name, document in stated.items():
        over = {key: value for key, value in document.items() if key != "base"}
        merged = merge(whole[document["base"]], over) if "base" in document else document
        assert merged == profile_document(name)
        assert tomllib.loads((PACKAGE / "rulebooks" / f"{name}.toml").read_text("utf-8")) == document
    assert load_profile("ascendex-2020").document in page("parameters.md").splitlines()


def test_digests_of_the_documents_are_those_of_the_page() -> None:
    table = rows(page("parameters.md"), "profile", "SHA-256 of its DOCUMENT")
    assert table == [
        [f"`{name}`", f"`{hashlib.sha256(load_profile(name).document.encode()).hexdigest()}`"]
        for name in profile_names()
    ]


def test_documents_are_compared_as_they_are_written() -> None:
    plain, padded = load_profile("ascendex-2020"), load_profile("ascendex-2020", {"size_factor": "0.990"})
    assert padded.size_factor == plain.size_factor
    assert padded.document != plain.document
    assert state_bytes(genesis(padded)) != state_bytes(genesis(plain))
    assert '"base"' not in load_profile("textbook").document
    assert rulebook_of(with_base({"base": "textbook"})).document == load_profile("textbook").document
    with pytest.raises(RulebookError, match="base: unknown field"):
        load_profile("ascendex-2020", {"base": "textbook"})


@pytest.mark.parametrize("name", PAGES)
def test_no_page_names_what_does_not_exist(name: str) -> None:
    text = prose(name)
    checks = {check_id for type_name in TYPES for check_id, _, _ in check_ids(type_name)}
    for check_id in CHECK_ID.findall(text):
        assert check_id in checks, f"{name} names the check {check_id}"
    laws = {law.id for law in REGISTRY}
    for law_id in LAW_ID.findall(text):
        assert law_id in laws or law_id in {"SHA-256", "SHA-512", "UTF-8"}, f"{name} names the law {law_id}"
    events = {event.__name__ for event in get_args(Event)}
    for code in CODE.findall(text):
        if re.fullmatch(r"[A-Z][A-Z_]{4,}", code):
            assert code in Reason.__members__ or code in WORDS_IN_CAPITALS, f"{name} names the reason {code}"
        event = re.match(r"([A-Z][a-z]+(?:[A-Z][a-z]+)+|Rolled|Settled|Funded|Enrolled|Converted|Released)\b", code)
        if event and code not in SOURCE_NAMES:
            assert event[1] in events, f"{name} names the event {event[1]}"


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", prose(name)):
        if target.startswith("http"):
            continue
        path, _, anchor = target.partition("#")
        linked = (SPECS / name).parent / path if path else SPECS / name
        assert linked.exists(), f"{name} links to {target}"
        if anchor:
            assert anchor in anchors(linked), f"{name} links to {target}"


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as they are commonly made."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_glossary_is_in_order() -> None:
    words = [row[0] for row in rows(page("glossary.md"), "word", "meaning")]
    assert words == sorted(words, key=str.lower)
    assert len(words) == len(set(words))


def test_words_of_refusals_are_those_of_the_rule() -> None:
    """What a refusal says in words is in the chain of digests, so the pages quote it to the letter."""
    for type_name in TYPES:
        table = rows(page(f"rules/{type_name}.md"), "id", "condition", "reason", "supplied", "limit", "unit")
        for check, row in zip(checks_of(type_name), table, strict=True):
            for cell, words in zip(row[3:5], words_of(check.module, check.line), strict=True):
                if words is None:
                    assert not cell.startswith('"') or words_are_looked_up(cell), f"{row[0]} quotes {cell}"
                else:
                    assert cell == f'"{words}"', f'{row[0]} should quote "{words}"'


def words_of(module: str, line: int) -> tuple[str | None, str | None]:
    """The literal supplied and limit of the check written at a line, None for what is computed."""
    for node in ast.walk(tree(module.removeprefix("ledger."))):
        if isinstance(node, ast.If) and node.lineno == line:
            answer = node.body[-1]
            assert isinstance(answer, ast.Return)
            assert isinstance(answer.value, ast.Call)
            supplied, limit = (
                argument.value if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else None
                for argument in answer.value.args[1:3]
            )
            return supplied, limit
    raise AssertionError(f"{module} has no check at line {line}")


@pytest.mark.parametrize("row", REFUSALS, ids=name_of)
def test_subjects_of_refusals_are_those_of_the_page(row: Refusal) -> None:
    """Whom or what a refusal is about is in the chain of digests; the tables of the rules' tests refuse every way."""
    check = compare(row.state, row.transaction)[-1].check
    outcome = apply(row.state, row.transaction)
    assert isinstance(outcome, Rejected)
    stated = subjects()[f"{check.rule.replace('_', '-')}-{check.number}"]
    assert outcome.subject in subjects_meant(stated, row.transaction), stated


def test_every_stated_subject_is_looked_at() -> None:
    seen = {compare(row.state, row.transaction)[-1].check for row in REFUSALS}
    assert seen == {check for type_name in TYPES for check in checks_of(type_name)}


def subjects() -> dict[str, str]:
    """The subject that the pages state for each check, by its id."""
    stated: dict[str, str] = {}
    for type_name in TYPES:
        for row in rows(page(f"rules/{type_name}.md"), "id", "condition"):
            stated[row[0]] = row[6]
    return stated


def subjects_meant(stated: str, transaction: Transaction) -> set[str]:
    """What a page's word for a subject can mean, with this transaction."""
    if stated.startswith('"'):
        return {stated.strip('"')}
    fields = {
        "the account": ("account",),
        "the asset": ("asset",),
        "the market": ("market",),
        "the buyer": ("buyer",),
        "the seller": ("seller",),
        "the side": ("buyer", "seller"),
        "the counterparty": ("counterparty",),
    }[stated]
    in_fills = isinstance(transaction, Liquidate) and fields[0] in ("market", "counterparty")
    holders = transaction.fills if in_fills else (transaction,)  # type: ignore[union-attr]
    return {getattr(holder, field) for holder in holders for field in fields}


def words_are_looked_up(cell: str) -> bool:
    """Whether the words are not literal in the source: an account's status."""
    return cell == '"LIQUIDATING"'


def test_canonical_bytes_are_those_of_the_page() -> None:
    text = page("formats.md")
    (log,) = re.findall(r"^```jsonl\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    state, entries = read_log(io.BytesIO(log.encode()), "example")
    assert state_bytes(state).decode() in text
    link = chain_start(state)
    assert f"`{link.hex()}`" in text
    for entry in entries:
        outcome = apply(state, entry.transaction)
        hashed = canonical_json([transaction_fields(entry.transaction), outcome_fields(outcome)])
        link = hashlib.sha256(link + hashed.encode()).digest()
        assert f"line {entry.line}\n{hashed}\n{link.hex()}\n" in text
        state = state_after(state, outcome)
    assert state_bytes(state).decode().replace(state.rulebook.document, "DOCUMENT") in text
    assert f"`{hashlib.sha256(state_bytes(state)).hexdigest()}`" in text


def test_liquidation_prices_are_those_of_the_page() -> None:
    """Gains that are not rolled move the published figure and not where the ledger acts."""
    rulebook = load_profile("textbook")

    def marked(state: State, text: str) -> State:
        quotes = Map(dict.fromkeys(rulebook.sources, parse_decimal(text, 9)))
        return state_after(state, apply(state, MarkMarket(0, "BTC-PERP", quotes, premium=0)))

    state = marked(genesis(rulebook), "10000")
    for transaction in (
        Deposit(0, "alice", "USDT", 500 * 10**13),
        Deposit(0, "bob", "USDT", 5000 * 10**13),
        Trade(0, "BTC-PERP", "alice", "bob", size=10_000, price=10_000 * 10**9, buyer_is_taker=True),
    ):
        state = state_after(state, apply(state, transaction))
    for mark, figure, liquidatable in (
        ("10000", "9557.344064387", False),
        ("11000", "10563.380281691", False),
        ("10563.380281690", None, False),
        ("9557.344064387", None, False),
        ("9557.344064386", None, True),
    ):
        at = marked(state, mark)
        assert is_liquidatable(at, at.accounts["alice"]) is liquidatable
        if figure is not None:
            assert liquidation_price(at, at.accounts["alice"], "BTC-PERP") == parse_decimal(figure, 9)
            assert figure in page("margin.md")


def canonical_json(value: object) -> str:
    """The canonical text of what holds only lists, ASCII names, integers, flags and null."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def examples() -> list[tuple[str, str]]:
    """Every worked example of the specification, by page and number."""
    found = []
    for name in PAGES:
        blocks = re.findall(r"^```jsonl\n(.*?)^```", page(name), flags=re.DOTALL | re.MULTILINE)
        found += [(f"{name} example {number}", block) for number, block in enumerate(blocks, start=1)]
    return found


EXAMPLES = examples()


@pytest.mark.parametrize("text", [text for _, text in EXAMPLES], ids=[name for name, _ in EXAMPLES])
def test_worked_examples_replay_with_every_law(text: str) -> None:
    state, entries = read_log(io.BytesIO(text.encode()), "example")
    report = replay_log(state, entries, state_every=1)
    assert report.failure is None, report.failure
    assert report.unexpected == 0, report.rejected
    assert any("expect" in line for line in text.splitlines())


def test_every_type_has_a_worked_example() -> None:
    for type_name in TYPES:
        assert any(name.startswith(f"rules/{type_name}.md ") for name, _ in EXAMPLES)
        for line in (line for name, text in EXAMPLES if type_name in name for line in text.splitlines()):
            msgspec.json.decode(line)
