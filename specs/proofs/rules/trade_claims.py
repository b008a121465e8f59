"""trade: the claims."""

from functools import partial

from ledger.transactions import Trade

from ..claims import Bug, Claim, Kind
from ..engine import ACCEPTED
from ..laws import claim_of_laws, laws_concerning
from ..pages import claim_of_page
from ..worlds import COIN, RECORDS, USDT
from .trade import PAGE
from .trades import (
    ONE,
    TWO,
    admits_exactly,
    fills_as_specified,
    fills_keep_laws,
    mirrored,
    scene,
    scene_of_fees,
    scene_of_fills,
    scene_of_terms,
)

OF_TRADE, OF_FILLS = "trade", ("trade", "liquidate")
SIDES = (
    "rulebook ascendex-2020, but a single margin bracket a market, of any initial rate above 1% and any maintenance "
    "rate; leverage 100, fee tier standard; concrete ids; stored amounts not zero; @fees has USDT",
)
TERMS = (
    *SIDES,
    "alice and bob, without positions, active or liquidating, with USDT; or one of them with itself, with a system "
    "account or with somebody unknown; a market with a mark, a listed one without, or an unlisted one; the buyer takes",
)
PLAIN = "both active, without positions and with USDT alone but for what is said of alice; either side takes"
ONE_POSITION = (*SIDES, PLAIN, "alice has a position in BTC-PERP")
COINS = (*ONE_POSITION, "alice has BTC too, which is not negative")
PROVIDER = (*SIDES, PLAIN, "alice is a provider in any way or none")
TWO_POSITIONS = (*SIDES, PLAIN, "alice has positions in BTC-PERP and in ETH-PERP")
TWO_SIDES = (
    *SIDES,
    "alice and bob, both active and no providers, with USDT and a position in BTC-PERP each; the buyer takes",
)
TWO_BRACKETS = (
    *SIDES,
    PLAIN,
    "two brackets in place of one, with any bound, which two sides of different size would need",
)
ADMITTED = (
    "rulebook ascendex-2020, but a single margin bracket a market, of any initial and maintenance rate; any leverage "
    "from 1 to 100; concrete ids; stored amounts not zero",
    "USDT and BTC before and afterwards, whatever they are; BTC is not negative",
)
FILLS = ("rulebook ascendex-2020; concrete ids; stored amounts not zero", "size and price are positive; both active")

SIDE_BUGS = (
    Bug("rules.fills", "return abs(after) > abs(before) or before * after < 0", "return abs(after) > abs(before)"),
    Bug("rules.fills", "        if effective < 0:\n", "        if effective <= 0:\n"),
    Bug("rules.fills", "return rate_after < rate_before", "return rate_after <= rate_before"),
    Bug("rules.fills", "if value < minimum <= account_value(state, before):", "if value < minimum:"),
)
TRADE_BUGS = (
    Bug("rules.trade", "before=state.accounts[account_id],", "before=filled.accounts[account_id],"),
    Bug("rules.trade", "after=filled.accounts[account_id],", "after=state.accounts[account_id],"),
)
LAW_BUGS = (
    Bug("rules.fills", "if value < minimum <= account_value(state, before):", "if value < minimum // 2:"),
    Bug("rules.fills", "return rulebook.lowest_fees", "return rulebook.fee_tiers['vip']"),
)
OF_THE_FILL = tuple(
    law for law in laws_concerning(Trade) if law.id not in {"MAR-1", "MAR-2", "ENR-3", "EVT-1", "REJ-1", "REJ-2"}
)

_page = partial(claim_of_page, page=PAGE, transaction=OF_TRADE)
_laws = partial(claim_of_laws, transaction=OF_TRADE, kind=Trade)
_mirrored = partial(mirrored, scene_of=partial(scene, buyer=ONE))

CLAIMS = (
    _page(
        "trade-terms",
        scene=scene_of_terms,
        laws=("MAR-2", "PTY-1", "FRM-1"),
        world=TERMS,
        refusals=range(14),
        bugs=(
            Bug("rules.fills", "    if size <= 0:\n", "    if size < 0:\n"),
            Bug("rules.fills", "* RATE_SCALE > band * market.mark:", "* RATE_SCALE >= band * market.mark:"),
            Bug(
                "rules.fills",
                "return ceil_div(mark * (RATE_SCALE - band)",
                "return floor_div(mark * (RATE_SCALE - band)",
            ),
            Bug(
                "rules.trade",
                "refuse_liquidating(state, buyer) or refuse",
                "refuse_liquidating(state, seller) or refuse",
            ),
            Bug("rules.trade", "buyer == seller:", "buyer == seller or 'carol' in state.accounts:"),
        ),
    ),
    _page(
        "trade-buyer",
        scene=partial(scene, buyer=ONE),
        laws=("MAR-1", "FIL-1"),
        world=(*ONE_POSITION, "alice buys"),
        refusals=(13, 14, 15),
        bugs=(*TRADE_BUGS, *SIDE_BUGS[:3], Bug("rules.rolling", "after == 0 or", "")),
        quick=False,
    ),
    _page(
        "trade-seller",
        scene=_mirrored,
        laws=("MAR-1", "FIL-1"),
        world=(*ONE_POSITION, "alice sells"),
        refusals=(13, 14, 15),
        bugs=(*TRADE_BUGS, Bug("rules.trade", "for account_id in (buyer, seller):", "for account_id in (buyer,):")),
        removed=(),
        quick=False,
    ),
    _page(
        "trade-coins",
        scene=partial(scene, buyer=ONE, cash=(USDT, COIN)),
        laws=("MAR-1", "FIL-1"),
        world=(*COINS, "alice buys"),
        refusals=(13, 14, 15),
        bugs=(Bug("margin", "return floor_div(amount * price", "return -floor_div(-amount * price"),),
        removed=(),
        quick=False,
    ),
    _page(
        "trade-brackets",
        scene=partial(scene, brackets=2),
        laws=("MAR-1",),
        world=TWO_BRACKETS,
        refusals=(13,),
        bugs=(Bug("margin", "or effective < tier.upper:", "or effective <= tier.upper:"),),
        removed=(),
    ),
    _page(
        "trade-provider",
        scene=partial(scene, records=RECORDS),
        laws=("ENR-3", "FEE-1"),
        world=PROVIDER,
        refusals=(13, 16),
        bugs=(SIDE_BUGS[3], Bug("rules.fills", "return rulebook.lowest_fees", "return rulebook.fee_tiers['vip']")),
        removed=(16,),
        quick=False,
    ),
    _page(
        "trade-two-markets",
        scene=partial(scene, buyer=TWO),
        laws=("MAR-1",),
        world=TWO_POSITIONS,
        refusals=(13, 15),
        bugs=(Bug("margin", "        total += effective\n", "        total = effective\n"),),
        removed=(),
        quick=False,
    ),
    _page(
        "trade-both",
        scene=partial(scene, buyer=ONE, seller=ONE, takers=(True,)),
        laws=("MAR-1", "FIL-1"),
        world=TWO_SIDES,
        refusals=(13, 14, 15),
        bugs=(Bug("rules.trade", "for account_id in (buyer, seller):", "for account_id in (seller, buyer):"),),
        removed=(),
        quick=False,
    ),
    *(
        Claim(
            name,
            Kind.GUARD,
            OF_FILLS,
            ("FIL-1", "FEE-1", "FRM-1"),
            "Over this world, a fill changes every field of both accounts and of @fees as the page of trade says, and "
            "nothing else, with the page's postings and events, whoever is admitted; and reads no other row.",
            (*FILLS, world),
            "rules.fills.fill",
            partial(fills_as_specified, scene=scene_of),
            bugs,
            reaches=(ACCEPTED, *rolls),
            quick=name == "fill-fees",
        )
        for name, scene_of, world, rolls, bugs in (
            (
                "fill-fees",
                scene_of_fees,
                "no positions; standard or vip fees; alice a provider in any way or none, bob an obliged one or none; "
                "either side takes; @fees has USDT or nothing",
                (),
                (
                    Bug("rules.fills", "seller_rates.maker if buyer_is_taker", "seller_rates.taker if buyer_is_taker"),
                    Bug("rules.fills", "fee_rates(state, seller, time)", "fee_rates(state, buyer, time)"),
                    Bug("rules.fills", "return ceil_div(value * rate,", "return floor_div(value * rate,"),
                    Bug("rules.fills", "FEES, settlement_asset, buyer_fee + seller_fee", "FEES, settlement_asset, 0"),
                ),
            ),
            (
                "fill-fields",
                scene_of_fills,
                "alice and bob with a position in BTC-PERP or none; alice an obliged provider or none; either side "
                "takes",
                ("1 rolled", "2 rolled"),
                (
                    Bug(
                        "rules.fills",
                        "    for account_id in (buyer, seller):\n        before, after",
                        "    for account_id in (seller, buyer):\n        before, after",
                    ),
                    Bug(
                        "rules.fills",
                        "roll(state, account_id, filled[account_id])",
                        "roll(state, account_id, accounts[account_id])",
                    ),
                    Bug("rules.fills", "-value - buyer_fee),", "-value + buyer_fee),"),
                ),
            ),
            (
                "fill-beside",
                partial(scene_of_fills, bob=(TWO,)),
                "alice with a position in BTC-PERP or none, bob with positions in BTC-PERP and in ETH-PERP; alice an "
                "obliged provider or none; either side takes",
                ("1 rolled", "2 rolled"),
                (
                    Bug(
                        "rules.fills",
                        "must_roll(before, after):",
                        "must_roll(before, after) and len(accounts[account_id].positions) < 2:",
                    ),
                ),
            ),
        )
    ),
    *(
        Claim(
            name,
            Kind.GUARD,
            OF_FILLS,
            ("MAR-1", "ENR-3"),
            "Over this world, a side of a fill is admitted exactly when checks 13 to 16 of the page of trade hold, and "
            "a refusal names the first that does not, with its figures; no account is read but the two given.",
            (*ADMITTED, world),
            "rules.fills.refuse_side",
            partial(admits_exactly, second=second),
            (SIDE_BUGS[0], SIDE_BUGS[2]) if second else (*SIDE_BUGS[:2], SIDE_BUGS[3]),
            reaches=(ACCEPTED, *(f"refused by trade-{number}" for number in refusals)),
            quick=second,
        )
        for name, second, refusals, world in (
            (
                "admission",
                False,
                (13, 14, 15, 16),
                "a position in BTC-PERP before and afterwards, before only, afterwards only, or never; a provider in "
                "any way or none",
            ),
            (
                "admission-beside",
                True,
                (13, 15),
                "a position in ETH-PERP throughout; one in BTC-PERP before, and afterwards or not; no provider",
            ),
        )
    ),
    _laws(
        "trade-laws-terms",
        scene_of_terms,
        world=TERMS,
        bugs=(
            Bug("rules.fills", "    if size <= 0:\n", "    if size < 0:\n"),
            Bug("rules.trade", "refuse_stranger(state, buyer) or", ""),
        ),
        silent=("ENR-3", "FEE-1", "EVT-1"),
    ),
    _laws(
        "trade-laws-buyer",
        partial(scene, buyer=ONE),
        world=(*ONE_POSITION, "alice buys"),
        bugs=SIDE_BUGS[:1],
        silent=("ENR-3", "FEE-1", "EVT-1"),
        quick=False,
    ),
    _laws(
        "trade-laws-seller",
        _mirrored,
        world=(*ONE_POSITION, "alice sells"),
        bugs=TRADE_BUGS[:1],
        silent=("ENR-3", "FEE-1", "EVT-1"),
        quick=False,
    ),
    _laws(
        "trade-laws-provider",
        partial(scene, records=RECORDS),
        world=PROVIDER,
        bugs=LAW_BUGS,
        silent=("EVT-1",),
        quick=False,
    ),
    Claim(
        "fill-laws",
        Kind.LAWS,
        (OF_TRADE,),
        tuple(law.id for law in OF_THE_FILL),
        "Over this world, postings of any fill net to zero, and of the trade that passes it on every step and history "
        "law that concerns an applied trade holds, but MAR-1, MAR-2 and ENR-3: a trade checks these before and "
        "after its fill.",
        (
            *FILLS,
            "alice and bob with a position in BTC-PERP or none; alice an obliged provider or none; either side takes",
        ),
        "rules.fills.fill",
        partial(fills_keep_laws, scene=scene_of_fills, laws=OF_THE_FILL),
        (
            Bug(
                "rules.fills",
                "CashPosting(FEES, settlement_asset, buyer_fee + seller_fee)",
                "CashPosting(FEES, settlement_asset, abs(buyer_fee) + seller_fee)",
            ),
            Bug("rules.fills", "if must_roll(before, after):", "if after == 0:"),
        ),
        reaches=(ACCEPTED, "1 rolled", "2 rolled", *(law.id for law in OF_THE_FILL)),
        quick=False,
    ),
)
