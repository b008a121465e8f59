"""Claims about the functions that divide, and about the double-entry kernel."""

from collections.abc import Callable

from immutables import Map

from ledger.postings import CashPosting, PositionPosting, Posting
from ledger.state import Account, Position

from .claims import Bug, Claim, Kind
from .engine import ACCEPTED, Path, negation
from .laws import columns_of
from .pages import all_of, equal, table_is
from .watched import Watched
from .worlds import ALICE, BOB, COIN, MARKET, RULEBOOK, USDT, cash_of, position_of

EVERY = (
    "deposit",
    "withdraw",
    "set-account",
    "trade",
    "mark",
    "fund",
    "settle",
    "enroll",
    "leave",
    "liquidate",
    "backstop-transfer",
)
MOVING = ("deposit", "withdraw", "trade", "fund", "settle", "liquidate", "backstop-transfer")


def rounded_down(path: Path, floor_div: Callable[[int, int], int]) -> None:
    """The greatest integer whose product with the denominator is not above the numerator."""
    numerator, denominator = path.integer("numerator"), path.integer("denominator", least=1)
    quotient = floor_div(numerator, denominator)
    path.reach(ACCEPTED)
    path.require(quotient * denominator <= numerator, "not above")
    path.require((quotient + 1) * denominator > numerator, "by less than one")


def rounded_up(path: Path, ceil_div: Callable[[int, int], int]) -> None:
    """The least integer whose product with the denominator is not below the numerator."""
    numerator, denominator = path.integer("numerator"), path.integer("denominator", least=1)
    quotient = ceil_div(numerator, denominator)
    path.reach(ACCEPTED)
    path.require(quotient * denominator >= numerator, "not below")
    path.require((quotient - 1) * denominator < numerator, "by less than one")


def truncated(path: Path, div_toward_zero: Callable[[int, int], int]) -> None:
    """The exact quotient without its fraction; that of the negated numerator is the negated one."""
    numerator, denominator = path.integer("numerator"), path.integer("denominator", least=1)
    quotient = div_toward_zero(numerator, denominator)
    path.reach(ACCEPTED)
    direction = 1 if numerator >= 0 else -1
    size, magnitude = direction * numerator, direction * quotient
    path.require((magnitude >= 0) & (magnitude * denominator <= size), "not farther from zero")
    path.require((magnitude + 1) * denominator > size, "by less than one")
    path.require(div_toward_zero(-numerator, denominator) == -quotient, "odd")


def on_the_grid_below(path: Path, floor_to_multiple: Callable[[int, int], int]) -> None:
    """The last multiple of the step that is not above the value."""
    steps, step = path.integer("steps"), path.integer("step", least=1)
    rest = path.integer("rest", least=0)
    path.assume(rest < step)
    floored = floor_to_multiple(steps * step + rest, step)
    path.reach(ACCEPTED)
    path.require(floored == steps * step, "what is left without the rest")


def whole_steps(path: Path, is_multiple: Callable[[int, int], bool]) -> None:
    """So many steps are a multiple, and so many with a rest are not."""
    steps, step = path.integer("steps"), path.integer("step", least=1)
    rest = path.integer("rest", least=0)
    path.assume(rest < step)
    path.reach(ACCEPTED)
    path.require(is_multiple(steps * step + rest, step) == (rest == 0), "exactly without a rest")


def signs(path: Path, sign: Callable[[int], int]) -> None:
    """1, 0 or -1, which times the magnitude is the value."""
    value = path.integer("value")
    found = sign(value)
    path.reach(ACCEPTED)
    path.require((found >= -1) & (found <= 1), "one of three")
    path.require(((found > 0) == (value > 0)) & ((found < 0) == (value < 0)), "that of the value")


def posts_exactly(path: Path, post: Callable[..., Map[str, Account]]) -> None:
    """Three postings of any kind to two accounts: balanced in every column or refused, and booked to the atom."""
    alice = Account(cash_of(path, ALICE, ((USDT,),)), Map({MARKET: position_of(path, ALICE)}), 100, "standard", None)
    accounts = {ALICE: alice, BOB: Account(Map(), Map(), 100, "standard", None)}
    before: Map[str, Account] = Map({**accounts, "carol": Account(Map(), Map(), 100, "standard", None)})
    postings = tuple(_posting(path, f"posting {number}") for number in range(3))
    columns = columns_of(postings)
    balanced = all_of(total == 0 for total in columns.values())

    try:
        after = post(Watched(before, frozenset((ALICE, BOB))), postings, settlement_asset=USDT)
    except Exception as error:
        path.require(type(error).__name__ == "UnbalancedPostings", "refused only as unbalanced")
        path.reach("refused")
        path.require(negation(balanced), "refused only where a column does not net to zero")
        return
    path.reach(ACCEPTED)
    path.require(balanced, "booked only where every column nets to zero")
    named = {posting.account for posting in postings}
    expected = {name: _booked(account, name, postings) for name, account in accounts.items() if name in named}
    assert isinstance(after, Watched)
    table_is(path, "accounts", before, after.rows, expected)


def _posting(path: Path, name: str) -> Posting:
    account = path.choice(f"{name} of", (ALICE, BOB))
    if path.choice(f"{name} is cash", (True, False)):
        return CashPosting(account, path.choice(f"{name} in", (USDT, COIN)), path.integer(f"{name} amount"))
    return PositionPosting(account, MARKET, path.integer(f"{name} size"), path.integer(f"{name} cost"))


def _booked(account: Account, name: str, postings: tuple[Posting, ...]) -> Account:
    """The account with every posting of its own added; what comes to nothing stays as nothing."""
    cash, positions = account.cash, account.positions
    for posting in postings:
        if posting.account != name:
            continue
        if isinstance(posting, CashPosting):
            cash = cash.set(posting.asset, cash.get(posting.asset, 0) + posting.amount)
        else:
            held = positions.get(MARKET, Position(0, 0))
            positions = positions.set(
                MARKET, Position(held.size + posting.size, held.reference_cost + posting.reference_cost)
            )
    return Account(cash, positions, account.max_leverage, account.fee_tier, account.liquidation)


def nothing_posted(path: Path, post: Callable[..., Map[str, Account]]) -> None:
    """Without postings the table is the very same object."""
    accounts: Map[str, Account] = Map({ALICE: Account(cash_of(path, ALICE, ((USDT,),)), Map(), 100, "standard", None)})
    after = post(accounts, (), settlement_asset=RULEBOOK.settlement_asset)
    path.reach(ACCEPTED)
    path.require(after is accounts, "the very same table")
    path.require(equal(after, accounts), "and the same accounts")


def _of_units(name: str, statement: str, assumption: str, function: str, proof: Callable[..., None], bug: Bug) -> Claim:
    return Claim(
        name, Kind.KERNEL, EVERY, (), statement, (assumption,) if assumption else (), f"units.{function}", proof, bug
    )


POSITIVE = "the denominator is positive"
STEP = "the step is positive"

CLAIMS = (
    _of_units(
        "floor-div",
        "The quotient rounded down: the greatest integer that is not above the exact one.",
        POSITIVE,
        "floor_div",
        rounded_down,
        Bug("units", "    return numerator // denominator\n", "    return -(-numerator // denominator)\n"),
    ),
    _of_units(
        "ceil-div",
        "The quotient rounded up: the least integer that is not below the exact one.",
        POSITIVE,
        "ceil_div",
        rounded_up,
        Bug("units", "    return -(-numerator // denominator)\n", "    return numerator // denominator + 1\n"),
    ),
    _of_units(
        "div-toward-zero",
        "The quotient rounded toward zero, the same for a numerator of either sign.",
        POSITIVE,
        "div_toward_zero",
        truncated,
        Bug(
            "units",
            "if numerator >= 0 else -(-numerator // denominator)",
            "if numerator >= 0 else -(numerator // denominator)",
        ),
    ),
    _of_units(
        "floor-to-multiple",
        "The last multiple of a step that is not above a value.",
        STEP,
        "floor_to_multiple",
        on_the_grid_below,
        Bug("units", "return value // step * step", "return -(-value // step) * step"),
    ),
    _of_units(
        "is-multiple",
        "A value is a multiple of a step exactly where no rest is left.",
        STEP,
        "is_multiple",
        whole_steps,
        Bug("units", "return value % step == 0", "return value % step <= 1"),
    ),
    _of_units(
        "sign",
        "The sign of a value is 1, 0 or -1.",
        "",
        "sign",
        signs,
        Bug("units", "return -1 if value < 0 else 0", "return -1"),
    ),
    Claim(
        "post",
        Kind.KERNEL,
        MOVING,
        ("CON-1", "CON-2", "PST-1", "STO-1", "FRM-1"),
        "Three postings of any kind are refused exactly where some column does not net to zero; otherwise each account "
        "named moves by the sum of its own, nothing empty is stored, every other account is the very same object, and "
        "no other account is read.",
        ("one account with USDT and a position, another with nothing; stored amounts not zero",),
        "postings.post",
        posts_exactly,
        (
            Bug("postings", "    require_balanced(postings, settlement_asset)\n", ""),
            Bug("postings", "        size += held.size\n", ""),
            Bug("postings", "    amount = held + posting.amount\n", "    amount = posting.amount\n"),
            Bug("postings", "    elif held != 0:\n", "    elif held > 0:\n"),
            Bug("postings", "if size != 0 or reference_cost != 0:", "if size != 0:"),
            Bug("postings", "assets[settlement_asset] += posting.reference_cost", "assets[settlement_asset] += 0"),
            Bug("postings", "sizes.get(market_id, 0) + posting.size", "posting.size"),
            Bug(
                "postings",
                "account = changed.get(account_id) or accounts[account_id]",
                "account = accounts[account_id]",
            ),
        ),
        reaches=(ACCEPTED, "refused"),
    ),
    Claim(
        "post-nothing",
        Kind.KERNEL,
        MOVING,
        ("FRM-1",),
        "Without postings the table of accounts is the very same object.",
        ("one account",),
        "postings.post",
        nothing_posted,
        Bug("postings", "        return accounts\n", "        return accounts.set('x', accounts['alice'])\n"),
    ),
)
