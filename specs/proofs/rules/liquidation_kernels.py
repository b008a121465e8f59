"""liquidate: proofs of what it rests on by itself, and that nobody is stuck (LIQ-2)."""

from collections.abc import Callable
from functools import partial

import attrs
from immutables import Map

from ledger.checks import Apply
from ledger.outcomes import Applied
from ledger.rulebook import EXTERNAL, Rulebook
from ledger.rules.backstop_transfer import is_transferable
from ledger.rules.effects import Movement
from ledger.state import Account, Liquidation, State
from ledger.transactions import BackstopTransfer, Liquidate

from ..claims import APPLY, Bug, Claim, Kind
from ..engine import Path
from ..laws import columns_of
from ..pages import all_checks, equal, table_is
from ..quantities import distress_collateral, pnl
from ..watched import Reach, rows_of, watched
from ..worlds import ALICE, COIN, MARKET, RULEBOOK, USDT, reserves, state_of, with_any_tiers
from . import backstop_transfer
from .books import Books
from .liquidations import ROUNDS, distressed
from .trades import ABOVE_LEVERAGE, NONE, ONE, TWO


def running(path: Path, *, cash: tuple[str, ...] = (USDT,)) -> State:
    """A state in which alice is liquidating, in any round, with a position or none."""
    account = distressed(path, "first", markets=path.choice("markets", (ONE, NONE)), cash=(cash,))
    sizes = Map({MARKET: path.integer("starting size")})
    last = Liquidation(path.integer("round", least=1, most=ROUNDS), path.integer("round time"), sizes)
    account = Account(account.cash, account.positions, account.max_leverage, account.fee_tier, last)
    rulebook = with_any_tiers(path, RULEBOOK, {MARKET: 1}, ABOVE_LEVERAGE)
    return state_of(path, {**reserves(path, {EXTERNAL: (cash,)}), ALICE: account}, {}, rulebook)


def can_go_on(path: Path, apply: Apply, *, cash: tuple[str, ...]) -> None:
    """An empty call after the interval is applied, and counts or releases; or else a takeover is open."""
    state, time = running(path, cash=cash), path.integer("time")
    last = state.accounts[ALICE].liquidation
    assert last is not None
    path.assume((time >= state.time) & (time >= last.time + state.rulebook.liquidation.round_interval))

    outcome = apply(state, Liquidate(time, ALICE, ()))

    path.require(isinstance(outcome, Applied), "an empty call after the interval is applied")
    assert isinstance(outcome, Applied)
    left = outcome.state.accounts[ALICE].liquidation
    if left is None:
        path.reach("released")
    elif last.round < ROUNDS:
        path.reach("counted")
        path.require((left.round == last.round + 1) & (left.time == time), "the round counts")
    else:
        path.reach("a takeover is open")
        for at, found in (("before", state), ("after", outcome.state)):
            for check in all_checks(backstop_transfer.PAGE, found, BackstopTransfer(time, ALICE)):
                path.require(check.holds, f"{check.id} holds {at} the call")


def leaves_no_gap(path: Path, is_released: Callable[[State, Account], bool]) -> None:
    """With its rounds used up an account is released, or may be taken over."""
    state = running(path, cash=path.choice("cash", ((USDT,), (USDT, COIN))))
    account = state.accounts[ALICE]
    assert account.liquidation is not None
    path.assume(account.liquidation.round == ROUNDS)
    if is_released(state, account):
        path.reach("released")
    else:
        path.reach("not released")
        path.require(is_transferable(state, account), "who is not released may be taken over")


def goes_through_the_rounds(path: Path, next_round: Callable[[State, Account, int], Liquidation]) -> None:
    """The first round from the sizes held, or the next one, the last at most, from the sizes it began with."""
    is_first = path.choice("active", (True, False))
    markets = path.choice("markets", (NONE, ONE, TWO))
    account = distressed(path, "first", markets=markets)
    sizes = Map({MARKET: path.integer("starting size")})
    earlier, rounds = path.integer("round", least=1), path.integer("rounds", least=1)
    path.assume(earlier <= rounds)
    if not is_first:
        last = Liquidation(earlier, path.integer("round time"), sizes)
        account = Account(account.cash, account.positions, account.max_leverage, account.fee_tier, last)
    rulebook = with_rounds(rounds)
    state = watched(state_of(path, {}, {}, rulebook), Reach())
    time = path.integer("time")

    made = next_round(state, account, time)

    path.require(made.time == time, "the time is that of the call")
    if is_first:
        path.reach("first")
        path.require(made.round == 1, "the first round")
        held = Map({market: position.size for market, position in account.positions.items()})
        path.require(equal(made.starting_sizes, held), "from the sizes held")
    else:
        path.reach("last" if earlier == rounds else "next")
        path.require(made.starting_sizes is sizes, "from the sizes that it began with")
        following = (made.round == earlier + 1) | (made.round == rounds) & (earlier == rounds)
        path.require((made.round <= rounds) & following, "the next round, the last at most")


def leaves_its_worth_in_cash(
    path: Path, prepare: Callable[[State, str], Movement], *, cash: tuple[str, ...], markets: tuple[str, ...]
) -> None:
    """Preparation: as the page says, no account but two moves, and what DC was is settlement cash."""
    account = distressed(path, "first", markets=markets, cash=(cash,))
    system = reserves(path, {EXTERNAL: (cash,)})
    state = state_of(path, {ALICE: account, EXTERNAL: system[EXTERNAL]}, {}, RULEBOOK, TWO)
    rows = Reach(frozenset((ALICE, EXTERNAL)), frozenset(markets), frozenset(cash) | {USDT})

    done = prepare(watched(state, rows), ALICE)

    path.reach("prepared" if done.events else "nothing to prepare")
    books = Books(state)
    books.prepare(ALICE)
    table_is(path, "accounts", state.accounts, rows_of(done.accounts), books.accounts)
    path.require(equal(done.postings, tuple(books.postings)), "the postings are those specified, in order")
    path.require(equal(done.events, tuple(books.events)), "the events are those specified, in order")
    for column, total in columns_of(done.postings).items():
        path.require(total == 0, f"postings of {column} net to zero")
    after = rows_of(done.accounts)[ALICE]
    path.require({*after.cash} <= {USDT}, "no other asset is held afterwards")
    path.require(pnl(state, after) == 0, "no pnl is left")
    path.require(after.cash.get(USDT, 0) == distress_collateral(state, account), "settlement cash is what DC was")


def with_rounds(rounds: int) -> Rulebook:
    """The rulebook with another number of rounds."""
    return attrs.evolve(RULEBOOK, liquidation=attrs.evolve(RULEBOOK.liquidation, rounds=rounds))


RATES = "rulebook ascendex-2020, but a single margin bracket, of any initial rate above 1% and any maintenance rate"
STORED = "concrete ids; leverage 100 and the standard fee tier; stored amounts not zero, BTC not negative"
RUNNING = "alice, in any of her 50 rounds, of any time and any starting size, with a position in BTC-PERP or none"
STUCK_BUGS = (
    Bug("rules.liquidate", "if waited < terms.round_interval:", "if waited <= terms.round_interval:"),
    Bug("rules.liquidate", "min(begun.round + 1,", "min(begun.round,"),
    Bug("rules.liquidate", "* EXACT_SCALE > maintenance_margin(", "* EXACT_SCALE > 2 * maintenance_margin("),
)

CLAIMS = (
    *(
        Claim(
            f"goes-on{beside}",
            Kind.GUARD,
            ("liquidate", "backstop-transfer"),
            ("LIQ-2",),
            "Of any account that is liquidating an empty call, once the interval has passed, is applied, and it counts "
            "as a round or releases the account; or, with the rounds used up, every check of the page of "
            "backstop-transfer holds, before that call and after it. So nobody is stuck.",
            (RATES, STORED, RUNNING, f"she has {words}; an empty call at any time not before the state's"),
            APPLY,
            partial(can_go_on, cash=cash),
            bugs,
            reaches=("released", "counted", "a takeover is open"),
            quick=not beside,
        )
        for beside, cash, words, bugs in (
            ("", (USDT,), "USDT", STUCK_BUGS),
            ("-coins", (USDT, COIN), "USDT and BTC", STUCK_BUGS[2:]),
        )
    ),
    Claim(
        "no-gap",
        Kind.KERNEL,
        ("liquidate", "backstop-transfer"),
        ("LIQ-2",),
        "With its rounds used up an account that is not released may be taken over: the two rules' own conditions "
        "leave no gap.",
        (RATES, STORED, "alice, her rounds used up, with a position in BTC-PERP or none; USDT, or USDT and BTC"),
        "rules.liquidate.is_released",
        leaves_no_gap,
        (STUCK_BUGS[2], Bug("rules.liquidate", "    if not has_used_up_rounds(state, account):\n", "    if True:\n")),
        reaches=("released", "not released"),
    ),
    Claim(
        "next-round",
        Kind.KERNEL,
        ("liquidate",),
        ("LIQ-1",),
        "The first round is number 1, from the sizes held; every other is the next one, or again the last, from the "
        "sizes that the liquidation began with; each at the time of its call. No account is read.",
        ("rulebook ascendex-2020, but any number of rounds; at most that many made; positions in up to two markets",),
        "rules.liquidate.next_round",
        goes_through_the_rounds,
        (
            Bug("rules.liquidate", "return Liquidation(1, time, sizes)", "return Liquidation(0, time, sizes)"),
            Bug("rules.liquidate", "min(begun.round + 1, state.rulebook.liquidation.rounds)", "begun.round + 1"),
            Bug("rules.liquidate", "time, begun.starting_sizes)", "begun.time, begun.starting_sizes)"),
        ),
        reaches=("first", "next", "last"),
    ),
    *(
        Claim(
            name,
            Kind.KERNEL,
            ("liquidate", "backstop-transfer"),
            ("PRP-1", "CON-1"),
            "Preparation is as the page says, with its postings and events, which net to zero; afterwards the account "
            "has no pnl and no other asset, and its settlement cash is exactly what its distress collateral was.",
            ("rulebook ascendex-2020", STORED, world),
            "rules.preparation.prepare",
            partial(leaves_its_worth_in_cash, cash=cash, markets=markets),
            bugs,
            reaches=reaches,
        )
        for name, cash, markets, world, bugs, reaches in (
            (
                "prepare",
                (USDT,),
                ONE,
                "USDT and a position in BTC-PERP",
                (Bug("rules.preparation", "if asset == settlement_asset:", "if asset == '':"),),
                ("prepared", "nothing to prepare"),
            ),
            (
                "prepare-coins",
                (USDT, COIN),
                ONE,
                "USDT, BTC that is not negative, and a position in BTC-PERP",
                (
                    Bug("rules.preparation", "amount, state.prices[asset])", "amount, state.prices[settlement_asset])"),
                    Bug(
                        "rules.preparation",
                        "Converted(account_id, asset, amount, proceeds)",
                        "Converted(account_id, asset, proceeds, amount)",
                    ),
                ),
                ("prepared",),
            ),
            (
                "prepare-two-markets",
                (USDT,),
                TWO,
                "USDT and positions in BTC-PERP and in ETH-PERP",
                (Bug("rules.preparation", "events: list[Event] = [*rolled]", "events: list[Event] = []"),),
                ("prepared", "nothing to prepare"),
            ),
        )
    ),
)
