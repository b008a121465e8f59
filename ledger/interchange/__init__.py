"""Interchange: states, transactions and outcomes as JSON for engines in any language (specs/interchange).

Documents are plain objects: dictionaries, lists, strings, integers and flags. Quantities are strings of digits in the
ledger's units. What comes from outside is read strictly, and raises `InterchangeError` with the field.
"""

from .outcomes import WHOLE, changes_document, event_document, outcome_document, posting_document
from .reading import InterchangeError, read_state, read_transaction, transactions_of
from .states import account_document, rulebook_document, state_document
from .transactions import transaction_document

__all__ = [
    "WHOLE",
    "InterchangeError",
    "account_document",
    "changes_document",
    "event_document",
    "outcome_document",
    "posting_document",
    "read_state",
    "read_transaction",
    "rulebook_document",
    "state_document",
    "transaction_document",
    "transactions_of",
]
