"""Laws of the backstop program: capacity, headroom, allocation and the duration of obligations."""

import attrs
from immutables import Map

from ..capacity import limits_in_force
from ..margin import account_value
from ..outcomes import Deleveraged, EnrolmentEnded, PositionTransferred, ProviderTook
from ..state import Limits, State, size_of
from ..transactions import BackstopTransfer, Enroll, Leave, Liquidate, Trade, Withdraw
from ..units import EXACT_SCALE, floor_div, sign
from .apportioning import split_by_weights
from .law import HELD, Breach, HistoryLaw, Step, StepCheck, StepLaw, Verdict, parties


@attrs.define
class TakeoverMemory:
    """What each provider has `taken` over, as the laws saw it happen (time and notional), whatever the state's own
    record says."""

    taken: dict[str, list[tuple[int, int]]]

    @classmethod
    def of(cls, state: State) -> "TakeoverMemory":
        """The memory of a law that begins with this state: what is recorded there."""
        return cls(
            {
                provider_id: [(takeover.time, takeover.notional) for takeover in provider.takeovers]
                for provider_id, provider in state.providers.items()
            }
        )

    def add(self, provider_id: str, time: int, notional: int) -> None:
        """Remember a takeover of `notional` atoms."""
        self.taken.setdefault(provider_id, []).append((time, notional))

    def within(self, provider_id: str, time: int, window: int) -> int:
        """Notional taken over in `(time - window, time]`."""
        return sum(notional for at, notional in self.taken.get(provider_id, ()) if time - window < at <= time)

    def forget(self, time: int, window: int) -> None:
        """Drop what no window will ask for again."""
        for provider_id, taken in self.taken.items():
            self.taken[provider_id] = [(at, notional) for at, notional in taken if at > time - window]

    def remembered_from(self, state: State) -> object:
        """What each provider took over at each time that a window may still reach back to."""
        program = state.rulebook.program
        oldest = state.time - max(program.minute, program.hour)
        recent: dict[tuple[str, int], int] = {}
        for provider_id, taken in self.taken.items():
            for at, notional in taken:
                if at > oldest:
                    recent[provider_id, at] = recent.get((provider_id, at), 0) + notional
        return recent


def _takeovers(step: Step) -> list[tuple[str, int]]:
    """Provider and notional at mark, in order."""
    per_lot = {event.market: event.mark_per_lot for event in step.happened(PositionTransferred)}
    return [(event.provider, event.size * per_lot[event.market]) for event in step.happened(ProviderTook)]


@attrs.define
class _WithinCapacity:
    """CAP-1 or, not `per_minute`, CAP-2 with its memory."""

    memory: TakeoverMemory
    per_minute: bool

    def __call__(self, step: Step) -> Verdict:
        program, time = step.before.rulebook.program, step.transaction.time
        window = program.minute if self.per_minute else program.hour
        takeovers = _takeovers(step)
        for provider_id, notional in takeovers:
            self.memory.add(provider_id, time, notional)
            limits = limits_in_force(program, step.before.providers.get(provider_id), time)
            if limits is None:
                return Breach(f"{provider_id} took over without being obliged", (provider_id,))
            most = limits.capacity_per_minute if self.per_minute else limits.capacity_per_hour
            taken = self.memory.within(provider_id, time, window)
            if taken > most:
                return Breach(f"{provider_id} took over {taken} atoms in {window} ms, capacity {most}", (provider_id,))
        self.memory.forget(time, program.hour)
        return HELD if takeovers else None

    def remembered_from(self, state: State) -> object:
        """The takeovers that a window may still reach back to."""
        return self.memory.remembered_from(state)


def within_capacity_per_minute(state: State) -> StepCheck:
    """CAP-1."""
    return _WithinCapacity(TakeoverMemory.of(state), per_minute=True)


def within_capacity_per_hour(state: State) -> StepCheck:
    """CAP-2."""
    return _WithinCapacity(TakeoverMemory.of(state), per_minute=False)


def within_max_holdings(step: Step) -> Verdict:
    """CAP-3: a transfer never leaves a provider beyond `max_holdings` unless it was beyond before, and then no further.

    The bound is whole lots: the largest size whose notional at mark is within `max_holdings`.
    """
    legs = {event.market: event for event in step.happened(PositionTransferred)}
    fired = False
    for event in step.happened(ProviderTook):
        provider = step.before.providers[event.provider]
        assert provider.limits is not None
        before = size_of(step.before.accounts[event.provider], event.market)
        after = size_of(step.after.accounts[event.provider], event.market)
        most = provider.limits.max_holdings
        fired = True
        if abs(after) * legs[event.market].mark_per_lot > most and abs(after) > abs(before):
            return Breach(
                f"{event.provider} was left with {after} lots of {event.market}, beyond {most} atoms", (event.provider,)
            )
    return HELD if fired else None


def _obliged(step: Step) -> list[tuple[str, Limits]]:
    """Who must take over, read before the transfer, in id order."""
    state, taken_over = step.before, parties(step.transaction)[0]
    program = state.rulebook.program
    obliged = []
    for provider_id in sorted(state.providers):
        limits = limits_in_force(program, state.providers[provider_id], step.transaction.time)
        account = state.accounts[provider_id]
        able = account_value(state, account) >= program.minimum_account_value * EXACT_SCALE
        if limits is not None and provider_id != taken_over and account.liquidation is None and able:
            obliged.append((provider_id, limits))
    return obliged


def _open_lots(step: Step, memory: TakeoverMemory, provider_id: str, limits: Limits, leg: PositionTransferred) -> int:
    """Lots of the leg that were open to the provider before it, by the definition of its three limits."""
    program, time = step.before.rulebook.program, step.transaction.time
    per_lot = leg.mark_per_lot
    held = size_of(step.before.accounts[provider_id], leg.market) * sign(leg.size)
    return max(
        0,
        min(
            floor_div(limits.capacity_per_minute - memory.within(provider_id, time, program.minute), per_lot),
            floor_div(limits.capacity_per_hour - memory.within(provider_id, time, program.hour), per_lot),
            floor_div(limits.max_holdings, per_lot) - held,
        ),
    )


def _told_room(step: Step, market_id: str) -> Map[str, int]:
    return Map({event.provider: event.room for event in step.happened(ProviderTook) if event.market == market_id})


def _shares(step: Step, market_id: str) -> Map[str, int]:
    return Map({event.provider: event.size for event in step.happened(ProviderTook) if event.market == market_id})


@attrs.define
class _ProvidersFirst:
    """CAP-4 with its memory."""

    memory: TakeoverMemory

    def __call__(self, step: Step) -> Verdict:
        deleveraged = {event.market for event in step.happened(Deleveraged)}
        obliged = _obliged(step)
        for leg in step.happened(PositionTransferred):
            shares = _shares(step, leg.market)
            for provider_id, limits in obliged:
                left = _open_lots(step, self.memory, provider_id, limits, leg) - shares.get(provider_id, 0)
                if leg.market in deleveraged and left > 0:
                    return Breach(
                        f"{leg.market} was auto-deleveraged while {provider_id} had room for {left} lots",
                        (provider_id,),
                    )
            for provider_id, size in shares.items():
                self.memory.add(provider_id, step.transaction.time, size * leg.mark_per_lot)
        self.memory.forget(step.transaction.time, step.before.rulebook.program.hour)
        return HELD if deleveraged else None

    def remembered_from(self, state: State) -> object:
        """The takeovers that a window may still reach back to."""
        return self.memory.remembered_from(state)


def providers_before_deleveraging(state: State) -> StepCheck:
    """CAP-4: no lot is auto-deleveraged while a provider has room for it."""
    return _ProvidersFirst(TakeoverMemory.of(state))


@attrs.define
class _SharesByRoom:
    """CAP-5 with its memory."""

    memory: TakeoverMemory

    def __call__(self, step: Step) -> Verdict:
        obliged = _obliged(step)
        fired = False
        for leg in step.happened(PositionTransferred):
            shares = _shares(step, leg.market)
            rooms = {
                provider_id: _open_lots(step, self.memory, provider_id, limits, leg) for provider_id, limits in obliged
            }
            for provider_id, told in sorted(_told_room(step, leg.market).items()):
                if told != rooms.get(provider_id, 0):
                    return Breach(f"{provider_id} is told to have had room for {told} lots", (provider_id,))
            total, whole = sum(shares.values()), sum(rooms.values())
            for provider_id in sorted({*shares, *rooms}):
                size, room = shares.get(provider_id, 0), rooms.get(provider_id, 0)
                if size > room:
                    return Breach(f"{provider_id} took {size} lots with room for {room}", (provider_id,))
                if abs(size * whole - total * room) >= max(whole, 1):
                    return Breach(
                        f"{provider_id} took {size} of {total} lots with room for {room} of {whole}", (provider_id,)
                    )
            fair = split_by_weights(total, rooms)
            if {provider_id: shares.get(provider_id, 0) for provider_id in fair} != fair:
                return Breach(f"the shares of {leg.market} are {dict(shares)}, by room they are {fair}", tuple(fair))
            for provider_id, size in shares.items():
                self.memory.add(provider_id, step.transaction.time, size * leg.mark_per_lot)
            fired = fired or bool(shares)
        self.memory.forget(step.transaction.time, step.before.rulebook.program.hour)
        return HELD if fired else None

    def remembered_from(self, state: State) -> object:
        """The takeovers that a window may still reach back to."""
        return self.memory.remembered_from(state)


def shares_are_proportional_to_room(state: State) -> StepCheck:
    """CAP-5: providers' lots are proportional to their room, within one; only the obliged take, within their room."""
    return _SharesByRoom(TakeoverMemory.of(state))


@attrs.define
class _Obligations:
    """ENR-1 with its memory: who is `obliged`, to which limits, and until when, None without a notice."""

    obliged: dict[str, tuple[Limits, int | None]]

    def __call__(self, step: Step) -> Verdict:
        program = step.before.rulebook.program
        time, transaction = step.transaction.time, step.transaction
        fired = False
        ended = {event.account for event in step.happened(EnrolmentEnded)}
        for provider_id, (limits, until) in tuple(self.obliged.items()):
            if until is not None and time >= until:
                del self.obliged[provider_id]
                continue
            fired = True
            if provider_id in ended:
                if parties(transaction) != (provider_id,) or not isinstance(transaction, BackstopTransfer):
                    return Breach(f"the enrolment of {provider_id} ended by another's transaction", (provider_id,))
                del self.obliged[provider_id]
                continue
            now = limits_in_force(program, step.after.providers.get(provider_id), time)
            if now is None and program.notice == 0 and transaction == Leave(time, provider_id):
                continue  # a notice of no length has run out when it is given
            if now is None:
                return Breach(f"{provider_id} is obliged no more, before its notice ran out", (provider_id,))
            if (
                now.capacity_per_minute < limits.capacity_per_minute
                or now.capacity_per_hour < limits.capacity_per_hour
                or now.max_holdings < limits.max_holdings
            ):
                return Breach(f"a limit of {provider_id} fell from {limits} to {now}", (provider_id,))
        if isinstance(transaction, Enroll):
            limits_now = step.after.providers[transaction.account].limits
            assert limits_now is not None
            self.obliged[transaction.account] = (limits_now, None)
        elif isinstance(transaction, Leave):
            known = self.obliged.get(transaction.account)
            if known is None or known[1] is not None:
                return Breach(f"{transaction.account} left without being obliged, or twice", (transaction.account,))
            self.obliged[transaction.account] = (known[0], time + program.notice)
        return HELD if fired else None

    def remembered_from(self, state: State) -> object:
        """The obligations without those whose notice has run out."""
        return {
            provider_id: (limits, until)
            for provider_id, (limits, until) in self.obliged.items()
            if until is None or until > state.time
        }


def obligations_last(state: State) -> StepCheck:
    """ENR-1: limits in force never fall, and a leaver stays obliged through its notice."""
    program = state.rulebook.program
    return _Obligations(
        {
            provider_id: (provider.limits, None if provider.notice is None else provider.notice + program.notice)
            for provider_id, provider in state.providers.items()
            if provider.limits is not None
        }
    )


def enrolment_meets_the_minimum(step: Step) -> Verdict:
    """ENR-2: who enrolls is an active account of the minimum value, with the limits asked for, of the minimum size."""
    transaction = step.transaction
    assert isinstance(transaction, Enroll)
    program, account = step.before.rulebook.program, step.before.accounts[transaction.account]
    limits = step.after.providers[transaction.account].limits
    assert limits is not None
    asked = Limits(transaction.capacity_per_minute, transaction.capacity_per_hour, transaction.max_holdings)
    if limits != asked or step.after.providers[transaction.account].notice is not None:
        return Breach(f"{transaction.account} enrolled with {limits}, asked for {asked}", (transaction.account,))
    meets = (
        account.liquidation is None
        and account_value(step.before, account) >= program.minimum_account_value * EXACT_SCALE
        and limits.capacity_per_minute >= program.minimum_capacity_per_minute
        and limits.capacity_per_hour >= program.minimum_capacity_per_hour
        and limits.capacity_per_hour >= limits.capacity_per_minute
        and limits.max_holdings >= limits.capacity_per_minute
    )
    return HELD if meets else Breach(f"{transaction.account} enrolled below the minimum", (transaction.account,))


def providers_keep_the_minimum(step: Step) -> Verdict:
    """ENR-3: no trade, fill or withdrawal takes an obliged provider below the program's minimum account value.

    A fill may leave it below where it was below before; a withdrawal never.
    """
    program, time, providers = step.before.rulebook.program, step.transaction.time, step.before.providers
    fired = False
    minimum = program.minimum_account_value * EXACT_SCALE
    own = step.transaction.account if isinstance(step.transaction, Liquidate) else None
    for account_id in parties(step.transaction):
        provider = providers.get(account_id)
        if provider is None or account_id == own or limits_in_force(program, provider, time) is None:
            continue
        fired = True
        was = account_value(step.before, step.before.accounts[account_id])
        now = account_value(step.after, step.after.accounts[account_id])
        if now < minimum and (was >= minimum or isinstance(step.transaction, Withdraw)):
            return Breach(f"{account_id} fell to {now} (10^-18 atoms), below the program's minimum", (account_id,))
    return HELD if fired else None


_TRANSFER = (BackstopTransfer,)

LAWS = (
    HistoryLaw(
        "CAP-1",
        "At each takeover, what a provider took over in the last minute is within its capacity in force.",
        within_capacity_per_minute,
        _TRANSFER,
    ),
    HistoryLaw(
        "CAP-2",
        "At each takeover, what a provider took over in the last hour is within its capacity in force.",
        within_capacity_per_hour,
        _TRANSFER,
    ),
    StepLaw(
        "CAP-3",
        "A transfer never leaves a provider beyond max_holdings unless it was beyond before, and then no further.",
        within_max_holdings,
        _TRANSFER,
    ),
    HistoryLaw(
        "CAP-4",
        "No lot is auto-deleveraged while a provider has room for it.",
        providers_before_deleveraging,
        _TRANSFER,
    ),
    HistoryLaw(
        "CAP-5",
        "Providers' lots are proportional to their room in lots, within one, in any order of enrolment.",
        shares_are_proportional_to_room,
        _TRANSFER,
    ),
    HistoryLaw(
        "ENR-1",
        "Obligations last: limits in force never fall, and a leaver stays obliged through its notice.",
        obligations_last,
        (Enroll, Leave, BackstopTransfer),
    ),
    StepLaw(
        "ENR-2",
        "Who enrolls meets the program's minima, and has the limits asked for.",
        enrolment_meets_the_minimum,
        (Enroll,),
    ),
    StepLaw(
        "ENR-3",
        "No trade, fill or withdrawal takes an obliged provider below the program's minimum account value.",
        providers_keep_the_minimum,
        (Trade, Withdraw, Liquidate),
    ),
)
