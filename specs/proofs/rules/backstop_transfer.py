"""backstop-transfer: its page (specs/rules/backstop-transfer)."""

from collections.abc import Iterator, Sequence

import attrs

from ledger.outcomes import (
    Deleveraged,
    EnrolmentEnded,
    FeesUsed,
    LossShared,
    PositionTransferred,
    ProviderTook,
    Reason,
    TakenOver,
)
from ledger.rulebook import FEES, INSURANCE
from ledger.state import Account, Limits, Provider, State, Takeover
from ledger.transactions import BackstopTransfer

from ..pages import Check, Effects, Page
from ..quantities import (
    RATE,
    WHOLE,
    account_value,
    distress_collateral,
    maintenance_margin,
    maintenance_weight,
    obliged,
    pnl,
    rounded_down,
    sign_of,
)
from ..watched import Reach
from .books import Books
from .shared import is_ordinary_and_open


def checks(state: State, transaction: BackstopTransfer) -> Iterator[Check]:
    """The table of the page."""
    yield from is_ordinary_and_open("backstop-transfer", 1, state, transaction.account)
    account = state.accounts[transaction.account]
    distress, required = distress_collateral(state, account) * WHOLE, maintenance_margin(state, account)
    running = account.liquidation
    used_up = False if running is None else running.round >= state.rulebook.liquidation.rounds
    monitors = [state.markets[market].monitor for market in account.positions]
    stressed = running is not None and any(monitor is not None and monitor.stressed for monitor in monitors)
    opened = (used_up & (distress <= required)) | (stressed & (distress < required))
    qualifies = (2 * distress < required) | opened
    limit = required if used_up | stressed else rounded_down((required, 2))
    yield Check("backstop-transfer-3", Reason.NOT_AT_TAKEOVER, qualifies, distress, limit, transaction.account)


@attrs.define
class Leg:
    """One market of the transfer, in the letters of the page."""

    market: str
    q: int
    m: int
    e: int
    b: int
    P: int
    T: int
    room: dict[str, int]
    provided: dict[str, int]
    deleveraged: dict[str, int]
    shrunk: int = 0

    @property
    def n(self) -> int:
        """Lots."""
        return sign_of(self.q) * self.q

    @property
    def provided_lots(self) -> int:
        """Lots that providers took."""
        return sum(self.provided.values())


def split(total: int, weights: Sequence[int]) -> list[int]:
    """apportion, as the page of the state has it."""
    if total < 0:
        return [-part for part in split(-total, weights)]
    whole, so_far, parts = sum(weights), 0, list[int]()
    if whole == 0:
        return [0 for _ in weights]
    for weight in weights:
        parts.append(total * (so_far + weight) // whole - total * so_far // whole)
        so_far = so_far + weight
    return parts


def effects(state: State, transaction: BackstopTransfer) -> Effects:
    """Preparation, and the six steps of the page."""
    taken_over, time = transaction.account, transaction.time
    books = Books(state)
    books.prepare(taken_over)
    equity = books.cash(taken_over)
    books.events.append(TakenOver(taken_over, equity))
    legs, providers = planned(state, books[taken_over], taken_over, time, equity)
    shrink(state, legs, books.cash(INSURANCE), equity)
    hand_on(books, legs, taken_over)
    record = providers.get(taken_over) or state.providers.get(taken_over)
    if record is not None and record.limits is not None:
        if obliged(state, taken_over, time)[0]:
            books.events.append(EnrolmentEnded(taken_over))
        providers[taken_over] = Provider(None, None, record.takeovers)
    cover(books)
    return Effects(
        accounts=books.accounts,
        providers=providers,
        postings=tuple(books.postings),
        events=tuple(books.events),
    )


def planned(
    state: State, account: Account, taken_over: str, time: int, equity: int
) -> tuple[list[Leg], dict[str, Provider]]:
    """Steps 1 to 3."""
    markets = sorted(account.positions)
    parts = split(equity, [maintenance_weight(state, account, market) for market in markets])
    providers: dict[str, Provider] = {}
    legs = []
    ready = ready_providers(state, taken_over, time)
    for market, e in zip(markets, parts, strict=True):
        q, m = account.positions[market].size, state.markets[market].mark * state.rulebook.contracts[market].multiplier
        leg = Leg(market, q, m, e, *prices(state, q, m, e), {}, {}, {})
        for provider in ready:
            record = providers.get(provider) or state.providers[provider]
            leg.room[provider] = room(state, record, provider, leg, time)
        total, n = sum(leg.room.values()), leg.n
        lots = split(n if n <= total else total, list(leg.room.values()))
        leg.provided = {provider: taken for provider, taken in zip(leg.room, lots, strict=True) if taken > 0}
        for provider, taken in leg.provided.items():
            record = providers.get(provider) or state.providers[provider]
            kept = [earlier for earlier in record.takeovers if earlier.time > time - state.rulebook.program.hour]
            providers[provider] = Provider(record.limits, record.notice, (*kept, Takeover(time, taken * m)))
        deleverage(state, leg, taken_over)
        legs.append(leg)
    return legs, providers


def prices(state: State, q: int, m: int, e: int) -> tuple[int, int, int]:
    """Step 1."""
    d = state.rulebook.program.discount
    if q > 0:
        b = -(-(q * m - e) // q)
        bound = m * (RATE - d) // RATE
        return b, (b if b <= bound else bound), (b if b <= m else m)
    n = -q
    b = (n * m + e) // n
    bound = -(-m * (RATE + d) // RATE)
    return b, (b if b >= bound else bound), (b if b >= m else m)


def ready_providers(state: State, taken_over: str, time: int) -> list[str]:
    """The candidates of step 2."""
    ready = []
    for provider in sorted(state.providers):
        account = state.accounts[provider]
        is_obliged, _ = obliged(state, provider, time)
        if not is_obliged or provider == taken_over or account.liquidation is not None:
            continue
        if account_value(state, account) >= state.rulebook.program.minimum_account_value * WHOLE:
            ready.append(provider)
    return ready


def room(state: State, record: Provider, provider: str, leg: Leg, time: int) -> int:
    """Lots that a provider has room for, earlier markets counted."""
    program, limits = state.rulebook.program, record.limits
    assert isinstance(limits, Limits)
    left = []
    for window, capacity in (
        (program.minute, limits.capacity_per_minute),
        (program.hour, limits.capacity_per_hour),
    ):
        for earlier in record.takeovers:
            if earlier.time > time - window:
                capacity = capacity - earlier.notional
        left.append(capacity)
    remaining = left[0] if left[0] <= left[1] else left[1]
    remaining = remaining if remaining > 0 else 0
    account = state.accounts[provider]
    held = account.positions[leg.market].size if leg.market in account.positions else 0
    headroom = limits.max_holdings // leg.m - sign_of(leg.q) * held
    lots = remaining // leg.m
    lots = lots if lots <= headroom else headroom
    return lots if lots > 0 else 0


def deleverage(state: State, leg: Leg, taken_over: str) -> None:
    """Step 3."""
    rest = leg.n - leg.provided_lots
    if rest == 0:
        return
    against: list[tuple[str, int]] = []
    for account_id in sorted(state.accounts):
        account = state.accounts[account_id]
        if account_id == taken_over or account_id.startswith("@") or leg.market not in account.positions:
            continue
        opposite = -sign_of(leg.q) * account.positions[leg.market].size - leg.provided.get(account_id, 0)
        if opposite > 0:
            position = 0
            while position < len(against) and against[position][1] >= opposite:
                position += 1
            against.insert(position, (account_id, opposite))
    chosen: dict[str, int] = {}
    for account_id, opposite in against:
        if len(chosen) >= state.rulebook.program.minimum_candidates and sum(chosen.values()) >= rest:
            break
        chosen[account_id] = opposite
    ids = sorted(chosen)
    parts = split(rest, [chosen[account_id] for account_id in ids])
    leg.deleveraged = {account_id: part for account_id, part in zip(ids, parts, strict=True) if part > 0}


def shrink(state: State, legs: Sequence[Leg], fund: int, equity: int) -> None:
    """Step 4."""
    if state.rulebook.program.discount <= 0:
        return
    left = equity
    for leg in legs:
        left = left + sign_of(leg.q) * (leg.provided_lots * leg.P + (leg.n - leg.provided_lots) * leg.T - leg.n * leg.m)
    short = -(fund + left) if fund + left < 0 else 0
    gains = [leg.provided_lots * (leg.T - leg.P if leg.T >= leg.P else leg.P - leg.T) for leg in legs]
    whole = sum(gains)
    for leg, x in zip(legs, split(short if short <= whole else whole, gains), strict=True):
        if x > 0:
            leg.shrunk = -(-x // leg.provided_lots)
            leg.P = leg.P + sign_of(leg.q) * leg.shrunk


def hand_on(books: Books, legs: Sequence[Leg], taken_over: str) -> None:
    """Step 5."""
    turned: set[str] = set()
    for leg in legs:
        side, proceeds = sign_of(leg.q), 0
        receipts = [(account, lots, leg.P) for account, lots in leg.provided.items()]
        receipts += [(account, lots, leg.T) for account, lots in leg.deleveraged.items()]
        for account_id, lots, price in receipts:
            books.move(account_id, leg.market, side * lots, -side * lots * price)
            proceeds = proceeds + side * lots * price
        books.move(taken_over, leg.market, -leg.q, proceeds)
        books.events.append(PositionTransferred(leg.market, leg.q, leg.e, leg.m, leg.b, leg.P, leg.shrunk, leg.T))
        books.events += [
            ProviderTook(account, leg.market, lots, leg.room[account], leg.P) for account, lots in leg.provided.items()
        ]
        books.events += [Deleveraged(account, leg.market, lots, leg.T) for account, lots in leg.deleveraged.items()]
    receivers = {account for leg in legs for account in (*leg.provided, *leg.deleveraged)}
    for account_id in (*sorted(receivers), taken_over):
        before = books.state.accounts[account_id].positions
        for market in before:
            old = before[market].size
            after = books[account_id].positions
            new = after[market].size if market in after else 0
            if (old > 0 and new <= 0) or (old < 0 and new >= 0):
                turned.add(account_id)
    for account_id in (*sorted(receivers), taken_over):
        if account_id in turned:
            books.roll(account_id)
    left = books.cash(taken_over)
    if left != 0:
        books.pay(taken_over, -left)
        books.pay(INSURANCE, left)
    ended = attrs.evolve(books[taken_over], liquidation=None)
    books.accounts[taken_over] = ended


def cover(books: Books) -> None:
    """Step 6."""
    missing = -books.cash(INSURANCE)
    if missing <= 0:
        return
    held = books.cash(FEES)
    from_fees = missing if missing <= held else held
    if from_fees > 0:
        books.pay(FEES, -from_fees)
        books.pay(INSURANCE, from_fees)
        books.events.append(FeesUsed(from_fees))
        missing = missing - from_fees
    for stage in (1, 2):
        if missing == 0:
            break
        weights = {}
        for account_id in sorted(books.state.accounts):
            weight = 0 if account_id.startswith("@") else chargeable(books.state, books[account_id], stage)
            if weight > 0:
                weights[account_id] = weight
        whole = sum(weights.values())
        charged = missing if missing <= whole else whole
        for account_id, part in zip(weights, split(charged, list(weights.values())), strict=True):
            if part == 0:
                continue
            books.roll(account_id)
            books.pay(account_id, -part)
            books.pay(INSURANCE, part)
            books.events.append(LossShared(account_id, stage, part))
        missing = missing - charged


def chargeable(state: State, account: Account, stage: int) -> int:
    """The weight of an account in a stage."""
    gain = pnl(state, account)
    if stage == 1 and gain <= 0:
        return 0
    value = account_value(state, account) // WHOLE
    if stage == 1 and gain <= value:
        value = gain
    return value if value > 0 else 0


def reach(state: State, transaction: BackstopTransfer) -> Reach:
    """Everybody: who is deleveraged and who shares a loss is looked for among all accounts."""
    return Reach(accounts=None, markets=None, prices=None, providers=None)


PAGE = Page("backstop-transfer", checks, effects, reach)
