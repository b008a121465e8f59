"""The genesis of a log for a rulebook: the shipped profile that it is nearest to, and what overrides it."""

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import attrs

from ..log import encode_genesis, encode_transaction
from ..log.decoding import Decoding
from ..log.faults import Fault
from ..profiles import load_profile, profile_document, profile_names
from ..rulebook import Rulebook
from ..transactions import Transaction

Overrides = Mapping[str, Any]


@attrs.frozen(slots=False)
class Genesis:
    """What a log begins with: a profile's name, the document that overrides it, empty for none, and the time in ms."""

    profile: str
    overrides: Overrides
    time: int

    @cached_property
    def rulebook(self) -> Rulebook:
        """The rulebook. RulebookError where there is none such."""
        return load_profile(self.profile, self.overrides or None)

    @property
    def text(self) -> bytes:
        """The first line of the log."""
        return encode_genesis(self.profile, overrides=dict(self.overrides) or None, time=self.time)

    def plainer(self) -> Iterator["Genesis"]:
        """With one override less: whole tables first, then what is in them."""
        if not self.overrides:
            return
        yield Genesis(self.profile, {}, self.time)
        for overrides in without_one(self.overrides):
            yield Genesis(self.profile, overrides, self.time)


def genesis_of(rulebook: Rulebook, time: int) -> Genesis:
    """The shortest genesis that gives this rulebook."""
    document = json.loads(rulebook.document)
    found = [Genesis(name, overriding(profile_document(name), document), time) for name in profile_names()]
    return min(found, key=lambda genesis: (len(json.dumps(genesis.overrides)), genesis.profile))


def restated(before: Rulebook, after: Rulebook, log: tuple[Transaction, ...]) -> tuple[Transaction, ...]:
    """The log as its text reads under another rulebook, where decimals and lots may differ; what has no such reading is
    left as it is."""
    decoding = Decoding(after)
    found = []
    for transaction in log:
        try:
            line = encode_transaction(before, transaction)
            found.append(decoding.entry(0, line.rstrip(b"\n"), transaction.time).transaction)
        except (Fault, ValueError):
            found.append(transaction)
    return tuple(found)


def overriding(base: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """What merged over `base` gives `document`: tables by what differs in them, what is missing as None."""
    overrides: dict[str, Any] = {key: None for key in base if key not in document}
    for key, value in document.items():
        below = base.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            inner = overriding(below, value)
            if inner:
                overrides[key] = inner
        elif key not in base or below != value or type(below) is not type(value):
            overrides[key] = value
    return dict(sorted(overrides.items()))


def without_one(overrides: Overrides) -> Iterator[dict[str, Any]]:
    """The overrides without one entry, for each: first those at the top, then those within tables."""
    for key in overrides:
        yield {name: value for name, value in overrides.items() if name != key}
    for key, value in overrides.items():
        if isinstance(value, Mapping) and len(value) > 1:
            for inner in without_one(value):
                yield {**overrides, key: inner}
