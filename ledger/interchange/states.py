"""States and accounts to documents."""

from typing import Any

import msgspec

from ..canonical import state_bytes
from ..state import Account, State
from .transactions import Document


def state_document(state: State) -> Document:
    """A state as its canonical bytes have it, without its rulebook."""
    document: Document = msgspec.json.decode(state_bytes(state))
    del document["rulebook"]
    return document


def rulebook_document(state: State) -> Document:
    """The whole document of the state's rulebook."""
    document: Document = msgspec.json.decode(state.rulebook.document)
    return document


def account_document(account: Account) -> dict[str, Any]:
    """What an account holds: `cash` by asset and `positions` by market, as in a state."""
    return {
        "cash": {asset: str(amount) for asset, amount in sorted(account.cash.items())},
        "positions": {
            market: {"reference_cost": str(position.reference_cost), "size": str(position.size)}
            for market, position in sorted(account.positions.items())
        },
    }
