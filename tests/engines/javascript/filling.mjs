// A fill between two accounts, and the admission of a side of it. See specs/rules/trade.md.

import { limitsInForce, reachesMinimum } from "./capacity.mjs";
import { check } from "./checks.mjs";
import { closedOrFlipped, grewOrFlipped } from "./draft.mjs";
import {
  accountValue, distressCollateral, effectiveCollateral, initialMargin, notional, totalExposure,
} from "./margin.mjs";
import { fee } from "./pricing.mjs";
import { FEES } from "./state.mjs";
import { EXACT, ceilDiv } from "./units.mjs";

/** The fee rates of an account: those of its tier, or of an obliged provider the lowest there are. */
function ratesOf(draft, id) {
  if (limitsInForce(draft.terms, draft.provider(id), draft.time) !== null) return draft.terms.providerRates;
  return draft.terms.feeTiers.get(draft.account(id).feeTier);
}

/** Fills `size` lots at a price: fees, postings, and the rolls of the sides that close or flip. */
export function fill(draft, market, buyer, seller, size, price, taker) {
  const value = notional(draft.state, market, size, price);
  const feeOf = (id) => fee(draft.terms, value, ratesOf(draft, id)[id === taker ? "taker" : "maker"]);
  const [buyerFee, sellerFee] = [feeOf(buyer), feeOf(seller)];
  const before = new Map([buyer, seller].map((id) => [id, draft.size(id, market)]));
  draft.postPosition(buyer, market, size, -value - buyerFee);
  draft.postPosition(seller, market, -size, value - sellerFee);
  if (buyerFee + sellerFee !== 0n) draft.postCash(FEES, buyerFee + sellerFee);
  draft.tell("FeesCharged", { market, buyer, buyer_fee: buyerFee, seller, seller_fee: sellerFee });
  for (const id of [buyer, seller]) {
    if (closedOrFlipped(before.get(id), draft.size(id, market))) draft.roll(id);
  }
}

/** Refuses a side of a fill that its margin does not admit; `before` is its account as the fill found it. */
export function checkAdmission(draft, id, market, before) {
  const { state, terms } = draft;
  const after = draft.account(id);
  const sizeBefore = before.positions.get(market)?.size ?? 0n;
  const collateral = effectiveCollateral(state, after);
  const required = initialMargin(state, after);
  if (grewOrFlipped(sizeBefore, draft.size(id, market))) {
    check(collateral >= required, "FREE_COLLATERAL_NEGATIVE", id, collateral, required); // trade-13
  } else if (after.positions.size === 0) {
    check(collateral >= 0n, "EFFECTIVE_COLLATERAL_NEGATIVE", id, collateral, 0); // trade-14
  } else if (collateral < required) {
    const kept = distressCollateral(state, before) * EXACT * totalExposure(state, after);
    const least = ceilDiv(kept, totalExposure(state, before));
    const supplied = distressCollateral(state, after) * EXACT;
    check(supplied >= least, "MARGIN_RATE_FELL", id, supplied, least); // trade-15
  }
  if (limitsInForce(terms, draft.provider(id), draft.time) === null) return;
  const value = accountValue(state, after);
  const fell = !reachesMinimum(terms, value) && reachesMinimum(terms, accountValue(state, before));
  check(!fell, "PROVIDER_BELOW_MINIMUM", id, value, terms.program.minimumAccountValue * EXACT); // trade-16
}
