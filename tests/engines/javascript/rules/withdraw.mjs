// See specs/rules/withdraw.md.

import { limitsInForce, reachesMinimum } from "../capacity.mjs";
import { check, checkActive, checkAmount, checkOpen, checkPaidParty } from "../checks.mjs";
import { accountValue, effectiveCollateral, initialMargin } from "../margin.mjs";
import { EXTERNAL } from "../state.mjs";
import { EXACT } from "../units.mjs";

export function withdraw(draft, { account, asset, amount }) {
  const { state, terms } = draft;
  checkAmount(draft, asset, amount); // withdraw-1 to withdraw-3
  checkPaidParty(draft, account, asset); // withdraw-4, withdraw-5
  checkOpen(draft, account); // withdraw-6
  checkActive(draft, account); // withdraw-7
  const balance = draft.cash(account, asset);
  check(amount <= balance, "INSUFFICIENT_BALANCE", account, amount, balance); // withdraw-8
  const custody = -draft.cash(EXTERNAL, asset);

  draft.postCash(account, -amount, asset);
  draft.postCash(EXTERNAL, amount, asset);

  const after = draft.account(account);
  const collateral = effectiveCollateral(state, after);
  const required = initialMargin(state, after);
  check(collateral >= required, "FREE_COLLATERAL_NEGATIVE", account, collateral, required); // withdraw-9
  if (limitsInForce(terms, draft.provider(account), draft.time) !== null) {
    const value = accountValue(state, after);
    const minimum = terms.program.minimumAccountValue * EXACT;
    check(reachesMinimum(terms, value), "PROVIDER_BELOW_MINIMUM", account, value, minimum); // withdraw-10
  }
  check(amount <= custody, "INSUFFICIENT_CUSTODY", asset, amount, custody); // withdraw-11
}
