"""What a log's line is to the core: a transaction, and what its author expects of the outcome."""

from collections.abc import Mapping

import attrs
from immutables import Map
from msgspec import Struct

from ..outcomes import Reason
from ..transactions import Transaction


@attrs.frozen
class ExpectedPosition:
    """`size` in lots, zero for none. `reference_cost` in settlement atoms, or None for any."""

    size: int
    reference_cost: int | None = None


@attrs.frozen
class Expect:
    """What must hold once the line's transaction was answered; None, or a missing key, expects nothing.

    `applied`: whether it was applied. `reason`: of its refusal. `balances`: atoms by account and asset, zero for none.
    `positions`: by account and market. `account_values`: exact values (10^-18 settlement atoms) by account. `digest`
    and `state_digest`: 64 lower-case hexadecimal digits, of the chain after this line and of the whole state.
    """

    applied: bool | None = None
    reason: Reason | None = None
    balances: Mapping[str, Mapping[str, int]] = Map()
    positions: Mapping[str, Mapping[str, ExpectedPosition]] = Map()
    account_values: Mapping[str, int] = Map()
    digest: str | None = None
    state_digest: str | None = None


class Entry(Struct, frozen=True):
    """One line of a log after the genesis; `line` counts from 1, the genesis being 1."""

    line: int
    transaction: Transaction
    expect: Expect | None
