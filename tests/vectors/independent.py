"""Digests of a vector worked out from its JSON alone, as specs/formats says: nothing of the ledger is used."""

import hashlib
import json
from typing import Any

Json = Any


def sha256(data: bytes) -> str:
    """In hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def canonical(value: Json) -> bytes:
    """JSON without spaces, keys sorted."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()


def digest_of_state(rulebook: Json, state: Json) -> str:
    """The digest of a state, the rulebook put back in."""
    return sha256(canonical({**state, "rulebook": rulebook}))


FIELDS = {
    "deposit": ("account", "asset", "amount"),
    "withdraw": ("account", "asset", "amount"),
    "set-account": ("account", "max_leverage", "fee_tier"),
    "trade": ("market", "buyer", "seller", "size", "price", "taker"),
    "observe": ("market", "bid", "ask", "bid_depth", "ask_depth", "volume"),
    "fund": ("market", "rate"),
    "settle": (),
    "enroll": ("account", "capacity_per_minute", "capacity_per_hour", "max_holdings"),
    "leave": ("account",),
    "liquidate": ("account", "fills"),
    "backstop-transfer": ("account",),
}
QUANTITIES = {
    *("amount", "size", "price", "premium", "bid", "ask", "bid_depth", "ask_depth", "volume", "rate"),
    *("capacity_per_minute", "capacity_per_hour", "max_holdings"),
}


def hashed_transaction(transaction: Json) -> list[Json]:
    """A transaction as the chain has it."""
    kind = transaction["type"]
    fields: tuple[str, ...]
    if kind == "mark":
        fields = ("market", "quotes", "premium") if "market" in transaction else ("asset", "quotes")
    else:
        fields = FIELDS[kind]
    return [kind, transaction["time"], *(hashed(name, transaction.get(name)) for name in fields)]


def hashed(name: str, value: Json) -> Json:
    """A field of a transaction as the chain has it."""
    if value is None:
        return None
    if name in QUANTITIES:
        return int(value)
    if name == "taker":
        return value == "buyer"
    if name == "quotes":
        return [[source, int(price)] for source, price in sorted(value.items())]
    if name == "fills":
        return [[fill["market"], fill["counterparty"], int(fill["size"]), int(fill["price"])] for fill in value]
    return value


def hashed_outcome(outcome: Json) -> list[Json]:
    """An outcome as the chain has it."""
    if outcome["applied"]:
        return ["applied", *(hashed_change(change) for change in outcome["changes"])]
    read = str if outcome["unit"] == "text" else int
    return ["rejected", outcome["reason"], outcome["subject"], read(outcome["supplied"]), read(outcome["limit"])]


def hashed_change(change: Json) -> list[Json]:
    """A net change as the chain has it."""
    if "asset" in change:
        return [change["account"], "cash", change["asset"], int(change["amount"])]
    return [change["account"], "position", change["market"], int(change["size"]), int(change["reference_cost"])]


def links(vector: Json) -> list[str]:
    """The chain's links of a vector, which begins with the digest of its pre-state."""
    link = vector["digests"]["pre_state"]
    found = []
    for transaction, outcome in zip(vector["transactions"], vector["outcomes"], strict=True):
        text = json.dumps([hashed_transaction(transaction), hashed_outcome(outcome)], separators=(",", ":"))
        link = sha256(bytes.fromhex(link) + text.encode())
        found.append(link)
    return found


def balances_after(vector: Json) -> Json:
    """Cash and positions of every account after the vector, from the pre-state and the changes alone."""
    held: dict[str, Json] = {
        account_id: {
            "cash": {asset: int(amount) for asset, amount in account["cash"].items()},
            "positions": {
                market: [int(position["size"]), int(position["reference_cost"])]
                for market, position in account["positions"].items()
            },
        }
        for account_id, account in vector["pre_state"]["accounts"].items()
    }
    for outcome in vector["outcomes"]:
        for change in outcome.get("changes", ()):
            account = held.setdefault(change["account"], {"cash": {}, "positions": {}})
            if "asset" in change:
                cash = account["cash"]
                cash[change["asset"]] = cash.get(change["asset"], 0) + int(change["amount"])
            else:
                size, cost = account["positions"].get(change["market"], [0, 0])
                account["positions"][change["market"]] = [
                    size + int(change["size"]),
                    cost + int(change["reference_cost"]),
                ]
    return {
        account_id: {
            "cash": {asset: str(amount) for asset, amount in account["cash"].items() if amount},
            "positions": {
                market: {"size": str(size), "reference_cost": str(cost)}
                for market, (size, cost) in account["positions"].items()
                if size or cost
            },
        }
        for account_id, account in held.items()
    }
