"""The whole set, made once for all that looks at it."""

from functools import cache

from ledger.vectors import Vector, all_cases, answered, files_of_the_set


@cache
def files() -> dict[str, bytes]:
    """Every file of the set by its path."""
    return dict(files_of_the_set())


@cache
def vectors() -> tuple[Vector, ...]:
    """Every case of the package, answered."""
    return tuple(answered(case) for case in all_cases())
