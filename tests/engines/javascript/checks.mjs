// How a check refuses a transaction, and the checks that several rules share. See specs/outcomes.md.

import { isOnTick, isWithinBand, endOfBand } from "./pricing.mjs";
import { FEES, INSURANCE, isSystem } from "./state.mjs";

/** The answer of the first check that failed. It is thrown, and is no error. */
export class Refusal {
  constructor(reason, subject, supplied, limit) {
    Object.assign(this, { reason, subject, supplied, limit });
  }
}

/** Refuses the transaction where a condition does not hold. */
export function check(condition, reason, subject, supplied, limit) {
  if (!condition) throw new Refusal(reason, subject, supplied, limit);
}

export function checkOrdinary(id) {
  check(!isSystem(id), "SYSTEM_ACCOUNT", id, id, "an ordinary account");
}

export function checkOpen(draft, id) {
  check(draft.account(id) !== undefined, "UNKNOWN_ACCOUNT", id, id, "an open account");
}

export function checkActive(draft, id) {
  check(draft.account(id).liquidation === null, "ACCOUNT_LIQUIDATING", id, "LIQUIDATING", "ACTIVE");
}

/** The party of a deposit or a withdrawal, and the asset that a system account may move. */
export function checkPaidParty(draft, id, asset) {
  const { settlementAsset } = draft.terms;
  const isPaid = !isSystem(id) || id === INSURANCE || id === FEES;
  check(isPaid, "SYSTEM_ACCOUNT", id, id, "an ordinary account, @insurance or @fees");
  check(!isSystem(id) || asset === settlementAsset, "SYSTEM_ACCOUNT_ASSET", id, asset, settlementAsset);
}

export function checkAmount(draft, asset, amount) {
  check(amount > 0n, "AMOUNT_NOT_POSITIVE", asset, amount, 0);
  const listed = draft.terms.assets.get(asset);
  check(listed !== undefined, "UNKNOWN_ASSET", asset, asset, "a listed asset");
  check(amount % listed.bookingUnit === 0n, "AMOUNT_OFF_BOOKING_UNIT", asset, amount, listed.bookingUnit);
}

export function checkListed(draft, market) {
  check(draft.terms.markets.has(market), "UNKNOWN_MARKET", market, market, "a listed market");
}

export function checkMarked(draft, market) {
  check(draft.market(market) !== undefined, "MARKET_WITHOUT_MARK", market, market, "a market with a mark");
}

/** The size and the price of a fill. */
export function checkSizeAndPrice(draft, name, size, price) {
  const market = draft.terms.markets.get(name);
  const { mark } = draft.market(name);
  check(size > 0n, "SIZE_NOT_POSITIVE", name, size, 0);
  check(isOnTick(market, price), "PRICE_OFF_TICK", name, price, market.tick);
  if (isWithinBand(market, mark, price)) return;
  check(false, "PRICE_OUTSIDE_BAND", name, price, endOfBand(market, mark, price));
}

/** The last instant of an interval, which must be recent and later than the last one done. */
export function checkInstant(time, { interval, window }, last, subject) {
  const since = ((time % interval) + interval) % interval;
  check(since < window, "OUTSIDE_WINDOW", subject, since, window);
  check(time - since > last, "INSTANT_ALREADY_DONE", subject, time - since, last);
  return time - since;
}
