"""The reference model of a perpetual-futures clearing house with backstop liquidity.

An immutable, deterministic ledger: `apply(state, transaction)` answers one transaction with `Applied` or `Rejected`.
What this module names is the public surface; nothing else is promised.

    from ledger import Deposit, apply, genesis, load_profile

    state = genesis(load_profile("ascendex-2020"))
    outcome = apply(state, Deposit(time=0, account="alice", asset="USDT", amount=500 * 10**13))
"""

from .canonical import chain, chain_start, state_bytes, state_chunks, state_digest, state_from_bytes
from .laws import REGISTRY, Breach, LawBroken, Monitor, Scope, Span, Step
from .log import (
    Entry,
    Expect,
    ExpectedPosition,
    LogError,
    encode_genesis,
    encode_transaction,
    log_schema,
    open_log,
    read_log,
)
from .outcomes import Applied, Event, Outcome, Reason, Rejected, Unit
from .postings import CashPosting, LedgerBug, PositionPosting, Posting, UnbalancedPostings
from .profiles import RulebookError, load_profile, merge, profile_document, profile_names, rulebook_of
from .replay import Failure, Report, replay_log
from .rulebook import EXTERNAL, FEES, INSURANCE, Rulebook
from .state import Account, Limits, Liquidation, Market, Position, Provider, State, Takeover, genesis
from .transactions import (
    BackstopTransfer,
    Deposit,
    Enroll,
    Fill,
    Fund,
    Leave,
    Liquidate,
    MarkAsset,
    MarkMarket,
    SetAccount,
    Settle,
    Trade,
    Transaction,
    Withdraw,
)
from .transition import apply, state_after
from .units import format_decimal, parse_decimal

__version__ = "0.1.0"

__all__ = [
    "EXTERNAL",
    "FEES",
    "INSURANCE",
    "REGISTRY",
    "Account",
    "Applied",
    "BackstopTransfer",
    "Breach",
    "CashPosting",
    "Deposit",
    "Enroll",
    "Entry",
    "Event",
    "Expect",
    "ExpectedPosition",
    "Failure",
    "Fill",
    "Fund",
    "LawBroken",
    "Leave",
    "LedgerBug",
    "Limits",
    "Liquidate",
    "Liquidation",
    "LogError",
    "MarkAsset",
    "MarkMarket",
    "Market",
    "Monitor",
    "Outcome",
    "Position",
    "PositionPosting",
    "Posting",
    "Provider",
    "Reason",
    "Rejected",
    "Report",
    "Rulebook",
    "RulebookError",
    "Scope",
    "SetAccount",
    "Settle",
    "Span",
    "State",
    "Step",
    "Takeover",
    "Trade",
    "Transaction",
    "UnbalancedPostings",
    "Unit",
    "Withdraw",
    "apply",
    "chain",
    "chain_start",
    "encode_genesis",
    "encode_transaction",
    "format_decimal",
    "genesis",
    "load_profile",
    "log_schema",
    "merge",
    "open_log",
    "parse_decimal",
    "profile_document",
    "profile_names",
    "read_log",
    "replay_log",
    "rulebook_of",
    "state_after",
    "state_bytes",
    "state_chunks",
    "state_digest",
    "state_from_bytes",
]
