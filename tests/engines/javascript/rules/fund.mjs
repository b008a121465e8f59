// See specs/rules/fund.md.

import { check, checkInstant, checkListed, checkMarked } from "../checks.mjs";
import { BILLION, abs, divTowardZero, orderedKeys, sign } from "../units.mjs";

export function fund(draft, { time, market, rate }) {
  const { clamp } = draft.terms.funding;
  checkListed(draft, market); // fund-1
  checkMarked(draft, market); // fund-2
  const record = draft.market(market);
  const instant = checkInstant(time, draft.terms.funding, record.lastFunding, market); // fund-3, fund-4
  if (rate !== undefined) {
    check(abs(rate) <= clamp, "RATE_BEYOND_CLAMP", market, rate, sign(rate) * clamp); // fund-5
  }

  const [numerator, denominator] = rate === undefined ? computedRate(record, clamp) : [rate, BILLION];
  const { multiplier } = draft.terms.markets.get(market);
  const perLot = divTowardZero(record.index * multiplier * numerator, denominator);
  if (perLot !== 0n) {
    for (const id of orderedKeys(draft.state.accounts)) {
      const size = draft.size(id, market);
      if (size !== 0n) draft.postPosition(id, market, 0n, -perLot * size);
    }
  }
  draft.write("markets", market, { ...record, premiumSum: 0n, premiumCount: 0, lastFunding: instant });
  draft.tell("Funded", { market, instant, rate_numerator: numerator, rate_denominator: denominator, per_lot: perLot });
}

/** The mean premium over the index, clamped: a numerator and a denominator. */
function computedRate({ index, premiumSum, premiumCount }, clamp) {
  if (premiumCount === 0) return [0n, 1n];
  const denominator = BigInt(premiumCount) * index;
  if (abs(premiumSum) * BILLION > clamp * denominator) return [sign(premiumSum) * clamp, BILLION];
  return [premiumSum, denominator];
}
