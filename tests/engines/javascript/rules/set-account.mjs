// See specs/rules/set-account.md.

import { check, checkOpen, checkOrdinary } from "../checks.mjs";

export function setAccount(draft, { account, max_leverage: leverage, fee_tier: feeTier }) {
  const { feeTiers, maximumLeverage } = draft.terms;
  checkOrdinary(account); // set-account-1
  checkOpen(draft, account); // set-account-2
  const isGiven = leverage !== undefined || feeTier !== undefined;
  check(isGiven, "NOTHING_TO_SET", account, "neither", "max_leverage or fee_tier"); // set-account-3
  if (leverage !== undefined) {
    const isInRange = leverage >= 1 && leverage <= maximumLeverage;
    check(isInRange, "LEVERAGE_OUT_OF_RANGE", account, leverage, leverage < 1 ? 1 : maximumLeverage); // set-account-4
  }
  if (feeTier !== undefined) {
    check(feeTiers.has(feeTier), "UNKNOWN_FEE_TIER", account, feeTier, "a listed fee tier"); // set-account-5
  }

  const changed = draft.writable(account);
  changed.maxLeverage = leverage ?? changed.maxLeverage;
  changed.feeTier = feeTier ?? changed.feeTier;
  draft.tell("AccountSet", { account, max_leverage: changed.maxLeverage, fee_tier: changed.feeTier });
}
