"""The claims name what exists, the pages say what the claims say, and every law is claimed wherever it can be."""

from pathlib import Path
from typing import Any

import pytest

from ledger.laws import REGISTRY, StateLaw
from ledger.transactions import TYPES
from ledger.verifying.claims import ENGINES, listed, specs_folder
from ledger.verifying.table import WHOLE_STATE, concerned
from specs.__main__ import BEGIN, FOLDER, law_rows, laws_page, stale_pages
from specs.proofs.registry import CLAIMS as PROOFS
from specs.symbolic.registry import CLAIMS as CONTRACTS

ALL: list[tuple[str, Any]] = [("symbolic", claim) for claim in CONTRACTS] + [("proofs", claim) for claim in PROOFS]


def test_no_page_is_stale() -> None:
    """`python -m specs` writes them."""
    assert [path.name for path in stale_pages()] == []


def test_a_stale_page_would_be_seen() -> None:
    now = (FOLDER / "laws.md").read_text(encoding="utf-8")
    before, begin, rest = now.partition(BEGIN)
    assert begin
    spoilt = f"{before}{begin}{rest.replace('| FND-1 |', '| FND-9 |')}"
    assert spoilt != now
    assert laws_page(spoilt) == now


@pytest.mark.parametrize(("engine", "claim"), ALL, ids=lambda value: getattr(value, "id", value))
def test_a_claim_names_laws_and_transactions_that_exist_and_concern_each_other(engine: str, claim: Any) -> None:
    assert claim.laws or claim.kind.value == "kernel"
    assert claim.transactions or not claim.laws
    if WHOLE_STATE in claim.transactions:
        assert (claim.transactions, claim.kind.value) == ((WHOLE_STATE,), "laws")
    else:
        assert set(claim.transactions) <= set(TYPES)
    for law_id in claim.laws:
        types = {name for law in REGISTRY if law.id == law_id for name in concerned(law)}
        assert types, f"there is no law {law_id}"
        if claim.kind.value == "laws":
            assert types & set(claim.transactions), f"{law_id} does not concern {claim.transactions}"


def test_the_table_says_what_is_claimed_of_the_whole_state() -> None:
    (row,) = [line for line in law_rows() if line.startswith("| CON-3 |")]
    assert "PROVED: whole state" in row
    claimed = {law_id for claim in PROOFS if claim.transactions == (WHOLE_STATE,) for law_id in claim.laws}
    assert claimed == {law.id for law in REGISTRY if isinstance(law, StateLaw)} - {"FRM-1", "DET-1"}


@pytest.mark.parametrize("engine", ENGINES)
def test_ids_are_the_engines_own(engine: str) -> None:
    ids = [claim.id for which, claim in ALL if which == engine]
    assert len(set(ids)) == len(ids)
    found = listed(engine, specs_folder(None))
    assert [claim.id for claim in found] == ids
    assert [claim.id for claim in found if claim.quick] == [
        claim.id for which, claim in ALL if which == engine and claim.quick
    ]


def test_the_folder_of_the_claims_is_found_beside_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert specs_folder(None) == FOLDER
