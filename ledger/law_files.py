"""An auditor's own laws: a Python file outside the package that defines `LAWS`.

    from ledger import HELD, Breach, StepLaw, Trade

    def trades_are_small(step):
        return HELD if step.transaction.size <= 100 else Breach("a large trade", (step.transaction.buyer,))

    LAWS = (StepLaw("OWN-1", "No trade is larger than 100 lots.", trades_are_small, (Trade,)),)

`LAWS` is a tuple of `StepLaw`, `HistoryLaw` and `StateLaw`; no id may stand twice in one scope, nor be one that the
registry has in it. The file is run once, its own folder importable meanwhile. Whatever is wrong with it, when it is
read and when one of its laws is checked, raises `LawFileError`, one line with file and line: an error of the file is
not a breach of its law.
"""

import ast
import os
import re
import sys
from collections.abc import Callable, Iterable
from hashlib import sha256
from types import ModuleType
from typing import Any

import attrs

from .byte_lines import reason_of
from .laws import HELD, REGISTRY, Breach, HistoryLaw, Law, Span, StateLaw, Step, StepLaw, Verdict, remembered
from .laws.law import StepCheck
from .profiles import IDENTIFIER
from .state import State
from .strict_json import excerpt, one_line
from .transactions import TYPE_NAMES

LAWS = "LAWS"
EXPECTED = "a tuple of StepLaw, HistoryLaw and StateLaw"


class LawFileError(Exception):
    """A file of laws that is wrong: `path` as it was given, `line` from 1, 0 for the file as a whole, and what."""

    def __init__(self, path: str, line: int, message: str) -> None:
        self.path, self.line, self.message = path, line, message
        place = f"{path}:{line}" if line else path
        super().__init__(one_line(f"{place}: {message}"))

    def __reduce__(self) -> tuple[type["LawFileError"], tuple[str, int, str], dict[str, object]]:
        return LawFileError, (self.path, self.line, self.message), self.__dict__  # notes are in the last


def load_laws(path: str) -> tuple[Law, ...]:
    """The laws of a file, each of which raises `LawFileError` where it cannot be checked."""
    file = _File(path)
    laws = file.module().get(LAWS)
    if laws is None:
        raise LawFileError(path, 0, f"found no {LAWS}, expected {LAWS} = {EXPECTED}")
    if not isinstance(laws, tuple | list) or not laws:
        raise file.wrong(f"found {excerpt(repr(laws))}, expected {EXPECTED}")
    return tuple(file.guarded(file.valid(law)) for law in laws)


def laws_from(paths: Iterable[str]) -> tuple[Law, ...]:
    """The laws of several files. LawFileError for one that the registry or an earlier file has in the same scope."""
    where = {(law.id, law.scope): "the registry" for law in REGISTRY}
    found: list[Law] = []
    for path in paths:
        for law in load_laws(path):
            place = where.get((law.id, law.scope))
            if place is not None:
                file = _File(path)
                raise file.wrong(f"found the {law.scope.value} law {law.id}, which {place} has, expected another id")
            where[law.id, law.scope] = path
            found.append(law)
    return tuple(found)


class _File:
    """One file of laws."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.full_path = os.path.abspath(path)

    @property
    def module_name(self) -> str:
        """The name of the module, the same in every process; of another file another."""
        stem = re.sub(r"\W", "_", os.path.basename(self.path), flags=re.ASCII)
        return f"laws_from_{stem}_{sha256(os.fsencode(self.full_path)).hexdigest()[:8]}"

    def source(self) -> bytes:
        try:
            with open(self.full_path, "rb") as stream:
                return stream.read()
        except (OSError, ValueError) as error:
            raise LawFileError(self.path, 0, f"found {reason_of(error)}, expected a file of laws") from None

    def module(self) -> dict[str, Any]:
        """What running the file defines."""
        module = ModuleType(self.module_name)
        module.__file__ = self.full_path
        # Classes made with attrs or dataclasses look their module up, and so does what pickles their objects.
        sys.modules[module.__name__] = module
        folder = os.path.dirname(self.full_path)
        sys.path.insert(0, folder)
        try:
            exec(compile(self.source(), self.full_path, "exec"), module.__dict__)
        except LawFileError:
            raise
        except SyntaxError as error:
            here = error.filename == self.full_path
            raise LawFileError(self.path, (error.lineno or 0) if here else 0, f"found {_told(error)}") from None
        except (Exception, SystemExit) as error:
            raise LawFileError(self.path, line_of(error, self.full_path), f"found {_told(error)}") from error
        finally:
            sys.path.remove(folder)
        return module.__dict__

    def wrong(self, message: str) -> LawFileError:
        """An error at the line that defines the laws."""
        lines = [
            node.lineno
            for node in ast.walk(ast.parse(self.source()))
            if isinstance(node, ast.Name) and node.id == LAWS and isinstance(node.ctx, ast.Store)
        ]
        return LawFileError(self.path, lines[-1] if lines else 0, message)

    def valid(self, law: object) -> Law:
        """The law, where it is one that a monitor can run."""
        if not isinstance(law, StepLaw | HistoryLaw | StateLaw):
            raise self.wrong(f"found {excerpt(repr(law))} among the laws, expected {EXPECTED}")
        if not isinstance(law.id, str) or not IDENTIFIER.fullmatch(law.id):
            raise self.wrong(f"found the id {excerpt(repr(law.id))}, expected letters, digits and . _ : -")
        if not isinstance(law.statement, str) or not law.statement.strip():
            raise self.wrong(f"found no statement of {law.id}, expected a sentence")
        if law.scope is not attrs.fields_dict(type(law))["scope"].default:
            raise self.wrong(f"found the scope {law.scope!r} of {law.id}, expected that of a {type(law).__name__}")
        if not callable(law.start if isinstance(law, HistoryLaw) else law.check):
            raise self.wrong(f"found nothing to call in {law.id}, expected a function")
        if not isinstance(law, StateLaw):
            concerns = law.concerns
            if not isinstance(concerns, tuple) or not all(kind in TYPE_NAMES for kind in concerns):
                raise self.wrong(f"{law.id} concerns {excerpt(repr(concerns))}, expected a tuple of transaction types")
        return law

    def guarded(self, law: Law) -> Law:
        """The law whose own errors are the file's."""
        if isinstance(law, StepLaw):
            return attrs.evolve(law, check=self._guard(law, law.check))
        if isinstance(law, StateLaw):
            return attrs.evolve(law, check=self._guard(law, law.check))
        start = self._guarding(law, law.start)

        def guarded_start(state: State) -> StepCheck:
            check = start(state)
            if not callable(check):
                raise self.wrong(f"the start of {law.id} gave {excerpt(repr(check))}, expected a function of a step")
            return self._guard(law, check)

        return attrs.evolve(law, start=guarded_start)

    def _guard(self, law: Law, check: Callable[[Any], Any]) -> Callable[[Step | Span], Verdict]:
        return _Guarded(self, law.id, check)

    def _guarding(self, law: Law, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def guarded(argument: Any) -> Any:
            return self.asked(law.id, function, argument)

        return guarded

    def asked(self, law_id: str, function: Callable[[Any], Any], argument: Any) -> Any:
        """What a function of the file answers. LawFileError where it raises."""
        try:
            return function(argument)
        except Exception as error:
            message = f"{law_id} raised {_told(error)}"
            raise LawFileError(self.path, line_of(error, self.full_path), message) from error


@attrs.frozen
class _Guarded:
    """A check of the file, with its memory where it has one. It is compared and pickled as that is."""

    file: _File = attrs.field(eq=False)
    law_id: str
    check: Callable[[Any], Any]

    def __call__(self, seen: Step | Span) -> Verdict:
        verdict = self.file.asked(self.law_id, self.check, seen)
        if verdict is None or verdict is HELD or isinstance(verdict, Breach):
            return verdict
        raise self.file.wrong(f"{self.law_id} answered {excerpt(repr(verdict))}, expected HELD, None or a Breach")

    def remembered_from(self, state: State) -> object:
        """What the check itself says that it remembers."""
        return self.file.asked(self.law_id, lambda state: remembered(self.check, state), state)


def line_of(error: BaseException, full_path: str) -> int:
    """The line of the file that was last run before the error, 0 where none was."""
    line, traceback = 0, error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == full_path:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line


def _told(error: BaseException) -> str:
    text = str(error.msg if isinstance(error, SyntaxError) else error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
