"""The house style, where a test can tell: lengths, docstrings, keyword-only arguments, and words that stay outside."""

import ast
import re
import subprocess

import pytest

from .source import CORE, ROOT, exact_modules, sources, tree

FUNCTION_LINES = 50
MODULE_LINES = 450

NATURAL_PAIRS = {
    ("numerator", "denominator"),
    ("value", "step"),
    ("value", "decimals"),
    ("before", "after"),
    ("size", "price"),
    ("amount", "price"),
    ("base", "overrides"),
    ("account_id", "asset"),
    ("payer", "settlement_asset"),
    ("index_per_lot", "numerator", "denominator"),
}
"""Same-typed positional arguments whose order is that of their formula or of time, so that nobody mixes them up."""

FORBIDDEN_WORDS = {
    "a note to do later": re.compile(r"\b(TODO|FIXME|XXX|HACK)\b"),
    "a machine path": re.compile(r"/(work|tmp|home|root|Users)/"),
    "a file that is not the project's": re.compile(r"\b(RULEBOOK|DESIGN|VERIFYING)\.md\b"),
    "a section of no page of the project": re.compile(r"\brulebook sections? [0-9]"),
    "an unresolved merge": re.compile(r"^(<{7}|>{7}) ", re.MULTILINE),
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(module: str) -> list[Function]:
    """Every function and method of a module."""
    return [node for node in ast.walk(tree(module)) if isinstance(node, Function)]


def same_typed(function: Function) -> set[str]:
    """Names of positional arguments that share their annotation with another one."""
    arguments = function.args.posonlyargs + function.args.args
    types = [ast.unparse(argument.annotation) if argument.annotation else "" for argument in arguments]
    return {
        argument.arg for argument, kind in zip(arguments, types, strict=True) if kind != "" and types.count(kind) > 1
    }


@pytest.mark.parametrize("module", exact_modules())
def test_functions_are_short(module: str) -> None:
    for function in functions(module):
        lines = (function.end_lineno or 0) - function.lineno + 1
        assert lines <= FUNCTION_LINES, f"ledger.{module}.{function.name} has {lines} lines"


@pytest.mark.parametrize("module", list(sources()))
def test_modules_fit_in_a_sitting(module: str) -> None:
    lines = len(sources()[module].read_text(encoding="utf-8").splitlines())
    assert lines <= MODULE_LINES, f"ledger.{module} has {lines} lines"


@pytest.mark.parametrize("module", list(sources()))
def test_what_is_public_is_documented(module: str) -> None:
    assert ast.get_docstring(tree(module)), f"ledger.{module} has no docstring"
    for node in tree(module).body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"ledger.{module}.{node.name} has no docstring"


@pytest.mark.parametrize("module", CORE)
def test_same_typed_arguments_are_named(module: str) -> None:
    for function in functions(module):
        shared = same_typed(function)
        if shared:
            assert any(shared == set(pair) for pair in NATURAL_PAIRS), (
                f"ledger.{module}.{function.name} takes {', '.join(sorted(shared))} by position"
            )


def committed_texts() -> dict[str, str]:
    """Every text file of the project as git lists it, or as the source tree has it where there is no git."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode == 0 and listed.stdout:
        paths = [ROOT / line for line in listed.stdout.splitlines()]
    else:
        folders = ("ledger", "tests", "specs", "docs")
        paths = [path for folder in folders for path in (ROOT / folder).rglob("*")] + list(ROOT.glob("*.*"))
    texts = {}
    for path in paths:
        if path.is_file() and path.suffix in {".py", ".md", ".toml", ".yml", ".yaml", ".cfg", ".txt", ".mjs", ""}:
            texts[str(path.relative_to(ROOT))] = path.read_text(encoding="utf-8", errors="replace")
    return texts


def test_no_forbidden_words() -> None:
    texts = committed_texts()
    assert len(texts) > 40
    for name, text in sorted(texts.items()):
        if name == "tests/house/test_style.py":
            continue
        for meaning, pattern in FORBIDDEN_WORDS.items():
            match = pattern.search(text)
            assert match is None, f"{name} holds {meaning}: {match.group(0)!r}"


def test_prose_is_wrapped() -> None:
    """Lines of prose stay within 120 characters; tables, code and links may be longer."""
    for name, text in sorted(committed_texts().items()):
        if not name.endswith(".md"):
            continue
        inside_code = False
        for number, line in enumerate(text.splitlines(), start=1):
            if line.lstrip().startswith("```"):
                inside_code = not inside_code
            elif not inside_code and not line.lstrip().startswith("|") and "](" not in line:
                assert len(line) <= 120, f"{name}:{number} has {len(line)} characters"
