"""Random testing: transactions drawn with the state in view, so that the corners of the rulebook are common.

A generator is a function of a `Chooser` and a `Sight`, which is what it sees of a state. It aims: at the mark where an
account meets maintenance margin, at the lot that uses free collateral up, at the millisecond in which a window ends.
Any chooser drives the very same generators: `Seeded` is a plain `random.Random` and fast; the tests have one that
hypothesis draws, remembers and shrinks.

`campaign.campaign` runs many simulations, each an example of its own, with every law watching, and `shrink` makes a
short log of one that breaks a law.

`spoil` takes a transaction and gives it one fault. `MOODS` weigh the generators, `ARCS` string moods together into
what markets do, and `play` runs a whole simulation of them.
"""

from ..choosers import Chooser, Seeded
from .drawn_rulebooks import drawn_rulebook
from .faults import spoil
from .findings import Finding, first_finding
from .moods import ARCS, GENERATORS, MOODS, Generator, Mood
from .rulebooks import GENESES, RULEBOOKS
from .shrinking import Shrunk, shrink
from .sight import Sight
from .simulation import Simulation, next_transaction, opening, play, stepped
from .times import START

__all__ = [
    "ARCS",
    "GENERATORS",
    "GENESES",
    "MOODS",
    "RULEBOOKS",
    "START",
    "Chooser",
    "Finding",
    "Generator",
    "Mood",
    "Seeded",
    "Shrunk",
    "Sight",
    "Simulation",
    "drawn_rulebook",
    "first_finding",
    "next_transaction",
    "opening",
    "play",
    "shrink",
    "spoil",
    "stepped",
]
