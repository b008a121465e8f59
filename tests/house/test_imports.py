"""Imports point upward in the reading order, and the core needs two small libraries and nothing of the world."""

import pytest

from .source import CORE, exact_modules, imported_modules, is_edge, reading_order, sources

PURE_LIBRARIES = {"attrs", "immutables", "enum", "typing", "collections.abc"}
"""What the core may import besides itself."""

LAW_LIBRARIES = PURE_LIBRARIES | {"collections", "itertools", "functools"}
"""What the laws may import besides the package: plain data structures."""


def test_every_module_has_its_place() -> None:
    for module in sources():
        reading_order(module)
    for module in CORE:
        assert module in sources(), f"ledger.{module} stands in the reading order and does not exist"


@pytest.mark.parametrize("module", list(sources()))
def test_imports_point_upward(module: str) -> None:
    for imported, line in imported_modules(module):
        if not imported.startswith("."):
            continue
        target = imported[1:]
        same_folder = module.split(".")[0] == target.split(".")[0] and is_edge(module)
        if same_folder:
            continue
        assert reading_order(target) < reading_order(module), (
            f"ledger.{module} line {line} imports ledger.{target}, which comes later in the reading order"
        )


@pytest.mark.parametrize("module", exact_modules())
def test_core_and_laws_import_nothing_of_the_world(module: str) -> None:
    allowed = PURE_LIBRARIES if module in CORE else LAW_LIBRARIES
    for imported, line in imported_modules(module):
        if imported.startswith("."):
            allowed_edge = module not in CORE and imported == ".canonical"
            assert allowed_edge or not is_edge(imported[1:]), (
                f"ledger.{module} line {line} imports {imported[1:]}, which is an edge"
            )
        else:
            assert imported in allowed, f"ledger.{module} line {line} imports {imported}"


def test_a_downward_import_would_be_seen() -> None:
    assert reading_order("units") < reading_order("margin") < reading_order("rules.trade") < reading_order("transition")
    assert reading_order("transition") < reading_order("canonical") < reading_order("laws.law") < reading_order("laws")
    assert (".units", 8) not in imported_modules("units")
    assert ".units" in [imported for imported, _ in imported_modules("rules.fills")]
    assert ".state" in [imported for imported, _ in imported_modules("margin")]
