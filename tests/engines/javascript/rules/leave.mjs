// See specs/rules/leave.md.

import { limitsInForce } from "../capacity.mjs";
import { check, checkOpen, checkOrdinary } from "../checks.mjs";

export function leave(draft, { account, time }) {
  checkOrdinary(account); // leave-1
  checkOpen(draft, account); // leave-2
  const provider = draft.provider(account);
  const isObliged = limitsInForce(draft.terms, provider, time) !== null;
  check(isObliged, "NOT_A_PROVIDER", account, account, "an obliged provider"); // leave-3
  check(provider.notice === null, "ALREADY_LEAVING", account, time, provider.notice); // leave-4

  draft.write("providers", account, { ...provider, notice: time });
  draft.tell("NoticeGiven", { account, obliged_until: time + draft.terms.program.notice });
}
