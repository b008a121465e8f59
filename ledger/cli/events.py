"""Events for machines: every field of an event as text in its unit."""

from collections.abc import Callable
from typing import Any

import attrs

from ..outcomes import Converted, Event, Figures, Funded
from ..state import Limits
from .formatting import Format
from .words import funding_rate, volatility

Write = Callable[[Format, Event, Any], object]


def _as_is(form: Format, event: Event, value: Any) -> object:
    return value


def _money(form: Format, event: Event, value: Any) -> object:
    return form.money(value)


def _price(form: Format, event: Event, value: Any) -> object:
    return form.price(value)


def _time(form: Format, event: Event, value: Any) -> object:
    return form.time(value)


def _amount(form: Format, event: Event, value: Any) -> object:
    return form.amount(value, event.asset) if isinstance(event, Converted) else form.money(value)


def _size(form: Format, event: Event, value: Any) -> object:
    return form.size(value, str(getattr(event, "market", "")))


def _limits(form: Format, event: Event, value: Limits) -> object:
    return {field.name: form.money(getattr(value, field.name)) for field in attrs.fields(Limits)}


def _figures(form: Format, event: Event, value: Figures) -> object:
    return {
        "spread": form.ppm(value.spread),
        "depth": None if value.depth is None else form.ppm(value.depth),
        "volatility": form.ppm(volatility(value.variance)),
        "value_at_risk": form.ppm(value.value_at_risk),
        "expected_shortfall": form.ppm(value.expected_shortfall),
        "returns": value.returns,
        "volume": _size(form, event, value.volume),
    }


WRITERS: dict[str, Write] = {
    "account": _as_is,
    "amount": _amount,
    "asset": _as_is,
    "bankruptcy": _money,
    "buyer": _as_is,
    "buyer_fee": _money,
    "deleverage_price": _money,
    "equity": _money,
    "fee_tier": _as_is,
    "figures": _figures,
    "fills": _as_is,
    "index": _price,
    "instant": _time,
    "limits": _limits,
    "mark": _price,
    "mark_per_lot": _money,
    "market": _as_is,
    "max_leverage": _as_is,
    "obliged_until": _time,
    "per_lot": _money,
    "pnl": _money,
    "price": _price,
    "price_per_lot": _money,
    "proceeds": _money,
    "provider": _as_is,
    "provider_price": _money,
    "room": _size,
    "round": _as_is,
    "seller": _as_is,
    "seller_fee": _money,
    "shrunk": _money,
    "size": _size,
    "stage": _as_is,
}
"""How each field is written, by its name; prices of a takeover are amounts per lot."""


def event_document(form: Format, event: Event) -> dict[str, object]:
    """The event's name and its fields; a funding's exact rate as one truncated number."""
    told: dict[str, object] = {"event": type(event).__name__}
    for field in attrs.fields(type(event)):
        if field.name in WRITERS:
            told[field.name] = WRITERS[field.name](form, event, getattr(event, field.name))
    if isinstance(event, Funded):
        told["rate"] = form.rate(funding_rate(event.rate_numerator, event.rate_denominator))
    return told
