"""Pages have every check of their rule, and a rule that is held against a wrong page does not follow it."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import attrs
import pytest

from ledger.checks import checks_for
from ledger.laws import HELD, REGISTRY, Breach, Looks, Step, StepLaw
from ledger.outcomes import AccountOpened, Applied, Rejected
from ledger.postings import CashPosting
from ledger.rulebook import FEES
from ledger.state import Account, Provider, State
from ledger.transactions import TYPE_NAMES, Deposit, Transaction
from ledger.transition import apply
from specs.proofs.claims import Claim
from specs.proofs.engine import ACCEPTED, Path, Status, plain_path, prove
from specs.proofs.laws import keeps_laws, laws_concerning
from specs.proofs.pages import SETTINGS, Check, Effects, Page, Scene, all_checks, equal, follows_page
from specs.proofs.registry import CLAIMS
from specs.proofs.rules.deposit import PAGE, scene
from specs.proofs.watched import Reach

from .results import proved


def page_of(claim: Claim) -> tuple[Page, Scene] | None:
    """The page and the scene of a claim that a rule follows its page."""
    if isinstance(claim.prove, partial) and claim.prove.func is follows_page:
        return claim.prove.keywords["page"], claim.prove.keywords["scene"]
    return None


FOLLOWED = [(claim, *found) for claim in CLAIMS if (found := page_of(claim)) is not None]
ONE_OF_EACH = {page.rule: (claim, page, scene) for claim, page, scene in reversed(FOLLOWED) if claim.quick}


def seen(claim: Claim, scene: Scene, point: str) -> tuple[State, Transaction]:
    """The state and the transaction with which a point of the claim's proof was reached."""
    return scene(plain_path(proved(claim).witnesses[point]))


def test_every_rule_is_held_against_its_page() -> None:
    kinds = {type(seen(claim, scene, ACCEPTED)[1]) for claim, _, scene in ONE_OF_EACH.values()}
    assert kinds == set(TYPE_NAMES)


@pytest.mark.parametrize("rule", ONE_OF_EACH)
def test_a_page_has_every_check_of_its_rule_in_order(rule: str) -> None:
    claim, page, scene = ONE_OF_EACH[rule]
    state, transaction = seen(claim, scene, ACCEPTED)
    found = dict.fromkeys((check.id, check.reason) for check in all_checks(page, state, transaction))
    assert list(found) == [(f"{rule}-{check.number}", check.reason) for check in checks_for(transaction)]


@pytest.mark.parametrize("rule", ONE_OF_EACH)
def test_every_check_of_a_rule_is_seen_to_refuse_by_some_claim(rule: str) -> None:
    claim, _, scene = ONE_OF_EACH[rule]
    _, transaction = seen(claim, scene, ACCEPTED)
    seen_to_refuse = {point for claim, page, _ in FOLLOWED if page.rule == rule for point in claim.reaches}
    for check in checks_for(transaction):
        assert f"refused by {rule}-{check.number}" in seen_to_refuse, f"{rule}-{check.number}"


@pytest.mark.parametrize("rule", ONE_OF_EACH)
def test_what_was_seen_to_refuse_refuses_plainly(rule: str) -> None:
    claim, page, scene = ONE_OF_EACH[rule]
    for point in claim.reaches:
        state, transaction = seen(claim, scene, point)
        outcome = apply(state, transaction)
        is_applied = point == ACCEPTED or point.startswith("told of ")
        assert isinstance(outcome, Rejected) != is_applied
        if isinstance(outcome, Rejected):
            first = next(check for check in all_checks(page, state, transaction) if not check.holds)
            assert (f"refused by {first.id}", first.reason) == (point, outcome.reason)


# Wrong pages


def held_against(page: Page) -> Status:
    """What is known of deposit against a page."""
    proof = partial(follows_page, apply=apply, scene=scene, page=page)
    return prove(lambda path: proof(path), reaches=(ACCEPTED,)).status


def with_checks(change: Callable[[Check], Check | None]) -> Page:
    """The page of deposit with its checks changed, or some left out."""

    def checks(state: State, transaction: Deposit) -> Iterable[Check]:
        for check in PAGE.checks(state, transaction):
            changed = change(check)
            if changed is not None:
                yield changed

    return attrs.evolve(PAGE, checks=checks)


def with_effects(change: Callable[[State, Deposit, Effects], Effects]) -> Page:
    """The page of deposit with its effects changed."""

    def effects(state: State, transaction: Deposit) -> Effects:
        return change(state, transaction, PAGE.effects(state, transaction))

    return attrs.evolve(PAGE, effects=effects)


def test_the_page_itself_is_followed() -> None:
    assert held_against(with_checks(lambda check: check)) is Status.PROVED


@pytest.mark.parametrize("number", range(1, 7))
def test_a_check_left_out_is_missed(number: int) -> None:
    page = with_checks(lambda check: None if check.id == f"deposit-{number}" else check)
    assert held_against(page) is Status.REFUTED


@pytest.mark.parametrize("figure", ["supplied", "limit", "subject"])
def test_a_wrong_figure_is_seen(figure: str) -> None:
    def change(check: Check) -> Check:
        changed: dict[str, Any] = {figure: "x" if figure == "subject" else 12345}
        return attrs.evolve(check, **changed) if check.id == "deposit-3" else check

    assert held_against(with_checks(change)) is Status.REFUTED


def test_a_check_in_the_wrong_place_is_seen() -> None:
    def checks(state: State, transaction: Deposit) -> Iterable[Check]:
        first, *others = PAGE.checks(state, transaction)
        yield from (*others, first) if not others[0].holds or len(others) > 3 else (first, *others)

    assert held_against(attrs.evolve(PAGE, checks=checks)) is Status.REFUTED


WRONG_EFFECTS: dict[str, Callable[[State, Deposit, Effects], Effects]] = {
    "an account that does not change": lambda state, _, effects: attrs.evolve(
        effects, accounts={**effects.accounts, FEES: attrs.evolve(state.accounts[FEES], max_leverage=7)}
    ),
    "an account that is not named": lambda _, asked, effects: attrs.evolve(
        effects, accounts={key: row for key, row in effects.accounts.items() if key != asked.account}
    ),
    "another amount": lambda _, asked, effects: attrs.evolve(
        effects,
        accounts={
            key: attrs.evolve(row, cash=row.cash.set(asked.asset, asked.amount))
            for key, row in effects.accounts.items()
        },
    ),
    "the last settle": lambda state, _, effects: attrs.evolve(effects, last_settle=state.last_settle + 1),
    "an event": lambda _, asked, effects: attrs.evolve(effects, events=(AccountOpened(asked.account),)),
    "a posting": lambda _, asked, effects: attrs.evolve(
        effects, postings=(*effects.postings, CashPosting(asked.account, asked.asset, 0))
    ),
    "the order of postings": lambda _, __, effects: attrs.evolve(effects, postings=effects.postings[::-1]),
    "a price": lambda state, asked, effects: attrs.evolve(effects, prices={asked.asset: state.prices[asked.asset] + 1}),
    "a provider": lambda _, asked, effects: attrs.evolve(effects, providers={asked.account: Provider(None, None, ())}),
}


@pytest.mark.parametrize("name", WRONG_EFFECTS)
def test_wrong_effects_are_seen(name: str) -> None:
    assert held_against(with_effects(WRONG_EFFECTS[name])) is Status.REFUTED


def test_a_reach_that_is_too_small_is_seen() -> None:
    def alone(state: State, transaction: Deposit) -> Reach:
        return attrs.evolve(PAGE.reach(state, transaction), accounts=frozenset((transaction.account,)))

    assert held_against(attrs.evolve(PAGE, reach=alone)) is Status.REFUTED


def test_a_page_speaks_of_every_field_there_is() -> None:
    """What is held against a page names the fields of a state, of an account and of an outcome; so none is missed."""
    told = {"rulebook", "time", "sequence", "last_settle", "accounts", "markets", "prices", "providers"}
    assert {field.name for field in attrs.fields(State)} == told
    assert {field.name for field in attrs.fields(Account)} == {"cash", "positions", *SETTINGS}
    assert {field.name for field in attrs.fields(Applied)} == {"state", "postings", "events"}
    assert {field.name for field in attrs.fields(Rejected)} == {"reason", "supplied", "limit", "subject"}


def test_equality_goes_into_every_part() -> None:
    one, other = Deposit(1, "a", "USDT", 5), Deposit(1, "a", "USDT", 6)
    assert equal((one, {}), (one, {})) is True
    assert equal((one,), (other,)) is False
    assert equal((one,), (one, one)) is False
    assert equal(one, None) is False
    assert equal("5", 5) is False

    def proof(path: Path) -> None:
        amount = path.integer("amount")
        path.reach(ACCEPTED)
        same = equal(Deposit(1, "a", "USDT", amount), Deposit(1, "a", "USDT", 5))
        path.require(same == (amount == 5), "equal where the amounts are")

    assert prove(proof).status is Status.PROVED


# Laws


def law_that(verdict: Any) -> StepLaw:
    """A law with the same verdict on every step, refusals too."""
    return StepLaw("OWN-1", "A law of this test.", lambda step: verdict, looks=Looks.ALL)


def laws_hold(*laws: StepLaw, silent: tuple[str, ...] = ()) -> Status:
    """What is known of these laws over the scene of deposit."""
    proof = partial(keeps_laws, apply=apply, scene=scene, laws=laws, silent=silent)
    return prove(lambda path: proof(path), reaches=(ACCEPTED, *(law.id for law in laws if law.id not in silent))).status


def test_a_law_is_held_broken_or_silent() -> None:
    assert laws_hold(law_that(HELD)) is Status.PROVED
    assert laws_hold(law_that(Breach("always"))) is Status.REFUTED
    assert laws_hold(law_that(None)) is Status.VACUOUS
    assert laws_hold(law_that(None), silent=("OWN-1",)) is Status.PROVED
    assert laws_hold(law_that(HELD), silent=("OWN-1",)) is Status.REFUTED


def test_a_law_broken_by_one_amount_alone_is_refuted() -> None:
    def check(step: Step) -> Any:
        assert isinstance(step.transaction, Deposit)
        return Breach("that one") if step.transaction.amount == 10**30 + 10**4 else HELD

    assert laws_hold(StepLaw("OWN-1", "Not this amount.", check)) is Status.REFUTED


@pytest.mark.parametrize("kind", list(TYPE_NAMES), ids=lambda kind: kind.__name__)
def test_every_law_that_concerns_a_type_is_claimed_or_said_to_be_silent(kind: type) -> None:
    asked: set[str] = set()
    for claim in CLAIMS:
        proof = claim.prove
        if isinstance(proof, partial) and proof.func is keeps_laws and claim.transactions == (TYPE_NAMES[kind],):
            laws = {law.id for law in proof.keywords["laws"]}
            assert laws == {*claim.laws, *claim.silent}
            asked |= laws
    assert asked == {law.id for law in laws_concerning(kind)}
    assert {
        law.id for law in REGISTRY if not isinstance(law, StepLaw) and kind in getattr(law, "concerns", ())
    } <= asked
