"""What a run came to, and the line of text that keeps it."""

import json
from collections.abc import Mapping
from typing import Any

import attrs

from ..simulation.backstop import BackstopTerms
from ..simulation.summary import Summary
from ..strict_json import NotStrict, load_strictly, shown
from ..units import RATE_DECIMALS, format_decimal, parse_decimal
from .cases import Case
from .plan import Run


@attrs.frozen
class Result:
    """The figures of a run.

    In atoms of the settlement asset: `shortfall`, what the insurance fund was short of, and of it `fees_used` and
    `loss_shared`, what the venue's fees and accounts paid; `fund_drawn`, all that takeovers took out of the fund, and
    `fund_lowest`; and, in notional at mark, `taken` by providers, `refused` by them, `deleveraged`, and the most that
    they were asked for within a minute and an hour of the clock. And how many accounts were auto-deleveraged,
    liquidated and taken over.
    """

    shortfall: int
    fees_used: int
    loss_shared: int
    fund_drawn: int
    fund_lowest: int
    taken: int
    refused: int
    deleveraged: int
    asked_in_a_minute: int
    asked_in_an_hour: int
    deleveraged_accounts: int
    liquidated: int
    taken_over: int


COUNTS = ("deleveraged_accounts", "liquidated", "taken_over")
FIGURES = {field.name: field.name not in COUNTS for field in attrs.fields(Result)}
"""The figures by name, in order, each with whether it is money."""


def result_of(summary: Summary) -> Result:
    """The figures of a simulation."""
    return Result(
        shortfall=summary.shortfall,
        fees_used=summary.fees_used,
        loss_shared=summary.loss_shared,
        fund_drawn=summary.fund_drawn,
        fund_lowest=summary.fund_lowest,
        taken=summary.taken,
        refused=sum(window.refused for window in summary.minutes),
        deleveraged=summary.deleveraged,
        asked_in_a_minute=max((window.used + window.refused for window in summary.minutes), default=0),
        asked_in_an_hour=max((window.used + window.refused for window in summary.hours), default=0),
        deleveraged_accounts=summary.deleveraged_accounts,
        liquidated=summary.liquidated,
        taken_over=summary.taken_over,
    )


def terms_texts(case: Case, terms: BackstopTerms) -> dict[str, str]:
    """The terms by name, as exact decimals."""
    return {
        name: format_decimal(value, RATE_DECIMALS if name == "discount" else case.decimals)
        for name, value in attrs.asdict(terms).items()
    }


def figure_texts(result: Result, decimals: int) -> dict[str, str]:
    """The figures by name, money as exact decimals."""
    return {name: format_decimal(getattr(result, name), decimals if FIGURES[name] else 0) for name in FIGURES}


def line_of(case: Case, run: Run, result: Result) -> bytes:
    """The line that keeps a result, its end included: what it is of, for people, and the figures."""
    document = {
        "key": run.key,
        "scenario": case.name,
        "prices": case.prices,
        "terms": terms_texts(case, run.terms),
        "seed": run.seed,
        "figures": figure_texts(result, case.decimals),
    }
    return json.dumps(document).encode() + b"\n"


def key_and_figures(line: bytes) -> tuple[str, Mapping[str, Any]]:
    """The key of a kept run and its figures, still as text. ValueError, one line, where it is none."""
    expected = "expected a run that was kept"
    try:
        document = load_strictly(line)
    except NotStrict as error:
        raise ValueError(str(error)) from None
    if not isinstance(document, dict):
        raise ValueError(f"found {shown(document)}, {expected}")
    key, figures = document.get("key"), document.get("figures")
    if not isinstance(key, str):
        raise ValueError(f"key: found {shown(key)}, {expected}")
    if not isinstance(figures, dict):
        raise ValueError(f"figures: found {shown(figures)}, {expected}")
    return key, figures


def result_from(figures: Mapping[str, Any], decimals: int) -> Result:
    """The inverse of `figure_texts`. ValueError, one line, where a figure is missing or none."""
    values = {}
    for name, is_money in FIGURES.items():
        text = figures.get(name)
        try:
            values[name] = parse_decimal(text if isinstance(text, str) else "", decimals if is_money else 0)
        except ValueError as error:
            raise ValueError(f"figures.{name}: found {shown(text)}, expected {error}") from None
    if len(figures) != len(values):
        raise ValueError(f"figures: found {len(figures)} of them, expected {', '.join(FIGURES)}")
    return Result(**values)
