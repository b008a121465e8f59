"""A small engine of the engine protocol: deposits and withdrawals of a venue on which nobody trades yet.

It needs nothing but Python, and shows what an engine in any language does:

    backstop compare --engine "python3 docs/examples/engine.py" --fuzz 20

With `--bug`, a withdrawal may take one booking unit more than there is, and compare finds it.
"""

import json
import sys
from typing import Any

Document = dict[str, Any]
BUG = "--bug" in sys.argv
HELLO = {
    "protocol": 1,
    "engine": "a small example",
    "gives": ["reason", "balances"],
    "types": ["deposit", "withdraw"],
    "begins": "genesis",
}


class Engine:
    """What the venue knows: its assets, the prices of some, the time, and who has how much."""

    def __init__(self, rulebook: Document, state: Document) -> None:
        self.settlement: str = rulebook["settlement_asset"]
        self.units = {
            name: 10 ** (terms["decimals"] - terms["booking_decimals"]) for name, terms in rulebook["assets"].items()
        }
        self.prices = set(state["prices"])
        self.time: int = state["time"]
        self.cash = {name: {asset: int(n) for asset, n in a["cash"].items()} for name, a in state["accounts"].items()}

    def refusal(self, transaction: Document, amount: int) -> str | None:
        """The reason of the first check that fails, in the order of the rules' pages; None where all hold."""
        account, asset = transaction["account"], transaction["asset"]
        if transaction["time"] < self.time:
            return "TIME_BACKWARDS"
        if amount <= 0:
            return "AMOUNT_NOT_POSITIVE"
        if asset not in self.units:
            return "UNKNOWN_ASSET"
        if amount % self.units[asset] != 0:
            return "AMOUNT_OFF_BOOKING_UNIT"
        if transaction["type"] == "deposit" and asset not in self.prices:
            return "ASSET_WITHOUT_PRICE"
        if account.startswith("@") and account not in ("@insurance", "@fees"):
            return "SYSTEM_ACCOUNT"
        if account.startswith("@") and asset != self.settlement:
            return "SYSTEM_ACCOUNT_ASSET"
        if transaction["type"] == "withdraw" and account not in self.cash:
            return "UNKNOWN_ACCOUNT"
        if transaction["type"] == "withdraw" and amount > self.cash[account].get(asset, 0) + BUG * self.units[asset]:
            return "INSUFFICIENT_BALANCE"
        return None

    def apply(self, transaction: Document) -> Document:
        """Answer one transaction."""
        amount = int(transaction["amount"])
        reason = self.refusal(transaction, amount)
        if reason is not None:
            return {"applied": False, "reason": reason}
        came = amount if transaction["type"] == "deposit" else -amount
        for account, change in ((transaction["account"], came), ("@external", -came)):
            held = self.cash.setdefault(account, {})
            held[transaction["asset"]] = held.get(transaction["asset"], 0) + change
        self.time = transaction["time"]
        return {"applied": True}

    def accounts(self, ids: list[str]) -> Document:
        """The open ones of these accounts; a balance of nothing is not told."""
        return {
            name: {"cash": {asset: str(amount) for asset, amount in self.cash[name].items() if amount}}
            for name in ids
            if name in self.cash
        }


def main() -> None:
    """Answer each request by a line, until bye."""
    engine: Engine | None = None
    for line in sys.stdin:
        request = json.loads(line)
        name, reply = request["request"], {}
        if name == "hello":
            reply = HELLO
        elif name == "init":
            engine = Engine(request["rulebook"], request["state"])
        elif name == "apply" and engine is not None:
            reply = {"outcomes": [engine.apply(transaction) for transaction in request["transactions"]]}
        elif name == "state" and engine is not None and "accounts" in request:
            reply = {"accounts": engine.accounts(request["accounts"])}
        elif name != "bye":
            name, reply = "error", {"error": f"cannot answer {name}"}
        print(json.dumps({"reply": name, **reply}), flush=True)
        if name == "bye":
            return


if __name__ == "__main__":
    main()
