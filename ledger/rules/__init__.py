"""One rule per transaction: checks in the order written, named values, effects, one return (specs/rules).

A rule is a pure function `rule(state, transaction) -> Outcome`. Helpers named `refuse_...` hold checks that several
rules share; they return the refusal, or None. `transition.apply` has already checked that time does not go back.
"""
