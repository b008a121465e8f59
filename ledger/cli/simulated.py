"""What a simulation came to: one document for machines, tables for people."""

from collections.abc import Iterable, Iterator

import click

from ..simulation.prices import PriceHistory
from ..simulation.scenario import Scenario
from ..simulation.simulating import Simulated
from ..simulation.summary import Summary, Window
from ..units import RATE_SCALE, div_toward_zero, floor_div, format_decimal
from .formatting import Format, counted
from .layout import Column, page_width, paragraph, table, title
from .saving import STANDARD_OUTPUT

SHOWN = 20
CENTS = 2
SPANS = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"))


def simulated_document(
    simulated: Simulated, scenario: Scenario, history: PriceHistory, *, seed: int, log: str
) -> dict[str, object]:
    """The summary as one document, amounts as exact decimal text."""
    form, summary = Format(scenario.rulebook, for_people=False), simulated.summary
    return {
        "scenario": scenario.name,
        "rulebook": scenario.rulebook.name,
        "prices": history.name,
        "bars": len(history.bars),
        "from": form.time(simulated.start),
        "to": form.time(simulated.state.time),
        "seed": seed,
        "log": None if log == STANDARD_OUTPUT else log,
        "transactions": summary.transactions,
        "accounts": summary.accounts,
        "entered": summary.entered,
        "liquidated": summary.liquidated,
        "released": summary.released,
        "taken_over": summary.taken_over,
        "rounds": summary.rounds,
        "closed": form.money(summary.closed),
        "taken": form.money(summary.taken),
        "deleveraged": form.money(summary.deleveraged),
        "deleveraged_accounts": summary.deleveraged_accounts,
        "fund_start": form.money(summary.fund_start),
        "fund_end": form.money(summary.fund_end),
        "fund_lowest": form.money(summary.fund_lowest),
        "fund_drawn": form.money(summary.fund_drawn),
        "discount_given_up": form.money(summary.discount_given_up),
        "fees_used": form.money(summary.fees_used),
        "loss_shared": form.money(summary.loss_shared),
        "shortfall": form.money(summary.shortfall),
        "stressed": form.duration(summary.stressed),
        "fundings": summary.fundings,
        "clamped": summary.clamped,
        "rates_passed_over": summary.rates_passed_over,
        "minutes": [window_document(form, window) for window in summary.minutes],
        "hours": [window_document(form, window) for window in summary.hours],
    }


def window_document(form: Format, window: Window) -> dict[str, object]:
    """One minute or hour for machines."""
    return {
        "from": form.time(window.start),
        "capacity": form.money(window.capacity),
        "used": form.money(window.used),
        "refused": form.money(window.refused),
    }


def simulated_lines(
    simulated: Simulated, scenario: Scenario, history: PriceHistory, *, seed: int, log: str
) -> Iterator[str]:
    """The report as tables, and the sentence that says whether the backstop held."""
    form, summary, width = Format(scenario.rulebook), simulated.summary, page_width()
    begins, ends = form.time(simulated.start), form.time(simulated.state.time)
    yield f"{scenario.name}, rulebook {scenario.rulebook.name}, seed {seed}: {begins} to {ends}"
    yield ""
    yield from table((Column(""), Column("", "right")), figures(form, summary), width=width)
    for name, windows in (("minute", summary.minutes), ("hour", summary.hours)):
        if windows:
            yield ""
            yield title(f"asked of the backstop, by {name}, in {form.asset}")
            yield from windows_table(form, windows, width=width)
    yield ""
    yield from paragraph(verdict(form, summary), width=width)
    if log != STANDARD_OUTPUT:
        yield from paragraph(
            f"Written: {click.format_filename(log)}, {counted(summary.transactions, 'transaction')}; "
            f"backstop replay {click.format_filename(log)} checks the laws on it.",
            width=width,
        )


def cents(form: Format, atoms: int) -> str:
    """An amount for people, truncated toward zero at two decimals, with thousands apart."""
    hundredths = div_toward_zero(atoms * 10**CENTS, 10**form.rulebook.settlement_decimals)
    whole, _, fraction = format_decimal(abs(hundredths), CENTS).partition(".")
    return f"{'-' if hundredths < 0 else ''}{int(whole):,}.{fraction.ljust(CENTS, '0')}"


def figures(form: Format, summary: Summary) -> Iterator[tuple[str, str]]:
    """Each figure with what it is."""
    asset = form.asset

    def money(atoms: int) -> str:
        return f"{cents(form, atoms)} {asset}"

    yield "accounts that entered", f"{summary.entered} of {summary.accounts}"
    yield "liquidated", str(summary.liquidated)
    yield "released again", str(summary.released)
    yield "taken over", str(summary.taken_over)
    yield "rounds", str(summary.rounds)
    yield "closed on the book", money(summary.closed)
    yield "taken by providers", money(summary.taken)
    yield f"auto-deleveraged, of {counted(summary.deleveraged_accounts, 'account')}", money(summary.deleveraged)
    yield "insurance fund, from", money(summary.fund_start)
    yield "insurance fund, to", money(summary.fund_end)
    yield "insurance fund, at its lowest", money(summary.fund_lowest)
    yield "drawn by takeovers", money(summary.fund_drawn)
    yield "discount given up by providers", money(summary.discount_given_up)
    yield "paid by the venue's fees", money(summary.fees_used)
    yield "loss shared by accounts", money(summary.loss_shared)
    yield "time in stress", span(summary.stressed)
    yield "fundings", counted_with(summary)


def span(milliseconds: int) -> str:
    """How long something was, for people, in days, hours, minutes and seconds without the zeros: "24 min 45 s"."""
    parts, left = [], milliseconds
    for length, unit in SPANS:
        whole = floor_div(left, length)
        left -= whole * length
        if whole:
            parts.append(f"{whole} {unit}")
    if left or not parts:
        parts.append(f"{format_decimal(left, 3)} s")
    return " ".join(parts)


def counted_with(summary: Summary) -> str:
    """How many fundings, at how many the file has a rate beyond the clamp, and how many of its rates none had."""
    parts = [str(summary.fundings)]
    if summary.clamped:
        parts.append(f"{summary.clamped} clamped")
    if summary.rates_passed_over:
        parts.append(f"{counted(summary.rates_passed_over, 'rate')} of the file passed over")
    return ", ".join(parts)


def windows_table(form: Format, windows: Iterable[Window], *, width: int) -> list[str]:
    """The minutes or hours in which the most was asked, in order of time."""
    every = tuple(windows)
    most = sorted(every, key=lambda window: (-window.used - window.refused, window.start))[:SHOWN]
    columns = (Column("from"), *(Column(name, "right") for name in ("capacity", "used", "share", "refused")))
    rows = [
        (
            form.time(window.start),
            cents(form, window.capacity),
            cents(form, window.used),
            share_of(form, window),
            cents(form, window.refused),
        )
        for window in sorted(most, key=lambda window: window.start)
    ]
    lines = table(columns, rows, width=width)
    if len(every) > SHOWN:
        lines += paragraph(f"The {SHOWN} in which the most was asked, of {len(every)}; --json tells all.", width=width)
    return lines


def share_of(form: Format, window: Window) -> str:
    """The share of its capacity that was used, as a percentage rounded down."""
    if window.capacity == 0:
        return "-"
    return form.rate(floor_div(window.used * 1000, window.capacity) * floor_div(RATE_SCALE, 1000))


def verdict(form: Format, summary: Summary) -> str:
    """Whether the backstop held, in a sentence."""
    if summary.taken_over == 0:
        return "Nobody was taken over: the backstop was not asked for anything."
    if summary.shortfall:
        short = f"{cents(form, summary.shortfall)} {form.asset}"
        payers = "fees and accounts" if summary.loss_shared else "the venue's fees"
        return f"The backstop did not hold: the insurance fund was {short} short, which {payers} paid."
    if summary.deleveraged:
        beyond = f"{cents(form, summary.deleveraged)} {form.asset}"
        return f"No loss was shared, but {beyond} of positions found no provider and were auto-deleveraged."
    if summary.discount_given_up:
        given_up = f"{cents(form, summary.discount_given_up)} {form.asset}"
        return f"No loss was shared, but the fund ran out, and providers gave up {given_up} of their discount."
    return "The backstop held: providers took everything over, and no loss was shared."
