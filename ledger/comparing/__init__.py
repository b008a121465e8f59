"""An engine held against the ledger in lock-step (specs/engine-protocol)."""
