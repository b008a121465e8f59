// See specs/rules/liquidate.md.

import {
  check, checkActive, checkListed, checkMarked, checkOpen, checkOrdinary, checkSizeAndPrice,
} from "../checks.mjs";
import { checkAdmission, fill } from "../filling.mjs";
import {
  accountValue, distressCollateral, isAboveRelease, isLiquidatable, maintenanceMargin, markPerLot,
} from "../margin.mjs";
import { prepare } from "../preparation.mjs";
import { EXACT, abs, floorDiv, max } from "../units.mjs";

export function liquidate(draft, { time, account, fills }) {
  const { rounds, roundInterval } = draft.terms.liquidation;
  checkOrdinary(account); // liquidate-1
  checkOpen(draft, account); // liquidate-2
  prepare(draft, account);
  const prepared = draft.writable(account);
  const last = prepared.liquidation;
  if (last === null) {
    const collateral = distressCollateral(draft.state, prepared) * EXACT;
    const required = maintenanceMargin(draft.state, prepared);
    check(isLiquidatable(draft.state, prepared), "NOT_LIQUIDATABLE", account, collateral, required); // liquidate-3
    const startingSizes = new Map([...prepared.positions].map(([market, { size }]) => [market, size]));
    prepared.liquidation = { round: 1, startingSizes, time };
    draft.tell("LiquidationStarted", { account });
  } else {
    const since = time - last.time;
    check(since >= roundInterval, "ROUND_TOO_SOON", account, since, roundInterval); // liquidate-4
    const mayFill = last.round < rounds || fills.length === 0;
    check(mayFill, "ROUNDS_USED_UP", account, fills.length, 0); // liquidate-5
    prepared.liquidation = { ...last, round: Math.min(last.round + 1, rounds), time };
  }

  const closed = new Map();
  for (const each of fills) close(draft, account, each, closed);
  const { round } = prepared.liquidation;
  draft.tell("RoundMade", { account, round, fills: fills.length });
  if (isReleased(draft.state, prepared, round === rounds)) {
    prepared.liquidation = null;
    draft.tell("Released", { account });
  }
}

/** Admits one fill of a round; `closed` counts the lots that the round closed of each market. */
function close(draft, account, { market, counterparty, size, price }, closed) {
  const { state } = draft;
  checkListed(draft, market); // liquidate-6
  checkMarked(draft, market); // liquidate-7
  checkSizeAndPrice(draft, market, size, price); // liquidate-8 to liquidate-10
  check(counterparty !== account, "SAME_ACCOUNT", account, counterparty, "another account"); // liquidate-11
  checkOrdinary(counterparty); // liquidate-12
  checkOpen(draft, counterparty); // liquidate-13
  checkActive(draft, counterparty); // liquidate-14
  const held = draft.size(account, market);
  check(held !== 0n, "NOTHING_TO_REDUCE", account, size, 0); // liquidate-15
  check(size <= abs(held), "FILL_BEYOND_POSITION", account, size, abs(held)); // liquidate-16

  const before = draft.snapshot(counterparty);
  const [buyer, seller] = held > 0n ? [counterparty, account] : [account, counterparty];
  fill(draft, market, buyer, seller, size, price, account);
  closed.set(market, (closed.get(market) ?? 0n) + size);

  const value = accountValue(state, draft.account(account));
  check(value >= 0n, "ACCOUNT_VALUE_NEGATIVE", account, value, 0); // liquidate-17
  const limit = roundLimit(draft, account, market);
  check(closed.get(market) <= limit, "FILL_BEYOND_ROUND", account, closed.get(market), limit); // liquidate-18
  checkAdmission(draft, counterparty, market, before); // liquidate-19 to liquidate-22
}

/** The lots of a market that a round may close. */
function roundLimit(draft, account, market) {
  const { fraction, minimumValue } = draft.terms.liquidation;
  const start = abs(draft.account(account).liquidation.startingSizes.get(market) ?? 0n);
  return max(1n, floorDiv(start, fraction), floorDiv(minimumValue, markPerLot(draft.state, market)));
}

/** Whether a round releases the account. */
function isReleased(state, account, isLastRound) {
  if (isAboveRelease(state, account)) return true;
  return isLastRound && distressCollateral(state, account) * EXACT > maintenanceMargin(state, account);
}
