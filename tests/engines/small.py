"""The example engine of deposits and withdrawals with a fault: `python small.py FAULT`. It starts quickly."""

import importlib.util
import sys
import time
from pathlib import Path
from typing import Any

PATH = Path(__file__).resolve().parents[2] / "docs" / "examples" / "engine.py"
_spec = importlib.util.spec_from_file_location("engine", PATH)
assert _spec is not None
assert _spec.loader is not None
engine: Any = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(engine)

FAULT = sys.argv[1]
refusal_of = engine.Engine.refusal
withdrawals = 0


def refusal(self: Any, transaction: dict[str, Any], amount: int) -> str | None:
    global withdrawals
    reason: str | None = refusal_of(self, transaction, amount)
    if transaction["type"] == "withdraw":
        withdrawals += 1
        if FAULT == "keeps-count" and withdrawals > 2 and reason is None:
            return "INSUFFICIENT_BALANCE"
        if FAULT == "crash" and reason is None:
            raise OverflowError("no withdrawals today")
        if FAULT == "hang" and reason is not None:
            time.sleep(600)
    return reason


engine.Engine.refusal = refusal
engine.main()
