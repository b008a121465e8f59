"""`backstop verify`."""

from pathlib import Path

import click

from ..law_files import laws_from
from ..laws import REGISTRY
from ..verifying.claims import ENGINES, SpecsError, specs_folder
from ..verifying.logs import shipped_logs
from ..verifying.verification import WAYS, Plan, verify
from .commands import BAD_INPUT
from .options import Seconds, files, json_option, laws_from_option, print_document, print_lines
from .pipeline import Pipeline, pipeline_options
from .progress import progress_of_ways
from .reporting_verified import verified_checks
from .verified import closing_sentence, untried, verified_document, verified_lines

EXAMPLE = """\b
Example:
  backstop verify --law ENR-1 --quick --examples 20"""

LAW_IDS = tuple(dict.fromkeys(law.id for law in REGISTRY))
EXAMPLES, QUICK_EXAMPLES, STEPS = 2000, 200, 200


@click.command("verify", epilog=EXAMPLE)
@click.option("--law", "law_id", metavar="ID", help="This law alone, such as CAP-1.")
@click.option(
    "--way",
    "ways",
    type=click.Choice(WAYS),
    multiple=True,
    help="This way of checking alone; may be given several times.",
)
@click.option("--quick", is_flag=True, help="The quick form: fewer examples, and the claims that take seconds.")
@click.option(
    "--budget",
    type=Seconds(),
    metavar="SECONDS",
    help="Share so many seconds out to examples and claims; what is not decided is UNKNOWN.",
)
@click.option(
    "--examples",
    type=click.IntRange(min=1),
    metavar="N",
    help=f"Random examples; {EXAMPLES}, or {QUICK_EXAMPLES} in the quick form.",
)
@click.option(
    "--seed", type=click.IntRange(min=0), metavar="S", default=0, show_default=True, help="The seed of the examples."
)
@click.option(
    "--workers", type=click.IntRange(min=1), metavar="N", default=1, show_default=True, help="Processes that work."
)
@click.option(
    "--log",
    "logs",
    multiple=True,
    type=click.Path(),
    shell_complete=files,
    metavar="LOG",
    help="Replay this log instead of those of the checkout; may be given several times.",
)
@click.option("--specs", type=click.Path(), metavar="DIR", help="The folder of the claims, where it is not ./specs.")
@click.option(
    "--fail-on",
    "fail_on",
    type=click.Choice(["unknown"]),
    help="Fail on what is UNKNOWN also in the quick form or under a budget, and on what nothing put to the test.",
)
@laws_from_option
@pipeline_options
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    law_id: str | None,
    ways: tuple[str, ...],
    quick: bool,
    budget: float | None,
    examples: int | None,
    seed: int,
    workers: int,
    logs: tuple[str, ...],
    specs: str | None,
    fail_on: str | None,
    law_files: tuple[str, ...],
    as_json: bool,
    pipeline: Pipeline,
) -> int:
    """Check every law four ways, and print what is known of each for every transaction it concerns.

    On logs and at random: how often the law fired, of how often it was checked; one that never fired was not put to the
    test. Symbolic: contracts over the code itself, CONFIRMED over all paths or NO COUNTEREXAMPLE within the budget.
    Proofs: by a solver, for all integers over a stated world. What the law rests on: claims about the rule's guard and
    its kernels. UNKNOWN never counts as passing: it fails the full form.
    """
    if law_id is not None and law_id not in LAW_IDS:
        ids = tuple(dict.fromkeys((*LAW_IDS, *(law.id for law in laws_from(law_files)))))
        if law_id not in ids:
            what = f"there is no law {law_id}; the laws are {', '.join(ids)}"
            raise click.BadParameter(what, ctx, param_hint="--law")
    chosen = tuple(way for way in WAYS if not ways or way in ways)
    try:
        folder = specs_folder(specs) if any(engine in chosen for engine in ENGINES) or not logs else None
        plan = Plan(
            law_id=law_id,
            ways=chosen,
            logs=tuple(map(Path, logs)) if logs or folder is None else tuple(shipped_logs(folder.parent)),
            specs=folder,
            examples=examples or (QUICK_EXAMPLES if quick else EXAMPLES),
            steps=STEPS,
            seed=seed,
            workers=workers,
            budget=budget,
            quick=quick,
            law_files=law_files,
        )
        with progress_of_ways() as look:
            found = verify(plan, look)
    except SpecsError as error:
        pipeline.tell_trouble("bad input", str(error), code=BAD_INPUT)
        raise click.UsageError(str(error), ctx) from None
    closing = closing_sentence(found)
    is_strict, partly = fail_on == "unknown", quick or budget is not None
    fails_on_unknown = is_strict or not partly
    code = int(bool(found.failures or (found.unknown and fails_on_unknown) or (is_strict and untried(found))))
    checks = verified_checks(found, fails_on_unknown=fails_on_unknown, fails_on_untried=is_strict)
    pipeline.tell(checks, closing=closing, code=code, subject=subject_of(plan))
    if as_json:
        print_document(verified_document(found, closing=closing))
    else:
        print_lines(verified_lines(found, closing=closing))
    return code


def subject_of(plan: Plan) -> str:
    """What a plan checks, in words."""
    laws = "every law" if plan.law_id is None else f"law {plan.law_id}"
    return f"{laws}: {', '.join(plan.ways)}"
