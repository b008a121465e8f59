"""Python's collector of reference cycles, which the ledger's values never form.

Every transaction makes and drops dozens of values, all freed by their counts. Left alone the collector looks through
them every few hundred, and now and then through the whole state: a seventh of a replay's time, more the larger the
venue. A process that is a command's own tells it to look seldom; a process that embeds the ledger decides for itself.
"""

import gc

YOUNG = 100_000
"""Values made and not freed, between two looks at the youngest."""


def collect_seldom() -> None:
    """Have this process look for cycles seldom, and never again among what there is now."""
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 100)
