"""Canonical bytes: what two implementations compare to know that they agree.

Both formats are JSON (RFC 8259) in UTF-8 with no space between tokens. Strings escape only the quotation mark, the
backslash and the control characters below U+0020: backspace, form feed, line feed, carriage return and tab by their
letter, the others as `\\u00xx` in lower case. The ids that a log admits need no escape and are ASCII. Keys, and lists
that stand for maps, are sorted by code point. Integers are plain digits with an optional minus, of any length.

**The chain** says that two implementations gave the same answers. It starts with the SHA-256 of the genesis state's
canonical bytes. Each transaction makes the next link, SHA-256 over the 32 bytes of the link before and the JSON of
`[transaction, outcome]`:

- `transaction` is `[type, field, ...]`: the rulebook's name of the type, then the fields in the order in which
  `transactions` declares them, `time` first. Quantities are JSON integers in the core's units, flags `true` or `false`,
  what is not given `null`. `quotes` is `[[source, price], ...]` sorted by source, and `fills` is
  `[[market, counterparty, size, price], ...]` in its own order. A trade of one lot of BTC-PERP at 5,000 USDT is
  `["trade",1600000000000,"BTC-PERP","alice","bob",1,5000000000000,true]`.
- The outcome of an applied transaction is `["applied", entry, ...]`: the net change of every balance over all
  postings, in any order they were made. Cash is `[account,"cash",asset,amount]`, a position
  `[account,"position",market,size,reference_cost]`; sorted by account, then kind, then asset or market; left out where
  every number is zero.
- That of a refused one is `["rejected", reason, subject, supplied, limit]`: the reason's name, and the other three as
  `outcomes.Rejected` has them, a string or an integer each.

**The state's bytes** are one object, keys sorted, that holds everything. Amounts, prices, sizes and costs, all that can
pass 2^53, are strings of decimal digits with an optional minus; times, rounds, counts and leverage are JSON integers.

    {"accounts":{ID:{"cash":{ASSET:AMOUNT},"fee_tier":NAME,"liquidation":LIQUIDATION,"max_leverage":INTEGER,
                     "positions":{MARKET:{"reference_cost":AMOUNT,"size":LOTS}}}},
     "last_settle":TIME,
     "markets":{MARKET:{"index":PRICE,"last_funding":TIME,"mark":PRICE,"monitor":MONITOR,"premium_count":INTEGER,
                        "premium_sum":PRICE}},
     "prices":{ASSET:PRICE},
     "providers":{ID:{"limits":LIMITS,"notice":TIME,"takeovers":[{"notional":AMOUNT,"time":TIME}]}},
     "rulebook":DOCUMENT,
     "sequence":INTEGER,
     "time":TIME}

`LIQUIDATION` is `null` for an active account, else `{"round":INTEGER,"starting_sizes":{MARKET:LOTS},"time":TIME}`.
`MONITOR` is left out, its name too, before a market's first observation, else `{"ask":PRICE,"ask_depth":LOTS,
"bid":PRICE,"bid_depth":LOTS,"observations":[{"mark":PRICE,"volume":LOTS}],"stressed":FLAG,"time":TIME}`, observations
oldest first.
`LIMITS` is `null` for a lapsed enrolment, else `{"capacity_per_hour":AMOUNT,"capacity_per_minute":AMOUNT,
"max_holdings":AMOUNT}`. `TIME` is `null` for what has not happened. `DOCUMENT` is the rulebook's document as it was
given, keys sorted. Takeovers are in the order they happened. The digest of a state is the SHA-256 of its bytes.
"""

from .links import chain, chain_start, net_changes, outcome_fields, transaction_fields
from .reading import StateError, state_from_bytes, state_from_document
from .writing import state_bytes, state_chunks, state_digest

__all__ = [
    "StateError",
    "chain",
    "chain_start",
    "net_changes",
    "outcome_fields",
    "state_bytes",
    "state_chunks",
    "state_digest",
    "state_from_bytes",
    "state_from_document",
    "transaction_fields",
]
