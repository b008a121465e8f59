"""The machinery that the tables of the rules share.

A table has the refusals of one rule in order of precedence, then its successes. A success states everything: all
accounts that change, whole, and every other table of the state; what it does not name is the very same as before.
"""

import importlib
from collections.abc import Mapping

import attrs
from immutables import Map

from ledger.checks import Check, checks_of, compare
from ledger.outcomes import Applied, Event, Reason, Rejected
from ledger.postings import post
from ledger.state import Account, Liquidation, Market, Position, Provider, State
from ledger.transactions import TYPE_NAMES, Transaction
from ledger.transition import apply, state_after
from ledger.units import EXACT_SCALE, parse_decimal
from tests.worlds import BTC, ETH, coins, lots, usdt

RULES = tuple(dict.fromkeys(name.replace("-", "_") for name in TYPE_NAMES.values()))
"""The rules with a test file each."""


@attrs.frozen
class Refusal:
    """A transaction that must be refused, with exactly this answer."""

    name: str
    state: State
    transaction: Transaction
    reason: Reason
    supplied: int | str
    limit: int | str
    subject: str


@attrs.frozen
class Success:
    """A transaction that must be applied: its events, and what is different afterwards.

    `accounts`: every account that changes, as it is afterwards. The other tables likewise, entry by entry.
    """

    name: str
    state: State
    transaction: Transaction
    events: tuple[Event, ...] = ()
    accounts: Mapping[str, Account] = {}
    markets: Mapping[str, Market] = {}
    prices: Mapping[str, int] = {}
    providers: Mapping[str, Provider] = {}
    last_settle: int | None = None


@attrs.frozen
class Table:
    """The rows of one rule function.

    Every check has a row in which it alone refuses, and every two neighbouring checks a row in which both faults are
    there and the earlier answers. `never_alone` and `never_together` say for which that cannot be, and why: by the
    number of the check, and of the earlier of the two.
    """

    type_name: str
    rule: str
    refusals: tuple[Refusal, ...]
    successes: tuple[Success, ...]
    never_alone: Mapping[int, str] = {}
    never_together: Mapping[int, str] = {}

    @property
    def checks(self) -> tuple[Check, ...]:
        """The rule's checks in order of precedence, as its source has them."""
        return tuple(check for check in checks_of(self.type_name) if check.rule == self.rule)


def all_tables() -> tuple[Table, ...]:
    """The tables of every rule, made anew from their modules."""
    modules = [importlib.import_module(f"tests.rules.test_{rule}") for rule in RULES]
    return tuple(table for module in modules for table in module.TABLES)


def name_of(row: Refusal | Success) -> str:
    """A row's name, for pytest."""
    return row.name


# What a row asserts


def assert_refused(row: Refusal) -> None:
    """The exact answer, twice, from the check that the rule's own source points at; the state is the same object."""
    before = row.state
    outcome = apply(row.state, row.transaction)
    assert outcome == Rejected(row.reason, row.supplied, row.limit, row.subject)
    assert apply(row.state, row.transaction) == outcome
    assert state_after(row.state, outcome) is before
    comparisons = compare(row.state, row.transaction)
    assert [comparison.refused for comparison in comparisons] == [False] * (len(comparisons) - 1) + [True]
    assert comparisons[-1].figures == outcome


def assert_applied(row: Success) -> None:
    """The exact events and the exact state, twice; what the row does not name is the very same object; and the
    postings alone explain every balance."""
    before = row.state
    outcome = apply(before, row.transaction)
    assert isinstance(outcome, Applied), outcome
    assert outcome.events == row.events
    for account_id in sorted({*before.accounts, *outcome.state.accounts, *row.accounts}):
        if account_id in row.accounts:
            assert (account_id, outcome.state.accounts[account_id]) == (account_id, row.accounts[account_id])
            assert before.accounts.get(account_id) != row.accounts[account_id], f"{account_id} does not change"
        else:
            assert outcome.state.accounts[account_id] is before.accounts[account_id], account_id
    assert outcome.state == State(
        before.rulebook,
        before.accounts.update(row.accounts),
        before.markets.update(row.markets),
        before.prices.update(row.prices),
        before.providers.update(row.providers),
        before.last_settle if row.last_settle is None else row.last_settle,
        row.transaction.time,
        before.sequence + 1,
    )
    assert apply(before, row.transaction) == outcome
    opened = {account_id: row.accounts[account_id] for account_id in row.accounts if account_id not in before.accounts}
    start = before.accounts.update(
        {account_id: attrs.evolve(account, cash=Map(), positions=Map()) for account_id, account in opened.items()}
    )
    posted = post(start, outcome.postings, settlement_asset=before.rulebook.settlement_asset)
    for account_id, account in outcome.state.accounts.items():
        assert (posted[account_id].cash, posted[account_id].positions) == (account.cash, account.positions)
    assert not any(comparison.refused for comparison in compare(before, row.transaction))


def assert_every_check_in_order(table: Table) -> None:
    """The refusals reach every check of the rule, in the order of precedence that its source has."""
    reached = [refusing_number(row) for row in table.refusals]
    assert reached == sorted(reached), "the rows follow the order of precedence"
    assert sorted(set(reached)) == [check.number for check in table.checks]


def assert_one_fault_apart(table: Table) -> None:
    """Each check has a row that is accepted without it, and one that without it the next check refuses."""
    alone, together = set(), set()
    for row in table.refusals:
        number = refusing_number(row)
        following = next_refusing_number(row)
        if following is None:
            alone.add(number)
        elif following == number + 1:
            together.add(number)
    numbers = [check.number for check in table.checks]
    assert sorted(alone) == [number for number in numbers if number not in table.never_alone]
    assert sorted(together) == [number for number in numbers[:-1] if number not in table.never_together]


def refusing_number(row: Refusal) -> int:
    """The number of the check that refuses the row."""
    return compare(row.state, row.transaction)[-1].check.number


def next_refusing_number(row: Refusal) -> int | None:
    """The number of the check that would refuse the row were it not for the one that does.

    None where the row would be accepted, or where the rule then stumbles over the fault itself.
    """
    refusing = compare(row.state, row.transaction)[-1].check
    try:
        last = compare(row.state, row.transaction, without=refusing)[-1]
    except Exception:
        return None
    return last.check.number if last.refused else None


# Quantities and states in few words


def exact(text: str) -> int:
    """An exact value, from USDT in decimal text."""
    return usdt(text) * EXACT_SCALE


def eth_lots(text: str) -> int:
    """Lots of ETH-PERP."""
    return parse_decimal(text, 3)


def held(
    cash: str = "0",
    btc: tuple[str, str] | None = None,
    eth: tuple[str, str] | None = None,
    *,
    others: Mapping[str, str] | None = None,
    max_leverage: int = 100,
    fee_tier: str = "standard",
    liquidation: Liquidation | None = None,
) -> Account:
    """An account in decimal text: USDT, (size, reference cost) in BTC-PERP and ETH-PERP, other assets."""
    balances = {asset: coins(amount) for asset, amount in (others or {}).items()}
    if usdt(cash) != 0:
        balances["USDT"] = usdt(cash)
    positions = {}
    if btc is not None:
        positions[BTC] = Position(lots(btc[0]), usdt(btc[1]))
    if eth is not None:
        positions[ETH] = Position(eth_lots(eth[0]), usdt(eth[1]))
    return Account(Map(balances), Map(positions), max_leverage, fee_tier, liquidation)


def liquidating(account: Account, *, at: int, made: int = 1, starting: Mapping[str, int] | None = None) -> Account:
    """The account as liquidating: `made` rounds, the last one `at`, from its sizes or the given `starting` ones."""
    sizes = {market: position.size for market, position in account.positions.items()} if starting is None else starting
    return attrs.evolve(account, liquidation=Liquidation(made, at, Map(sizes)))


def with_provider(state: State, account_id: str, provider: Provider) -> State:
    """The state with a provider's record put in by hand."""
    return attrs.evolve(state, providers=state.providers.set(account_id, provider))
