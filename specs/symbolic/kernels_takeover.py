"""Contracts of the leaves of a takeover: legs, parts of equity, weights of a shared loss, who receives how many."""

from immutables import Map

from ledger.postings import PositionPosting
from ledger.rules import backstop_transfer, loss_waterfall, takeover
from ledger.rules.takeover import Leg, Share
from ledger.state import Limits, Provider

from .claims import Bug, Claim, Contract, Kind
from .kernels_margin import MAINTENANCE, bracket
from .worlds import ASCENDEX, BTC, ETH, ETH_LOT, LOT, NOW, account, state


def handed_on(size: int, taken: int, price: int, other: int) -> tuple[tuple[int, int, int, int], tuple[int, int]]:
    """A leg hands all its lots on: each receiver for its lots at its price, the account for the opposite of all.

    given: prices of providers and of auto-deleveraging in (1, 4, 5) and (2, 7) atoms per lot
    pre: size != 0 and 0 <= taken <= abs(size)
    pre: price in (1, 4, 5) and other in (2, 7)
    post: _[0][0] + _[0][2] + _[1][0] == 0 and _[1][0] == -size
    post: _[0][1] + _[0][3] + _[1][1] == 0
    post: _[0] == _received(1 if size > 0 else -1, taken, abs(size) - taken, price, other)
    reach: size < 0 and 0 < taken < -size
    reach: size > 0 and taken == size
    """
    providers, deleveraged = (Share("pat", taken, taken),), (Share("sam", abs(size) - taken, 10**9),)
    leg = Leg(BTC, size, 0, 3, 4, price, other, providers, deleveraged, 0)
    pat, sam, own = backstop_transfer.leg_postings("alice", leg)
    assert isinstance(pat, PositionPosting)
    assert isinstance(sam, PositionPosting)
    assert isinstance(own, PositionPosting)
    assert (pat.account, sam.account, own.account) == ("pat", "sam", "alice")
    received = pat.size, pat.reference_cost, sam.size, sam.reference_cost
    return received, (own.size, own.reference_cost)


def _received(side: int, taken: int, rest: int, price: int, other: int) -> tuple[int, int, int, int]:
    return side * taken, -side * taken * price, side * rest, -side * rest * other


def gain_of_transfer(size: int, taken: int, price: int, other: int) -> int:
    """What the account gains over mark by a leg is what its receivers pay over mark, on its side.

    given: prices in (1, 4) and (2, 7) atoms per lot, mark 3
    pre: size != 0 and 0 <= taken <= abs(size)
    pre: price in (1, 4) and other in (2, 7)
    post: _ == (1 if size > 0 else -1) * (taken * (price - 3) + (abs(size) - taken) * (other - 3))
    reach: _ > 0 and size < 0 and 0 < taken < -size
    reach: _ < 0 and size > 0
    """
    leg = Leg(BTC, size, 0, 3, 4, price, other, (Share("pat", taken, taken),), (), 0)
    return takeover.transfer_value(leg)


def parts_of_equity(usdt: int, size: int) -> tuple[int, ...]:
    """Equity is apportioned over markets by notional at the maintenance rate of each bracket.

    given: rulebook ascendex-2020; 200 lots of ETH-PERP at 200 and any size of BTC-PERP at 5,000, without pnl
    pre: size in (-3, 1000, 150_000, 30_000_000)
    post: _[0] + _[1] == usdt
    post: _is_part(_[0], usdt, *_weights(size)) and _is_part(_[1], usdt, *reversed(_weights(size)))
    reach: size == 150_000 and _[0] < _[1] < 0
    reach: size == 1000 and _[0] > _[1] > 0
    """
    holder = account(usdt, size, -size * LOT, eth_size=200, eth_cost=-200 * ETH_LOT)
    return takeover.equity_parts(state(ASCENDEX, {"alice": holder}), holder, (BTC, ETH))


def _weights(size: int) -> tuple[int, int]:
    notional = abs(size) * LOT
    return notional * MAINTENANCE[bracket(notional)], 200 * ETH_LOT * MAINTENANCE[0]


def _is_part(part: int, total: int, weight: int, other: int) -> bool:
    whole = weight + other
    return abs(part * whole - total * weight) < whole


def weights_of_loss(usdt: int, coins: int, size: int, cost: int) -> tuple[int, int]:
    """A shared loss weighs gains within account value first, then account value: rounded down, and never below zero.

    given: rulebook ascendex-2020; USDT, BTC at a price of 1.000000001, a position in BTC-PERP at 5,000
    pre: size != 0 and coins >= 0
    post: _[1] == max(0, _worth(usdt, coins, size * LOT + cost))
    post: _[0] == max(0, min(size * LOT + cost, _worth(usdt, coins, size * LOT + cost)))
    reach: 0 < _[0] < _[1]
    reach: 0 < _[0] == _[1] < size * LOT + cost
    reach: _[0] == 0 < _[1]
    """
    holder = account(usdt, size, cost, coins=coins)
    world = state(ASCENDEX, {"alice": holder}, coin_price=10**9 + 1)
    return loss_waterfall.gains_weight(world, holder), loss_waterfall.value_weight(world, holder)


def _worth(usdt: int, coins: int, pnl: int) -> int:
    """Account value in whole atoms, rounded down."""
    return usdt + pnl + coins * 10**4 * (10**9 + 1) // 10**9


def lots_for_providers(first: int, second: int, held: int, size: int) -> tuple[tuple[str, int, int], ...]:
    """Two providers take a position by their room, capped by it, and none where there is none.

    given: rulebook ascendex-2020, mark 5,000; pat has capacity for the first, quinn for the second number of lots; pat
        holds a position
    pre: first >= 0 and second >= 0
    pre: size in (1000, -7)
    post: _are_shares(_, min(first, max(0, 10**6 - held * (1 if size > 0 else -1))), min(second, 10**6), abs(size))
    reach: len(_) == 2 and 0 < _[0][1] < _[0][2] and size < 0
    reach: len(_) == 2 and _[0][1] == _[0][2] and held != 0
    reach: len(_) == 1
    """
    providers = {"pat": _provider_for(first), "quinn": _provider_for(second)}
    world = state(ASCENDEX, {"pat": account(1, held), "quinn": account(1)}, providers=providers)
    ready = [(provider_id, provider.limits) for provider_id, provider in providers.items() if provider.limits]
    taken = takeover.allocate(world, world.providers, ready, time=NOW, market_id=BTC, size=size, per_lot=LOT)
    return tuple((share.account, share.size, share.room) for share in taken)


def _provider_for(lots: int) -> Provider:
    """A provider with capacity for so many lots a minute and an hour, and a maximum of a million lots."""
    return Provider(Limits(lots * LOT, lots * LOT + 1, 10**6 * LOT), None, ())


def _are_shares(shares: tuple[tuple[str, int, int], ...], first: int, second: int, size: int) -> bool:
    taken = {account_id: (lots, room) for account_id, lots, room in shares}
    total, whole = sum(lots for lots, _ in taken.values()), first + second
    if total != min(size, whole) or not set(taken) <= {"pat", "quinn"}:
        return False
    for account_id, room in (("pat", first), ("quinn", second)):
        lots, told = taken.get(account_id, (0, room))
        if told != room or not 0 <= lots <= room or abs(lots * whole - total * room) >= max(whole, 1):
            return False
    return all(lots > 0 for lots, _ in taken.values())


def lots_deleveraged(ann: int, ben: int, cyd: int, rest: int) -> tuple[tuple[str, int, int], ...]:
    """The rest goes to the largest opposite sizes, as few as cover it, pro rata to size.

    given: a long is handed on; ann, ben and cyd are short, dan is long, @fees would be the largest; one candidate at
        least
    pre: ann > 0 and ben > 0 and cyd > 0
    pre: 0 < rest <= ann + ben + cyd
    post: _are_deleveraged(_, (("ann", ann), ("ben", ben), ("cyd", cyd)), rest)
    reach: len(_) == 1 and _[0][0] == "cyd"
    reach: len(_) == 2 and _[0][0] == "ben"
    reach: len(_) == 3
    reach: len(_) == 1 and ann == ben > cyd
    """
    sizes = {"ann": -ann, "ben": -ben, "cyd": -cyd, "dan": 10**9, "@fees": -(10**9), "victim": -(10**9)}
    accounts = Map({account_id: account(1, size) for account_id, size in sizes.items()})
    shares = takeover.deleverage(
        accounts, (), taken_over="victim", market_id=BTC, size=10, rest=rest, minimum_candidates=1
    )
    return tuple((share.account, share.size, share.room) for share in shares)


def _are_deleveraged(shares: tuple[tuple[str, int, int], ...], sizes: tuple[tuple[str, int], ...], rest: int) -> bool:
    """Whether the shares are those of the largest sizes that cover the rest, ties by id, each within one lot."""
    chosen: dict[str, int] = {}
    for account_id, size in sorted(sizes, key=lambda named: (-named[1], named[0])):
        if sum(chosen.values()) < rest:
            chosen[account_id] = size
    given = {account_id: lots for account_id, lots, _ in shares}
    whole = sum(chosen.values())
    if sum(given.values()) != rest or not set(given) <= set(chosen):
        return False
    if any(chosen[account_id] != room for account_id, _, room in shares):
        return False
    return all(
        0 <= given.get(account_id, 0) <= size and abs(given.get(account_id, 0) * whole - rest * size) < whole
        for account_id, size in chosen.items()
    )


def _claim(name: str, laws: tuple[str, ...], contract: Contract, bug: Bug, *, quick: bool = True) -> Claim:
    return Claim(name, Kind.KERNEL, ("backstop-transfer",), laws, contract, bug, quick=quick)


CLAIMS = (
    _claim(
        "leg-postings",
        ("TKO-3", "CON-1", "CON-2"),
        handed_on,
        Bug("rules.backstop_transfer", "cost = direction * share.size * price", "cost = share.size * price"),
    ),
    _claim(
        "transfer-value",
        ("TKO-2", "TKO-5"),
        gain_of_transfer,
        Bug("rules.takeover", "return sign(leg.size) * (received", "return (received"),
    ),
    _claim(
        "equity-parts",
        ("TKO-2",),
        parts_of_equity,
        Bug("rules.takeover", ".maintenance_rate)", ".initial_rate)"),
    ),
    _claim(
        "loss-weights",
        ("TKO-5",),
        weights_of_loss,
        Bug("rules.loss_waterfall", "return max(0, min(gains, floor_div", "return max(0, max(gains, floor_div"),
    ),
    _claim(
        "allocate",
        ("CAP-1", "CAP-2", "CAP-3", "CAP-4", "CAP-5"),
        lots_for_providers,
        Bug(
            "rules.takeover",
            "parts = apportion(min(abs(size), sum(rooms)), rooms)",
            "parts = apportion(min(size, sum(rooms)), rooms)",
        ),
    ),
    _claim(
        "deleverage",
        ("ADL-1", "TKO-3"),
        lots_deleveraged,
        Bug("rules.takeover", "opposite.append((-against, account_id))", "opposite.append((against, account_id))"),
        quick=False,
    ),
)
