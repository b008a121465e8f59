"""Every law catches a planted bug that it alone, or it first, catches; and every law speaks where nothing is wrong."""

from collections import Counter
from collections.abc import Callable, Sequence

import attrs
import pytest
from immutables import Map

import ledger.laws.accounts
import ledger.laws.bookkeeping
import ledger.laws.conservation
import ledger.laws.determinism
import ledger.laws.liquidation
import ledger.laws.liquidity
from ledger import liquidity, margin, postings
from ledger.checks import Apply
from ledger.laws import REGISTRY, Law, LawBroken, Monitor, Step
from ledger.outcomes import Applied, FeesCharged, Outcome, Rejected
from ledger.postings import CashPosting, PositionPosting, Posting
from ledger.rulebook import INSURANCE
from ledger.state import Account, Position, State, is_stressed
from ledger.transactions import (
    TYPE_NAMES,
    BackstopTransfer,
    Deposit,
    Enroll,
    Fill,
    Liquidate,
    MarkMarket,
    SetAccount,
    Settle,
    Trade,
    Transaction,
    Withdraw,
)
from ledger.transition import apply, state_after
from ledger.units import EXACT_SCALE
from tests.planting import first_broken, plant
from tests.scenarios import SCENARIOS, Scenario
from tests.worlds import BTC, ETH, World, coins, lots, price, quotes, usdt, with_account


def name_of(law: Law) -> str:
    return f"{law.id} {law.scope.value}"


def extended(scenario: Scenario, *more: Callable[[int], Transaction]) -> Scenario:
    """The scenario with more transactions, each made for the time at which it ends."""
    time = scenario.transactions[-1].time
    return attrs.evolve(scenario, transactions=(*scenario.transactions, *(make(time) for make in more)))


# Refused by the rules as they are: what a removed or wrong check lets in.
REFUSED: dict[str, Callable[[int], Transaction]] = {
    "more BTC than there is": lambda time: Withdraw(time, "alice", "BTC", coins("0.75")),
    "a lowered limit": lambda time: Enroll(time, "p1", usdt("1000"), usdt("1500"), usdt("3000")),
    "a poor provider": lambda time: Enroll(time, "third", usdt("1000"), usdt("1500"), usdt("3000")),
    "the provider's minimum withdrawn": lambda time: Withdraw(time, "p1", "USDT", usdt("6000")),
    "a healthy account handed over": lambda time: BackstopTransfer(time, "s1"),
    "a size beyond collateral": lambda time: Trade(time, BTC, "alice", "bob", lots("100"), price("5100"), True),
    "a price off tick": lambda time: Trade(time, BTC, "alice", "bob", 1, price("5100.1"), True),
    "a healthy round": lambda time: Liquidate(time, "maker", ()),
    "a dusty sum": lambda time: Deposit(time, "alice", "USDT", 1),
    "no leverage": lambda time: SetAccount(time, "alice", 0, None),
    "a system account set": lambda time: SetAccount(time, "@fees", 5, None),
    "a second settle": lambda time: Settle(time),
    "a time before": lambda time: Withdraw(time - 1, "alice", "USDT", usdt("1")),
}


@attrs.frozen
class Phrase:
    """A bug in the source: `phrase` of the module reads `bug`; `then` names a transaction to add to the scenario."""

    law: str
    scenario: str
    module: str
    phrase: str
    bug: str
    then: str | None = None


PHRASES = (
    Phrase("PST-1 step", "trading", "rules.trade", "postings=filled.postings", "postings=filled.postings[:3]"),
    Phrase("EVT-1 step", "program", "rules.leave", "time + program.notice", "time - program.notice"),
    Phrase(
        "REJ-2 step",
        "trading",
        "transition",
        "transaction.time, state.time, ",
        "state.time, transaction.time, ",
        "a time before",
    ),
    Phrase("PTY-1 step", "trading", "rules.parties", "if is_system(account_id):", "if False:", "a system account set"),
    Phrase("PRP-1 step", "two_markets", "rules.preparation", "state.prices[asset])", "state.prices[asset]) + 1"),
    Phrase("SET-2 history", "trading", "rules.instants", "instant <= last", "False", "a second settle"),
    Phrase("FIL-1 step", "trading", "rules.fills", "market_id], size, price)", "market_id], size, price + 1)"),
    Phrase("ADL-1 step", "takeover", "rules.takeover", "in sorted(opposite)", "in sorted(opposite, reverse=True)"),
    Phrase("TKO-3 step", "takeover", "rules.backstop_transfer", "share.size * price", "share.size * (price + 1)"),
    Phrase("CON-4 step", "trading", "rules.withdraw", "amount > balance", "False", "more BTC than there is"),
    Phrase(
        "BKG-1 step", "trading", "rules.parties", "not is_multiple(amount, terms.booking_unit)", "False", "a dusty sum"
    ),
    Phrase("ACC-1 step", "trading", "rules.set_account", "1 <= max_leverage", "0 <= max_leverage", "no leverage"),
    Phrase("SET-1 step", "trading", "rules.settle", "> terms.minimum_ratio *", "> -1 + 0 *"),
    Phrase("FRM-1 step", "trading", "rules.fills", "CashPosting(FEES,", "CashPosting('@insurance',"),
    Phrase("TIM-1 step", "trading", "rules.effects", "state.sequence + 1", "state.sequence + 2"),
    Phrase("CAP-1 history", "shared_loss", "capacity", "min(minute_left, hour_left)", "hour_left"),
    Phrase("CAP-2 history", "takeover", "capacity", "min(minute_left, hour_left)", "minute_left"),
    Phrase("CAP-3 step", "takeover", "capacity", " - sign(taken_over) * held", ""),
    Phrase(
        "CAP-4 history",
        "takeover",
        "rules.takeover",
        "min(abs(size), sum(rooms))",
        "min(abs(size), sum(rooms) - 1)",
    ),
    Phrase("CAP-5 history", "takeover", "rules.takeover", "sum(rooms)), rooms)", "sum(rooms)), [1] * len(rooms))"),
    Phrase("ENR-1 history", "program", "rules.enroll", "in_force is not None", "False", "a lowered limit"),
    Phrase("ENR-2 step", "liquidation", "rules.enroll", "value < minimum", "False", "a poor provider"),
    Phrase("ENR-3 step", "program", "rules.withdraw", "value < minimum", "False", "the provider's minimum withdrawn"),
    Phrase(
        "TKO-1 step",
        "takeover",
        "rules.backstop_transfer",
        "not is_transferable(state, account)",
        "False",
        "a healthy account handed over",
    ),
    Phrase("TKO-2 step", "takeover", "pricing", "(RATE_SCALE - discount)", "(RATE_SCALE + discount)"),
    Phrase(
        "TKO-5 step",
        "shared_loss",
        "rules.loss_waterfall",
        "(gains_weight, value_weight)",
        "(value_weight, gains_weight)",
    ),
    Phrase("TKO-4 step", "shared_loss", "pricing", "min(bankruptcy, mark_per_lot) if", "9 * mark_per_lot if"),
    Phrase(
        "LIQ-1 history",
        "liquidation",
        "rules.liquidate",
        "not is_liquidatable(state, account)",
        "False",
        "a healthy round",
    ),
    Phrase(
        "MAR-1 step",
        "trading",
        "rules.fills",
        "if effective < required:",
        "if effective < 0:",
        "a size beyond collateral",
    ),
    Phrase("MAR-2 step", "trading", "rules.fills", " or not is_multiple(price, contract.tick)", "", "a price off tick"),
    Phrase(
        "FEE-1 step",
        "trading",
        "rules.fills",
        "buyer_rates.taker if buyer_is_taker else buyer_rates.maker",
        "buyer_rates.maker if buyer_is_taker else buyer_rates.taker",
    ),
    Phrase("MON-1 history", "stress", "rules.observe", "[-terms.window - 1 :]", "[-terms.window - 2 :]"),
    Phrase(
        "MON-2 step", "stress", "liquidity", "return not is_calm(figures, terms)", "return is_beyond(figures, terms)"
    ),
    Phrase("MON-3 step", "stress", "rules.observe", "market.premium_count,", "market.premium_count + 1,"),
    Phrase("MON-4 step", "stress", "liquidity", "total = sum(in_order[:beyond]) * RATE_SCALE + ", "total = "),
    Phrase("FND-1 history", "trading", "rules.fund", "-per_lot * accounts", "per_lot * accounts"),
)


@pytest.mark.parametrize("planted", PHRASES, ids=lambda planted: planted.law)
def test_a_bug_in_the_source_is_caught_first_by_its_law(planted: Phrase) -> None:
    scenario = SCENARIOS[planted.scenario]()
    if planted.then is not None:
        scenario = extended(scenario, REFUSED[planted.then])
    assert first_broken(apply, scenario) is None
    assert first_broken(plant(planted.module, planted.phrase, planted.bug), scenario) == planted.law


# Bugs that no phrase of a rule makes: something else than the rule's own effects happens to the state.


def meddling(change: Callable[[State], State], kind: type = Trade) -> Apply:
    """`apply` after which `change` is made to the state of every applied transaction of a kind."""

    def meddle(state: State, transaction: Transaction) -> Outcome:
        outcome = apply(state, transaction)
        if isinstance(outcome, Applied) and isinstance(transaction, kind):
            return attrs.evolve(outcome, state=change(outcome.state))
        return outcome

    return meddle


def with_cash(account_id: str, asset: str, change: int) -> Callable[[State], State]:
    def make(state: State) -> State:
        account = state.accounts[account_id]
        cash = account.cash.set(asset, account.cash.get(asset, 0) + change)
        return with_account(state, account_id, attrs.evolve(account, cash=cash))

    return make


def with_size(account_id: str, change: int) -> Callable[[State], State]:
    def make(state: State) -> State:
        account = state.accounts[account_id]
        held = account.positions.get(BTC, Position(0, 0))
        moved = account.positions.set(BTC, Position(held.size + change, held.reference_cost))
        return with_account(state, account_id, attrs.evolve(account, positions=moved))

    return make


def both(first: Callable[[State], State], second: Callable[[State], State]) -> Callable[[State], State]:
    return lambda state: second(first(state))


MEDDLING = {
    # alice and bob trade; frank and the insurance fund have no part in it
    "CON-1 step": with_cash("alice", "USDT", 1),
    "CON-1 state": with_cash("frank", "USDT", 1),
    "CON-2 step": with_size("alice", 1),
    "CON-2 state": with_size("frank", 1),
    "CON-4 state": both(with_cash(INSURANCE, "USDT", -usdt("101")), with_cash("frank", "USDT", usdt("101"))),
    "STO-1 step": with_cash("alice", "PAX", 0),
    "STO-1 state": with_cash("frank", "BTC", 0),
    "FRM-1 state": lambda state: with_account(
        state, "frank", attrs.evolve(state.accounts["frank"], max_leverage=state.sequence)
    ),
}


@pytest.mark.parametrize("law", MEDDLING)
def test_what_meddles_with_the_state_is_caught_first_by_its_law(law: str) -> None:
    assert first_broken(meddling(MEDDLING[law]), SCENARIOS["trading"]()) == law


def test_a_refusal_that_moves_the_state_is_caught_by_rej_1() -> None:
    def moving(state: State, outcome: Outcome) -> State:
        after = state_after(state, outcome)
        return after if isinstance(outcome, Applied) else attrs.evolve(after, time=after.time + 1)

    scenario = extended(SCENARIOS["trading"](), REFUSED["a time before"])
    assert first_broken(apply, scenario) is None
    assert first_broken(apply, scenario, state_after=moving) == "REJ-1 step"


def test_a_wild_source_that_moves_the_index_is_caught_by_mrk_1() -> None:
    wild = quotes("5100").set("Binance", price("9000"))
    scenario = extended(SCENARIOS["trading"](), lambda time: MarkMarket(time, BTC, wild, 0))
    assert first_broken(apply, scenario) is None
    assert first_broken(plant("rules.mark", "[1:-1]", "[:]"), scenario) == "MRK-1 step"


# Laws that ask the ledger itself are handed the planted one.


def test_account_value_that_is_not_linear_is_caught_by_con_3(monkeypatch: pytest.MonkeyPatch) -> None:
    def only_gains(state: State, account: Account) -> int:
        pnl = margin.unrealised_pnl(state, account)
        return margin.wallet(state, account) + max(0, pnl) * EXACT_SCALE

    monkeypatch.setattr(ledger.laws.conservation, "account_value", only_gains)
    assert first_broken(apply, SCENARIOS["trading"]()) == "CON-3 state"


def test_account_value_with_a_haircut_is_caught_by_set_1(monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(state: State, account: Account) -> int:
        return margin.collateral(state, account) + margin.unrealised_pnl(state, account) * EXACT_SCALE

    monkeypatch.setattr(ledger.laws.accounts, "account_value", cut)
    assert first_broken(apply, SCENARIOS["trading"]()) == "SET-1 state"


def test_books_that_take_what_does_not_balance_are_caught_by_pst_2(monkeypatch: pytest.MonkeyPatch) -> None:
    def trusting(accounts: Map[str, Account], postings: Sequence[Posting], *, settlement_asset: str) -> None:
        """Books nothing and refuses nothing."""

    monkeypatch.setattr(ledger.laws.bookkeeping, "post", trusting)
    assert first_broken(apply, SCENARIOS["trading"]()) == "PST-2 step"


@pytest.mark.parametrize("blind", [CashPosting, PositionPosting], ids=["amounts", "sizes"])
def test_books_that_are_blind_in_a_column_are_caught_by_pst_2(blind: type, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the columns of amounts, which reference costs are in too, or of those of sizes, nothing is seen."""
    seeing = postings.unbalanced_column

    def seen(posting: Posting) -> Posting:
        if isinstance(posting, CashPosting):
            return attrs.evolve(posting, amount=0) if blind is CashPosting else posting
        return attrs.evolve(posting, reference_cost=0) if blind is CashPosting else attrs.evolve(posting, size=0)

    def unseeing(given: Sequence[Posting], settlement_asset: str) -> tuple[str, int] | None:
        return seeing([seen(posting) for posting in given], settlement_asset)

    monkeypatch.setattr(postings, "unbalanced_column", unseeing)
    monkeypatch.setattr(ledger.laws.bookkeeping, "unbalanced_column", unseeing)
    assert first_broken(apply, SCENARIOS["trading"]()) == "PST-2 step"


def test_a_takeover_that_is_never_open_is_caught_by_liq_2(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = plant("rules.backstop_transfer", "not is_transferable(state, account)", "True")
    monkeypatch.setattr(ledger.laws.liquidation, "apply", closed)
    assert first_broken(closed, SCENARIOS["liquidation"]()) == "LIQ-2 step"


def test_a_shortfall_that_a_worse_return_lowers_is_caught_by_mon_5(monkeypatch: pytest.MonkeyPatch) -> None:
    def strictly_beyond(losses: Sequence[int], confidence: int) -> int:
        """The mean of the losses above value at risk, however many these are."""
        at_risk = liquidity.value_at_risk(losses, confidence)
        beyond = [loss for loss in losses if loss > at_risk]
        return -(-sum(beyond) // len(beyond)) if beyond else at_risk

    monkeypatch.setattr(ledger.laws.liquidity, "expected_shortfall", strictly_beyond)
    assert first_broken(apply, SCENARIOS["stress"]()) == "MON-5 step"


def test_stress_that_makes_somebody_liquidatable_is_caught_by_mon_3(monkeypatch: pytest.MonkeyPatch) -> None:
    def nervous(state: State, account: Account) -> bool:
        stressed = any(is_stressed(state, market_id) for market_id in account.positions)
        return stressed or margin.is_liquidatable(state, account)

    monkeypatch.setattr(ledger.laws.liquidity, "is_liquidatable", nervous)
    assert first_broken(apply, SCENARIOS["stress"]()) == "MON-3 step"


@pytest.mark.parametrize(
    ("module", "phrase", "then", "law"),
    [
        ("rules.liquidate", "not is_liquidatable(state, account)", Liquidate(0, "s1", ()), "LIQ-1 history"),
        ("rules.backstop_transfer", "not is_transferable(state, account)", BackstopTransfer(0, "s1"), "TKO-1 step"),
    ],
)
def test_what_stress_alone_opens_to_the_healthy_is_caught(
    module: str, phrase: str, then: Liquidate | BackstopTransfer, law: str
) -> None:
    """The bugs do nothing but in a stressed market."""
    whole = SCENARIOS["stress"]()
    state, count = whole.start, 0
    while count == 0 or not is_stressed(state, BTC):
        state, count = state_after(state, apply(state, whole.transactions[count])), count + 1
    calm = "not any(market.monitor is not None and market.monitor.stressed for market in state.markets.values())"
    planted = plant(module, phrase, f"{phrase} and {calm}")
    at_the_end = extended(whole, lambda time: attrs.evolve(then, time=time))
    assert first_broken(planted, at_the_end) is None
    in_stress = attrs.evolve(whole, transactions=whole.transactions[:count])
    assert first_broken(planted, extended(in_stress, lambda time: attrs.evolve(then, time=time))) == law


def test_an_outcome_that_varies_is_caught_by_det_1(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0

    def varying(state: State, transaction: Transaction) -> Outcome:
        nonlocal calls
        calls += 1
        outcome = apply(state, transaction)
        assert isinstance(outcome, Applied)
        return attrs.evolve(outcome, postings=tuple(reversed(outcome.postings[calls % 2 :])))

    monkeypatch.setattr(ledger.laws.determinism, "apply", varying)
    assert first_broken(apply, SCENARIOS["trading"]()) == "DET-1 state"


PLANTED = {
    *(planted.law for planted in PHRASES),
    *MEDDLING,
    *(
        "REJ-1 step",
        "MRK-1 step",
        "PST-2 step",
        "CON-3 state",
        "SET-1 state",
        "LIQ-2 step",
        "MON-5 step",
        "DET-1 state",
    ),
}


def test_every_law_has_a_planted_bug() -> None:
    names = [name_of(law) for law in REGISTRY]
    assert len(set(names)) == len(names)
    assert set(names) == PLANTED


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_law_holds_on_the_scenarios(name: str) -> None:
    assert first_broken(apply, SCENARIOS[name]()) is None


def test_every_law_speaks_on_the_scenarios() -> None:
    fired: dict[str, int] = {}
    for scenario in (
        *(make() for make in SCENARIOS.values()),
        extended(SCENARIOS["trading"](), REFUSED["a time before"]),
    ):
        state, monitor = scenario.start, Monitor(scenario.start, REGISTRY, state_every=1)
        for transaction in scenario.transactions:
            outcome = apply(state, transaction)
            after = state_after(state, outcome)
            monitor.observe(Step(state, transaction, outcome, after))
            state = after
        monitor.finish()
        for count in monitor.counts:
            assert count.fired <= count.checked
            fired[name_of(count.law)] = fired.get(name_of(count.law), 0) + count.fired
    assert [name for name, times in fired.items() if times == 0] == []


def test_the_monitor_counts_what_was_checked_and_what_fired() -> None:
    scenario = SCENARIOS["program"]()
    state, monitor = scenario.start, Monitor(scenario.start, REGISTRY, state_every=4)
    for transaction in scenario.transactions:
        outcome = apply(state, transaction)
        after = state_after(state, outcome)
        monitor.observe(Step(state, transaction, outcome, after))
        state = after
    monitor.finish()
    counts = {name_of(count.law): (count.checked, count.fired) for count in monitor.counts}
    steps = len(scenario.transactions)
    assert counts["TIM-1 step"] == (steps, steps)
    assert counts["REJ-1 step"] == (steps, 0)
    assert counts["CAP-1 history"] == (0, 0)
    assert counts["ENR-2 step"] == (3, 3)
    assert counts["CON-1 state"] == (steps // 4 + (steps % 4 > 0),) * 2


def test_what_was_counted_is_told_by_transaction_type() -> None:
    scenario = extended(SCENARIOS["trading"](), REFUSED["a time before"])
    state, monitor = scenario.start, Monitor(scenario.start, REGISTRY, state_every=0)
    asked: Counter[str] = Counter()
    for transaction in scenario.transactions:
        outcome = apply(state, transaction)
        after = state_after(state, outcome)
        monitor.observe(Step(state, transaction, outcome, after))
        state = after
        asked[TYPE_NAMES[type(transaction)]] += 1
    counts = {name_of(count.law): count for count in monitor.counts}
    refused = TYPE_NAMES[type(scenario.transactions[-1])]
    assert {name: checked for name, (checked, _) in counts["TIM-1 step"].by_type.items()} == asked
    assert {name for name, (_, fired) in counts["REJ-1 step"].by_type.items() if fired} == {refused}
    assert counts["FND-1 history"].by_type == {"fund": (asked["fund"], asked["fund"])}
    assert counts["CON-1 state"].by_type == {}
    for count in counts.values():
        assert sum(checked for checked, _ in count.by_type.values()) == count.checked
        assert sum(fired for _, fired in count.by_type.values()) == count.fired


def test_mar_1_judges_the_fills_of_one_counterparty_one_after_the_other() -> None:
    """A fill that grows exposure with free collateral, then one that reduces it at a price off mark, both admitted."""
    world = World()
    world.mark("10000")
    world.mark("400", ETH)
    for account_id, amount in (("maker", "9000000"), ("victim", "1000"), ("taker", "199547.9")):
        world.deposit(account_id, amount)
    world.trade("victim", "maker", "1", "10000")
    world.trade("maker", "victim", "20", "400", market=ETH)
    world.trade("taker", "maker", "130", "10000")
    world.trade("taker", "maker", "20", "400", market=ETH)
    world.mark("9100")
    missing = usdt("97") - margin.free_collateral(world.state, world.account("taker")) // EXACT_SCALE
    world.do(Deposit(world.time, "taker", "USDT", missing // 10**4 * 10**4))
    fills = (Fill(BTC, "taker", 1000, price("9100")), Fill(ETH, "taker", 2500, price("390")))
    before, transaction = world.state, Liquidate(world.time, "victim", fills)
    outcome = world.do(transaction)
    assert margin.free_collateral(outcome.state, outcome.state.accounts["taker"]) < 0
    Monitor(before, REGISTRY).observe(Step(before, transaction, outcome, outcome.state))


def test_an_account_that_changes_after_it_was_reached_is_noticed() -> None:
    """A look compares with what the last step that reached the account left, not with any step of the window."""
    scenario = SCENARIOS["trading"]()
    state, monitor = scenario.start, Monitor(scenario.start, REGISTRY, state_every=0)
    for transaction in scenario.transactions:
        outcome = apply(state, transaction)
        assert isinstance(outcome, Applied)
        if isinstance(transaction, Withdraw) and transaction.account == "bob":
            meddled = with_account(outcome.state, "alice", attrs.evolve(state.accounts["alice"], fee_tier="vip"))
            outcome = attrs.evolve(outcome, state=meddled)
        monitor.observe(Step(state, transaction, outcome, outcome.state))
        state = outcome.state
    with pytest.raises(LawBroken, match="FRM-1"):
        monitor.finish()


def test_an_account_that_changes_before_it_is_reached_is_noticed() -> None:
    """The deposits of others change carol, whose own trade comes later in the same window."""
    scenario = SCENARIOS["trading"]()
    state, monitor = scenario.start, Monitor(scenario.start, REGISTRY, state_every=0)
    for transaction in scenario.transactions:
        outcome = apply(state, transaction)
        assert isinstance(outcome, Applied)
        if isinstance(transaction, Deposit) and transaction.account == INSURANCE:
            meddled = with_account(outcome.state, "carol", attrs.evolve(state.accounts["carol"], max_leverage=50))
            outcome = attrs.evolve(outcome, state=meddled)
        monitor.observe(Step(state, transaction, outcome, outcome.state))
        state = outcome.state
    with pytest.raises(LawBroken, match="carol changed before a transaction reached it"):
        monitor.finish()


def test_a_trade_that_charges_no_fees_breaks_the_law_of_fills() -> None:
    """Which looks at the charge of each fill: that there is none is no error of the law."""

    def free(state: State, transaction: Transaction) -> Outcome:
        outcome = apply(state, transaction)
        if not isinstance(outcome, Applied):
            return outcome
        return attrs.evolve(
            outcome, events=tuple(event for event in outcome.events if not isinstance(event, FeesCharged))
        )

    assert first_broken(free, SCENARIOS["trading"]()) == "FIL-1 step"


def test_a_refusal_against_a_grid_of_nothing_is_caught_by_rej_2() -> None:
    """What is off a grid of 0 cannot be told, and is no error of the law."""
    scenario = extended(SCENARIOS["trading"](), REFUSED["a dusty sum"])

    def without_limit(state: State, transaction: Transaction) -> Outcome:
        outcome = apply(state, transaction)
        return attrs.evolve(outcome, limit=0) if isinstance(outcome, Rejected) else outcome

    assert first_broken(without_limit, scenario) == "REJ-2 step"


def test_an_outcome_without_shape_breaks_a_law_and_not_the_monitor() -> None:
    scenario = SCENARIOS["trading"]()
    without_fees = meddling(lambda state: state)

    def bare(state: State, transaction: Transaction) -> Outcome:
        outcome = without_fees(state, transaction)
        return attrs.evolve(outcome, events=()) if isinstance(outcome, Applied) else outcome

    assert first_broken(bare, scenario) is not None
