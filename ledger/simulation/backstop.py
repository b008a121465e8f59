"""The terms of the backstop that a simulation is made with, and that a calibration varies."""

import attrs


@attrs.frozen
class BackstopTerms:
    """The backstop of a scenario, all providers together; amounts in atoms of the settlement asset.

    `capacity_per_minute`, `capacity_per_hour` and `max_holdings` (per market), in notional, split over the providers
    alike; a capacity of zero means no providers. `discount`: ppb, signed as in the program's terms. `fund`: what the
    insurance fund begins with.
    """

    capacity_per_minute: int
    capacity_per_hour: int
    max_holdings: int
    discount: int
    fund: int
