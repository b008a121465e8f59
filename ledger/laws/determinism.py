"""The law of determinism: the same transaction on the same state gives the same outcome, from any checkpoint."""

from ..canonical import chain, state_bytes, state_from_bytes
from ..outcomes import Applied
from ..transition import apply
from .law import HELD, Breach, Span, StateLaw, Verdict

_START = bytes(32)


def the_last_step_repeats_from_a_checkpoint(span: Span) -> Verdict:
    """DET-1: the last step, applied again to a state read back from its bytes, gives the same digests."""
    step = span.last
    if step is None:
        return None
    restored = state_from_bytes(state_bytes(step.before))
    again = apply(restored, step.transaction)
    if chain(_START, step.transaction, again) != chain(_START, step.transaction, step.outcome):
        return Breach("a transaction applied again from a checkpoint had another outcome")
    # States that are equal have the same bytes; to compare values is faster than to write them twice.
    if not isinstance(again, Applied) or again.state != step.after:
        return Breach("a transaction applied again from a checkpoint left another state")
    return HELD


LAWS = (
    StateLaw(
        "DET-1",
        "The same log gives the same digest, from any checkpoint.",
        the_last_step_repeats_from_a_checkpoint,
    ),
)
