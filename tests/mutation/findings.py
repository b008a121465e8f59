"""What an engine found."""

import attrs


@attrs.frozen
class Finding:
    """What an engine found. `by`: what was broken or raised, None for nothing. `unknown`: claims that stayed open."""

    by: str | None = None
    detail: str = ""
    unknown: tuple[str, ...] = ()


NOTHING = Finding()


def raised(error: BaseException) -> Finding:
    """An exception where there should be none."""
    return Finding(f"raises {type(error).__name__}", str(error)[:200])
