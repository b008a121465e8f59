"""The words of the ledger that may be mistaken for one another, and the mutants that are written out by hand."""

import attrs

TIME_WORDS = ("time", "instant", "window", "notice", "waited", "last")
"""A comparison that mentions one of them is about the edge of a window."""

ROUNDINGS = {
    "floor_div": ("ceil_div", "div_toward_zero"),
    "ceil_div": ("floor_div", "div_toward_zero"),
    "div_toward_zero": ("floor_div", "ceil_div"),
}
"""The other directions."""

PARTIES = "swapped parties"
ATTRIBUTES = "wrong attributes"
WINDOWS = "window edges"
STALE = "stale states"
ROLLS = "missed releases and rolls"
LOSSES = "order of losses"

ANYWHERE = ("", "")
"""Module and function: everywhere."""


def _both(first: str, second: str, category: str) -> tuple[tuple[tuple[str, str], str, str, str], ...]:
    return ((ANYWHERE, first, second, category), (ANYWHERE, second, first, category))


NAME_TWINS: tuple[tuple[tuple[str, str], str, str, str], ...] = (
    *_both("buyer", "seller", PARTIES),
    *_both("buyer_fee", "seller_fee", PARTIES),
    *_both("buyer_rates", "seller_rates", PARTIES),
    *_both("buyer_rate", "seller_rate", PARTIES),
    *_both("account_id", "counterparty", PARTIES),
    *_both("EXTERNAL", "FEES", PARTIES),
    *_both("FEES", "INSURANCE", PARTIES),
    *_both("INSURANCE", "EXTERNAL", PARTIES),
    *_both("before", "after", STALE),
    *_both("minute_left", "hour_left", WINDOWS),
    *_both("per_minute", "per_hour", ATTRIBUTES),
    *_both("effective", "required", ATTRIBUTES),
    (("rules.fills", "fill"), "filled", "accounts", STALE),
    (("rules.backstop_transfer", "hand_on"), "received", "accounts", STALE),
    (("rules.backstop_transfer", "hand_on"), "rolled_accounts", "received", STALE),
    (("rules.backstop_transfer", "hand_on"), "cleared", "rolled_accounts", STALE),
    (("rules.backstop_transfer", "backstop_transfer"), "providers", "state.providers", STALE),
    (("rules.backstop_transfer", "backstop_transfer"), "took_over", "state.providers", STALE),
    (("rules.takeover", "allocate"), "providers", "state.providers", STALE),
    (("rules.takeover", "plan_takeover"), "accounts", "state.accounts", STALE),
    (("rules.loss_waterfall", "cover_shortfall"), "accounts", "state.accounts", STALE),
    (("rules.liquidate", "liquidate"), "accounts", "state.accounts", STALE),
    (("rules.liquidate", "liquidate"), "account", "state.accounts[account_id]", STALE),
    (("rules.backstop_transfer", "backstop_transfer"), "account", "state.accounts[account_id]", STALE),
    (("rules.liquidate", "refuse_fill"), "accounts", "state.accounts", STALE),
    (("rules.liquidate", "close"), "accounts", "state.accounts", STALE),
    (("rules.withdraw", "withdraw"), "accounts", "state.accounts", STALE),
    (("rules.deposit", "deposit"), "accounts", "state.accounts", STALE),
    (("rules.takeover", ""), "bankruptcy", "per_lot", ATTRIBUTES),
    (("rules.takeover", "transfer_value"), "lots", "given", ATTRIBUTES),
    (("rules.takeover", "transfer_value"), "given", "lots", ATTRIBUTES),
    (("pricing", ""), "bankruptcy", "mark_per_lot", ATTRIBUTES),
    (("pricing", ""), "mark_per_lot", "bankruptcy", ATTRIBUTES),
    (("rules.loss_waterfall", ""), "part", "shortfall", ATTRIBUTES),
    (("rules.loss_waterfall", ""), "capped", "shortfall", ATTRIBUTES),
)
"""Where (module and function, empty for anywhere), a name, the name that is read instead, and the category."""


ANY = ("",)
_PROGRAM, _SCHEDULE, _POSITION = ("program",), ("terms",), ("position", "held", "positions[market_id]")


def _each(
    first: str, second: str, category: str = ATTRIBUTES, owners: tuple[str, ...] = ANY
) -> tuple[tuple[tuple[str, ...], str, str, str], ...]:
    return ((owners, first, second, category), (owners, second, first, category))


ATTRIBUTE_TWINS: tuple[tuple[tuple[str, ...], str, str, str], ...] = (
    *_each("buyer", "seller", PARTIES),
    *_each("minute", "hour", WINDOWS),
    *_each("window", "interval", WINDOWS, _SCHEDULE),
    (_PROGRAM, "notice", "minute", WINDOWS),
    (("terms",), "round_interval", "rounds", WINDOWS),
    *_each("maker", "taker"),
    *_each("capacity_per_minute", "capacity_per_hour"),
    *_each("capacity_per_hour", "max_holdings"),
    *_each("minimum_capacity_per_minute", "minimum_capacity_per_hour"),
    (ANY, "minimum_account_value", "minimum_capacity_per_hour", ATTRIBUTES),
    *_each("initial_rate", "maintenance_rate"),
    *_each("index", "mark", STALE, ("market", "before", "markets[market_id]")),
    *_each("premium_sum", "premium_count"),
    *_each("factor", "weight"),
    *_each("buy", "sell"),
    *_each("size", "reference_cost", owners=_POSITION),
    *_each("provider_price", "deleverage_price"),
    (("leg",), "bankruptcy", "mark_per_lot", ATTRIBUTES),
    (("leg",), "mark_per_lot", "bankruptcy", ATTRIBUTES),
    *_each("providers", "deleveraged", owners=("leg",)),
    *_each("fraction", "rounds"),
    *_each("minimum_pnl", "minimum_ratio"),
    (("contract",), "price_band", "tick", ATTRIBUTES),
    (("contract",), "tick", "lot_units", ATTRIBUTES),
    (_PROGRAM, "discount", "minimum_candidates", ATTRIBUTES),
    (ANY, "lowest_fees", "fee_tiers[rulebook.default_fee_tier]", ATTRIBUTES),
)
"""How the text of its owner ends (empty for any), an attribute, the attribute of the same type that is read instead,
and the category."""

EARLIER_TABLES = (
    ("filled", "accounts", "state.accounts"),
    ("prepared", "accounts", "state.accounts"),
    ("handed_on", "accounts", "prepared.accounts"),
    ("covered", "accounts", "handed_on.accounts"),
    ("filled", "postings", "()"),
    ("filled", "events", "()"),
    ("prepared", "postings", "()"),
    ("prepared", "events", "()"),
    ("handed_on", "postings", "()"),
    ("covered", "postings", "()"),
)
"""A table that a part of a rule has moved on, and what it was before that part."""

INSTEAD_OF_CALL = (
    ("roll", "([], [])", ROLLS),
    ("with_liquidation", "{0}", ROLLS),
    ("prepare", "Movement({0}.accounts, (), ())", ROLLS),
    ("next_round", "Liquidation(1, {2}, Map())", ROLLS),
    ("post", "{0}", STALE),
    ("with_takeover", "{1}", WINDOWS),
    ("end_enrolment", "({1}, ())", ROLLS),
    ("apportion", "tuple(0 for _ in {1})", "forgotten residue"),
    ("cover_shortfall", "Movement({1}, (), ())", LOSSES),
    ("shrink", "tuple({0})", LOSSES),
)
"""A function, the text in place of its call (its arguments by number), and the category."""

UNWRAPPED = ("set",)
"""Methods in place of whose call their owner is left: a table without the new row."""

FIGURES_OF = {
    "rules.fills": ("band_bound", "distress_at_rate"),
    "rules.backstop_transfer": ("transfer_level",),
    "margin": (
        *("margin_rate", "leverage", "_largest_order", "max_buy", "max_sell", "liquidation_price"),
        *("break_even_price", "effective_notional"),
    ),
    "units": ("parse_decimal", "format_decimal", "root_ceil"),
}
"""Functions whose results are shown, in refusals and to readers, and decide nothing."""


HOMES = {
    "floor_div": "ledger.units",
    "ceil_div": "ledger.units",
    "div_toward_zero": "ledger.units",
    "EXTERNAL": "ledger.rulebook",
    "FEES": "ledger.rulebook",
    "INSURANCE": "ledger.rulebook",
    "Movement": "ledger.rules.effects",
    "Liquidation": "ledger.state",
    "Map": "immutables",
}
"""Where a name comes from that a mutant needs and its module may not import."""


@attrs.frozen
class Written:
    """A mutant that no operator makes: each phrase, which occurs once in the module, reads otherwise."""

    module: str
    category: str
    operator: str
    replacements: tuple[tuple[str, str], ...]


_FEES = """\
    from_fees = min(shortfall, accounts[FEES].cash.get(settlement_asset, 0))
    if from_fees > 0:
        postings += _payment(FEES, settlement_asset, from_fees)
        accounts = post(accounts, postings, settlement_asset=settlement_asset)
        events.append(FeesUsed(from_fees))
        shortfall -= from_fees

"""
_FEES_LAST = _FEES.replace("post(accounts, postings,", "post(accounts, postings[-2:],")
_WATERFALL = "rules.loss_waterfall"
_STAGES = "(gains_weight, value_weight)\n"
_END = "    return Movement(accounts, tuple(postings), tuple(events))\n\n\n"
_SHORTFALL = "shortfall = -accounts"

WRITTEN = (
    Written(_WATERFALL, LOSSES, "value-before-gains", ((_STAGES, "(value_weight, gains_weight)\n"),)),
    Written(_WATERFALL, LOSSES, "gains-spared", ((_STAGES, "(value_weight,)\n"),)),
    Written(_WATERFALL, LOSSES, "fees-spared", ((_FEES, ""),)),
    Written(_WATERFALL, LOSSES, "fees-after-accounts", ((_FEES, ""), (_END, _FEES_LAST + _END))),
    Written(
        _WATERFALL,
        LOSSES,
        "fund-spared",
        ((_SHORTFALL, "shortfall = state.accounts[INSURANCE].cash.get(settlement_asset, 0) - accounts"),),
    ),
    Written(
        "rules.takeover",
        LOSSES,
        "deleverage-before-providers",
        (
            (
                "took = allocate(state, providers, ready, time=time, market_id=market_id, size=size, per_lot=per_lot)",
                "took = ()",
            ),
        ),
    ),
    Written(
        "rules.takeover",
        LOSSES,
        "discount-before-fund",
        (("shortfall=max(0, -(fund + left))", "shortfall=max(0, -left)"),),
    ),
    Written(
        "rules.backstop_transfer",
        LOSSES,
        "positions-after-losses",
        (
            (
                "    covered = cover_shortfall(state, handed_on.accounts)\n",
                "    covered = cover_shortfall(state, prepared.accounts)\n",
            ),
        ),
    ),
)
"""Mutants written out by hand."""
