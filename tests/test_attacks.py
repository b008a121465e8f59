"""The attack logs: what the rules are known to allow, and what it gains and costs, to the atom.

Each log replays with every law and every figure it expects. The tests beside it read who gained and who paid from the
states, and set them against the same log without the attack, or under other terms: a change of the rules that closes a
weakness, or widens it, fails here.
"""

from collections.abc import Callable
from pathlib import Path

import attrs
import pytest
from immutables import Map

from ledger.capacity import headroom
from ledger.laws import REGISTRY, Step
from ledger.log import Entry, encode_genesis, encode_transaction, open_log, read_log
from ledger.margin import account_value, distress_collateral, maintenance_margin, mark_per_lot
from ledger.outcomes import (
    Applied,
    Converted,
    Deleveraged,
    FeesUsed,
    LossShared,
    PositionTransferred,
    ProviderTook,
    Reason,
    Rejected,
    TakenOver,
)
from ledger.profiles import Document, load_profile
from ledger.replay import custody, replay_log
from ledger.rulebook import EXTERNAL
from ledger.state import State, genesis, size_of
from ledger.transactions import (
    BackstopTransfer,
    Deposit,
    Enroll,
    Liquidate,
    MarkMarket,
    Trade,
    Transaction,
    Withdraw,
)
from ledger.transition import apply, state_after
from ledger.units import EXACT_SCALE
from tests.worlds import BTC, ETH, lots, quotes, usdt

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "tests" / "logs" / "attacks"
LOGS = tuple(sorted(path.name for path in FOLDER.glob("*.jsonl")))
COLLUSION = "colluding-provider-draws-on-insurance.jsonl"
HAIRCUT = "haircut-bankrupts.jsonl"
CLOSING = "closing-before-a-shared-loss.jsonl"
HEADROOM = "provider-fills-its-own-headroom.jsonl"
PAGES = (FOLDER / "README.md", ROOT / "docs" / "decisions" / "0012-accepted-weaknesses.md")
PROFILE = "ascendex-2020"

Change = Callable[[Transaction], Transaction | None]
"""What becomes of a log's transaction in a variant of it: itself, another, or None to leave it out."""


def read(name: str) -> tuple[State, list[Entry]]:
    """A log's genesis and all its lines."""
    with open_log(str(FOLDER / name)) as stream:
        state, entries = read_log(stream, name)
        return state, list(entries)


def as_it_is(transaction: Transaction) -> Transaction:
    """The change that changes nothing."""
    return transaction


def played(name: str, change: Change = as_it_is, overrides: Document | None = None) -> list[Step]:
    """Every step of a log or of a variant of it, in which every law holds too: whoever pays, no law is broken."""
    state, entries = read(name)
    if overrides is not None:
        state = genesis(load_profile(PROFILE, overrides), state.time)
    changed = [change(entry.transaction) for entry in entries]
    kept = [transaction for transaction in changed if transaction is not None]
    lines = [Entry(number, transaction, None) for number, transaction in enumerate(kept, start=2)]
    assert replay_log(state, lines, state_every=1).failure is None

    steps = []
    for transaction in kept:
        outcome = apply(state, transaction)
        after = state_after(state, outcome)
        steps.append(Step(state, transaction, outcome, after))
        state = after
    return steps


def takeover(steps: list[Step]) -> Step:
    """The one takeover that was applied."""
    (step,) = (
        step for step in steps if isinstance(step.transaction, BackstopTransfer) and isinstance(step.outcome, Applied)
    )
    return step


def atoms(value: int) -> int:
    """An exact value that is whole atoms, in atoms."""
    whole, rest = divmod(value, EXACT_SCALE)
    assert rest == 0
    return whole


def values(state: State) -> dict[str, int]:
    """What every account but the outside world is worth, in atoms."""
    return {
        account_id: atoms(account_value(state, account))
        for account_id, account in state.accounts.items()
        if account_id != EXTERNAL
    }


def differences(after: dict[str, int], before: dict[str, int]) -> dict[str, int]:
    """Who is worth more, or less, in the first than in the second, by how many atoms; nobody else."""
    assert after.keys() == before.keys()
    return {key: after[key] - before[key] for key in sorted(after) if after[key] != before[key]}


def paid_in(steps: list[Step]) -> dict[str, int]:
    """Atoms of USDT that each account deposited; none of these logs' collusion involves another asset."""
    deposited: dict[str, int] = {}
    for step in steps:
        match step.transaction:
            case Deposit(_, account, "USDT", amount):
                deposited[account] = deposited.get(account, 0) + amount
    return deposited


def refusals(steps: list[Step]) -> list[tuple[type, Reason]]:
    """What was refused, and why, in order."""
    return [(type(step.transaction), step.outcome.reason) for step in steps if isinstance(step.outcome, Rejected)]


def assert_told(*figures: str) -> None:
    """The figures, thousands set apart, stand in the folder's page and in the decision record."""
    for page in PAGES:
        text = " ".join(page.read_text(encoding="utf-8").split())
        for figure in figures:
            whole, point, fraction = figure.partition(".")
            shown = f"{int(whole):,}{point}{fraction}"
            assert shown in text, f"{page.name} does not tell {shown}"


# All logs.


def test_the_folder_holds_the_four_logs_and_both_pages_name_them() -> None:
    assert LOGS == (CLOSING, COLLUSION, HAIRCUT, HEADROOM)
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert [name for name in LOGS if name not in text] == []


@pytest.mark.parametrize("name", LOGS)
def test_every_law_holds_on_every_line_and_every_figure_is_met(name: str) -> None:
    state, entries = read(name)
    assert state.rulebook == load_profile(PROFILE)
    report = replay_log(state, entries, state_every=1)
    assert report.failure is None
    assert report.unexpected == 0, "each refusal is expected by its reason"
    assert report.transactions == len(entries)
    assert report.expectations == sum(1 for entry in entries if entry.expect is not None)
    assert [count.law for count in report.laws] == list(REGISTRY)


@pytest.mark.parametrize("name", LOGS)
def test_every_line_that_moves_a_figure_says_what_it_is(name: str) -> None:
    """All but deposits, enrolments, and marks while nobody holds a position."""
    state, entries = read(name)
    for entry in entries:
        held = any(account.positions for account in state.accounts.values())
        match entry.transaction:
            case Deposit() | Enroll():
                assert entry.expect is None
            case _ if held or isinstance(entry.transaction, Trade):
                expect = entry.expect
                assert expect is not None, f"line {entry.line}"
                assert expect.reason is not None or expect.balances or expect.account_values, f"line {entry.line}"
        state = state_after(state, apply(state, entry.transaction))


@pytest.mark.parametrize("name", LOGS)
def test_the_logs_are_canonical_text(name: str) -> None:
    state, entries = read(name)
    lines = [encode_transaction(state.rulebook, entry.transaction, entry.expect) for entry in entries]
    assert (FOLDER / name).read_bytes() == encode_genesis(PROFILE, time=state.time) + b"".join(lines)


@pytest.mark.parametrize("name", LOGS)
def test_one_atom_more_or_less_is_noticed(name: str) -> None:
    """Each balance and each account value that the takeover's line tells."""
    state, entries = read(name)
    line = next(
        position
        for position, entry in enumerate(entries)
        if isinstance(entry.transaction, BackstopTransfer) and entry.expect is not None and entry.expect.balances
    )
    expect = entries[line].expect
    assert expect is not None
    wrong = [
        attrs.evolve(expect, balances={account: {asset: amount + 1}})
        for account, balances in expect.balances.items()
        for asset, amount in balances.items()
    ]
    wrong += [
        attrs.evolve(expect, account_values={account: value - EXACT_SCALE})
        for account, value in expect.account_values.items()
    ]
    assert len(wrong) >= 6
    for planted in wrong:
        changed = Entry(entries[line].line, entries[line].transaction, planted)
        failure = replay_log(state, [*entries[:line], changed], laws=()).failure
        assert failure is not None
        assert failure.entry is changed


# A provider that colludes with an account draws on the fund.

RING = ("alice", "bob", "paul")
"""Long and short at 535 USDT each, and the provider: one owner behind all three."""


def ring_gain(step: Step, steps: list[Step]) -> int:
    """What the three are worth after a step beyond all they paid in, in atoms."""
    worth, deposited = values(step.after), paid_in(steps)
    return sum(worth[account] - deposited[account] for account in RING)


def test_the_ring_gains_what_the_fund_pays_beyond_fees() -> None:
    steps = played(COLLUSION)
    transfer = takeover(steps)
    deposited = paid_in(steps)
    assert (deposited["alice"], deposited["bob"], deposited["paul"]) == (usdt("535"), usdt("535"), usdt("500000"))
    assert list(transfer.happened(TakenOver)) == [TakenOver("alice", usdt("120.0325"))]
    (leg,) = transfer.happened(PositionTransferred)
    assert (leg.size, leg.shrunk) == (lots("5"), 0)
    assert [(took.provider, took.size) for took in transfer.happened(ProviderTook)] == [("paul", lots("5"))]

    assert differences(values(transfer.after), values(transfer.before)) == {
        "@insurance": -usdt("375.6425"),
        "alice": -usdt("120.0325"),
        "paul": usdt("495.675"),
    }
    assert differences(values(transfer.after), {**dict.fromkeys(values(transfer.after), 0), **deposited}) == {
        "@fees": usdt("42.4575"),
        "@insurance": -usdt("375.6425"),
        "alice": -usdt("535"),
        "bob": usdt("372.51"),
        "paul": usdt("495.675"),
    }
    assert ring_gain(transfer, steps) == usdt("333.185") == usdt("375.6425") - usdt("42.4575")
    assert_told("535", "120.0325", "495.675", "375.6425", "42.4575", "333.185")


def test_the_ring_takes_its_gain_home() -> None:
    """Bob and Paul close against each other for 19.827 USDT of fees, and withdraw everything but what was Paul's."""
    steps = played(COLLUSION)
    last = steps[-1].after
    assert all(last.accounts[account].positions == Map() for account in RING)
    assert {account: values(last)[account] for account in RING} == {"alice": 0, "bob": 0, "paul": usdt("500000")}
    withdrawn = sum(step.transaction.amount for step in steps if isinstance(step.transaction, Withdraw))
    assert withdrawn - 2 * usdt("535") == usdt("313.358") == usdt("333.185") - usdt("19.827")
    fees = last.accounts["@fees"].cash["USDT"] - takeover(steps).after.accounts["@fees"].cash["USDT"]
    assert fees == usdt("19.827")
    assert_told("19.827", "313.358")


def ring_steps(discount: str, mark: str, taken_over: str) -> list[Step]:
    """The ring's steps to the takeover, with another discount, another last mark, and another account to take over."""

    def change(transaction: Transaction) -> Transaction | None:
        match transaction:
            case MarkMarket(time, market, prices, premium) if prices == quotes("9913.5"):
                return MarkMarket(time, market, quotes(mark), premium)
            case BackstopTransfer(time, _):
                return BackstopTransfer(time, taken_over)
            case Withdraw() | Trade(_, _, "bob"):
                return None
        return transaction

    return played(COLLUSION, change, {"program": {"discount": discount}})


@pytest.mark.parametrize(
    ("discount", "mark", "taken_over", "gained"),
    [
        ("0.01", "9913.5", "alice", "333.185"),
        ("0.01", "9919.25", "alice", "304.7225"),
        ("0.01", "10035", "bob", "159.2825"),
        ("0.003", "9913.5", "alice", "-13.7875"),
        ("0.003", "9919.25", "alice", "-42.45125"),
        ("-0.01", "9913.5", "alice", "-42.4575"),
    ],
)
def test_the_gain_is_the_discount_beyond_what_was_left_of_the_account(
    discount: str, mark: str, taken_over: str, gained: str
) -> None:
    """At 9,919.25, the highest tick at which Alice is taken over; at 10,035, the lowest at which Bob is, a tier up;
    with a discount that is no more than the first tier's takeover margin; and under a collar."""
    steps = ring_steps(discount, mark, taken_over)
    assert ring_gain(takeover(steps), steps) == usdt(gained)
    assert_told(gained)


@pytest.mark.parametrize(("mark", "account"), [("9919.5", "alice"), ("10034.75", "bob")])
def test_a_tick_before_neither_is_taken_over(mark: str, account: str) -> None:
    steps = ring_steps("0.01", mark, account)
    assert refusals(steps) == [(BackstopTransfer, Reason.NOT_AT_TAKEOVER)] * 2
    assert values(steps[-1].after)["@insurance"] == usdt("10000")


# A haircut bankrupts.


def test_the_sale_of_collateral_bankrupts_an_account_that_covers_its_maintenance_margin() -> None:
    steps = played(HAIRCUT)
    transfer = takeover(steps)
    before, carol = transfer.before, transfer.before.accounts["carol"]
    assert values(before)["carol"] == usdt("280.02")
    assert maintenance_margin(before, carol) == usdt("253.14") * EXACT_SCALE
    assert distress_collateral(before, carol) == -usdt("119.98")
    (sale,) = transfer.happened(Converted)
    assert (sale.asset, sale.amount, sale.proceeds) == ("ETH", 20 * 10**9, usdt("7600"))

    # 400 USDT go outside with 20 ETH: the owner's 280.02, and 119.98 of the fund. No provider, so no discount in it.
    assert not list(transfer.happened(ProviderTook))
    assert [(event.account, event.size) for event in transfer.happened(Deleveraged)] == [("dave", lots("5"))]
    lost = {"@insurance": -usdt("119.98"), "carol": -usdt("280.02")}
    assert differences(values(transfer.after), values(before)) == lost
    assert sum(lost.values()) == usdt("7600") - usdt("8000")
    held = custody(before), custody(transfer.after)
    assert held[1]["USDT"] - held[0]["USDT"] == usdt("7600")
    assert held[0]["ETH"] == 20 * 10**9
    assert "ETH" not in held[1]
    assert_told("280.02", "253.14", "119.98", "400")


def test_a_like_account_in_dollars_is_not_even_liquidatable() -> None:
    """Clara has the same position, value and margin, and her 8,000 USDC in place of 20 ETH."""
    steps = played(HAIRCUT)
    before = takeover(steps).before
    carol, clara = before.accounts["carol"], before.accounts["clara"]
    assert carol.positions == clara.positions
    assert account_value(before, carol) == account_value(before, clara)
    assert distress_collateral(before, clara) == usdt("280.02")
    assert refusals(steps) == [
        (Liquidate, Reason.NOT_LIQUIDATABLE),  # Carol, one mark before
        (Liquidate, Reason.NOT_LIQUIDATABLE),
        (BackstopTransfer, Reason.NOT_AT_TAKEOVER),
    ]


def test_without_a_haircut_nobody_is_taken_over() -> None:
    steps = played(HAIRCUT, overrides={"assets": {"ETH": {"factor": "1"}}})
    assert refusals(steps)[-1] == (BackstopTransfer, Reason.NOT_AT_TAKEOVER)
    assert values(steps[-1].after)["carol"] == usdt("280.02")
    assert values(steps[-1].after)["@insurance"] == usdt("1000")


# A winner closes a lot before a shared loss.


def wendy_keeps_her_lot(transaction: Transaction) -> Transaction | None:
    """Leaves out the sale of one lot of ETH-PERP, which rolls what she has won in BTC-PERP."""
    match transaction:
        case Trade(_, market, _, "wendy") if market == ETH:
            return None
    return transaction


def charges(step: Step) -> dict[int, dict[str, int]]:
    """Atoms of a shared loss by stage and account."""
    charged: dict[int, dict[str, int]] = {}
    for shared in step.happened(LossShared):
        charged.setdefault(shared.stage, {})[shared.account] = shared.amount
    return charged


def test_two_winners_are_alike_but_for_a_lot() -> None:
    transfer = takeover(played(CLOSING, wendy_keeps_her_lot))
    assert transfer.before.accounts["wanda"] == transfer.before.accounts["wendy"]
    assert charges(transfer) == {1: {"wanda": usdt("1689.99966"), "wendy": usdt("1689.99966")}}
    worth = values(transfer.after)
    assert worth["wanda"] == worth["wendy"] == usdt("3300.00008")
    assert_told("1689.99966", "3300.00008")


def test_who_closes_a_lot_moves_from_the_first_stage_to_the_second() -> None:
    transfer = takeover(played(CLOSING))
    assert size_of(transfer.before.accounts["wendy"], BTC) == size_of(transfer.before.accounts["wanda"], BTC)
    assert [event.amount for event in transfer.happened(FeesUsed)] == [usdt("85.00102")]
    assert charges(transfer) == {
        1: {"wanda": usdt("2989.99974")},
        2: {
            "max": usdt("0.7677299690617"),
            "pat": usdt("383.8650766584725"),
            "wanda": usdt("1.5354603066339"),
            "wendy": usdt("3.8309730658319"),
        },
    }
    assert sum(sum(parts.values()) for parts in charges(transfer).values()) == usdt("3965") - usdt("585.00102")
    assert_told("2989.99974", "3.8309730658319", "4986.1685069341681", "1998.4645396933661")
    worth = values(transfer.after)
    assert (worth["wanda"], worth["wendy"]) == (usdt("1998.4645396933661"), usdt("4986.1685069341681"))


def test_what_the_closing_winner_saves_the_others_pay() -> None:
    """Against the same log without her trade, of 0.00034 USDT in fees."""
    attacked, control = played(CLOSING), played(CLOSING, wendy_keeps_her_lot)
    assert len(attacked) == len(control) + 1
    moved = differences(values(attacked[-1].after), values(control[-1].after))
    assert moved == {
        "max": -usdt("0.7678099690617"),
        "pat": -usdt("383.8650766584725"),
        "wanda": -usdt("1301.5355403066339"),
        "wendy": usdt("1686.1684269341681"),
    }
    assert sum(moved.values()) == 0
    assert_told("1686.1684269341681", "1301.5355403066339", "383.8650766584725", "0.7678099690617")


# A provider fills its own headroom.


def pru_keeps_her_headroom(transaction: Transaction) -> Transaction | None:
    """Leaves out what Pru trades with Sue, her other account."""
    match transaction:
        case Trade(_, _, "pru", "sue") | Trade(_, _, "sue", "pru"):
            return None
    return transaction


def taken(step: Step) -> dict[str, int]:
    """Lots that each provider took over."""
    return {took.provider: took.size for took in step.happened(ProviderTook)}


def test_a_provider_without_headroom_takes_nothing_and_is_as_free_as_before() -> None:
    steps = played(HEADROOM)
    transfer = takeover(steps)
    assert taken(transfer) == {"pam": lots("10")}
    assert taken(takeover(played(HEADROOM, pru_keeps_her_headroom))) == {"pam": lots("5"), "pru": lots("5")}

    state = transfer.before
    pam, pru = state.providers["pam"], state.providers["pru"]
    assert pam == pru, "alike in limits, notice and takeovers"
    assert pru.limits is not None
    per_lot = mark_per_lot(state.rulebook.contracts[BTC], state.markets[BTC])
    held = size_of(state.accounts["pru"], BTC)
    assert held == lots("10.4166")
    assert headroom(pru.limits, mark_per_lot=per_lot, held=held, taken_over=lots("10")) == 0

    last = steps[-1].after
    assert last.providers["pru"] == pru, "none of her capacity is used up"
    assert last.accounts["pru"].positions == Map()
    assert last.accounts["sue"].positions == Map()


def test_what_the_full_provider_saves_the_other_provider_and_nobody_else_pays() -> None:
    """Against the same log without her trades: 5 BTC that she does not take over, for 78.749496 USDT in fees."""
    attacked, control = played(HEADROOM), played(HEADROOM, pru_keeps_her_headroom)
    before, after = values(control[-1].after), values(attacked[-1].after)
    assert before["pam"] == before["pru"] == usdt("508980")
    assert after["pam"] == usdt("507960")
    moved = differences(after, before)
    assert moved == {
        "@fees": usdt("78.749496"),
        "pam": -usdt("1020"),
        "pru": -usdt("2144.354748"),
        "sue": usdt("3085.605252"),
    }
    assert sum(moved.values()) == 0
    assert moved["pru"] + moved["sue"] == usdt("941.250504")
    assert_told("1020", "78.749496", "941.250504")


def test_the_other_ways_out_of_an_obligation_are_closed() -> None:
    """Withdrawing below the minimum account value is refused; filling one's headroom is not."""
    assert refusals(played(HEADROOM)) == [(Withdraw, Reason.PROVIDER_BELOW_MINIMUM)]
