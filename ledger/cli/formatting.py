"""Quantities as text, by their units (`units`), for people and for machines.

For people, exact values are truncated toward zero at 9 decimals and rates are percentages. For machines both are
exact, and rates are the fractions that a rulebook has. Everything else is the exact decimal text that a log has.
"""

import attrs

from ..log import format_time
from ..margin import notional
from ..profiles import PRICE_DECIMALS, RATE_DECIMALS
from ..rulebook import Rulebook
from ..state import NEVER
from ..units import EXACT_DECIMALS, EXACT_SCALE, PPM_DECIMALS, div_toward_zero, format_decimal

PRINTED_DECIMALS = 9
PERCENT_DECIMALS = RATE_DECIMALS - 2
SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000


@attrs.frozen
class Format:
    """How the quantities of one rulebook are written, `for_people` or for machines."""

    rulebook: Rulebook
    for_people: bool = True

    def amount(self, atoms: int, asset: str) -> str:
        """Atoms of an asset as a decimal; of one that the rulebook has not, the atoms themselves."""
        terms = self.rulebook.assets.get(asset)
        return format_decimal(atoms, 0 if terms is None else terms.decimals)

    def money(self, atoms: int) -> str:
        """Atoms of the settlement asset as a decimal."""
        return format_decimal(atoms, self.rulebook.settlement_decimals)

    def exact(self, value: int) -> str:
        """An exact value in the settlement asset."""
        decimals = self.rulebook.settlement_decimals + EXACT_DECIMALS
        if self.for_people:
            return format_decimal(div_toward_zero(value, 10 ** (decimals - PRINTED_DECIMALS)), PRINTED_DECIMALS)
        return format_decimal(value, decimals)

    def value(self, atoms: int) -> str:
        """Atoms of the settlement asset that were worked out, not booked: written as an exact value."""
        return self.exact(atoms * EXACT_SCALE)

    def exacts(self, first: int, second: int) -> tuple[str, str]:
        """Two exact values that are compared: in full where they differ and truncating them would hide it."""
        texts = self.exact(first), self.exact(second)
        if first != second and texts[0] == texts[1]:
            full = Format(self.rulebook, for_people=False)
            return full.exact(first), full.exact(second)
        return texts

    def price(self, value: int) -> str:
        """A price, per whole unit."""
        return format_decimal(value, PRICE_DECIMALS)

    def price_per_lot(self, atoms: int, market: str) -> str:
        """Atoms per lot as a price per whole unit, in full, so that it multiplies out; where no decimal is exact, per
        lot."""
        multiplier = self.rulebook.contracts[market].multiplier
        for further in range(multiplier.bit_length()):
            scaled = atoms * 10**further
            if scaled % multiplier == 0:
                return format_decimal(div_toward_zero(scaled, multiplier), PRICE_DECIMALS + further)
        return f"{self.money(atoms)} a lot"

    def size(self, lots: int, market: str) -> str:
        """Lots as a size in units of the underlying; of a market that the rulebook has not, the lots themselves."""
        contract = self.rulebook.contracts.get(market)
        return str(lots) if contract is None else format_decimal(lots * contract.lot_units, PRICE_DECIMALS)

    def rate(self, value: int) -> str:
        """Parts per billion: "0.65%" for people, "0.0065" for machines."""
        if self.for_people:
            return f"{format_decimal(value, PERCENT_DECIMALS)}%"
        return format_decimal(value, RATE_DECIMALS)

    def ppm(self, value: int) -> str:
        """Parts per million: "0.65%" for people, "0.0065" for machines."""
        if self.for_people:
            return f"{format_decimal(value, PPM_DECIMALS - 2)}%"
        return format_decimal(value, PPM_DECIMALS)

    def ratio(self, value: int) -> str:
        """Parts per billion as a plain factor: "0.98"."""
        return format_decimal(value, RATE_DECIMALS)

    def time(self, time: int) -> str:
        """ISO 8601 in UTC; `never` for what has not happened."""
        return "never" if time == NEVER else format_time(time)

    def duration(self, milliseconds: int) -> str:
        """ "6 s", "1.5 s", "15 min" or "8 h"; whole milliseconds for machines."""
        if not self.for_people:
            return str(milliseconds)
        for length, unit in ((HOUR, "h"), (MINUTE, "min")):
            if milliseconds and milliseconds % length == 0:
                return f"{milliseconds // length} {unit}"
        return f"{format_decimal(milliseconds, 3)} s"

    @property
    def asset(self) -> str:
        """The settlement asset's name."""
        return self.rulebook.settlement_asset

    def notional(self, *, lots: int, price: int, market: str) -> str:
        """The notional of lots at a price, in the settlement asset."""
        return self.value(notional(self.rulebook.contracts[market], lots, price))


def signed(text: str) -> str:
    """The decimal text of a change, with its plus."""
    return text if text.startswith("-") or text == "0" else f"+{text}"


def counted(number: int, noun: str) -> str:
    """ "1 fill", "3 fills"."""
    return f"{number} {noun if number == 1 else f'{noun}s'}"
