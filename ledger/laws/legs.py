"""What the events of a takeover say of who gives and who receives, for the laws that look at them."""

from ..outcomes import Deleveraged, ProviderTook
from .law import Step, parties


def taken_over(step: Step) -> str:
    """The account taken over."""
    return parties(step.transaction)[0]


def received_of(step: Step) -> dict[str, dict[str, list[tuple[int, int]]]]:
    """Account -> market -> (size, price per lot), from the events."""
    received: dict[str, dict[str, list[tuple[int, int]]]] = {}
    for took in step.happened(ProviderTook):
        lines = received.setdefault(took.provider, {}).setdefault(took.market, [])
        lines.append((took.size, took.price_per_lot))
    for reduced in step.happened(Deleveraged):
        lines = received.setdefault(reduced.account, {}).setdefault(reduced.market, [])
        lines.append((reduced.size, reduced.price_per_lot))
    return received
