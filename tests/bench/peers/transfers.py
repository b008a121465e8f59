"""The transfers that every peer is given: whole cents of one asset between an account and the outside world.

That is what all of them can say. This ledger has no transfer between two ordinary accounts, so a transfer in is a
deposit and a transfer out a withdrawal, and the outside world is its `@external`, to which the other side is posted.
"""

import random
from collections.abc import Iterable, Sequence

import attrs

ASSET = "USDT"
OUTSIDE = "outside"
MOST_CENTS = 1_000_000

Balances = dict[str, int]
"""Cents by account, the outside world included: minus what it has paid in."""


@attrs.frozen
class Transfer:
    """`cents` from the outside world to `account`, or, where negative, from the account to the outside world."""

    account: str
    cents: int


def transfers(number: int, accounts: int, seed: int) -> tuple[Transfer, ...]:
    """So many transfers, half of them out, none of which overdraws: every account's first one is in."""
    drawn = random.Random(seed)
    held: dict[str, int] = {}
    made = []
    for count in range(number):
        account = account_name(count if count < accounts else drawn.randrange(accounts))
        balance = held.get(account, 0)
        out = balance > 0 and drawn.random() < 0.5
        cents = -drawn.randint(1, min(balance, MOST_CENTS)) if out else drawn.randint(1, MOST_CENTS)
        held[account] = balance + cents
        made.append(Transfer(account, cents))
    return tuple(made)


def account_name(number: int) -> str:
    """The name of the account with that number, which every peer admits."""
    return f"A{number:06}"


def named_in(given: Sequence[Transfer]) -> list[str]:
    """The accounts of some transfers, each once, in the order of their first."""
    return list(dict.fromkeys(transfer.account for transfer in given))


def in_cents(text: str) -> int:
    """The cents of decimal text such as "-12.3"."""
    negative = text.startswith("-")
    whole, _, fraction = text.removeprefix("-").partition(".")
    cents = int(whole) * 100 + int(fraction[:2].ljust(2, "0"))
    if fraction[2:].strip("0"):
        raise ValueError(f"{text} is no whole number of cents")
    return -cents if negative else cents


def in_text(cents: int) -> str:
    """The decimal text of some cents, two decimals always."""
    digits = f"{abs(cents):03}"
    return f"{'-' if cents < 0 else ''}{digits[:-2]}.{digits[-2:]}"


def nothing_missing(given: Iterable[Transfer]) -> Balances:
    """What the balances must be: the sum of each account's transfers, and minus the sum of all."""
    sums: Balances = {OUTSIDE: 0}
    for transfer in given:
        sums[transfer.account] = sums.get(transfer.account, 0) + transfer.cents
        sums[OUTSIDE] -= transfer.cents
    return sums
