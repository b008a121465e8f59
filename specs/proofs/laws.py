"""The laws' own predicates, the ones that run over logs, called on symbolic steps."""

from functools import partial

from ledger.checks import Apply
from ledger.laws import REGISTRY, Breach, HistoryLaw, Step, StepLaw, is_asked
from ledger.outcomes import Applied, Rejected
from ledger.postings import CashPosting, Posting
from ledger.transition import state_after

from .claims import APPLY, Claim, Kind, Lemma, PlantedBug
from .engine import ACCEPTED, Budget, Path
from .pages import Scene
from .worlds import USDT


def columns_of(postings: tuple[Posting, ...]) -> dict[str, int]:
    """What the postings sum to by column: assets, with reference costs under settlement, and markets' sizes."""
    columns: dict[str, int] = {USDT: 0}
    for posting in postings:
        if isinstance(posting, CashPosting):
            columns[posting.asset] = columns.get(posting.asset, 0) + posting.amount
        else:
            columns[USDT] = columns[USDT] + posting.reference_cost
            columns[posting.market] = columns.get(posting.market, 0) + posting.size
    return columns


Laws = tuple[StepLaw | HistoryLaw, ...]


def laws_concerning(kind: type) -> Laws:
    """Every step and history law that looks at a type of transaction, in the registry's order."""
    return tuple(
        law for law in REGISTRY if isinstance(law, StepLaw | HistoryLaw) and (not law.concerns or kind in law.concerns)
    )


def holds_of(path: Path, step: Step, laws: Laws, silent: tuple[str, ...] = ()) -> None:
    """The postings of the step net to zero, and the laws hold of it; each that spoke is noted as reached."""
    if isinstance(step.outcome, Applied):
        for column, total in columns_of(step.outcome.postings).items():
            path.require(total == 0, f"postings of {column} net to zero")
    for law in laws:
        asked = is_asked(law, step)
        if isinstance(step.outcome, Rejected) and not asked:
            continue
        verdict = (law.start(step.before) if isinstance(law, HistoryLaw) else law.check)(step)
        path.require(not isinstance(verdict, Breach), f"{law.id} holds")
        path.require(asked or verdict is None, f"{law.id} has nothing to say where it is not asked")
        if law.id in silent:
            path.require(verdict is None, f"{law.id} says nothing")
        elif verdict is not None:
            path.reach(law.id)


def keeps_laws(path: Path, apply: Apply, *, scene: Scene, laws: Laws, silent: tuple[str, ...] = ()) -> None:
    """After every answer postings net to zero, and every law's predicate holds of the step."""
    state, transaction = scene(path)
    outcome = apply(state, transaction)
    path.reach(ACCEPTED if isinstance(outcome, Applied) else "refused")
    holds_of(path, Step(state, transaction, outcome, state_after(state, outcome)), laws, silent)


def claim_of_laws(
    claim_id: str,
    scene: Scene,
    *,
    transaction: str,
    kind: type,
    world: tuple[str, ...],
    bugs: tuple[PlantedBug, ...],
    silent: tuple[str, ...] = (),
    only: tuple[str, ...] = (),
    without: tuple[str, ...] = (),
    quick: bool = True,
    budget: Budget | None = None,
    lemmas: tuple[Lemma, ...] = (),
) -> Claim:
    """The claim that every step and history law that concerns a type of transaction holds over a scene, or those of
    the ids `only`.

    Each law must be seen to speak, but for those named as silent there, which must not: the claim is not about them;
    nor about those that it is `without`, which are not asked.
    """
    laws = tuple(law for law in laws_concerning(kind) if law.id not in without and (not only or law.id in only))
    ids = tuple(law_id for law_id in dict.fromkeys(law.id for law in laws) if law_id not in silent)
    unheard = f"; {' and '.join(silent)} never speak there" if silent else ""
    excepted = f", but {' and '.join(without)}," if without else ""
    every = f"every step and history law that concerns it{excepted} holds"
    held = f"{', '.join(ids)} hold" if only else every
    return Claim(
        claim_id,
        Kind.LAWS,
        (transaction,),
        ids,
        f"Over this world, after every {transaction}, applied or refused, postings net to zero and {held}{unheard}.",
        world,
        APPLY,
        partial(keeps_laws, scene=scene, laws=laws, silent=silent),
        bugs,
        reaches=(ACCEPTED, "refused", *ids),
        quick=quick,
        silent=silent,
        budget=budget,
        lemmas=lemmas,
    )
