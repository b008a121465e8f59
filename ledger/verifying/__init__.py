"""Every law checked four ways, as one table: on logs, at random, by symbolic execution, by solver proofs.

The claims of the last two are written in the checkout's `specs/` and run there, each engine in processes of its own;
this package runs them, replays logs, has laws looked for counterexamples at random, and puts what each of them found
beside the law and the transaction type that it is about.
"""
