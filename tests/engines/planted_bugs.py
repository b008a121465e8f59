"""Faults of one place in the JavaScript engine, of the kinds that people make who write these rules down once more."""

import shutil
from pathlib import Path

import attrs

JAVASCRIPT = Path(__file__).resolve().parent / "javascript"


@attrs.frozen
class Bug:
    """What is wrong, in which file of the engine, and the text there that is replaced."""

    name: str
    file: str
    old: str
    new: str


def engine_command(folder: Path = JAVASCRIPT) -> list[str]:
    """The command that starts the engine of a folder."""
    return ["node", str(folder / "engine.mjs")]


def planted(bug: Bug, folder: Path) -> list[str]:
    """Copy the engine to a new folder with the bug in it: the command that starts it.

    ValueError where the text that is replaced does not occur exactly once.
    """
    shutil.copytree(JAVASCRIPT, folder)
    source = folder / bug.file
    text = source.read_text(encoding="utf-8")
    if text.count(bug.old) != 1:
        raise ValueError(f"{bug.name}: {bug.file} holds {bug.old!r} {text.count(bug.old)} times")
    source.write_text(text.replace(bug.old, bug.new), encoding="utf-8")
    return engine_command(folder)


LARGEST_REMAINDER = """\
  const parts = weights.map((each) => (total * each) / whole);
  const remainder = (at) => (total * weights[at]) % whole;
  const order = weights.map((_, at) => at).sort((a, b) => Number(remainder(b) - remainder(a)));
  for (const at of order.slice(0, Number(total - sum(parts)))) parts[at] += 1n;
  return parts;
"""

ROUNDING = (
    Bug(
        "a rebate is rounded up",
        "pricing.mjs",
        "return ceilDiv(value * rate, BILLION * terms.feeUnit) * terms.feeUnit;",
        "return (value * rate < 0n ? floorDiv : ceilDiv)(value * rate, BILLION * terms.feeUnit) * terms.feeUnit;",
    ),
    Bug("fees are rounded down", "pricing.mjs", "return ceilDiv(value * rate,", "return floorDiv(value * rate,"),
    Bug("funding per lot is floored", "units.mjs", "  return a / b;", "  return floorDiv(a, b);"),
    Bug("a conversion is rounded up", "margin.mjs", "return floorDiv(worth(", "return ceilDiv(worth("),
    Bug("floor division truncates", "units.mjs", "return a % b < 0n ? quotient - 1n : quotient;", "return quotient;"),
    Bug(
        "a long's bankruptcy price is rounded down",
        "pricing.mjs",
        "? ceilDiv(lots * mark - equity, lots)",
        "? floorDiv(lots * mark - equity, lots)",
    ),
    Bug(
        "a short's bankruptcy price is rounded up",
        "pricing.mjs",
        ": floorDiv(lots * mark + equity, lots)",
        ": ceilDiv(lots * mark + equity, lots)",
    ),
    Bug(
        "a long's discount bound is rounded up",
        "pricing.mjs",
        "floorDiv(mark * (BILLION - discount)",
        "ceilDiv(mark * (BILLION - discount)",
    ),
    Bug(
        "a short's discount bound is rounded down",
        "pricing.mjs",
        "ceilDiv(mark * (BILLION + discount)",
        "floorDiv(mark * (BILLION + discount)",
    ),
    Bug(
        "a discount given up is rounded down",
        "rules/backstop-transfer.mjs",
        "ceilDiv(parts[at], transfer.taken)",
        "floorDiv(parts[at], transfer.taken)",
    ),
    Bug(
        "apportioning gives the rest to the largest remainders",
        "units.mjs",
        "  let weight = 0n;\n",
        LARGEST_REMAINDER + "  let weight = 0n;\n",
    ),
    Bug(
        "the parts of a negative total are floored",
        "units.mjs",
        "if (total < 0n) return apportion(-total, weights).map((part) => -part);",
        "if (total < 0n) {\n    const whole = sum(weights);\n"
        "    const upTo = (at) => floorDiv(total * sum(weights.slice(0, at)), whole);\n"
        "    return weights.map((_, at) => upTo(at + 1) - upTo(at));\n  }",
    ),
    Bug("the index is rounded up", "rules/mark.mjs", "return floorDiv(sum(rest)", "return -floorDiv(-sum(rest)"),
    Bug(
        "initial margin in floating point",
        "margin.mjs",
        "return ceilDiv(total * BILLION, leverage);",
        "return BigInt(Math.ceil(Number(total * BILLION) / Number(leverage)));",
    ),
    Bug(
        "reference costs in floating point",
        "draft.mjs",
        "before.referenceCost + cost }",
        "BigInt(Number(before.referenceCost + cost)) }",
    ),
    Bug(
        "the end of the band below is rounded down",
        "pricing.mjs",
        "return ceilDiv(mark * (BILLION - market.priceBand)",
        "return floorDiv(mark * (BILLION - market.priceBand)",
    ),
    Bug("the variance is rounded down", "rules/observe.mjs", "ceilDiv(sum(returns", "floorDiv(sum(returns"),
)

EDGES = (
    Bug(
        "the windows of capacity include their beginning",
        "capacity.mjs",
        "takeover.time > time - duration",
        "takeover.time >= time - duration",
    ),
    Bug(
        "takeovers of an hour ago are kept",
        "capacity.mjs",
        "takeover.time > time - terms.program.hour",
        "takeover.time >= time - terms.program.hour",
    ),
    Bug(
        "the last moment of a notice still counts",
        "capacity.mjs",
        "time < provider.notice + terms.program.notice",
        "time <= provider.notice + terms.program.notice",
    ),
    Bug(
        "a provider at the minimum is below it",
        "capacity.mjs",
        "return value >= terms.program.minimumAccountValue",
        "return value > terms.program.minimumAccountValue",
    ),
    Bug(
        "the round interval must be exceeded", "rules/liquidate.mjs", "since >= roundInterval", "since > roundInterval"
    ),
    Bug("a last round may be filled again", "rules/liquidate.mjs", "last.round < rounds", "last.round <= rounds"),
    Bug("prices off the tick are taken", "pricing.mjs", "price > 0n && price % market.tick === 0n", "price > 0n"),
    Bug(
        "the end of the band is outside it", "pricing.mjs", "BILLION <= market.priceBand", "BILLION < market.priceBand"
    ),
    Bug(
        "free collateral must be positive to trade",
        "filling.mjs",
        "check(collateral >= required,",
        "check(collateral > required,",
    ),
    Bug(
        "free collateral must be positive to withdraw",
        "rules/withdraw.mjs",
        "check(collateral >= required,",
        "check(collateral > required,",
    ),
    Bug(
        "half of maintenance margin is at takeover",
        "margin.mjs",
        "return 2n * distressCollateral(state, account) * EXACT < maintenanceMargin",
        "return 2n * distressCollateral(state, account) * EXACT <= maintenanceMargin",
    ),
    Bug(
        "the tier margin itself releases",
        "margin.mjs",
        "return collateral > tierMargin",
        "return collateral >= tierMargin",
    ),
    Bug("a bracket includes its end", "margin.mjs", "below > effectiveNotional", "below >= effectiveNotional"),
    Bug("a window includes its end", "checks.mjs", "since < window", "since <= window"),
    Bug("an instant is done twice", "checks.mjs", "time - since > last", "time - since >= last"),
    Bug("a settle leaves the minimum alone", "rules/settle.mjs", "magnitude < minimumPnl", "magnitude <= minimumPnl"),
    Bug("a settle rolls at the ratio", "rules/settle.mjs", "BILLION > minimumRatio", "BILLION >= minimumRatio"),
    Bug("custody must stay positive", "rules/withdraw.mjs", "amount <= custody", "amount < custody"),
    Bug(
        "the maximum leverage is beyond reach",
        "rules/set-account.mjs",
        "leverage <= maximumLeverage",
        "leverage < maximumLeverage",
    ),
)

RULES = (
    Bug("flipping forgets to roll", "draft.mjs", "sign(after) !== sign(before)", "after === 0n"),
    Bug("closing forgets to roll", "draft.mjs", "sign(after) !== sign(before)", "sign(after) === -sign(before)"),
    Bug("rolling leaves losses behind", "draft.mjs", "if (pnl === 0n) continue;", "if (pnl <= 0n) continue;"),
    Bug("a flip is no more risk", "draft.mjs", " || sign(before) * sign(after) < 0n", ""),
    Bug(
        "a provider pays the fees of its tier",
        "filling.mjs",
        "return draft.terms.providerRates;",
        "return draft.terms.feeTiers.get(draft.account(id).feeTier);",
    ),
    Bug("the maker pays the taker's fee", "filling.mjs", '"taker" : "maker"', '"maker" : "taker"'),
    Bug("gains carry risk at once", "margin.mjs", "return unrealised < 0n || ", "return true || "),
    Bug(
        "haircuts are missing in distress collateral",
        "margin.mjs",
        "total += asset === state.terms.settlementAsset ? amount : conversionProceeds(state, asset, amount);",
        "total += worth(state, asset, amount, BILLION) / EXACT;",
    ),
    Bug(
        "account value has haircuts",
        "margin.mjs",
        "wallet += worth(state, asset, amount, BILLION)",
        "wallet += worth(state, asset, amount, state.terms.assets.get(asset).factor)",
    ),
    Bug(
        "equity is shared by notional",
        "margin.mjs",
        "effectiveNotional * tier.maintenance;\n  const weights",
        "effectiveNotional;\n  const weights",
    ),
    Bug("maximum leverage is ignored", "margin.mjs", "(rate > BILLION ? rate : BILLION)", "rate"),
    Bug(
        "a zero balance is stored",
        "draft.mjs",
        "if (balance === 0n) cash.delete(asset);\n    else cash.set(asset, balance);",
        "cash.set(asset, balance);",
    ),
    Bug(
        "a flat position is stored",
        "draft.mjs",
        "if (after.size === 0n && after.referenceCost === 0n) positions.delete(market);\n    else positions",
        "positions",
    ),
    Bug(
        "an empty account is dropped",
        "draft.mjs",
        "      for (const [key, record] of records) state[table].set(key, record);\n",
        "      for (const [key, record] of records) state[table].set(key, record);\n"
        "      for (const [key, { cash, positions }] of state.accounts) {\n"
        '        if (key[0] !== "@" && cash.size + positions.size === 0) state.accounts.delete(key);\n'
        "      }\n",
    ),
    Bug(
        "a refused transaction moves time",
        "transition.mjs",
        "    return { applied: false,",
        "    state.time = transaction.time;\n    return { applied: false,",
    ),
    Bug(
        "a refused transaction is counted",
        "transition.mjs",
        "    return { applied: false,",
        "    state.sequence += 1;\n    return { applied: false,",
    ),
    Bug(
        "premiums are kept after funding",
        "rules/fund.mjs",
        "{ ...record, premiumSum: 0n, premiumCount: 0, lastFunding",
        "{ ...record, lastFunding",
    ),
    Bug("funding is paid on the mark", "rules/fund.mjs", "(record.index * multiplier", "(record.mark * multiplier"),
    Bug("longs receive funding", "rules/fund.mjs", "-perLot * size", "perLot * size"),
    Bug(
        "a computed rate is not clamped",
        "rules/fund.mjs",
        "  if (abs(premiumSum) * BILLION > clamp * denominator) return [sign(premiumSum) * clamp, BILLION];\n",
        "",
    ),
    Bug("a settle rolls liquidating accounts", "rules/settle.mjs", "account.liquidation !== null || ", ""),
    Bug("only the highest quote is dropped", "rules/mark.mjs", ".slice(1, -1)", ".slice(0, -1)"),
    Bug(
        "an enrolment keeps the notice",
        "rules/enroll.mjs",
        "limits, notice: null,",
        "limits, notice: provider?.notice ?? null,",
    ),
    Bug("an enrolment forgets takeovers", "rules/enroll.mjs", "provider?.takeovers ?? []", "[]"),
    Bug(
        "the hour may be smaller than the minute",
        "rules/enroll.mjs",
        "max(minimumCapacityPerHour, perMinute)",
        "minimumCapacityPerHour",
    ),
    Bug(
        "the account liquidated is on the wrong side",
        "rules/liquidate.mjs",
        "[counterparty, account] : [account, counterparty]",
        "[account, counterparty] : [counterparty, account]",
    ),
    Bug(
        "a round is limited by what is left",
        "rules/liquidate.mjs",
        "abs(draft.account(account).liquidation.startingSizes.get(market) ?? 0n)",
        "abs(draft.size(account, market))",
    ),
    Bug(
        "each fill has the round's limit to itself", "rules/liquidate.mjs", "(closed.get(market) ?? 0n) + size", "size"
    ),
    Bug("a released account stays liquidating", "rules/liquidate.mjs", "    prepared.liquidation = null;\n", ""),
    Bug(
        "an account taken over stays liquidating",
        "rules/backstop-transfer.mjs",
        "  draft.writable(account).liquidation = null;\n",
        "",
    ),
    Bug(
        "a counterparty is not asked for margin",
        "rules/liquidate.mjs",
        "  checkAdmission(draft, counterparty, market, before);",
        "  //",
    ),
    Bug("a provider takes its own position", "capacity.mjs", "    id !== taken &&\n", ""),
    Bug("a liquidating provider takes positions", "capacity.mjs", "    account.liquidation === null &&\n", ""),
    Bug("capacity is consumed in lots", "rules/backstop-transfer.mjs", "time, lots * mark)", "time, lots)"),
    Bug("takeovers replace those before", "capacity.mjs", "[...kept, { time, notional }]", "[{ time, notional }]"),
    Bug(
        "capacity is not consumed by earlier markets",
        "rules/backstop-transfer.mjs",
        "return room(terms, draft.provider(id),",
        "return room(terms, state.providers.get(id),",
    ),
    Bug("headroom ignores the side of the position", "capacity.mjs", "- sign(size) * held", "- held"),
    Bug(
        "ties in deleveraging go to the last id",
        "rules/backstop-transfer.mjs",
        "a.held < b.held ? 1 : 0",
        "a.held < b.held ? 1 : a.id < b.id ? 1 : -1",
    ),
    Bug(
        "deleveraging stops as soon as it is covered",
        "rules/backstop-transfer.mjs",
        "chosen.length >= draft.terms.program.minimumCandidates && covered",
        "covered",
    ),
    Bug(
        "deleveraging apportions by size",
        "rules/backstop-transfer.mjs",
        "opposite.filter((candidate) => chosen.includes(candidate))",
        "chosen",
    ),
    Bug("a provider is not deleveraged of what it took", "rules/backstop-transfer.mjs", "(took.get(id) ?? 0n)", "0n"),
    Bug(
        "auto-deleveraging is worse than mark",
        "pricing.mjs",
        "min(bankruptcy, mark) : max(bankruptcy, mark)",
        "bankruptcy : bankruptcy",
    ),
    Bug(
        "discounts are never given up",
        "rules/backstop-transfer.mjs",
        "discount <= 0n) return;",
        "discount <= 0n || true) return;",
    ),
    Bug(
        "fees are never used for losses", "rules/backstop-transfer.mjs", "if (fromFees > 0n) {", "if (fromFees < 0n) {"
    ),
    Bug(
        "losses are shared by value before gains",
        "rules/backstop-transfer.mjs",
        "charge(draft, 1, (account) => max(0n, min(pnl(draft.state, account), value(account))));",
        "charge(draft, 1, value);",
    ),
    Bug(
        "gains are charged beyond account value",
        "rules/backstop-transfer.mjs",
        "min(pnl(draft.state, account), value(account))",
        "pnl(draft.state, account)",
    ),
    Bug(
        "a provider taken over stays enrolled",
        "rules/backstop-transfer.mjs",
        "if (provider.limits !== null) draft.write",
        "if (provider.limits === null) draft.write",
    ),
    Bug(
        "an observation is forgotten too soon",
        "rules/observe.mjs",
        "slice(-(terms.window + 1))",
        "slice(-terms.window)",
    ),
    Bug(
        "stress ends once nothing is beyond its limit",
        "rules/observe.mjs",
        "wasStressed ? !isCalm(terms, figures) : ",
        "false ? false : ",
    ),
    Bug(
        "stress opens takeovers of active accounts",
        "rules/backstop-transfer.mjs",
        "const isStressed = isLiquidating && ",
        "const isStressed = ",
    ),
)

BUGS = (*ROUNDING, *EDGES, *RULES)
"""All of them."""

LABORIOUS = frozenset(
    {
        "a conversion is rounded up",
        "a discount given up is rounded down",
        "apportioning gives the rest to the largest remainders",
        "the parts of a negative total are floored",
        "reference costs in floating point",
        "the windows of capacity include their beginning",
        "the round interval must be exceeded",
        "a last round may be filled again",
        "the end of the band is outside it",
        "half of maintenance margin is at takeover",
        "the tier margin itself releases",
        "a bracket includes its end",
        "a settle leaves the minimum alone",
        "haircuts are missing in distress collateral",
        "equity is shared by notional",
        "a settle rolls liquidating accounts",
        "an enrolment forgets takeovers",
        "the account liquidated is on the wrong side",
        "each fill has the round's limit to itself",
        "a released account stays liquidating",
        "an account taken over stays liquidating",
        "a counterparty is not asked for margin",
        "a provider takes its own position",
        "a liquidating provider takes positions",
        "capacity is consumed in lots",
        "takeovers replace those before",
        "capacity is not consumed by earlier markets",
        "headroom ignores the side of the position",
        "ties in deleveraging go to the last id",
        "deleveraging stops as soon as it is covered",
        "deleveraging apportions by size",
        "a provider is not deleveraged of what it took",
        "discounts are never given up",
        "losses are shared by value before gains",
        "gains are charged beyond account value",
        "a provider taken over stays enrolled",
    }
)
"""Those whose logs take long to shrink, most of a minute together with what is looked through for a shorter one."""

LONGER = {"the tier margin itself releases": 16, "a liquidating provider takes positions": 14}
"""Those of which no log of twelve transactions was found, with the transactions of the one that was."""
