"""Claims about any number of takeovers and of providers: the windows, and what each provider is open to."""

from collections.abc import Callable
from typing import Any, cast

import attrs
from immutables import Map

from ledger.rulebook import ProgramTerms
from ledger.rules.takeover import Share
from ledger.state import Account, Limits, Position, Provider, Takeover

from .claims import Bug, Claim, Kind
from .engine import ACCEPTED, Path
from .lemmas import BEGINS, BY_INDUCTION, ENDS, GOES_ON, TRANSFER, Added, Items, paused, stay
from .loops import Locals, comprehension_of, loop_of, with_names
from .quantities import sign_of
from .worlds import MARKET, RULEBOOK, state_of, system_accounts

PAT, QUINN = "pat", "quinn"


def program_of(path: Path) -> ProgramTerms:
    """The program with windows of any length, the minute not longer than the hour."""
    minute = path.integer("minute", least=1)
    hour = path.integer("hour", least=1)
    path.assume(minute <= hour)
    return attrs.evolve(RULEBOOK.program, minute=minute, hour=hour)


def pruning_of_any_number(path: Path, with_takeover: Callable[..., Provider]) -> None:
    """One earlier takeover and the new one: whether a window that ends then or later counts it, whether it is kept."""
    program, now, later = program_of(path), path.integer("now"), path.integer("later")
    path.assume(now <= later)
    window = path.choice("window", (program.minute, program.hour))
    earlier = Takeover(path.integer("time"), path.integer("notional", least=0))
    limits = Limits(0, 0, 0)
    record, new = Provider(limits, path.integer("notice"), ()), Takeover(now, path.integer("new notional", least=0))
    taken_within = cast(Any, with_takeover).__globals__["taken_within"]
    counted = comprehension_of(taken_within)
    kept = comprehension_of(with_takeover)

    variables: Locals = {"provider": record, "time": later, "window": window}
    within = counted.elements(variables, earlier)
    still_there = kept.elements({"program": program, "provider": record, "takeover": new}, earlier)
    path.require(counted.items(variables) is record.takeovers, "every takeover is looked at")
    path.require(kept.items({"provider": record}) is record.takeovers, "every takeover is kept or not")
    if within:
        path.reach("counted")
        path.require(within == (earlier.notional,), "by its notional")
        path.require(len(still_there) == 1 and still_there[0] is earlier, "what a window counts is kept")
    if not still_there:
        path.reach("dropped")
    is_within = later - window < earlier.time
    path.require(is_within == (len(within) == 1), "counted exactly where it is within the window")

    total, asked = path.integer("sum of those counted"), []
    summed = with_names(taken_within, {"sum": lambda elements: total})(record, time=later, window=window)
    path.require(summed is total, "the sum of all that are counted is what was taken")

    def gathered(elements: object) -> Items:
        asked.append(elements)
        return Items(earlier)

    after = with_names(with_takeover, {"tuple": gathered})(program, record, new)
    path.require(len(asked) == 1, "those kept are gathered once")
    path.require(len(after.takeovers) == 2 and after.takeovers[0] is earlier, "all that are kept stay recorded")
    path.require(after.takeovers[1] is new, "the new one is recorded")
    path.require(after.limits is limits and after.notice is record.notice, "the rest of the record stays")
    if later == now:
        path.require(counted.elements(variables, new) == (new.notional,), "and counts at once")


def takeovers_stay_within_windows(path: Path, remaining_capacity: Callable[..., int]) -> None:
    """Any lots within room, after takeovers of which no more is known than what they sum to in each window."""
    program, time = RULEBOOK.program, path.integer("time")
    sums = {program.minute: path.integer("taken in the minute"), program.hour: path.integer("taken in the hour")}
    limits = Limits(path.integer("per minute", least=0), path.integer("per hour", least=0), 0)
    record, asked = Provider(limits, None, ()), []

    def taken_within(provider: Provider, *, time: int, window: int) -> int:
        asked.append((provider, time, window))
        return sums[window]

    code = with_names(remaining_capacity, {"taken_within": taken_within})
    room = cast(Any, remaining_capacity).__globals__["room"]
    mark, headroom = path.integer("mark", least=1), path.integer("headroom")
    lots = path.integer("lots", least=0)
    remaining = code(program, record, limits, time)
    path.assume(lots <= room(capacity=remaining, mark_per_lot=mark, headroom_lots=headroom))

    path.reach(ACCEPTED)
    path.reach("takes", lots > 0)
    path.require(asked == [(record, time, program.minute), (record, time, program.hour)], "both windows end now")
    taken = lots * mark
    path.require((lots == 0) | (sums[program.minute] + taken <= limits.capacity_per_minute), "within the minute's")
    path.require((lots == 0) | (sums[program.hour] + taken <= limits.capacity_per_hour), "within the hour's capacity")
    path.require((lots == 0) | (lots <= headroom), "within headroom")


def allocation_of_any_number(path: Path, allocate: Callable[..., Any]) -> None:
    """One provider among any number: its room; and what is apportioned over all of them."""
    size, capacity = path.integer("size"), path.integer("capacity", least=0)
    held, time, before = path.integer("held"), path.integer("time"), path.integer("rooms before", least=0)
    path.assume((size != 0) & (held != 0))
    pat = Account(Map(), Map({MARKET: Position(held, 0)}), 100, "standard", None)
    state = state_of(path, system_accounts(path) | {PAT: pat})
    mark = state.markets[MARKET].mark
    limits, record = Limits(0, 0, path.integer("max holdings", least=0)), Provider(None, None, ())
    ready = ((PAT, limits), (QUINN, limits))
    asked: list[Any] = []

    def remaining_capacity(*arguments: object) -> int:
        asked.append(arguments)
        return capacity

    part = path.integer("part", least=0)

    def split(total: int, weights: Any) -> tuple[int, ...]:
        asked.append((total, sum(weights)))
        return part, 0

    loop = loop_of(allocate, names={"remaining_capacity": remaining_capacity, "apportion": split})
    keywords = {"time": time, "market_id": MARKET, "size": size, "per_lot": mark}
    variables: Locals = {
        "state": state,
        "providers": Map({PAT: record}),
        "ready": ready,
        **keywords,
        "rooms": [before],
    }
    match path.choice("the loop", (BEGINS, GOES_ON, ENDS)):
        case "begins":
            path.reach(BEGINS)
            begun = paused(path, loop.begin(state, variables["providers"], ready, **keywords))
            path.require({*begun} == {*variables}, "there are no other variables")
            stay(path, variables, begun, "rooms")
            path.require(begun["rooms"] == [], "no room yet")
        case "goes on":
            path.require(loop.items(variables) is ready, "it goes over all that are ready")
            variables["rooms"] = rooms = Added(before)
            stay(path, variables, paused(path, loop.iterate(variables, (PAT, limits))))
            path.reach(GOES_ON)
            path.require(asked == [(state.rulebook.program, record, limits, time)], "by its own record and limits, now")
            path.require(len(rooms.items) == 2 and rooms.items[0] is before, "one room more")
            room, against = rooms.items[1], sign_of(size) * held
            path.require(room >= 0, "never below zero")
            path.require(room * mark <= capacity, "its notional is within capacity")
            path.require((room == 0) | ((against + room) * mark <= limits.max_holdings), "within the maximum holding")
            one_more = ((room + 1) * mark > capacity) | ((against + room + 1) * mark > limits.max_holdings)
            path.require(one_more, "one lot more is not")
        case _:
            variables["rooms"] = [before, 0]
            path.assume(part <= before)
            shares = loop.finish(variables)
            path.reach(ENDS)
            ((total, all_rooms),) = asked
            path.require(all_rooms == before, "over the rooms")
            path.require(
                (total <= abs(size)) & (total <= before), "no more lots than there are, and than there is room"
            )
            path.require((total == abs(size)) | (total == before), "and one of the two")
            wanted = (Share(PAT, part, before),) if part > 0 else ()
            path.require(shares == wanted, "the parts above zero are the shares, with their room")


CLAIMS = (
    Claim(
        "pruning-any",
        Kind.KERNEL,
        TRANSFER,
        ("CAP-1", "CAP-2", "CAP-5"),
        "Over any number of takeovers, dropping the old ones at a takeover changes no window that ends then or later, "
        "and the new one counts at once.",
        (
            "each earlier takeover by itself; its time is any, also out of order",
            "windows of any length, the hour not shorter than the minute",
        ),
        "capacity.with_takeover",
        pruning_of_any_number,
        (
            Bug("capacity", "takeover.time - program.hour)", "takeover.time - program.minute)"),
            Bug("capacity", "if takeover.time > time - window", "if takeover.time >= time - window"),
            Bug("capacity", "if earlier.time > takeover.time - program.hour", "if takeover.time - program.hour < 0"),
        ),
        reaches=("counted", "dropped"),
    ),
    Claim(
        "windows-any",
        Kind.KERNEL,
        TRANSFER,
        ("CAP-1", "CAP-2"),
        "After any number of takeovers, whatever a provider takes within its room leaves both windows that end then "
        "within its capacities. With pruning-any: at each takeover what was taken over in each window, it included, is "
        "within capacity in force.",
        ("the earlier takeovers count for any sums", "mark is positive; limits and lots are not negative"),
        "capacity.remaining_capacity",
        takeovers_stay_within_windows,
        (
            Bug("capacity", "return max(0, min(minute_left, hour_left))", "return max(0, max(minute_left, hour_left))"),
            Bug("capacity", "window=program.hour)", "window=program.minute)"),
            Bug("capacity", "floor_div(capacity, mark_per_lot), headroom_lots", "capacity, headroom_lots"),
        ),
        reaches=(ACCEPTED, "takes"),
    ),
    Claim(
        "allocation-any",
        Kind.KERNEL,
        TRANSFER,
        ("CAP-1", "CAP-2", "CAP-3", "CAP-4", "CAP-5"),
        "Over any number of ready providers each has the most room that its remaining capacity and its maximum holding "
        "leave, in whole lots, and as many lots as there are, or as there is room for, are apportioned over the rooms. "
        "With apportion-any: no provider takes beyond its room, and one lot is left only where all rooms are full.",
        (
            BY_INDUCTION,
            "the provider holds a position of any size; remaining capacity is any",
            "mark is positive; capacity and maximum are not negative",
        ),
        "rules.takeover.allocate",
        allocation_of_any_number,
        (
            Bug("rules.takeover", "apportion(min(abs(size), sum(rooms)), rooms)", "apportion(abs(size), rooms)"),
            Bug("rules.takeover", "held=held, taken_over=size)", "held=-held, taken_over=size)"),
            Bug("rules.takeover", "market_id)\n        rooms.append(", "market_id)\n        rooms.insert(0, "),
        ),
        reaches=(BEGINS, GOES_ON, ENDS),
    ),
)
