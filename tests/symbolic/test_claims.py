"""Every claim says what it is about, and can be read; that the quick ones hold is tested with `backstop verify`."""

import ast
import inspect
import pkgutil
from importlib import import_module
from types import ModuleType

import pytest

import ledger
from ledger.laws import REGISTRY
from ledger.transactions import TYPE_NAMES
from specs.symbolic import registry
from specs.symbolic.claims import Claim, Kind, Status, lines_of, unread_lines
from specs.symbolic.engine import conditions_of
from specs.symbolic.planting import exchange_of
from specs.symbolic.registry import CLAIMS

CONTRACTS = {claim.contract.__name__ for claim in CLAIMS}


def name_of(claim: Claim) -> str:
    return claim.id


@pytest.mark.parametrize("claim", CLAIMS, ids=name_of)
def test_contracts_are_read_as_they_are_written(claim: Claim) -> None:
    conditions = conditions_of(claim.contract)
    assert len(conditions) == len(lines_of(claim.contract, "post"))
    assert claim.statement.endswith("."), claim.statement
    assert unread_lines(claim.contract) == []
    assert claim.reaches
    bug = exchange_of(claim.bug)
    ast.parse(bug.source)


def test_claims_have_ids_of_their_own_and_name_what_exists() -> None:
    assert len({claim.id for claim in CLAIMS}) == len(CLAIMS)
    assert len({claim.contract for claim in CLAIMS}) == len(CLAIMS)
    laws, types = {law.id for law in REGISTRY}, set(TYPE_NAMES.values())
    for claim in CLAIMS:
        assert set(claim.laws) <= laws, claim.id
        assert set(claim.transactions) <= types, claim.id
        assert len(set(claim.laws)) == len(claim.laws), claim.id


def test_less_than_confirmed_is_declared_with_its_reason() -> None:
    for claim in CLAIMS:
        assert claim.expected in (Status.CONFIRMED, Status.NO_COUNTEREXAMPLE), claim.id
        assert bool(claim.why) == (claim.expected is not Status.CONFIRMED), claim.id


@pytest.mark.parametrize("kind", [Kind.GUARD, Kind.LAWS])
def test_every_transaction_has_a_confirmed_claim_of_its_guard_and_of_its_laws(kind: Kind) -> None:
    confirmed = [claim for claim in CLAIMS if claim.kind is kind and claim.expected is Status.CONFIRMED]
    assert {name for claim in confirmed for name in claim.transactions} == set(TYPE_NAMES.values())


def test_what_a_claim_says_of_laws_is_seen_to_fire() -> None:
    """Every law that a claim about laws names is named by what must be possible, so that its twin has shown it."""
    for claim in CLAIMS:
        if claim.kind is Kind.LAWS:
            fired = laws_fired(claim)
            assert set(claim.laws) <= fired, f"{claim.id} never shows {sorted(set(claim.laws) - fired)}"


def laws_fired(claim: Claim) -> set[str]:
    """The laws that the claim's reaches ask to fire, the names of groups of laws looked up in its module."""
    module = inspect.getmodule(claim.contract)
    assert isinstance(module, ModuleType)
    fired: set[str] = set()
    for reach in claim.reaches:
        for node in ast.walk(ast.parse(reach, mode="eval")):
            if not (isinstance(node, ast.Call) and ast.unparse(node.func) == "_.fired"):
                continue
            if is_negated(reach, node):
                continue
            fired |= set(eval(f"({', '.join(map(ast.unparse, node.args))},)", vars(module)))
    return fired


def is_negated(reach: str, call: ast.Call) -> bool:
    """Whether the expression asks that the laws did not fire."""
    return f"not {ast.unparse(call)}" in ast.unparse(ast.parse(reach, mode="eval"))


def test_no_contract_calls_a_contract() -> None:
    """CrossHair would take what a called contract claims for granted."""
    for claim in CLAIMS:
        module = inspect.getmodule(claim.contract)
        assert isinstance(module, ModuleType)
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in CONTRACTS, f"{module.__name__} calls {node.func.id}"


def test_only_contracts_have_the_lines_of_one() -> None:
    modules = [module for module in vars(registry).values() if isinstance(module, ModuleType)]
    assert len(modules) > 10
    for module in modules:
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__:
                assert bool(lines_of(function, "post")) == (name in CONTRACTS), f"{module.__name__}.{name}"


def test_no_function_of_the_ledger_has_the_lines_of_a_contract() -> None:
    for found in pkgutil.walk_packages(ledger.__path__, "ledger."):
        if found.name == "ledger.__main__":
            continue
        module = import_module(found.name)
        for name, member in inspect.getmembers(module):
            if inspect.isfunction(member) or inspect.isclass(member):
                for heading in ("pre", "post", "raises", "inv"):
                    assert not lines_of(member, heading), f"{found.name}.{name}"
