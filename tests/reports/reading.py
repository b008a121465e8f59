"""Running a command with --junit and --sarif, and reading both files."""

from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from tests.cli.runs import run

from .schemas import junit_of, sarif_of


class Files:
    """The two files of a command that ended with an exit code."""

    def __init__(self, junit: Element, sarif: Any, stdout: str, stderr: str) -> None:
        self.junit, self.sarif, self.stdout, self.stderr = junit, sarif, stdout, stderr
        self.suite = junit[0]
        self.cases = {(each.get("classname"), each.get("name")): each for each in junit.iter("testcase")}
        self.results, self.rules = sarif["results"], sarif["tool"]["driver"]["rules"]
        (self.invocation,) = sarif["invocations"]

    def tags(self) -> dict[tuple[str | None, str | None], str]:
        """What is not passed by its class and name."""
        tags = {name: [child.tag for child in case if child.tag != "system-out"] for name, case in self.cases.items()}
        return {name: tag for name, found in tags.items() for tag in found}

    def failing(self) -> dict[tuple[str | None, str | None], str]:
        """What fails by its class and name."""
        return {name: tag for name, tag in self.tags().items() if tag != "skipped"}


def report_files(folder: Path, *arguments: str, code: int = 0, stdin: bytes | None = None) -> Files:
    """The files of a command that is to end with an exit code. Both fail exactly where the command does."""
    junit, sarif = folder / "report.xml", folder / "report.sarif"
    result = run(*arguments, "--junit", str(junit), "--sarif", str(sarif), stdin=stdin)
    assert result.exit_code == code, result.output
    files = Files(junit_of(junit.read_bytes()), sarif_of(sarif.read_bytes()), result.stdout, result.stderr)
    fails = [each for each in files.results if each["kind"] == "fail"]
    assert bool(files.failing()) == (code != 0)
    assert bool(fails or not files.invocation["executionSuccessful"]) == (code != 0)
    assert files.invocation["exitCode"] == code
    return files


def line_of(result: Any) -> int:
    (location,) = result["locations"]
    line: int = location["physicalLocation"]["region"]["startLine"]
    return line
