"""What a command found as files that a build server reads: JUnit's XML and SARIF's JSON (specs/reports).

`checks` holds what was checked in one neutral form, and `junit` and `sarif` make bytes of it: no clock, no machine's
name, nothing drawn, so that the same checks are the same bytes.
"""

from .checks import Check, Finding, Place, Result, Told, Trouble
from .junit import junit_bytes
from .mismatches import Mismatched, compared_checks
from .sarif import sarif_bytes

__all__ = [
    "Check",
    "Finding",
    "Mismatched",
    "Place",
    "Result",
    "Told",
    "Trouble",
    "compared_checks",
    "junit_bytes",
    "sarif_bytes",
]
