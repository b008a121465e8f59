"""The same transfers through this ledger and through others, in one run: `python -m tests.bench.peers`."""
