"""Text in columns: plain lines that fit a page, numbers aligned at their points, nothing of a number ever cut."""

import os
import re
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence

import attrs
import click

NARROWEST_PAGE, WIDEST_PAGE = 60, 120
PAGE_WITHOUT_TERMINAL = 100
NARROWEST_COLUMN = 20
"""Characters below which a column that gives way says nothing any more."""
GAP = "  "
NUMBER = re.compile(r"([-+]?[0-9]+)(.*)")


@attrs.frozen
class Column:
    """A column's heading and how its cells stand: `left`, `right`, or `point`, numbers aligned at their points.

    One column of a table may give way: its cells are shortened where the page is too narrow, and the whole column goes
    where hardly a word of them would be left.
    """

    heading: str
    align: str = "left"
    gives_way: bool = False


@attrs.frozen
class Styled:
    """A cell or a line with a colour, or dim, or bold, where the terminal has them."""

    text: str
    colour: str | None = None
    bold: bool = False
    dim: bool = False

    def __str__(self) -> str:
        return click.style(self.text, fg=self.colour, bold=self.bold or None, dim=self.dim or None)


Cell = str | Styled


def page_width() -> int:
    """Characters of a line: the terminal's, or of COLUMNS, within reason; a fixed number where there is neither."""
    if not os.environ.get("COLUMNS", "").isdecimal() and not sys.stdout.isatty():
        return PAGE_WITHOUT_TERMINAL
    return max(NARROWEST_PAGE, min(WIDEST_PAGE, shutil.get_terminal_size().columns))


def shortened(text: str, width: int) -> str:
    """The text, or as many of its words as fit into `width` characters with the dots that tell so."""
    if len(text) <= width:
        return text
    kept = text[: max(0, width - 2)].rpartition(" ")[0] or text[: max(0, width - 3)]
    return f"{kept.rstrip(' ,;:.')}..."


def table(columns: Sequence[Column], rows: Iterable[Sequence[Cell]], *, width: int | None = None) -> list[str]:
    """The lines of a table: its headings, if it has any, and its rows."""
    grid = [list(row) for row in rows]
    page = page_width() if width is None else width
    for number, column in enumerate(columns):
        if column.align == "point":
            _align_points(grid, number)
    widths = [
        max([len(column.heading), *(len(_text(row[number])) for row in grid)]) for number, column in enumerate(columns)
    ]
    excess = sum(widths) + len(GAP) * (len(widths) - 1) - page
    for number, column in enumerate(columns):
        if column.gives_way and excess > 0:
            widths[number] -= excess
            if widths[number] < NARROWEST_COLUMN:
                others = [other for other in range(len(columns)) if other != number]
                return table([columns[o] for o in others], [[row[o] for o in others] for row in grid], width=page)
            for row in grid:
                row[number] = _restyled(row[number], shortened(_text(row[number]), widths[number]))
    lines = []
    if any(column.heading for column in columns):
        headings: list[Cell] = [Styled(column.heading, bold=True) for column in columns]
        lines.append(_line(headings, columns, widths))
    return lines + [_line(row, columns, widths) for row in grid]


def _line(row: Sequence[Cell], columns: Sequence[Column], widths: Sequence[int]) -> str:
    cells = []
    for cell, column, width in zip(row, columns, widths, strict=True):
        text = _text(cell)
        space, tail = " " * (width - len(text)), " " * (len(text) - len(text.rstrip()))
        shown = f"{_restyled(cell, text.rstrip())}{tail}"
        cells.append(f"{shown}{space}" if column.align == "left" else f"{space}{shown}")
    return GAP.join(cells).rstrip()


def _align_points(grid: list[list[Cell]], number: int) -> None:
    """Fill the numbers of a column up on the right, so that their points stand below each other."""
    tails = [len(_parts(_text(row[number]))[1]) for row in grid]
    longest = max(tails, default=0)
    for row, tail in zip(grid, tails, strict=True):
        row[number] = _restyled(row[number], _text(row[number]) + " " * (longest - tail))


def _parts(text: str) -> tuple[str, str]:
    match = NUMBER.fullmatch(text)
    return (text, "") if match is None else (match[1], match[2])


def _text(cell: Cell) -> str:
    return cell.text if isinstance(cell, Styled) else cell


def _restyled(cell: Cell, text: str) -> Cell:
    return attrs.evolve(cell, text=text) if isinstance(cell, Styled) else text


def title(text: str) -> str:
    """The heading of a part of the output."""
    return str(Styled(text, bold=True))


def paragraph(text: str, *, label: Cell = "", hang: int = 0, width: int | None = None) -> list[str]:
    """A text wrapped to the page after its label, which takes `hang` characters; further lines stand below its
    beginning."""
    page = page_width() if width is None else width
    wrapped = textwrap.wrap(text, max(20, page - hang), break_long_words=False, break_on_hyphens=False) or [""]
    first = f"{label}{' ' * (hang - len(_text(label)))}{wrapped[0]}"
    return [first.rstrip(), *(" " * hang + line for line in wrapped[1:])]
