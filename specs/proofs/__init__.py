"""Solver proofs of the ledger's own code for all integers: see README.md beside this, and `python -m specs.proofs`."""
