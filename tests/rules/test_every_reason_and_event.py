"""Nothing that the ledger can answer is left out of the tables of the rules."""

from typing import get_args

from ledger.checks import all_checks, checks_of, compare
from ledger.outcomes import Applied, Event, Reason
from ledger.transactions import TYPE_NAMES, Transaction
from ledger.transition import apply
from tests.rules.tables import all_tables


def test_every_rule_has_a_table() -> None:
    rules = {check.rule for type_name in TYPE_NAMES.values() for check in checks_of(type_name)}
    assert sorted(table.rule for table in all_tables()) == sorted(rules)


def test_every_transaction_type_is_refused_and_applied() -> None:
    for kind in get_args(Transaction):
        refused = [row for table in all_tables() for row in table.refusals if type(row.transaction) is kind]
        applied = [row for table in all_tables() for row in table.successes if type(row.transaction) is kind]
        assert refused, kind
        assert applied, kind


def test_every_reason_is_reached() -> None:
    reached = {row.reason for table in all_tables() for row in table.refusals}
    assert [reason.name for reason in Reason if reason not in reached] == []


def test_every_check_is_reached() -> None:
    reached = {compare(row.state, row.transaction)[-1].check.place for table in all_tables() for row in table.refusals}
    assert [check for check in all_checks() if check.place not in reached] == []


def test_every_event_is_reached() -> None:
    reached: set[type] = set()
    for table in all_tables():
        for row in table.successes:
            outcome = apply(row.state, row.transaction)
            assert isinstance(outcome, Applied)
            reached |= {type(event) for event in outcome.events}
    assert [event.__name__ for event in get_args(Event) if event not in reached] == []


def test_no_two_rows_of_a_table_share_a_name() -> None:
    for table in all_tables():
        for rows in (table.refusals, table.successes):
            names = [row.name for row in rows]
            assert len(set(names)) == len(names), table.rule
