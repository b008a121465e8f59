// The first part of a liquidation round and of a takeover. See specs/rules/liquidate.md.

import { conversionProceeds } from "./margin.mjs";
import { EXTERNAL } from "./state.mjs";
import { orderedKeys } from "./units.mjs";

/** Rolls an account and sells its other assets outside, so that settlement cash is all that it has. */
export function prepare(draft, id) {
  draft.roll(id);
  for (const asset of orderedKeys(draft.account(id).cash)) {
    if (asset === draft.terms.settlementAsset) continue;
    const amount = draft.cash(id, asset);
    const proceeds = conversionProceeds(draft.state, asset, amount);
    draft.postCash(id, -amount, asset);
    draft.postCash(EXTERNAL, amount, asset);
    draft.postCash(EXTERNAL, -proceeds);
    draft.postCash(id, proceeds);
    draft.tell("Converted", { account: id, asset, amount, proceeds });
  }
}
