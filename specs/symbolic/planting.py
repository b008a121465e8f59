"""Planted bugs: the ledger with one module's source exchanged, for this process and from its first import on.

Everything that imports the module gets the changed one, contracts and laws too; no file is touched. It imports nothing
of the ledger.
"""

import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType

import attrs

from .claims import Bug

PACKAGE = "ledger"


class NotPlanted(Exception):
    """The phrase does not occur exactly once, or the module was imported already, or is not found."""


@attrs.frozen
class Exchange:
    """A module of the ledger, by its full name, and the source that takes the place of its own."""

    module: str
    source: str


def exchange_of(bug: Bug) -> Exchange:
    """The module's source with the bug in it."""
    module, origin = located(bug.module)
    source = SourceFileLoader(module, origin).get_source(module) or ""
    occurrences = source.count(bug.phrase)
    if occurrences != 1:
        raise NotPlanted(f"{bug.phrase!r} occurs {occurrences} times in {module}")
    return Exchange(module, source.replace(bug.phrase, bug.instead))


def located(module: str) -> tuple[str, str]:
    """The full name of a module of the ledger, such as units, and its file; `NotPlanted` where there is none."""
    name = f"{PACKAGE}.{module}"
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        spec = None
    if spec is None or spec.origin is None:
        raise NotPlanted(f"{name} is not found")
    return name, spec.origin


def plant(exchange: Exchange) -> None:
    """From now on the module is imported with the other source; `NotPlanted` where it is too late for that."""
    imported = [name for name in sys.modules if name == PACKAGE or name.startswith(f"{PACKAGE}.")]
    if imported:
        raise NotPlanted(f"{imported[0]} was imported already")
    sys.meta_path.insert(0, _Finder(exchange))


def require_planted(exchange: Exchange) -> None:
    """`NotPlanted` unless the module that is imported now is the exchanged one."""
    module = sys.modules.get(exchange.module)
    if module is None or not isinstance(module.__loader__, _Loader):
        raise NotPlanted(f"{exchange.module} is not the exchanged one")


class _Finder(MetaPathFinder):
    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self.exchange.module:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.origin is None:
            raise NotPlanted(f"{fullname} is not found")
        spec.loader = _Loader(fullname, spec.origin, self.exchange.source)
        return spec


class _Loader(SourceFileLoader):
    """Loads the module under its own file's name from another source, past every cache."""

    def __init__(self, fullname: str, path: str, source: str) -> None:
        super().__init__(fullname, path)
        self.other = source

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.other, self.path, "exec", dont_inherit=True)
