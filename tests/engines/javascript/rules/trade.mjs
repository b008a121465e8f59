// See specs/rules/trade.md.

import {
  check, checkActive, checkListed, checkMarked, checkOpen, checkOrdinary, checkSizeAndPrice,
} from "../checks.mjs";
import { checkAdmission, fill } from "../filling.mjs";

export function trade(draft, { market, buyer, seller, size, price, taker }) {
  checkListed(draft, market); // trade-1
  checkMarked(draft, market); // trade-2
  checkSizeAndPrice(draft, market, size, price); // trade-3 to trade-5
  check(buyer !== seller, "SAME_ACCOUNT", buyer, seller, "another account"); // trade-6
  checkOrdinary(buyer); // trade-7
  checkOpen(draft, buyer); // trade-8
  checkOrdinary(seller); // trade-9
  checkOpen(draft, seller); // trade-10
  checkActive(draft, buyer); // trade-11
  checkActive(draft, seller); // trade-12

  const before = new Map([buyer, seller].map((id) => [id, draft.snapshot(id)]));
  fill(draft, market, buyer, seller, size, price, taker === "buyer" ? buyer : seller);

  for (const side of [buyer, seller]) checkAdmission(draft, side, market, before.get(side)); // trade-13 to trade-16
}
