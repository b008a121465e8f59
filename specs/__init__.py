"""The specification of the ledger, and beside its pages the half that machines check."""
