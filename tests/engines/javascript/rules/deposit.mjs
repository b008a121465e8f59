// See specs/rules/deposit.md.

import { check, checkAmount, checkPaidParty } from "../checks.mjs";
import { EXTERNAL, newAccount } from "../state.mjs";

export function deposit(draft, { account, asset, amount }) {
  checkAmount(draft, asset, amount); // deposit-1 to deposit-3
  check(draft.state.prices.has(asset), "ASSET_WITHOUT_PRICE", asset, asset, "an asset with a price"); // deposit-4
  checkPaidParty(draft, account, asset); // deposit-5, deposit-6

  if (draft.account(account) === undefined) {
    draft.write("accounts", account, newAccount(draft.terms));
    draft.tell("AccountOpened", { account });
  }
  draft.postCash(EXTERNAL, -amount, asset);
  draft.postCash(account, amount, asset);
}
