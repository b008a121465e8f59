"""Text in columns."""

import pytest
from click import unstyle

from ledger.cli.layout import Column, Styled, page_width, paragraph, shortened, table


def test_numbers_stand_with_their_points_below_each_other() -> None:
    columns = (Column("account"), Column("USDT", "point"), Column("fired", "right"))
    rows = [("alice", "-1071.2814", "7"), ("bob", "5", "1234"), ("cyd", "0.5%", "-"), ("dan", "-", "0")]
    assert [unstyle(line) for line in table(columns, rows, width=80)] == [
        "account        USDT  fired",
        "alice    -1071.2814      7",
        "bob          5        1234",
        "cyd          0.5%        -",
        "dan          -           0",
    ]


def test_the_column_that_gives_way_is_shortened_and_no_other() -> None:
    columns = (Column("law"), Column("statement", gives_way=True), Column("checked", "right"))
    rows = [("CON-1", "Per asset, all accounts sum to zero, settlement cash together", "18446744073709551616")]
    lines = [unstyle(line) for line in table(columns, rows, width=60)]
    assert lines[1] == "CON-1  Per asset, all accounts sum...   18446744073709551616"
    assert max(map(len, lines)) <= 60
    assert table(columns, rows, width=120)[1].startswith(
        "CON-1  Per asset, all accounts sum to zero, settlement cash tog"
    )


def test_the_column_that_gives_way_goes_where_hardly_a_word_is_left() -> None:
    columns = (Column("law"), Column("statement", gives_way=True), Column("checked", "right"))
    rows = [("CON-1", "Per asset, all accounts sum to zero", "12"), ("CON-2", "Per market, sizes sum to zero", "7")]
    wide, narrow = ([unstyle(line) for line in table(columns, rows, width=width)] for width in (36, 35))
    assert wide == [
        "law    statement             checked",
        "CON-1  Per asset, all...          12",
        "CON-2  Per market, sizes...        7",
    ]
    assert narrow == ["law    checked", "CON-1       12", "CON-2        7"]


def test_a_table_without_headings_has_no_heading_line() -> None:
    assert table((Column(""), Column("")), [("a", "b")], width=80) == ["a  b"]


def test_colour_does_not_move_anything() -> None:
    plain = table((Column("a", "point"), Column("b")), [("1.5", "x"), ("10", "y")], width=80)
    styled = table((Column("a", "point"), Column("b")), [(Styled("1.5", "red"), "x"), (Styled("10"), "y")], width=80)
    assert styled != plain
    assert [unstyle(line) for line in styled] == [unstyle(line) for line in plain] == ["   a  b", " 1.5  x", "10    y"]


@pytest.mark.parametrize(
    ("width", "text"),
    [(30, "Sizes sum to zero, per market"), (20, "Sizes sum to..."), (9, "Sizes..."), (4, "S...")],
)
def test_shortening_keeps_whole_words(width: int, text: str) -> None:
    assert shortened("Sizes sum to zero, per market", width) == text
    assert len(shortened("Sizes sum to zero, per market", width)) <= max(width, 4)


def test_paragraphs_hang() -> None:
    assert paragraph("one two three four five six", label="passed", hang=8, width=30) == [
        "passed  one two three four",
        "        five six",
    ]
    assert paragraph("", label="passed", hang=8, width=30) == ["passed"]


def test_a_page_is_as_wide_as_the_terminal_within_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    for columns, width in (("80", 80), ("20", 60), ("500", 120)):
        monkeypatch.setenv("COLUMNS", columns)
        assert page_width() == width
    monkeypatch.delenv("COLUMNS")
    monkeypatch.setattr("sys.stdout.isatty", lambda: False)
    assert page_width() == 100
