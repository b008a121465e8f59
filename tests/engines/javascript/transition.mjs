// A state and a transaction make an outcome: the rule's checks in order, then its effects. See specs/outcomes.md.

import { Refusal, check } from "./checks.mjs";
import { Draft, assertDoubleEntry } from "./draft.mjs";
import { backstopTransfer } from "./rules/backstop-transfer.mjs";
import { deposit } from "./rules/deposit.mjs";
import { enroll } from "./rules/enroll.mjs";
import { fund } from "./rules/fund.mjs";
import { leave } from "./rules/leave.mjs";
import { liquidate } from "./rules/liquidate.mjs";
import { mark } from "./rules/mark.mjs";
import { observe } from "./rules/observe.mjs";
import { setAccount } from "./rules/set-account.mjs";
import { settle } from "./rules/settle.mjs";
import { trade } from "./rules/trade.mjs";
import { withdraw } from "./rules/withdraw.mjs";

const RULES = {
  deposit, withdraw, trade, mark, observe, fund, settle, enroll, leave, liquidate,
  "set-account": setAccount,
  "backstop-transfer": backstopTransfer,
};

/** Moves the state on by a transaction, unless a check refuses it, and tells the outcome. */
export function apply(state, transaction) {
  const draft = new Draft(state, transaction.time);
  try {
    check(transaction.time >= state.time, "TIME_BACKWARDS", "time", transaction.time, state.time); // 0 of every rule
    RULES[transaction.type](draft, transaction);
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown;
    return { applied: false, ...thrown };
  }
  const changes = draft.changes();
  assertDoubleEntry(changes, state.terms.settlementAsset);
  draft.commit();
  return { applied: true, changes, events: draft.events };
}
