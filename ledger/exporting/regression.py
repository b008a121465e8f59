"""A log as a regression test: one file for pytest, which needs nothing but this package.

The log's lines are in the file as they are, but for carriage returns, which JSON takes for white space and Python for
line ends: each is a space, and none at a line's end. The test replays them with every law checked after every
transaction, or holds an engine against the ledger along them.
"""

import json
import re
import textwrap
from collections.abc import Sequence

import attrs

WIDTH = 116


@attrs.frozen
class Subject:
    """What a log is a test of: `name` of the log's file, and `what` it shows, in words, empty where nothing is known.

    `slug`: what the test is called after. `law_files`: files of more laws, as paths from the test's own folder.
    `engine`: the command of an engine, None for a test of the ledger itself.
    """

    name: str
    slug: str
    what: str = ""
    law_files: tuple[str, ...] = ()
    engine: str | None = None


_REPLAYS = """def test_{slug}() -> None:
    state, entries = read_log(io.BytesIO(LOG.encode()), {name})
    report = replay_log(state, entries, {laws}state_every=1)
    failure = report.failure
    assert failure is None, failure.detail
    assert report.transactions == LOG.count("\\n") - 1
"""

_DRIVES = """def test_{slug}() -> None:
    comparison = compare_log(ENGINE, io.BytesIO(LOG.encode()), ways=Ways(shrinks=False))
    assert comparison.agrees, str(comparison.mismatch or comparison.farewell)
"""


def regression_test(lines: Sequence[bytes], subject: Subject) -> bytes:
    """The test file of a log's lines, the genesis first, as UTF-8. ValueError where they are no UTF-8 text."""
    log = b"".join(line.rstrip(b"\r\n").replace(b"\r", b" ") + b"\n" for line in lines).decode("utf-8")
    imports, constants, test = _of_engine(subject) if subject.engine is not None else _of_ledger(subject)
    blocks = (f'"""{_docstring(subject)}"""', imports, constants, f'LOG = r"""{log}"""', f"\n{test}")
    return "\n\n".join(block for block in blocks if block).encode("utf-8")


def slug_of(text: str) -> str:
    """Words as a part of a function's name."""
    return re.sub("[^a-z0-9]+", "_", text.lower()).strip("_") or "log"


def _of_ledger(subject: Subject) -> tuple[str, str, str]:
    """The imports, the constants and the test of a log that the ledger replays."""
    named = ["read_log", "replay_log"]
    constants = laws = ""
    imports = ["import io"]
    if subject.law_files:
        named = ["REGISTRY", "laws_from", *named]
        imports.append("from pathlib import Path")
        files = "".join(f"    FOLDER / {_literal(path)},\n" for path in subject.law_files)
        constants = f"FOLDER = Path(__file__).parent\nFILES = [\n{files}]\n"
        constants += "LAWS = (*REGISTRY, *laws_from([str(path) for path in FILES]))"
        laws = "laws=LAWS, "
    imports += ["", f"from ledger import {', '.join(named)}"]
    test = _REPLAYS.format(slug=subject.slug, name=_literal(subject.name), laws=laws)
    return "\n".join(imports), constants, test


def _of_engine(subject: Subject) -> tuple[str, str, str]:
    """The same of a log along which an engine is held against the ledger."""
    imports = "import io\nimport os\n\nfrom ledger.comparing import Ways, compare_log"
    constants = f'ENGINE = os.environ.get("BACKSTOP_ENGINE", {_literal(subject.engine or "")})'
    return imports, constants, _DRIVES.format(slug=subject.slug)


def _docstring(subject: Subject) -> str:
    """The first lines of the file, as the inside of a docstring."""
    first = f"A regression test made of {subject.name}."
    text = first if not subject.what else f"{first}\n\n{textwrap.fill(subject.what, WIDTH)}\n"
    text = "".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in text)
    return text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def _literal(text: str) -> str:
    """Text as a literal of Python, in the quotes of which it has fewer, double ones where it has as many; what cannot
    be printed, such as a byte of a command that is no UTF-8, as an escape."""
    if not text.isprintable() or text.count('"') > text.count("'"):
        return repr(text)
    return json.dumps(text, ensure_ascii=False)
