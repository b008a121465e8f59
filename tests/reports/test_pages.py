"""What docs/auditing.md shows of the two files is in them, and specs/reports.md names what there is."""

import json
import re
import shlex
from pathlib import Path

import pytest

from ledger.reports import Result
from ledger.reports.sarif import FINGERPRINT, KINDS, SCHEMA, VERSION
from tests.cli.runs import ROOT, run

from .schemas import sarif_of

SECTION = (ROOT / "docs" / "auditing.md").read_text(encoding="utf-8").partition("## In a pipeline\n")[2]
PAGE = (ROOT / "specs" / "reports.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    """The one block of a language in the section."""
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", SECTION, re.DOTALL | re.MULTILINE)
    return str(found)


def test_what_the_page_shows_is_in_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = shlex.split(block("console").splitlines()[0].removeprefix("$ "))[1:]
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    monkeypatch.chdir(tmp_path)
    assert run(*command).exit_code == 1
    assert block("xml") in (tmp_path / "laws.xml").read_text(encoding="utf-8")
    assert [json.loads(block("json"))] == sarif_of((tmp_path / "laws.sarif").read_bytes())["results"]


def test_the_specification_names_every_result_and_every_trouble() -> None:
    for result in Result:
        assert f"| {result.value} |" in PAGE
    for kind in KINDS:
        assert f'"{kind}"' in PAGE or f'"{kind}"' in " ".join(PAGE.split())
    assert f"`{FINGERPRINT}`" in PAGE
    assert f"[SARIF {VERSION}]({SCHEMA})" in PAGE
