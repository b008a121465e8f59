"""liquidate: the claims."""

from functools import partial

from ledger.transactions import Liquidate

from ..claims import Bug
from ..laws import claim_of_laws
from ..pages import claim_of_page
from ..worlds import COIN, RECORDS, USDT
from .liquidate import PAGE
from .liquidations import LOTS, MARK, STEP, scene, scene_of_counterparty, scene_of_terms, scene_of_the_end
from .trade_claims import LAW_BUGS
from .trades import NONE, ONE

OF_LIQUIDATE = "liquidate"
STAGES = {
    "first": "active",
    "later": "liquidating, its last round any of the first 48",
    "last": "liquidating, its last round the 49th, so that the last one is next",
    "used up": "liquidating, its rounds used up",
}
"""What alice is when the call comes."""

ACCOUNT = (
    "rulebook ascendex-2020, but a single margin bracket a market, of any initial rate above 1% and any maintenance "
    "rate; leverage 100, fee tier standard; concrete ids; stored amounts not zero",
    "alice, with USDT; of a liquidating account any time of its last call and any starting sizes, in its markets; "
    "@external and @fees have USDT",
)
EMPTY = (*ACCOUNT, "no fills", "alice has a position in BTC-PERP")
FILL = (
    *ACCOUNT,
    "one fill in BTC-PERP, of any size and at any price, against bob, who is active, with USDT and no position",
)
TERMS = (
    "rulebook ascendex-2020, but the last margin bracket of BTC-PERP alone; leverage 100, fee tier standard; concrete "
    "ids; stored amounts not zero; the mark is 9,943; @fees has USDT",
    "one fill, of any size and at any price, of alice, who is active, with USDT and long 10,000 lots without pnl, "
    "against bob, who is active, with USDT and no position",
)
DEPARTURES = (
    "the account or the counterparty is a system account or somebody unknown, or the two are the same; the market is "
    "not listed or has no mark; alice's rounds are used up; alice has no position; bob is liquidating"
)

PLAIN = (
    "rulebook ascendex-2020, but a single margin bracket a market, of any initial rate above 1% and any maintenance "
    "rate; leverage 100, fee tier standard; concrete ids; stored amounts not zero; @fees has USDT",
    "one fill in BTC-PERP, of any size and at any price, of alice, who is active, with USDT and 10,000 lots without "
    "pnl, against bob, who is active, with USDT",
)

ROUND_BUGS = {
    "first": (
        Bug("rules.liquidate", "return Liquidation(1, time, sizes)", "return Liquidation(0, time, sizes)"),
        Bug("rules.liquidate", "return Liquidation(1, time, sizes)", "return Liquidation(1, time, Map())"),
        Bug("rules.liquidate", "(*events, LiquidationStarted(account_id))", "events"),
        Bug(
            "margin",
            "return distress_collateral(state, account) * EXACT_SCALE < maintenance_margin(state, account)",
            "return distress_collateral(state, account) * EXACT_SCALE <= maintenance_margin(state, account)",
        ),
    ),
    "later": (
        Bug("rules.liquidate", "min(begun.round + 1,", "min(begun.round + 2,"),
        Bug("rules.liquidate", "time, begun.starting_sizes)", "time, Map())"),
        Bug("rules.liquidate", "if waited < terms.round_interval:", "if waited <= terms.round_interval:"),
        Bug("margin", "return distress * EXACT_SCALE > tier_margin", "return distress * EXACT_SCALE >= tier_margin"),
    ),
    "last": (
        Bug("rules.liquidate", "    if not has_used_up_rounds(state, account):\n", "    if True:\n"),
        Bug("rules.liquidate", "* EXACT_SCALE > maintenance_margin(", "* EXACT_SCALE >= maintenance_margin("),
    ),
    "used up": (
        Bug("rules.liquidate", "min(begun.round + 1, state.rulebook.liquidation.rounds)", "begun.round + 1"),
        Bug("rules.liquidate", "accounts.set(account_id, with_liquidation(accounts[account_id], None))", "accounts"),
    ),
}
PREPARATION_BUGS = (
    Bug("margin", "return floor_div(amount * price", "return -floor_div(-amount * price"),
    Bug(
        "rules.preparation",
        "Converted(account_id, asset, amount, proceeds)",
        "Converted(account_id, asset, proceeds, amount)",
    ),
)
FILL_BUGS = (
    Bug("rules.liquidate", "buyer_is_taker=not is_long", "buyer_is_taker=is_long"),
    Bug("rules.liquidate", "    if closed > most:\n", "    if closed >= most:\n"),
    Bug("rules.liquidate", "    if value_left < 0:\n", "    if value_left <= 0:\n"),
    Bug("rules.liquidate", "value_left = account_value(state, after[", "value_left = account_value(state, before["),
)
EVENTS_BUG = Bug("rules.liquidate", "(*events, *filled.events)", "(*filled.events, *events)")

_page = partial(claim_of_page, page=PAGE, transaction=OF_LIQUIDATE)
_laws = partial(claim_of_laws, transaction=OF_LIQUIDATE, kind=Liquidate)


def _waits(stage: str) -> tuple[int, ...]:
    """The checks of an empty call that are seen to refuse."""
    return (0, 3) if stage == "first" else (0, 4)


def _named(stage: str) -> str:
    return stage.replace(" ", "-")


EMPTY_CALLS = (
    *(
        _page(
            f"liquidate-empty-{_named(stage)}",
            scene=partial(scene, stages=(stage,)),
            laws=("LIQ-1", "FRM-1"),
            world=(*EMPTY, f"alice is {words}"),
            refusals=_waits(stage),
            bugs=ROUND_BUGS[stage],
        )
        for stage, words in STAGES.items()
    ),
    *(
        _page(
            f"liquidate-coins-{_named(stage)}",
            scene=partial(scene, stages=(stage,), cash=((USDT, COIN),)),
            laws=("LIQ-1", "PRP-1", "FRM-1"),
            world=(*EMPTY, f"alice is {words}, and has BTC too; custody of BTC covers it"),
            refusals=_waits(stage),
            bugs=PREPARATION_BUGS,
            removed=(),
            quick=False,
        )
        for stage, words in STAGES.items()
    ),
    _page(
        "liquidate-empty-flat",
        scene=partial(scene, stages=tuple(STAGES), markets=(), cash=((USDT,), ())),
        laws=("LIQ-1", "FRM-1"),
        world=(*ACCOUNT, "no fills", "alice has no position, and USDT or nothing; active, or liquidating in any round"),
        refusals=(0, 3, 4),
        bugs=(Bug("margin", "return distress >= 0", "return distress > 0"),),
        removed=(),
    ),
)

FILLS = (
    _page(
        "liquidate-terms",
        scene=scene_of_terms,
        laws=("LIQ-1", "MAR-2", "PTY-1", "FRM-1"),
        world=(*TERMS, f"or one departure from that: {DEPARTURES}"),
        refusals=range(20),
        bugs=FILL_BUGS,
    ),
    _page(
        "liquidate-terms-together",
        scene=partial(scene_of_terms, together=True),
        laws=("LIQ-1", "MAR-2", "PTY-1", "FRM-1"),
        world=(*TERMS, f"or any departures from that, together: {DEPARTURES}"),
        refusals=range(20),
        bugs=(
            Bug("rules.liquidate", "refuse_stranger(state, counterparty) or refuse_liquidating", "refuse_liquidating"),
        ),
        removed=(),
        quick=False,
    ),
    *(
        _page(
            f"liquidate-{_named(stage)}-{side}",
            scene=partial(scene, stages=(stage,), fills=1, sign=sign),
            laws=("LIQ-1", "FIL-1", "FRM-1"),
            world=(*FILL, f"alice is {STAGES[stage]}, and {side} in BTC-PERP"),
            refusals=(*_waits(stage), 8, 9, 10, 16, 17, 18, 19),
            bugs=(FILL_BUGS[stage == "later"], EVENTS_BUG),
            removed=(),
            quick=False,
        )
        for stage in ("first", "later", "last")
        for side, sign in (("long", 1), ("short", -1))
    ),
)

COUNTERPARTIES = (
    *(
        _page(
            f"liquidate-counterparty-{side}",
            scene=partial(scene_of_counterparty, size=size, markets=ONE),
            laws=("FIL-1", "MAR-1", "FRM-1"),
            world=(*PLAIN, f"alice is {side}", "bob has a position in BTC-PERP"),
            refusals=(0, 3, 8, 9, 10, 16, 17, 18, 19, 20, 21),
            bugs=(bug,),
            removed=(),
            quick=False,
        )
        for side, size, bug in (
            ("long", LOTS, Bug("rules.liquidate", "before=before[counterparty]", "before=after[counterparty]")),
            ("short", -LOTS, Bug("rules.liquidate", "after=after[counterparty]", "after=before[counterparty]")),
        )
    ),
    _page(
        "liquidate-provider",
        scene=partial(scene_of_counterparty, size=LOTS, markets=NONE, mark=MARK, records=RECORDS),
        laws=("FEE-1", "ENR-3"),
        world=(*PLAIN, "alice is long; the mark is 9,943", "bob is a provider in any way or none"),
        refusals=(0, 3, 8, 9, 10, 16, 17, 18, 19, 22),
        bugs=(Bug("rules.fills", "return rulebook.lowest_fees", "return rulebook.fee_tiers['vip']"),),
        removed=(22,),
        quick=False,
    ),
)

ROUND = "alice is long; the mark is 9,943"
SEVERAL = (
    *(
        _page(
            f"liquidate-{name}",
            scene=scene_of,
            laws=laws,
            world=world,
            refusals=refusals,
            bugs=bugs,
            removed=(),
            quick=False,
        )
        for name, scene_of, laws, world, refusals, bugs in (
            (
                "two-fills",
                partial(scene_of_counterparty, size=LOTS, markets=ONE, mark=MARK, prices=(MARK - STEP, MARK + STEP)),
                ("LIQ-1", "FIL-1", "MAR-1"),
                (*PLAIN, ROUND, "two fills in place of one, at 9,942 and at 9,944; bob has a position in BTC-PERP"),
                (0, 3, 8, 16, 17, 18, 19, 20, 21),
                (
                    Bug("rules.liquidate", "closed.get(market_id, 0) + requested.size", "requested.size"),
                    Bug("rules.liquidate", "before=before[counterparty]", "before=state.accounts[counterparty]"),
                    Bug("rules.liquidate", "(*postings, *filled.postings)", "(*filled.postings, *postings)"),
                ),
            ),
            (
                "two-fills-at-any-price",
                partial(scene_of_counterparty, size=LOTS, mark=MARK, prices=(MARK, None)),
                ("LIQ-1", "FIL-1"),
                (*PLAIN, ROUND, "two fills in place of one, the first at 9,943; bob has no position"),
                (0, 3, 8, 9, 10, 16, 17, 18, 19),
                (Bug("rules.liquidate", "closed.get(market_id, 0) + requested.size", "requested.size"),),
            ),
            (
                "fill-coins",
                partial(scene_of_counterparty, size=LOTS, mark=MARK, cash=(USDT, COIN)),
                ("LIQ-1", "FIL-1", "PRP-1"),
                (*PLAIN, ROUND, "alice has BTC too, and custody of BTC covers it; bob has no position"),
                (0, 3, 8, 9, 10, 16, 17, 18, 19),
                (EVENTS_BUG,),
            ),
            (
                "fill-beside",
                partial(scene_of_counterparty, size=LOTS, mark=MARK, beside=True),
                ("LIQ-1", "FIL-1", "PRP-1"),
                (*PLAIN, ROUND, "alice has a position in ETH-PERP too, at any mark; bob has no position"),
                (0, 3, 8, 9, 10, 16, 17, 18, 19),
                (Bug("rules.liquidate", "starting_sizes.get(market_id, 0)", "starting_sizes.get('ETH-PERP', 0)"),),
            ),
        )
    ),
)

NOT_OF_FILLS = ("ENR-3", "FIL-1", "MAR-1", "MAR-2", "FEE-1")
LAWS = (
    _laws(
        "liquidate-laws-empty",
        partial(scene, stages=("first", "later")),
        world=(*EMPTY, "alice is active, or liquidating with her last round any of the first 48"),
        bugs=(
            Bug("rules.liquidate", "min(begun.round + 1,", "min(begun.round,"),
            Bug("rules.liquidate", "time, begun.starting_sizes)", "time, Map())"),
            Bug("rules.rolling", "if total != 0:", "if total > 0:"),
        ),
        silent=NOT_OF_FILLS,
    ),
    _laws(
        "liquidate-laws-coins",
        partial(scene, stages=("first", "later"), cash=((USDT, COIN),)),
        world=(
            *EMPTY,
            "alice is active, or liquidating with her last round any of the first 48; she has BTC too, and custody of "
            "BTC covers it",
        ),
        bugs=PREPARATION_BUGS[:1],
        silent=NOT_OF_FILLS,
        quick=False,
    ),
    _laws(
        "liquidate-laws-ending",
        partial(scene_of_the_end, size=LOTS, mark=MARK, stages=("last", "used up")),
        world=(
            *ACCOUNT,
            "no fills; alice is liquidating, and has had her 49th round or her last; she is long 10,000 lots of any "
            "reference cost, at a mark of 9,943; bob, who is active, with USDT, is short as many, of any reference "
            "cost; @fees has USDT, @insurance has USDT or nothing; nobody is a provider",
        ),
        bugs=(
            Bug("rules.liquidate", "    if not has_used_up_rounds(state, account):\n", "    if True:\n"),
            Bug("rules.liquidate", "min(begun.round + 1, state.rulebook.liquidation.rounds)", "begun.round + 1"),
        ),
        silent=(*NOT_OF_FILLS, "EVT-1"),
        quick=False,
    ),
    *(
        _laws(
            f"liquidate-laws-{stage}-{side}",
            partial(scene, stages=(stage,), fills=1, sign=sign),
            world=(*FILL, f"alice is {STAGES[stage]}, and {side} in BTC-PERP"),
            bugs=(bug,),
            silent=("ENR-3", "FEE-1", *(() if stage == "first" else ("EVT-1",))),
            without=("LIQ-2",) if stage == "last" else (),
            quick=False,
        )
        for stage, side, sign, bug in (
            ("first", "long", 1, FILL_BUGS[0]),
            ("first", "short", -1, Bug("rules.liquidate", "    if closed > most:\n", "    if closed > most + 1:\n")),
            ("later", "long", 1, Bug("rules.liquidate", "    if value_left < 0:\n", "    if value_left < -1:\n")),
            ("later", "short", -1, Bug("rules.liquidate", "if size > abs(held):", "if size > abs(held) + 1:")),
            ("last", "long", 1, ROUND_BUGS["last"][0]),
        )
    ),
    _laws(
        "liquidate-laws-counterparty",
        partial(scene_of_counterparty, size=LOTS, markets=ONE, mark=MARK),
        world=(*PLAIN, "alice is long; the mark is 9,943", "bob has a position in BTC-PERP"),
        bugs=(Bug("rules.fills", "if effective < required:", "if effective < required // 2:"),),
        silent=("ENR-3", "FEE-1", "PRP-1"),
        quick=False,
    ),
    _laws(
        "liquidate-laws-two-fills",
        partial(scene_of_counterparty, size=-LOTS, markets=ONE, mark=MARK, prices=(MARK, MARK + STEP)),
        world=(
            *PLAIN,
            "alice is short; the mark is 9,943; two fills in place of one, at 9,943 and at 9,944",
            "bob has a position in BTC-PERP",
        ),
        bugs=(Bug("rules.liquidate", "closed.get(market_id, 0) + requested.size", "requested.size"),),
        silent=("ENR-3", "FEE-1", "PRP-1"),
        quick=False,
    ),
    _laws(
        "liquidate-laws-fill-coins",
        partial(scene_of_counterparty, size=LOTS, mark=MARK, cash=(USDT, COIN)),
        world=(*PLAIN, ROUND, "alice has BTC too, and custody of BTC covers it; bob has no position"),
        bugs=PREPARATION_BUGS[:1],
        silent=("ENR-3", "FEE-1"),
        quick=False,
    ),
    _laws(
        "liquidate-laws-provider",
        partial(scene_of_counterparty, size=LOTS, markets=NONE, mark=MARK, records=RECORDS),
        world=(*PLAIN, "alice is long; the mark is 9,943", "bob is a provider in any way or none"),
        bugs=LAW_BUGS,
        silent=("PRP-1",),
        quick=False,
    ),
)

CLAIMS = (*FILLS, *COUNTERPARTIES, *SEVERAL, *EMPTY_CALLS, *LAWS)
