"""The table: what each way of checking says of each law, for each transaction type that it concerns."""

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence

import attrs

from ..laws import Law, StateLaw
from ..transactions import TYPE_NAMES, TYPES
from .claims import ENGINES, ClaimResult

WHOLE_STATE = "whole state"

Spoken = Mapping[tuple[str, str, str], tuple[int, int]]
"""How often each law was checked and fired: by law id, scope and transaction type, or `WHOLE_STATE`."""


@attrs.frozen
class Row:
    """One law and one transaction type, or the whole state, with what is known.

    `replayed` and `random`: how often the law was checked and how often it fired; None where that way was not gone.
    `symbolic` and `proofs`: the claims whose condition is this law's own predicate. `silent`: where there are no such
    claims, also among those not asked, the proofs that the predicate has nothing to say there. `rests_on`: the claims
    about what the law rests on there, the rule's guard and its kernels. `not_asked`: the engines that have claims of
    the predicate of which none was asked. `broken`: the ways, "logs" or "random", in which the law was broken.
    """

    law: Law
    transaction: str
    replayed: tuple[int, int] | None
    random: tuple[int, int] | None
    symbolic: tuple[ClaimResult, ...]
    proofs: tuple[ClaimResult, ...]
    silent: tuple[ClaimResult, ...]
    rests_on: tuple[ClaimResult, ...]
    not_asked: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()


def concerned(law: Law) -> tuple[str, ...]:
    """The transaction types that a law looks at, in the order of the rulebook; the whole state for a law of it."""
    if isinstance(law, StateLaw):
        return (WHOLE_STATE,)
    if not law.concerns:
        return TYPES
    names = {TYPE_NAMES[kind] for kind in law.concerns}
    return tuple(name for name in TYPES if name in names)


def rows_of(
    laws: Iterable[Law],
    *,
    replayed: Spoken | None,
    random: Spoken | None,
    claims: Sequence[ClaimResult],
    listed: Sequence[ClaimResult],
    broken: Mapping[str, Container[str | None]] | None = None,
) -> tuple[Row, ...]:
    """A row for every law and type that it concerns, in the order of the laws.

    `claims`: those asked; `listed`: all there are. `broken`: the ids of broken laws by way.
    """
    return tuple(
        Row(
            law,
            transaction,
            _spoken(replayed, law, transaction),
            _spoken(random, law, transaction),
            _claims_of(claims, law, transaction, "symbolic"),
            _claims_of(claims, law, transaction, "proofs"),
            _silent(claims, law, transaction) if not _are_there(listed, law, transaction) else (),
            tuple(claim for claim in claims if claim.kind != "laws" and _is_about(claim, law, transaction)),
            tuple(
                engine
                for engine in ENGINES
                if _claims_of(listed, law, transaction, engine) and not _claims_of(claims, law, transaction, engine)
            ),
            tuple(way for way, ids in (broken or {}).items() if law.id in ids),
        )
        for law in laws
        for transaction in concerned(law)
    )


def _spoken(spoken: Spoken | None, law: Law, transaction: str) -> tuple[int, int] | None:
    return None if spoken is None else spoken.get((law.id, law.scope.value, transaction), (0, 0))


def _claims_of(claims: Iterable[ClaimResult], law: Law, transaction: str, engine: str) -> tuple[ClaimResult, ...]:
    own = (claim for claim in claims if claim.engine == engine and claim.kind == "laws")
    return tuple(claim for claim in own if _is_about(claim, law, transaction))


def _silent(claims: Iterable[ClaimResult], law: Law, transaction: str) -> tuple[ClaimResult, ...]:
    return tuple(claim for claim in claims if law.id in claim.silent and transaction in claim.transactions)


def _are_there(listed: Iterable[ClaimResult], law: Law, transaction: str) -> bool:
    """Whether the law speaks in the world of any claim; in that of another it may be silent."""
    return any(claim.kind == "laws" and _is_about(claim, law, transaction) for claim in listed)


def _is_about(claim: ClaimResult, law: Law, transaction: str) -> bool:
    return law.id in claim.laws and transaction in claim.transactions


def statuses(claims: Iterable[ClaimResult]) -> str:
    """The claims' statuses with their numbers, the best known first: "2 CONFIRMED, 1 UNKNOWN"; empty for none."""
    counts = Counter(claim.status for claim in claims)
    order = ("PROVED", "CONFIRMED", "NO COUNTEREXAMPLE", "UNKNOWN", "VACUOUS", "ERROR", "REFUTED")
    return ", ".join(f"{counts[status]} {status}" for status in order if counts[status])
