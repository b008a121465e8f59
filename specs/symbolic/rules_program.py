"""Contracts of the rules about one account's settings and obligations: set-account, enroll, leave (specs/rules)."""

from immutables import Map

from ledger.rulebook import FEES
from ledger.state import Limits, Liquidation, Provider, State, Takeover
from ledger.transactions import Enroll, Leave, SetAccount, Transaction

from .claims import Bug, Claim, Contract, Kind
from .judging import Answer, answered, first_failing
from .rules_accounts import ORDINARY, WHO, is_obliged
from .worlds import ASCENDEX, BTC, NOW, UNIT, account, state


def set_account_of(
    who: int, has_leverage: bool, leverage: int, tier: int, before: int, time: int
) -> tuple[State, Transaction]:
    """Alice with USDT and a position, liquidating."""
    running = Liquidation(3, NOW, Map({BTC: 9}))
    world = state(ASCENDEX, {"alice": account(5, 3, -7, leverage=before, fee_tier="vip", liquidation=running)})
    fee_tier = (None, "standard", "unlisted")[tier]
    return world, SetAccount(time, WHO[who], leverage if has_leverage else None, fee_tier)


def set_account_is_guarded(who: int, has_leverage: bool, leverage: int, tier: int, time: int) -> str:
    """An account is set exactly when the checks hold, and refused for the first that does not.

    given: rulebook ascendex-2020; fee tier none, standard, or an unlisted one; alice is liquidating
    pre: 0 <= who <= 5 and 0 <= tier <= 2
    post: _ == set_account_refusal(who, has_leverage, leverage, tier, time)
    reach: _ == "" and leverage == 100 and tier == 1
    reach: _ == "" and not has_leverage
    reach: _ == "LEVERAGE_OUT_OF_RANGE" and leverage == 101
    reach: _ == "UNKNOWN_FEE_TIER"
    """
    return answered(*set_account_of(who, has_leverage, leverage, tier, 100, time), ()).refusal


def set_account_refusal(who: int, has_leverage: bool, leverage: int, tier: int, time: int) -> str:
    """specs/rules/set-account.md."""
    return first_failing(
        ("TIME_BACKWARDS", time >= NOW),
        ("SYSTEM_ACCOUNT", who <= 1),
        ("UNKNOWN_ACCOUNT", who == 0),
        ("NOTHING_TO_SET", has_leverage or tier != 0),
        ("LEVERAGE_OUT_OF_RANGE", not has_leverage or 1 <= leverage <= 100),
        ("UNKNOWN_FEE_TIER", tier != 2),
    )


def set_account_keeps_laws(who: int, has_leverage: bool, leverage: int, tier: int, before: int, time: int) -> Answer:
    """After an account was set, or that was refused, the laws hold.

    given: rulebook ascendex-2020; fee tier none, standard, or an unlisted one; alice is liquidating
    pre: 0 <= who <= 5 and 0 <= tier <= 2 and 1 <= before <= 100
    post: _.broken == ""
    reach: _.fired(*SET_ACCOUNT_LAWS) and has_leverage and tier == 1
    reach: _.fired("REJ-1", "REJ-2", "TIM-1")
    """
    return answered(*set_account_of(who, has_leverage, leverage, tier, before, time))


SET_ACCOUNT_LAWS = ("ACC-1", "EVT-1", *ORDINARY)


def enroll_of(
    who: int, usdt: int, minute: int, hour: int, most: int, has_notice: bool, notice: int, time: int
) -> tuple[State, Transaction]:
    """Alice is a provider of 200,000 a minute, 400,000 an hour, 300,000 held; bob is none; carol is liquidating."""
    limits = Limits(200_000 * UNIT, 400_000 * UNIT, 300_000 * UNIT)
    accounts = {
        "alice": account(usdt),
        "bob": account(usdt),
        "carol": account(usdt, liquidation=Liquidation(1, 0, Map())),
    }
    taken = (Takeover(1, 5),)
    world = state(ASCENDEX, accounts, providers={"alice": Provider(limits, notice if has_notice else None, taken)})
    return world, Enroll(time, ("alice", "bob", "carol", "nobody", FEES)[who], minute, hour, most)


def enroll_is_guarded(
    who: int, usdt: int, minute: int, hour: int, most: int, has_notice: bool, notice: int, time: int
) -> str:
    """An account is enrolled exactly when the checks hold, and refused for the first that does not.

    given: rulebook ascendex-2020; alice enrolled before, bob did not, carol is liquidating; USDT and no position
    pre: 0 <= who <= 4
    post: _ == enroll_refusal(who, usdt, minute, hour, most, has_notice, notice, time)
    reach: _ == "" and who == 1
    reach: _ == "" and who == 0 and minute < 200_000 * UNIT
    reach: _ == "" and who == 0 and not has_notice
    reach: _ == "LIMIT_LOWERED" and hour < 400_000 * UNIT and minute >= 200_000 * UNIT
    """
    return answered(*enroll_of(who, usdt, minute, hour, most, has_notice, notice, time), ()).refusal


def enroll_refusal(
    who: int, usdt: int, minute: int, hour: int, most: int, has_notice: bool, notice: int, time: int
) -> str:
    """specs/rules/enroll.md."""
    free = who != 0 or not is_obliged(has_notice, notice, time)
    return first_failing(
        ("TIME_BACKWARDS", time >= NOW),
        ("SYSTEM_ACCOUNT", who != 4),
        ("UNKNOWN_ACCOUNT", who != 3),
        ("ACCOUNT_LIQUIDATING", who != 2),
        ("CAPACITY_PER_MINUTE_TOO_LOW", minute >= 100_000 * UNIT),
        ("CAPACITY_PER_HOUR_TOO_LOW", hour >= 300_000 * UNIT and hour >= minute),
        ("MAX_HOLDINGS_TOO_LOW", most >= minute),
        ("PROVIDER_BELOW_MINIMUM", usdt >= 500_000 * UNIT),
        ("LIMIT_LOWERED", free or (minute >= 200_000 * UNIT and hour >= 400_000 * UNIT and most >= 300_000 * UNIT)),
    )


def enroll_keeps_laws(
    who: int, usdt: int, minute: int, hour: int, most: int, has_notice: bool, notice: int, time: int
) -> Answer:
    """After an account was enrolled, or that was refused, the laws hold.

    given: rulebook ascendex-2020; alice enrolled before, bob did not, carol is liquidating; USDT and no position
    pre: 0 <= who <= 4
    pre: notice <= NOW
    post: _.broken == ""
    reach: _.fired(*ENROLL_LAWS, "ENR-1") and who == 0 and not has_notice
    reach: _.fired(*ENROLL_LAWS) and who == 1
    reach: _.fired("REJ-1", "REJ-2", "TIM-1")
    """
    return answered(*enroll_of(who, usdt, minute, hour, most, has_notice, notice, time))


ENROLL_LAWS = ("ENR-2", "EVT-1", *ORDINARY)


def leave_of(who: int, kind: int, notice: int, time: int) -> tuple[State, Transaction]:
    """Alice has no record, one without limits, one with, or one with a notice as well."""
    limits = None if kind == 1 else Limits(100_000 * UNIT, 300_000 * UNIT, 100_000 * UNIT)
    record = Provider(limits, notice if kind == 3 else None, (Takeover(1, 5),))
    providers = {} if kind == 0 else {"alice": record}
    return state(ASCENDEX, {"alice": account(5)}, providers=providers), Leave(time, WHO[who])


def leave_is_guarded(who: int, kind: int, notice: int, time: int) -> str:
    """A notice is taken exactly when the checks hold, and refused for the first that does not.

    given: rulebook ascendex-2020; alice never enrolled, was taken over, is enrolled, or gave notice
    pre: 0 <= who <= 5 and 0 <= kind <= 3
    post: _ == leave_refusal(who, kind, notice, time)
    reach: _ == ""
    reach: _ == "ALREADY_LEAVING" and time == notice + 3_599_999
    reach: _ == "NOT_A_PROVIDER" and time == notice + 3_600_000 and kind == 3
    """
    return answered(*leave_of(who, kind, notice, time), ()).refusal


def leave_refusal(who: int, kind: int, notice: int, time: int) -> str:
    """specs/rules/leave.md."""
    return first_failing(
        ("TIME_BACKWARDS", time >= NOW),
        ("SYSTEM_ACCOUNT", who <= 1),
        ("UNKNOWN_ACCOUNT", who == 0),
        ("NOT_A_PROVIDER", kind == 2 or (kind == 3 and time < notice + 3_600_000)),
        ("ALREADY_LEAVING", kind == 2),
    )


def leave_keeps_laws(who: int, kind: int, notice: int, time: int) -> Answer:
    """After a notice, or its refusal, the laws hold.

    given: rulebook ascendex-2020; alice never enrolled, was taken over, is enrolled, or gave notice
    pre: 0 <= who <= 5 and 0 <= kind <= 3
    pre: notice <= NOW
    post: _.broken == ""
    reach: _.fired(*LEAVE_LAWS)
    reach: _.fired("REJ-1", "REJ-2", "TIM-1") and kind == 3
    """
    return answered(*leave_of(who, kind, notice, time))


LEAVE_LAWS = ("ENR-1", "EVT-1", *ORDINARY)


def _guard(name: str, transaction: str, laws: tuple[str, ...], contract: Contract, bug: Bug) -> Claim:
    return Claim(name, Kind.GUARD, (transaction,), laws, contract, bug)


def _laws(name: str, transaction: str, laws: tuple[str, ...], contract: Contract, bug: Bug) -> Claim:
    return Claim(name, Kind.LAWS, (transaction,), laws, contract, bug)


CLAIMS = (
    _guard(
        "set-account-guard",
        "set-account",
        ("ACC-1", "PTY-1"),
        set_account_is_guarded,
        Bug("rules.set_account", "not 1 <= max_leverage <= maximum", "not 1 <= max_leverage < maximum"),
    ),
    _laws(
        "set-account-laws",
        "set-account",
        (*SET_ACCOUNT_LAWS, "REJ-1", "REJ-2"),
        set_account_keeps_laws,
        Bug(
            "rules.set_account",
            "        before.liquidation,",
            "        None if max_leverage == 77 else before.liquidation,",
        ),
    ),
    _guard(
        "enroll-guard",
        "enroll",
        ("ENR-1", "ENR-2", "PTY-1"),
        enroll_is_guarded,
        Bug("rules.enroll", "if per_hour < in_force.capacity_per_hour:", "if per_hour <= in_force.capacity_per_hour:"),
    ),
    _laws(
        "enroll-laws",
        "enroll",
        (*ENROLL_LAWS, "ENR-1", "REJ-1", "REJ-2"),
        enroll_keeps_laws,
        Bug("rules.enroll", "    if max_holdings < per_minute:", "    if max_holdings < per_minute - 1:"),
    ),
    _guard(
        "leave-guard",
        "leave",
        ("ENR-1", "PTY-1"),
        leave_is_guarded,
        Bug("rules.leave", "if record.notice is not None:", "if record.notice is not None and record.notice < time:"),
    ),
    _laws(
        "leave-laws",
        "leave",
        (*LEAVE_LAWS, "REJ-1", "REJ-2"),
        leave_keeps_laws,
        Bug("rules.leave", "return applied(state, time,", "return applied(state, time + 1,"),
    ),
)
