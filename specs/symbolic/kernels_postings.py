"""Contracts of double entry: postings balance, what they book, and when and how an account rolls."""

from immutables import Map

from ledger.postings import CashPosting, PositionPosting, Posting, UnbalancedPostings, post, require_balanced
from ledger.rules import rolling
from ledger.state import Account

from .claims import Bug, Claim, Contract, Kind
from .worlds import BTC, COIN, ETH, ETH_LOT, FLAT, LOT, USDT, account, state


def balanced_columns(amount: int, coins: int, cost: int, size: int, other: int, back: int) -> bool:
    """Postings are refused unless they net to zero in each column: settlement cash with reference costs, another
    asset, the sizes of each market.

    given: six postings of three accounts, in two assets and two markets
    pre: -1 <= coins <= 1 and -1 <= other <= 1 and -1 <= back <= 1 and -1 <= cost + amount <= 1
    post: _ == (amount + cost == 0 and coins == 0 and other == 0 and back == 0)
    reach: _ and amount > 0 and size > 0
    reach: not _ and amount + cost == 0 and coins == 0 and back == 0
    """
    postings: tuple[Posting, ...] = (
        CashPosting("alice", USDT, amount),
        CashPosting("alice", COIN, coins),
        PositionPosting("alice", BTC, size, cost),
        PositionPosting("bob", BTC, -size + other, 0),
        PositionPosting("bob", ETH, 5, 0),
        PositionPosting("carol", ETH, -5 + back, 0),
    )
    try:
        require_balanced(postings, USDT)
    except UnbalancedPostings:
        return False
    return True


def posted_balances(held: int, amount: int, size: int, cost: int, lots: int, paid: int) -> Account:
    """A posting adds to the balance or position that it names, and what becomes empty is not stored.

    post: _.cash.get(USDT, 0) == held + amount and (USDT in _.cash) == (held + amount != 0)
    post: _is_position(_, size + lots, (cost if size != 0 else 0) + paid)
    reach: held != 0 and held + amount == 0
    reach: size != 0 and BTC not in _.positions
    reach: size > 0 and _.positions[BTC].size < 0
    """
    accounts = Map({"alice": account(held, size, cost), "bob": account()})
    postings = (
        CashPosting("alice", USDT, amount),
        CashPosting("bob", USDT, -amount),
        PositionPosting("alice", BTC, lots, paid),
        PositionPosting("bob", BTC, -lots, -paid),
    )
    return post(accounts, postings, settlement_asset=USDT)["alice"]


def _is_position(holder: Account, size: int, cost: int) -> bool:
    position = holder.positions.get(BTC)
    if position is None:
        return size == 0 and cost == 0
    return position.size == size and position.reference_cost == cost and (size != 0 or cost != 0)


def pnl_of(size: int, cost: int, eth_size: int, eth_cost: int) -> int:
    """Unrealised pnl of positions in both markets."""
    return size * LOT + cost + eth_size * ETH_LOT + eth_cost


def rolled_positions(usdt: int, size: int, cost: int, eth_size: int, eth_cost: int) -> tuple[int, int, int, int]:
    """Rolling moves all unrealised pnl of all positions into cash, and says how much.

    given: positions in BTC-PERP at 5,000 and ETH-PERP at 200
    pre: size != 0 and eth_size != 0
    post: _[0] == pnl_of(size, cost, eth_size, eth_cost)
    post: _[1] == usdt + _[0] and _[2] + size * LOT == 0 and _[3] + eth_size * ETH_LOT == 0
    reach: _[0] == 0 and _[1] == usdt != 0 and cost + size * LOT > 0
    reach: _[0] < 0 and eth_cost + eth_size * ETH_LOT == 0
    """
    holder = account(usdt, size, cost, eth_size=eth_size, eth_cost=eth_cost)
    world = state(FLAT, {"alice": holder})
    postings, told = rolling.roll(world, "alice", holder)
    after = post(world.accounts, postings, settlement_asset=USDT)["alice"]
    pnl = sum(event.pnl for event in told)
    return pnl, after.cash.get(USDT, 0), after.positions[BTC].reference_cost, after.positions[ETH].reference_cost


def rolls(before: int, after: int) -> bool:
    """A side rolls exactly when it had a size and has none, or one of the opposite sign, afterwards.

    post: _ == ((before > 0 and after <= 0) or (before < 0 and after >= 0))
    reach: _ and after == 0
    reach: _ and after > 0
    reach: not _ and before == 0 and after != 0
    """
    return rolling.must_roll(before, after)


BOOKING = ("deposit", "withdraw", "trade", "fund", "settle", "liquidate", "backstop-transfer")
ROLLING = ("settle", "trade", "liquidate", "backstop-transfer")


def _claim(name: str, transactions: tuple[str, ...], laws: tuple[str, ...], contract: Contract, bug: Bug) -> Claim:
    return Claim(name, Kind.KERNEL, transactions, laws, contract, bug)


CLAIMS = (
    _claim(
        "postings-balance",
        BOOKING,
        ("CON-1", "CON-2", "PST-1"),
        balanced_columns,
        Bug("postings", "for columns in (assets, sizes):", "for columns in (assets,):"),
    ),
    _claim(
        "post",
        BOOKING,
        ("PST-1", "STO-1", "CON-1", "CON-2"),
        posted_balances,
        Bug("postings", "    if size != 0 or reference_cost != 0:", "    if size != 0:"),
    ),
    _claim(
        "roll",
        ROLLING,
        ("SET-1", "PST-1", "FIL-1", "TKO-3"),
        rolled_positions,
        Bug("rules.rolling", "total += pnl", "total = pnl"),
    ),
    _claim(
        "must-roll",
        ROLLING[1:],
        ("FIL-1", "TKO-3"),
        rolls,
        Bug("rules.rolling", "after == 0 or (before > 0)", "after == 0 and (before > 0)"),
    ),
)
