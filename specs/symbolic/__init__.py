"""Contracts over the ledger's own functions, run by CrossHair on symbolic integers (specs/symbolic/README.md)."""
