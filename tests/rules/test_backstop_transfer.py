"""backstop-transfer: every refusal in order of precedence, then what it does, exactly.

Most rows are about vic: long 1 BTC, 10,000 lots, at mark 5,000, which is 0.5 USDT a lot. Maintenance margin is 0.6% of
5,000, 30 USDT; takeover is below 15. vic's pnl is rolled, so its cash is its equity E. Where E is 10 the bankruptcy
price is 0.499 a lot, a provider's price 0.495, at a discount of 1%, and the auto-deleveraging price 0.499.
"""

from collections.abc import Mapping

import pytest
from attrs import evolve

from ledger.outcomes import (
    Converted,
    Deleveraged,
    EnrolmentEnded,
    Event,
    FeesUsed,
    LossShared,
    PositionTransferred,
    ProviderTook,
    Reason,
    Rolled,
    TakenOver,
)
from ledger.rulebook import Rulebook
from ledger.state import Account, Limits, LiquidityMonitor, Observation, Provider, State, Takeover
from ledger.transactions import BackstopTransfer
from tests.rules.tables import (
    Refusal,
    Success,
    Table,
    assert_applied,
    assert_every_check_in_order,
    assert_one_fault_apart,
    assert_refused,
    exact,
    held,
    liquidating,
    name_of,
    with_provider,
)
from tests.worlds import ASCENDEX, BTC, COLLAR, ETH, START, World, coins, lots, usdt, with_accounts

MINUTE, HOUR = 60_000, 3_600_000
ORDINARY, OPEN = "an ordinary account", "an open account"
T = BackstopTransfer(START, "vic")


def provider(
    per_minute: str = "100000",
    per_hour: str = "300000",
    max_holdings: str = "100000",
    *,
    notice: int | None = None,
    taken: tuple[tuple[int, str], ...] = (),
) -> Provider:
    """A provider's record in USDT; `taken`: when and how much notional."""
    limits = Limits(usdt(per_minute), usdt(per_hour), usdt(max_holdings))
    return Provider(limits, notice, tuple(Takeover(time, usdt(notional)) for time, notional in taken))


def took(before: Provider, *notionals: str) -> Provider:
    """The record with what was taken over now."""
    now = tuple(Takeover(START, usdt(notional)) for notional in notionals)
    return evolve(before, takeovers=(*before.takeovers, *now))


def long(equity: str, size: str = "1", reference_cost: str = "-5000") -> Account:
    """A long whose pnl is rolled, with its equity in cash."""
    return held(equity, btc=(size, reference_cost))


def short(equity: str, size: str = "1", reference_cost: str = "5000") -> Account:
    """The same, short."""
    return held(equity, btc=(f"-{size}", reference_cost))


def market(
    rulebook: Rulebook = ASCENDEX,
    given: Mapping[str, Account] | None = None,
    /,
    *,
    mark: str = "5000",
    insurance: str = "1000",
    fees: str = "1",
    providers: dict[str, Provider] | None = None,
    **accounts: Account,
) -> State:
    """Marks of 5,000 and 200, the two funds, these accounts, and these providers, with 600,000 USDT unless given."""
    w = World(rulebook)
    w.mark(mark)
    w.mark("200", ETH)
    w.mark_asset("BTC", "8000")
    w.deposit("@insurance", insurance)
    w.deposit("@fees", fees)
    w.deposit("idle", "500")
    records = providers or {}
    state = with_accounts(w.state, {**{name: held("600000") for name in records}, **(given or {}), **accounts})
    for name, record in records.items():
        state = with_provider(state, name, record)
    return state


def stressed(state: State, market_id: str = BTC, *, is_stressed: bool = True) -> State:
    """The state with a market that was observed and found stressed, or not."""
    monitor = LiquidityMonitor(START, 1, 2, 0, 0, (Observation(1, 0),), is_stressed)
    observed = evolve(state.markets[market_id], monitor=monitor)
    return evolve(state, markets=state.markets.set(market_id, observed))


def handed_on(
    *,
    size: int = 10_000,
    equity: str,
    at: str = "0.5",
    bankruptcy: str,
    taken_at: str,
    shrunk: str = "0",
    deleveraged_at: str,
    market_id: str = BTC,
) -> PositionTransferred:
    """The event of one market, in USDT a lot."""
    return PositionTransferred(
        market_id,
        size,
        usdt(equity),
        usdt(at),
        usdt(bankruptcy),
        usdt(taken_at),
        usdt(shrunk),
        usdt(deleveraged_at),
    )


def by(name: str, size: int, room: int, at: str = "0.495", market_id: str = BTC) -> ProviderTook:
    """A provider took lots."""
    return ProviderTook(name, market_id, size, room, usdt(at))


def reduced(name: str, size: int, at: str = "0.499", market_id: str = BTC) -> Deleveraged:
    """An opposite position was reduced."""
    return Deleveraged(name, market_id, size, usdt(at))


def shared(name: str, stage: int, amount: str) -> LossShared:
    """A part of a shared loss."""
    return LossShared(name, stage, usdt(amount))


AT_10 = handed_on(equity="10", bankruptcy="0.499", taken_at="0.495", deleveraged_at="0.499")
TAKEN_10 = TakenOver("vic", usdt("10"))


def rolled(name: str, pnl: str) -> Rolled:
    """A roll in USDT."""
    return Rolled(name, usdt(pnl))


W = market(vic=long("10"), providers={"pam": provider()})

REFUSALS = (
    Refusal("time goes back", W, evolve(T, time=START - 1), Reason.TIME_BACKWARDS, START - 1, START, "time"),
    Refusal(
        "time goes back, for a system account",
        W,
        BackstopTransfer(START - 1, "@fees"),
        Reason.TIME_BACKWARDS,
        START - 1,
        START,
        "time",
    ),
    Refusal("a system account", W, evolve(T, account="@fees"), Reason.SYSTEM_ACCOUNT, "@fees", ORDINARY, "@fees"),
    Refusal(
        "@external, which owes what is in custody",
        W,
        evolve(T, account="@external"),
        Reason.SYSTEM_ACCOUNT,
        "@external",
        ORDINARY,
        "@external",
    ),
    Refusal(
        "a system account that does not exist",
        W,
        evolve(T, account="@nobody"),
        Reason.SYSTEM_ACCOUNT,
        "@nobody",
        ORDINARY,
        "@nobody",
    ),
    Refusal("nobody", W, evolve(T, account="nobody"), Reason.UNKNOWN_ACCOUNT, "nobody", OPEN, "nobody"),
    Refusal(
        "half of maintenance margin exactly",
        market(vic=long("15"), providers={"pam": provider()}),
        T,
        Reason.NOT_AT_TAKEOVER,
        exact("15"),
        exact("15"),
        "vic",
    ),
    Refusal(
        "half of maintenance margin exactly, in the 49th round",
        market(vic=liquidating(long("15"), at=START, made=49), providers={"pam": provider()}),
        T,
        Reason.NOT_AT_TAKEOVER,
        exact("15"),
        exact("15"),
        "vic",
    ),
    Refusal(
        "rounds used up, an atom above maintenance margin",
        market(vic=liquidating(long("30.0000000000001"), at=START, made=50), providers={"pam": provider()}),
        T,
        Reason.NOT_AT_TAKEOVER,
        exact("30.0000000000001"),
        exact("30"),
        "vic",
    ),
    Refusal(
        "a stressed market, exactly at maintenance margin",
        stressed(market(vic=liquidating(long("30"), at=START), providers={"pam": provider()})),
        T,
        Reason.NOT_AT_TAKEOVER,
        exact("30"),
        exact("30"),
        "vic",
    ),
    Refusal(
        "a stressed market, below maintenance margin, but not being liquidated",
        stressed(market(vic=long("29.9999999999999"), providers={"pam": provider()})),
        T,
        Reason.NOT_AT_TAKEOVER,
        exact("29.9999999999999"),
        exact("15"),
        "vic",
    ),
    Refusal(
        "being liquidated below maintenance margin, while another market is stressed",
        stressed(market(vic=liquidating(long("29.9999999999999"), at=START), providers={"pam": provider()}), ETH),
        T,
        Reason.NOT_AT_TAKEOVER,
        exact("29.9999999999999"),
        exact("15"),
        "vic",
    ),
    Refusal(
        "being liquidated below maintenance margin, in a market that is observed and not stressed",
        stressed(market(vic=liquidating(long("29.9999999999999"), at=START)), is_stressed=False),
        T,
        Reason.NOT_AT_TAKEOVER,
        exact("29.9999999999999"),
        exact("15"),
        "vic",
    ),
    Refusal(
        "no position, and nothing at all",
        market(vic=held()),
        T,
        Reason.NOT_AT_TAKEOVER,
        0,
        0,
        "vic",
    ),
)


def shorts(sizes: dict[str, int]) -> dict[str, Account]:
    """Short lots from 0.5 USDT a lot, each with 100 USDT."""
    return {name: short("100", f"{size / 10_000:.4f}", f"{size / 2:.1f}") for name, size in sizes.items()}


def left_of(name: str, before: int, part: int) -> Account:
    """What is left of such a short after `part` of its lots were bought back at 0.499."""
    account = shorts({name: before - part})[name]
    position = account.positions[BTC]
    gained = part * usdt("0.001")
    after = evolve(position, reference_cost=position.reference_cost + gained)
    return evolve(account, positions=account.positions.set(BTC, after))


TEN = {**{f"a0{n}": 2_000 for n in range(1, 10)}, "a10": 1_000, "a11": 1_000, "a12": 1_000}
TEN_PARTS = (1_052, 1_053, 1_052, 1_053, 1_053, 1_052, 1_053, 1_053, 1_052, 527)
ELEVEN = {**{f"a{n:02}": 950 for n in range(1, 11)}, "a11": 900, "a12": 100}
EXACTLY_TEN = {f"a{n:02}": 1_000 for n in range(1, 11)}
ELEVEN_PARTS = (913, 913, 914, 913, 914, 913, 914, 913, 914, 913, 866)


def deleverages_over(name: str, sizes: dict[str, int], parts: tuple[int, ...]) -> Success:
    """All 10,000 lots at 0.499 over the first accounts by id: vic ends with 10 + 4,990 - 5,000, nothing."""
    chosen = dict(zip(sorted(sizes), parts, strict=False))
    return Success(
        name,
        market(ASCENDEX, shorts(sizes), vic=long("10")),
        T,
        events=(
            TAKEN_10,
            AT_10,
            *(reduced(account_id, part) for account_id, part in chosen.items()),
            rolled("vic", "-10"),
        ),
        accounts={
            "vic": held(),
            **{account_id: left_of(account_id, sizes[account_id], part) for account_id, part in chosen.items()},
        },
    )


def limited(
    name: str,
    record: Provider,
    pam: Account,
    after: Account,
    *,
    size: int,
    notional: str,
    dropped: int = 0,
) -> Success:
    """pam takes `size` lots, all that is open to it, at 0.495; the rest is sam's at 0.499.

    vic ends with 10 + 0.495 * size + 0.499 * (10,000 - size) - 5,000 = -0.004 * size.
    """
    rest = 10_000 - size
    cost = usdt("0.001") * rest
    sam = short("100", f"{size / 10_000:.4f}", f"{size / 2:.1f}")
    position = evolve(sam.positions[BTC], reference_cost=sam.positions[BTC].reference_cost + cost)
    lost = usdt("0.004") * size
    return Success(
        name,
        market(vic=long("10"), sam=short("100"), pam=pam, providers={"pam": record}),
        T,
        events=(
            TAKEN_10,
            AT_10,
            by("pam", size, size),
            reduced("sam", rest),
            Rolled("vic", -usdt("10") - lost),
        ),
        accounts={
            "vic": held(),
            "pam": after,
            "sam": evolve(sam, positions=sam.positions.set(BTC, position)),
            "@insurance": evolve(held("1"), cash=held("1").cash.set("USDT", usdt("1000") - lost)),
        },
        providers={"pam": took(evolve(record, takeovers=record.takeovers[dropped:]), notional)},
    )


RICH = held("600000")
PUBLISHED = held("206.344", btc=("0.5695", "-4125.1254"))
PUBLISHED_E = "-1071.2814"
PUBLISHED_ROLL = rolled("vic", "-1277.6254")
TWO = {"pam": provider(), "pat": provider("200000", "600000", "400000")}
LARGE = provider("20000000", "20000000", "20000000")
BITS = "5000.000000001"
"""A mark at which a lot is worth 5,000,000,000,001 atoms."""


def atoms(account: Account, amount: int) -> Account:
    """The account with its USDT set in atoms."""
    return evolve(account, cash=account.cash.set("USDT", amount))


def of_3_lots(name: str, state: State, event: PositionTransferred) -> Success:
    """vic's 3 lots and 4 atoms, all deleveraged at one atom a lot from mark against sam, who has 700 atoms and is 9
    ahead: it gains 3 more; vic loses 3 and leaves 1.
    """
    return Success(
        name,
        state,
        T,
        events=(
            TakenOver("vic", 4),
            event,
            Deleveraged("sam", BTC, 3, event.deleverage_price),
            Rolled("sam", 12),
            Rolled("vic", -3),
        ),
        accounts={
            "vic": held(),
            "sam": atoms(held("1"), 700 + 9 + 3),
            "@insurance": atoms(held("1"), usdt("1000") + 1),
        },
    )


def three(direction: int, cash: int, reference_cost: int) -> Account:
    """Three lots, in atoms."""
    flat = held("1", btc=("0.0003", "1"))
    position = evolve(flat.positions[BTC], size=3 * direction, reference_cost=reference_cost)
    return atoms(evolve(flat, positions=flat.positions.set(BTC, position)), cash)


BIT = 5_000_000_000_001


def in_bits(*, size: int, bankruptcy: int, taken_at: int, deleveraged_at: int) -> PositionTransferred:
    """Three lots with 4 atoms of equity, in atoms a lot."""
    return PositionTransferred(BTC, size, 4, BIT, bankruptcy, taken_at, 0, deleveraged_at)


SHARING = {
    "vic": long("-100"),
    "sam": short("5", reference_cost="5060"),
    "gwen": held("100", eth=("5", "-960")),
    "gil": held("-6", eth=("-5", "1010")),
    "idle": held("105", eth=("1", "-210")),
}
SHARED: tuple[Event, ...] = (
    TakenOver("vic", usdt("-100")),
    handed_on(equity="-100", bankruptcy="0.51", taken_at="0.495", deleveraged_at="0.5"),
    reduced("sam", 10_000, "0.5"),
    rolled("sam", "60"),
)

SUCCESSES = (
    Success(  # rooms of 200,000 and 400,000 lots share 10,000; vic: 10 + 4,950 - 5,000 = -40
        "two providers take 1 : 2 at a discount of 1%; the fund pays 40",
        market(vic=long("10"), providers=TWO),
        T,
        events=(
            TAKEN_10,
            AT_10,
            by("pam", 3_333, 200_000),
            by("pat", 6_667, 400_000),
            rolled("vic", "-50"),
        ),
        accounts={
            "vic": held(),
            "pam": held("600000", btc=("0.3333", "-1649.835")),
            "pat": held("600000", btc=("0.6667", "-3300.165")),
            "@insurance": held("960"),
        },
        providers={"pam": took(TWO["pam"], "1666.5"), "pat": took(TWO["pat"], "3333.5")},
    ),
    Success(  # bankruptcy (5,000 + 10) / 10,000; providers 0.505; vic: 10 + 5,000 - 5,050
        "of a short, 1% above mark",
        market(vic=short("10"), providers=TWO),
        T,
        events=(
            TAKEN_10,
            handed_on(size=-10_000, equity="10", bankruptcy="0.501", taken_at="0.505", deleveraged_at="0.501"),
            by("pam", 3_333, 200_000, "0.505"),
            by("pat", 6_667, 400_000, "0.505"),
            rolled("vic", "-50"),
        ),
        accounts={
            "vic": held(),
            "pam": held("600000", btc=("-0.3333", "1683.165")),
            "pat": held("600000", btc=("-0.6667", "3366.835")),
            "@insurance": held("960"),
        },
        providers={"pam": took(TWO["pam"], "1666.5"), "pat": took(TWO["pat"], "3333.5")},
    ),
    Success(  # of 10,000,000 the last bracket asks 2,000,000, so 800,000 is below half; 9,200,000 / 20,000,000 lots
        "bankruptcy beyond the discount: at the bankruptcy price, and the fund is not touched; no margin is checked",
        market(vic=long("800000", "2000", "-10000000"), providers={"pam": LARGE}),
        T,
        events=(
            TakenOver("vic", usdt("800000")),
            handed_on(size=20_000_000, equity="800000", bankruptcy="0.46", taken_at="0.46", deleveraged_at="0.46"),
            by("pam", 20_000_000, 40_000_000, "0.46"),
            rolled("vic", "-800000"),
        ),
        accounts={"vic": held(), "pam": held("600000", btc=("2000", "-9200000"))},
        providers={"pam": took(LARGE, "10000000")},
    ),
    Success(
        "the account published: 0.5695 BTC, discount +1%: the fund changes by -1,099.7564",
        market(vic=PUBLISHED, insurance="10000", providers={"pam": provider()}),
        T,
        events=(
            PUBLISHED_ROLL,
            TakenOver("vic", usdt(PUBLISHED_E)),
            handed_on(
                size=5_695,
                equity=PUBLISHED_E,
                bankruptcy="0.6881091132573",
                taken_at="0.495",
                deleveraged_at="0.5",
            ),
            by("pam", 5_695, 200_000),
            rolled("vic", "-28.475"),
        ),
        accounts={
            "vic": held(),
            "pam": held("600000", btc=("0.5695", "-2819.025")),
            "@insurance": held("8900.2436"),
        },
        providers={"pam": took(provider(), "2847.5")},
    ),
    Success(
        "the account published, discount -1%: the fund changes by -1,042.8064",
        market(COLLAR, vic=PUBLISHED, insurance="10000", providers={"pam": provider()}),
        T,
        events=(
            PUBLISHED_ROLL,
            TakenOver("vic", usdt(PUBLISHED_E)),
            handed_on(
                size=5_695,
                equity=PUBLISHED_E,
                bankruptcy="0.6881091132573",
                taken_at="0.505",
                deleveraged_at="0.5",
            ),
            by("pam", 5_695, 200_000, "0.505"),
            rolled("vic", "28.475"),
        ),
        accounts={
            "vic": held(),
            "pam": held("600000", btc=("0.5695", "-2875.975")),
            "@insurance": held("8957.1936"),
        },
        providers={"pam": took(provider(), "2847.5")},
    ),
    Success(
        "a collar of 1% and E = 10: at the bankruptcy price, and the fund is not touched",
        market(COLLAR, vic=long("10"), providers={"pam": provider()}),
        T,
        events=(
            TAKEN_10,
            handed_on(equity="10", bankruptcy="0.499", taken_at="0.499", deleveraged_at="0.499"),
            by("pam", 10_000, 200_000, "0.499"),
            rolled("vic", "-10"),
        ),
        accounts={"vic": held(), "pam": held("600000", btc=("1", "-4990"))},
        providers={"pam": took(provider(), "5000")},
    ),
    Success(  # bankruptcy 0.49, the collar 0.495; vic: -100 + 5,000 - 4,950
        "a collar of 1%, a bankrupt short: providers are 1% worse than mark; nothing shrinks though the fund is short",
        market(COLLAR, vic=short("-100"), insurance="50", providers={"pam": provider()}),
        T,
        events=(
            TakenOver("vic", usdt("-100")),
            handed_on(size=-10_000, equity="-100", bankruptcy="0.49", taken_at="0.495", deleveraged_at="0.5"),
            by("pam", 10_000, 200_000, "0.495"),
            rolled("vic", "50"),
        ),
        accounts={"vic": held(), "pam": held("600000", btc=("-1", "4950")), "@insurance": held()},
        providers={"pam": took(provider(), "5000")},
    ),
    # Limits. What is left of the minute, the hour, the holdings is 1 USDT each time: 2 lots.
    limited(
        "the minute: 99,999 were taken 59,999 ms ago",
        provider(taken=((START - MINUTE + 1, "99999"),)),
        RICH,
        held("600000", btc=("0.0002", "-0.99")),
        size=2,
        notional="1",
    ),
    limited(
        "the minute: 0.74 is left, one lot and a part",
        provider(taken=((START - 5, "99999.26"),)),
        RICH,
        held("600000", btc=("0.0001", "-0.495")),
        size=1,
        notional="0.5",
    ),
    limited(
        "the hour: 299,999 were taken 3,599,999 ms ago",
        provider(taken=((START - HOUR + 1, "299999"),)),
        RICH,
        held("600000", btc=("0.0002", "-0.99")),
        size=2,
        notional="1",
    ),
    limited(
        "the hour: all takeovers in it count, those an hour old do not and are dropped",
        provider(taken=((START - HOUR, "5"), (START - HOUR + 1, "200000"), (START - MINUTE, "99999"))),
        RICH,
        held("600000", btc=("0.0002", "-0.99")),
        size=2,
        notional="1",
        dropped=1,
    ),
    limited(
        "the holdings: long 99,999 of 100,000",
        provider(),
        held("600000", btc=("19.9998", "-99999")),
        held("600000", btc=("20", "-99999.99")),
        size=2,
        notional="1",
    ),
    Success(
        "99,999 taken exactly 60 s ago no longer count, and stay on record",
        market(vic=long("10"), providers={"pam": provider(taken=((START - MINUTE, "99999"),))}),
        T,
        events=(TAKEN_10, AT_10, by("pam", 10_000, 200_000), rolled("vic", "-50")),
        accounts={"vic": held(), "pam": held("600000", btc=("1", "-4950")), "@insurance": held("960")},
        providers={"pam": took(provider(taken=((START - MINUTE, "99999"),)), "5000")},
    ),
    Success(
        "299,999 taken exactly an hour ago no longer count, and are dropped",
        market(vic=long("10"), providers={"pam": provider(taken=((START - HOUR, "299999"),))}),
        T,
        events=(TAKEN_10, AT_10, by("pam", 10_000, 200_000), rolled("vic", "-50")),
        accounts={"vic": held(), "pam": held("600000", btc=("1", "-4950")), "@insurance": held("960")},
        providers={"pam": took(provider(), "5000")},
    ),
    Success(  # 2,000 lots at most, and 1,000 to get from short to flat; pam: 500 - 1,485, at mark 1,000
        "the holdings of one who is short: 3,000 lots; it flips and rolls 15",
        market(
            vic=long("10"),
            sam=short("100"),
            pam=short("600000", "0.1", "500"),
            providers={"pam": provider(max_holdings="1000")},
        ),
        T,
        events=(
            TAKEN_10,
            AT_10,
            by("pam", 3_000, 3_000),
            reduced("sam", 7_000),
            rolled("pam", "15"),
            rolled("vic", "-22"),
        ),
        accounts={
            "vic": held(),
            "pam": held("600015", btc=("0.2", "-1000")),
            "sam": short("100", "0.3", "1507"),
            "@insurance": held("988"),
        },
        providers={"pam": took(provider(max_holdings="1000"), "1500")},
    ),
    Success(  # after 3,000 lots pam is short 2,000: 7,000 over 2,000 and 10,000; pam: 2,500 - 1,485 - 581.834
        "a short provider takes over first, then is deleveraged by what it is short still; both count for it once",
        market(
            vic=long("10"),
            sam=short("100"),
            pam=short("600000", "0.5", "2500"),
            providers={"pam": provider(taken=((START, "98500"),))},
        ),
        T,
        events=(
            TAKEN_10,
            AT_10,
            by("pam", 3_000, 3_000),
            reduced("pam", 1_166),
            reduced("sam", 5_834),
            rolled("vic", "-22"),
        ),
        accounts={
            "vic": held(),
            "pam": short("600000", "0.0834", "433.166"),
            "sam": short("100", "0.4166", "2088.834"),
            "@insurance": held("988"),
        },
        providers={"pam": took(provider(taken=((START, "98500"),)), "1500")},
    ),
    Success(  # sam: 5,000 - 4,990 = 10
        "a provider beyond its holdings has no room; the one opposite position closes and rolls",
        market(
            vic=long("10"),
            sam=short("100"),
            pam=held("600000", btc=("20.1", "-100500")),
            providers={"pam": provider()},
        ),
        T,
        events=(TAKEN_10, AT_10, reduced("sam", 10_000), rolled("sam", "10"), rolled("vic", "-10")),
        accounts={"vic": held(), "sam": held("110")},
    ),
    Success(
        "not ready: liquidating, an atom below the minimum, notice just run out, enrolment ended; "
        "ready: at the minimum, in the last millisecond of its notice",
        market(
            vic=long("10"),
            bad=liquidating(held("600000"), at=START),
            low=held("499999.9999999999999"),
            pam=held("500000"),
            providers={
                "bad": provider(),
                "end": Provider(None, None, ()),
                "low": provider(),
                "out": provider(notice=START - HOUR),
                "pam": provider(notice=START - HOUR + 1),
            },
        ),
        T,
        events=(TAKEN_10, AT_10, by("pam", 10_000, 200_000), rolled("vic", "-50")),
        accounts={"vic": held(), "pam": held("500000", btc=("1", "-4950")), "@insurance": held("960")},
        providers={"pam": took(provider(notice=START - HOUR + 1), "5000")},
    ),
    Success(  # of 10,000,000 the last bracket asks 2,000,000: vic is at takeover with 800,000
        "a provider at takeover, though worth more than the minimum, is not ready for itself",
        market(vic=long("800000", "2000", "-10000000"), providers={"pam": LARGE, "vic": LARGE}),
        T,
        events=(
            TakenOver("vic", usdt("800000")),
            handed_on(size=20_000_000, equity="800000", bankruptcy="0.46", taken_at="0.46", deleveraged_at="0.46"),
            by("pam", 20_000_000, 40_000_000, "0.46"),
            rolled("vic", "-800000"),
            EnrolmentEnded("vic"),
        ),
        accounts={"vic": held(), "pam": held("600000", btc=("2000", "-9200000"))},
        providers={"pam": took(LARGE, "10000000"), "vic": Provider(None, None, ())},
    ),
    # Auto-deleveraging.
    deleverages_over("ten of twelve cover it; of three equal ones for the tenth place the first by id", TEN, TEN_PARTS),
    deleverages_over("ten do not cover it, eleven do; the twelfth is left alone", ELEVEN, ELEVEN_PARTS),
    Success(  # each closes 1,000 lots at 0.499 from 0.5
        "ten cover it exactly: the eleventh is left alone",
        market(ASCENDEX, shorts({**EXACTLY_TEN, "a11": 500}), vic=long("10")),
        T,
        events=(
            TAKEN_10,
            AT_10,
            *(reduced(name, 1_000) for name in EXACTLY_TEN),
            *(rolled(name, "1") for name in EXACTLY_TEN),
            rolled("vic", "-10"),
        ),
        accounts={"vic": held(), **{name: held("101") for name in EXACTLY_TEN}},
    ),
    Success(  # 10,000 of 19,999,999 lots and 1: less than half a lot for the one, in id order before
        "a part of no lot touches nothing",
        market(vic=long("10"), ann=short("100", "0.0001", "0.5"), sam=short("3000000", "1999.9999", "9999999.5")),
        T,
        events=(TAKEN_10, AT_10, reduced("sam", 10_000), rolled("vic", "-10")),
        accounts={"vic": held(), "sam": short("3000000", "1998.9999", "9995009.5")},
    ),
    Success(  # 10,000 over 15,000 and 5,000; a long is not opposite
        "fewer than ten: all of them, one liquidating, pro rata; who is long is left alone",
        market(
            vic=long("10"),
            lea=long("100"),
            liz=liquidating(short("20", "1.5", "7500"), at=START - 7, made=4),
            sam=short("100", "0.5", "2500"),
        ),
        T,
        events=(TAKEN_10, AT_10, reduced("liz", 7_500), reduced("sam", 2_500), rolled("vic", "-10")),
        accounts={
            "vic": held(),
            "liz": liquidating(short("20", "0.75", "3757.5"), at=START - 7, made=4, starting={BTC: -lots("1.5")}),
            "sam": short("100", "0.25", "1252.5"),
        },
    ),
    Success(  # a loss is not theirs: at mark, and the fund pays the 100
        "of a bankrupt account they get the mark",
        market(vic=long("-100"), sam=short("100")),
        T,
        events=(
            TakenOver("vic", usdt("-100")),
            handed_on(equity="-100", bankruptcy="0.51", taken_at="0.495", deleveraged_at="0.5"),
            reduced("sam", 10_000, "0.5"),
        ),
        accounts={"vic": held(), "sam": held("100"), "@insurance": held("900")},
    ),
    # Whole atoms. A lot is 5,000,000,000,001 atoms, of which 99% is ....000.99 and 101% is ....001.01.
    of_3_lots(  # 3 lots less 4 atoms is 1 1/3 atoms a lot less: up; 4 - 3 is left for the fund
        "a long's bankruptcy price is rounded up, the discount bound down",
        market(mark=BITS, vic=three(1, 4, -3 * BIT), sam=three(-1, 700, 3 * BIT + 9)),
        in_bits(size=3, bankruptcy=BIT - 1, taken_at=4_950_000_000_000, deleveraged_at=BIT - 1),
    ),
    of_3_lots(
        "a short's bankruptcy price is rounded down, the discount bound up",
        market(mark=BITS, vic=three(-1, 4, 3 * BIT), sam=three(1, 700, -3 * BIT + 9)),
        in_bits(size=-3, bankruptcy=BIT + 1, taken_at=5_050_000_000_002, deleveraged_at=BIT + 1),
    ),
    # The discount gives way before anybody pays.
    Success(  # -100 - 50 against 120: 30 of the discount's 50, 0.003 a lot
        "the fund would be 30 short: the discount shrinks by 0.003 a lot, and the fund ends with nothing",
        market(vic=long("-100"), insurance="120", providers={"pam": provider()}),
        T,
        events=(
            TakenOver("vic", usdt("-100")),
            handed_on(equity="-100", bankruptcy="0.51", taken_at="0.498", shrunk="0.003", deleveraged_at="0.5"),
            by("pam", 10_000, 200_000, "0.498"),
            rolled("vic", "-20"),
        ),
        accounts={"vic": held(), "pam": held("600000", btc=("1", "-4980")), "@insurance": held()},
        providers={"pam": took(provider(), "5000")},
    ),
    Success(  # bankruptcy 0.49; -100 - 50 against 120; the price falls toward mark
        "the same of a short: the discount shrinks by 0.003 a lot",
        market(vic=short("-100"), insurance="120", providers={"pam": provider()}),
        T,
        events=(
            TakenOver("vic", usdt("-100")),
            handed_on(
                size=-10_000,
                equity="-100",
                bankruptcy="0.49",
                taken_at="0.502",
                shrunk="0.003",
                deleveraged_at="0.5",
            ),
            by("pam", 10_000, 200_000, "0.502"),
            rolled("vic", "-20"),
        ),
        accounts={"vic": held(), "pam": held("600000", btc=("-1", "5020")), "@insurance": held()},
        providers={"pam": took(provider(), "5000")},
    ),
    Success(  # 30.0000000000001 / 10,000 is 0.00300000000000001: up to 0.0030000000001
        "an atom more short: the move is rounded up, and the fund keeps 9,999 atoms",
        market(
            ASCENDEX,
            {"@insurance": held("119.9999999999999")},
            vic=long("-100"),
            providers={"pam": provider()},
        ),
        T,
        events=(
            TakenOver("vic", usdt("-100")),
            handed_on(
                equity="-100",
                bankruptcy="0.51",
                taken_at="0.4980000000001",
                shrunk="0.0030000000001",
                deleveraged_at="0.5",
            ),
            by("pam", 10_000, 200_000, "0.4980000000001"),
            rolled("vic", "-19.999999999"),
        ),
        accounts={
            "vic": held(),
            "pam": held("600000", btc=("1", "-4980.000000001")),
            "@insurance": held("0.0000000009999"),
        },
        providers={"pam": took(provider(), "5000")},
    ),
    Success(  # bankruptcy 0.501, so 0.004 a lot to give up; 10 - 50 against 20: 20 of these 40
        "a short with something left: the discount shrinks toward the bankruptcy price",
        market(vic=short("10"), insurance="20", providers={"pam": provider()}),
        T,
        events=(
            TAKEN_10,
            handed_on(
                size=-10_000,
                equity="10",
                bankruptcy="0.501",
                taken_at="0.503",
                shrunk="0.002",
                deleveraged_at="0.501",
            ),
            by("pam", 10_000, 200_000, "0.503"),
            rolled("vic", "-30"),
        ),
        accounts={"vic": held(), "pam": held("600000", btc=("-1", "5030")), "@insurance": held()},
        providers={"pam": took(provider(), "5000")},
    ),
    Success(  # -100 - 50 against 70: all 50 of the discount, then 30 of the fees
        "the whole discount is not enough: providers pay the mark, and @fees the rest",
        market(vic=long("-100"), insurance="70", fees="31", providers={"pam": provider()}),
        T,
        events=(
            TakenOver("vic", usdt("-100")),
            handed_on(equity="-100", bankruptcy="0.51", taken_at="0.5", shrunk="0.005", deleveraged_at="0.5"),
            by("pam", 10_000, 200_000, "0.5"),
            FeesUsed(usdt("30")),
        ),
        accounts={
            "vic": held(),
            "pam": held("600000", btc=("1", "-5000")),
            "@insurance": held(),
            "@fees": held("1"),
        },
        providers={"pam": took(provider(), "5000")},
    ),
    # Two markets: BTC-PERP of 5,000 and ETH-PERP of 1,000, 5,000 lots of 0.2.
    Success(  # E -50 and -10; 30 short of discounts of 50 and 10: 25 and 5; rooms 100,000 / 0.5 and 95,000 / 0.2
        "two markets: equity by notional and rate, the shortfall by discounts; the first counts in the second's window",
        market(
            vic=held("-60", btc=("1", "-5000"), eth=("5", "-1000")),
            insurance="90",
            providers={"pam": provider()},
        ),
        T,
        events=(
            TakenOver("vic", usdt("-60")),
            handed_on(equity="-50", bankruptcy="0.505", taken_at="0.4975", shrunk="0.0025", deleveraged_at="0.5"),
            by("pam", 10_000, 200_000, "0.4975"),
            handed_on(
                market_id=ETH,
                size=5_000,
                equity="-10",
                at="0.2",
                bankruptcy="0.202",
                taken_at="0.199",
                shrunk="0.001",
                deleveraged_at="0.2",
            ),
            by("pam", 5_000, 475_000, "0.199", ETH),
            rolled("vic", "-30"),
        ),
        accounts={
            "vic": held(),
            "pam": held("600000", btc=("1", "-4975"), eth=("5", "-995")),
            "@insurance": held(),
        },
        providers={"pam": took(provider(), "5000", "1000")},
    ),
    Success(  # 12 in parts of 10 and 2; 5,500 left: 5,000 for the first, 500 / 0.2 lots of the second
        "two markets, and the minute has room for one and a half",
        market(
            vic=held("12", btc=("1", "-5000"), eth=("5", "-1000")),
            eve=held("100", eth=("-5", "1000")),
            providers={"pam": provider(taken=((START, "94500"),))},
        ),
        T,
        events=(
            TakenOver("vic", usdt("12")),
            AT_10,
            by("pam", 10_000, 11_000),
            handed_on(
                market_id=ETH,
                size=5_000,
                equity="2",
                at="0.2",
                bankruptcy="0.1996",
                taken_at="0.198",
                deleveraged_at="0.1996",
            ),
            by("pam", 2_500, 2_500, "0.198", ETH),
            reduced("eve", 2_500, "0.1996", ETH),
            rolled("vic", "-56"),
        ),
        accounts={
            "vic": held(),
            "pam": held("600000", btc=("1", "-4950"), eth=("2.5", "-495")),
            "eve": held("100", eth=("-2.5", "501")),
            "@insurance": held("956"),
        },
        providers={"pam": took(provider(taken=((START, "94500"),)), "5000", "500")},
    ),
    Success(  # 12 in parts of 10 and 2; ETH-PERP: bankruptcy (1,000 + 2) / 5,000; 12 - 50 - 10
        "long in one market, short in the other",
        market(vic=held("12", btc=("1", "-5000"), eth=("-5", "1000")), providers={"pam": provider()}),
        T,
        events=(
            TakenOver("vic", usdt("12")),
            AT_10,
            by("pam", 10_000, 200_000),
            handed_on(
                market_id=ETH,
                size=-5_000,
                equity="2",
                at="0.2",
                bankruptcy="0.2004",
                taken_at="0.202",
                deleveraged_at="0.2004",
            ),
            by("pam", 5_000, 475_000, "0.202", ETH),
            rolled("vic", "-60"),
        ),
        accounts={
            "vic": held(),
            "pam": held("600000", btc=("1", "-4950"), eth=("-5", "1010")),
            "@insurance": held("952"),
        },
        providers={"pam": took(provider(), "5000", "1000")},
    ),
    # The loss waterfall: sam, short, is deleveraged at mark, so that the fund pays all of the 100.
    Success(  # 100 - 10 - 20 = 70; gains 4 (worth no more) and 40: 44; 26 of 100 + 95 + 65 left: a tenth
        "the fund 10, @fees 20, gains 44, account values 26",
        market(ASCENDEX, SHARING, insurance="10", fees="20"),
        T,
        events=(
            *SHARED,
            FeesUsed(usdt("20")),
            rolled("gil", "10"),
            shared("gil", 1, "4"),
            rolled("gwen", "40"),
            shared("gwen", 1, "40"),
            shared("gwen", 2, "10"),
            rolled("idle", "-10"),
            shared("idle", 2, "9.5"),
            shared("sam", 2, "6.5"),
        ),
        accounts={
            "vic": held(),
            "gil": held(eth=("-5", "1000")),
            "gwen": held("90", eth=("5", "-1000")),
            "idle": held("85.5", eth=("1", "-200")),
            "sam": held("58.5"),
            "@insurance": held(),
            "@fees": held(),
        },
    ),
    Success(  # 100 - 69 - 20 = 11, a quarter of 44
        "the fund 69, @fees 20, gains 11 of 44: in proportion, and nobody else",
        market(ASCENDEX, SHARING, insurance="69", fees="20"),
        T,
        events=(
            *SHARED,
            FeesUsed(usdt("20")),
            rolled("gil", "10"),
            shared("gil", 1, "1"),
            rolled("gwen", "40"),
            shared("gwen", 1, "10"),
        ),
        accounts={
            "vic": held(),
            "gil": held("3", eth=("-5", "1000")),
            "gwen": held("130", eth=("5", "-1000")),
            "sam": held("65"),
            "@insurance": held(),
            "@fees": held(),
        },
    ),
    Success(  # 100 - 89 = 11
        "@fees has nothing to give",
        market(ASCENDEX, {**SHARING, "@fees": held()}, insurance="89"),
        T,
        events=(
            *SHARED,
            rolled("gil", "10"),
            shared("gil", 1, "1"),
            rolled("gwen", "40"),
            shared("gwen", 1, "10"),
        ),
        accounts={
            "vic": held(),
            "gil": held("3", eth=("-5", "1000")),
            "gwen": held("130", eth=("5", "-1000")),
            "sam": held("65"),
            "@insurance": held(),
        },
    ),
    Success(
        "an atom to share: one pays it, and the other, whose part is zero, does not even roll",
        market(ASCENDEX, {**SHARING, "@insurance": held("79.9999999999999")}, fees="20"),
        T,
        events=(*SHARED, FeesUsed(usdt("20")), rolled("gwen", "40"), shared("gwen", 1, "0.0000000000001")),
        accounts={
            "vic": held(),
            "gwen": held("139.9999999999999", eth=("5", "-1000")),
            "sam": held("65"),
            "@insurance": held(),
            "@fees": held(),
        },
    ),
    Success(
        "the fund ends with exactly nothing: nobody shares, not even @fees",
        market(ASCENDEX, SHARING, insurance="100", fees="20"),
        T,
        events=SHARED,
        accounts={"vic": held(), "sam": held("65"), "@insurance": held()},
    ),
    # Accounts without positions, used-up rounds, providers themselves.
    Success(
        "flat and 3 in debt: the fund pays it",
        market(vic=held("-3"), providers={"pam": provider()}),
        T,
        events=(TakenOver("vic", usdt("-3")),),
        accounts={"vic": held(), "@insurance": held("997")},
    ),
    Success(  # 0.01 * 8,000 * 0.98 = 78.4
        "flat, its last bitcoin sold: -100 + 78.4; liquidating before, active afterwards",
        market(
            ASCENDEX,
            {"@external": held("-1501", others={"BTC": "-0.01"})},
            vic=liquidating(held("-100", others={"BTC": "0.01"}), at=START, made=3),
        ),
        T,
        events=(Converted("vic", "BTC", coins("0.01"), usdt("78.4")), TakenOver("vic", usdt("-21.6"))),
        accounts={
            "vic": held(),
            "@insurance": held("978.4"),
            "@external": held("-1579.4"),
        },
    ),
    Success(  # an atom below the 30 of maintenance margin; bankruptcy 0.49700000000001 a lot, up to an atom
        "an atom below maintenance margin after the first round, in a stressed market",
        stressed(market(vic=liquidating(long("29.9999999999999"), at=START), providers={"pam": provider()})),
        T,
        events=(
            TakenOver("vic", usdt("29.9999999999999")),
            handed_on(
                equity="29.9999999999999",
                bankruptcy="0.4970000000001",
                taken_at="0.495",
                deleveraged_at="0.4970000000001",
            ),
            by("pam", 10_000, 200_000),
            rolled("vic", "-50"),
        ),
        accounts={"vic": held(), "pam": held("600000", btc=("1", "-4950")), "@insurance": held("979.9999999999999")},
        providers={"pam": took(provider(), "5000")},
    ),
    Success(  # 30 is 0.6% of 5,000; bankruptcy 0.497; 30 + 4,950 - 5,000
        "rounds used up at exactly maintenance margin; the account is active afterwards",
        market(vic=liquidating(long("30"), at=START, made=50), providers={"pam": provider()}),
        T,
        events=(
            TakenOver("vic", usdt("30")),
            handed_on(equity="30", bankruptcy="0.497", taken_at="0.495", deleveraged_at="0.497"),
            by("pam", 10_000, 200_000),
            rolled("vic", "-50"),
        ),
        accounts={"vic": held(), "pam": held("600000", btc=("1", "-4950")), "@insurance": held("980")},
        providers={"pam": took(provider(), "5000")},
    ),
    Success(
        "a provider itself: it takes nothing of its own, its enrolment ends, and its record stays",
        market(
            vic=evolve(long("10"), max_leverage=7, fee_tier="vip"),
            providers={"pam": provider(), "vic": provider(taken=((START - 9, "70"),), notice=START)},
        ),
        T,
        events=(TAKEN_10, AT_10, by("pam", 10_000, 200_000), rolled("vic", "-50"), EnrolmentEnded("vic")),
        accounts={
            "vic": held(max_leverage=7, fee_tier="vip"),
            "pam": held("600000", btc=("1", "-4950")),
            "@insurance": held("960"),
        },
        providers={
            "pam": took(provider(), "5000"),
            "vic": Provider(None, None, (Takeover(START - 9, usdt("70")),)),
        },
    ),
    Success(
        "a provider whose notice ran out a millisecond ago: its limits go, but no enrolment ends",
        market(vic=held("-3"), providers={"vic": provider(notice=START - HOUR, taken=((START, "9"),))}),
        T,
        events=(TakenOver("vic", usdt("-3")),),
        accounts={"vic": held(), "@insurance": held("997")},
        providers={"vic": Provider(None, None, (Takeover(START, usdt("9")),))},
    ),
    Success(
        "a former provider's enrolment does not end again",
        market(vic=held("-3"), providers={"vic": Provider(None, None, ())}),
        T,
        events=(TakenOver("vic", usdt("-3")),),
        accounts={"vic": held(), "@insurance": held("997")},
    ),
)

TABLES = (
    Table(
        "backstop-transfer",
        "backstop_transfer",
        REFUSALS,
        SUCCESSES,
        never_together={2: "an account that is not open has no collateral"},
    ),
)


@pytest.mark.parametrize("row", REFUSALS, ids=name_of)
def test_refused(row: Refusal) -> None:
    assert_refused(row)


@pytest.mark.parametrize("row", SUCCESSES, ids=name_of)
def test_applied(row: Success) -> None:
    assert_applied(row)


@pytest.mark.parametrize("table", TABLES)
def test_every_check_is_reached_in_order_of_precedence(table: Table) -> None:
    assert_every_check_in_order(table)


@pytest.mark.parametrize("table", TABLES)
def test_neighbouring_rows_are_one_fault_apart(table: Table) -> None:
    assert_one_fault_apart(table)
