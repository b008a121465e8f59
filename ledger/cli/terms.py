"""A rulebook's terms laid out for people."""

from collections.abc import Sequence

from ..rulebook import IntervalTerms, MonitorTerms, Rulebook, Threshold
from .formatting import Format, counted
from .layout import Cell, Column, paragraph, table, title

HANG = 19


def summary(rulebook: Rulebook) -> str:
    """A rulebook in one line: its markets, assets and discount."""
    form = Format(rulebook)
    markets, assets = ", ".join(sorted(rulebook.contracts)), counted(len(rulebook.assets), "collateral asset")
    return f"{markets}; {assets}, settled in {rulebook.settlement_asset}; providers' discount {discount(form)}"


def discount(form: Format) -> str:
    """The signed discount of the backstop program."""
    return form.rate(form.rulebook.program.discount)


def list_lines(rulebooks: Sequence[Rulebook], *, default: str, width: int) -> list[str]:
    """What tells rulebooks apart, a row each."""
    rows: list[Sequence[Cell]] = []
    for rulebook in rulebooks:
        form, fees = Format(rulebook), rulebook.fee_tiers[rulebook.default_fee_tier]
        rows.append(
            (
                f"{rulebook.name}{' (default)' if rulebook.name == default else ''}",
                discount(form),
                form.rate(fees.maker),
                form.rate(fees.taker),
                str(max(len(contract.tiers) for contract in rulebook.contracts.values())),
                ", ".join(sorted(rulebook.contracts)),
            )
        )
    columns = (
        Column("rulebook"),
        Column("discount", "point"),
        Column("maker", "point"),
        Column("taker", "point"),
        Column("tiers", "right"),
        Column("markets", gives_way=True),
    )
    return table(columns, rows, width=width)


def rulebook_lines(rulebook: Rulebook, *, width: int) -> list[str]:
    """All terms of a rulebook, in tables."""
    form = Format(rulebook)
    lines = [f"{rulebook.name}, settled in {rulebook.settlement_asset}"]
    for part in (
        _assets(form, width=width),
        *(_market(form, market_id, width=width) for market_id in sorted(rulebook.contracts)),
        _fees(form, width=width),
        _others(form, width=width),
    ):
        lines += ["", *part]
    return lines


def _assets(form: Format, *, width: int) -> list[str]:
    rows: list[Sequence[Cell]] = [
        (name, form.ratio(asset.factor), str(asset.decimals), form.amount(asset.booking_unit, name))
        for name, asset in sorted(form.rulebook.assets.items())
    ]
    columns = (
        Column("asset"),
        Column("factor", "point"),
        Column("decimals", "right"),
        Column("booking unit", "point"),
    )
    return table(columns, rows, width=width)


def _market(form: Format, market_id: str, *, width: int) -> list[str]:
    contract = form.rulebook.contracts[market_id]
    band = "no price band" if contract.price_band is None else f"price band {form.rate(contract.price_band)}"
    head = f"{title(market_id)}  lot {form.size(1, market_id)}, tick {form.price(contract.tick)}, {band}"
    rows: list[Sequence[Cell]] = [
        (
            "and above" if tier.upper is None else f"below {form.money(tier.upper)}",
            form.rate(tier.initial_rate),
            form.rate(tier.maintenance_rate),
        )
        for tier in contract.tiers
    ]
    columns = (Column("notional"), Column("initial margin", "point"), Column("maintenance margin", "point"))
    lines = [head, *table(columns, rows, width=width)]
    if contract.monitor is not None:
        lines += paragraph(_monitor(form, contract.monitor), label="liquidity monitor", hang=HANG, width=width)
    return lines


def _monitor(form: Format, terms: MonitorTerms) -> str:
    def limits(words: str, threshold: Threshold, beyond: str) -> str:
        return f"{words} {beyond} {form.ppm(threshold.enter)} (calm at {form.ppm(threshold.leave)})"

    stressed = (
        limits("a spread", terms.spread, "above"),
        limits("a depth", terms.depth, "below"),
        limits("a volatility", terms.volatility, "above"),
        limits("an expected shortfall", terms.expected_shortfall, "above"),
    )
    return (
        f"{counted(terms.window, 'return')}, at least {form.duration(terms.interval)} apart, at a confidence of "
        f"{form.rate(terms.confidence)}; stressed by {', '.join(stressed)}"
    )


def _fees(form: Format, *, width: int) -> list[str]:
    rulebook = form.rulebook
    rows: list[Sequence[Cell]] = [
        (
            f"{name}{' (default)' if name == rulebook.default_fee_tier else ''}",
            form.rate(tier.maker),
            form.rate(tier.taker),
        )
        for name, tier in sorted(rulebook.fee_tiers.items())
    ]
    rows.append(("providers", form.rate(rulebook.lowest_fees.maker), form.rate(rulebook.lowest_fees.taker)))
    return table((Column("fee tier"), Column("maker", "point"), Column("taker", "point")), rows, width=width)


def _others(form: Format, *, width: int) -> list[str]:
    rulebook = form.rulebook
    program, liquidation, settle = rulebook.program, rulebook.liquidation, rulebook.settle
    rows = [
        ("sources", f"{', '.join(rulebook.sources)}; at least {rulebook.minimum_sources} fresh"),
        ("leverage", f"at most {rulebook.maximum_leverage}"),
        (
            "unrealised gains",
            "admit risk" if rulebook.unrealised_gains_count else "admit no risk before they are rolled",
        ),
        ("funding", f"{_schedule(form, rulebook.funding)}, clamped to {form.rate(rulebook.funding_clamp)}"),
        (
            "settle",
            f"{_schedule(form, settle.schedule)}, where pnl is {form.money(settle.minimum_pnl)} {form.asset} or more, "
            f"and above {form.rate(settle.minimum_ratio)} of effective collateral",
        ),
        (
            "liquidation",
            f"{liquidation.rounds} rounds, {form.duration(liquidation.round_interval)} apart; a round closes at most "
            f"1/{liquidation.fraction} of the position, or {form.money(liquidation.minimum_value)} {form.asset}",
        ),
        (
            "backstop program",
            f"providers' discount {discount(form)}, notice {form.duration(program.notice)}, at least "
            f"{form.money(program.minimum_capacity_per_minute)} {form.asset} a minute and "
            f"{form.money(program.minimum_capacity_per_hour)} an hour, account value at least "
            f"{form.money(program.minimum_account_value)} {form.asset}",
        ),
        ("auto-deleveraging", f"shared by at least the {program.minimum_candidates} largest opposite positions"),
    ]
    lines = [title("terms")]
    for name, text in rows:
        lines += paragraph(text, label=name, hang=HANG, width=width)
    return lines


def _schedule(form: Format, terms: IntervalTerms) -> str:
    return f"every {form.duration(terms.interval)}, within {form.duration(terms.window)}"
