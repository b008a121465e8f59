// See specs/rules/settle.md.

import { checkInstant } from "../checks.mjs";
import { effectiveCollateral, pnl } from "../margin.mjs";
import { BILLION, EXACT, abs, orderedKeys } from "../units.mjs";

export function settle(draft, { time }) {
  const instant = checkInstant(time, draft.terms.settle, draft.lastSettle, "settle"); // settle-1, settle-2

  draft.lastSettle = instant;
  draft.tell("Settled", { instant });
  for (const id of orderedKeys(draft.state.accounts)) {
    if (isWorthRolling(draft.state, draft.account(id))) draft.roll(id);
  }
}

function isWorthRolling(state, account) {
  const { minimumPnl, minimumRatio } = state.terms.settle;
  if (account.liquidation !== null || account.positions.size === 0) return false;
  const magnitude = abs(pnl(state, account));
  const collateral = effectiveCollateral(state, account);
  if (magnitude < minimumPnl) return false;
  return collateral <= 0n || magnitude * EXACT * BILLION > minimumRatio * collateral;
}
