// See specs/rules/enroll.md.

import { limitsInForce, reachesMinimum } from "../capacity.mjs";
import { check, checkActive, checkOpen, checkOrdinary } from "../checks.mjs";
import { accountValue } from "../margin.mjs";
import { limitsForm } from "../state.mjs";
import { EXACT, max } from "../units.mjs";

export function enroll(draft, transaction) {
  const { account, capacity_per_minute: perMinute, capacity_per_hour: perHour, max_holdings: holdings } = transaction;
  const { terms } = draft;
  const { minimumCapacityPerMinute, minimumCapacityPerHour } = terms.program;
  const minimum = terms.program.minimumAccountValue * EXACT;
  checkOrdinary(account); // enroll-1
  checkOpen(draft, account); // enroll-2
  checkActive(draft, account); // enroll-3
  const isEnough = perMinute >= minimumCapacityPerMinute;
  check(isEnough, "CAPACITY_PER_MINUTE_TOO_LOW", account, perMinute, minimumCapacityPerMinute); // enroll-4
  const leastPerHour = max(minimumCapacityPerHour, perMinute);
  check(perHour >= leastPerHour, "CAPACITY_PER_HOUR_TOO_LOW", account, perHour, leastPerHour); // enroll-5
  check(holdings >= perMinute, "MAX_HOLDINGS_TOO_LOW", account, holdings, perMinute); // enroll-6
  const value = accountValue(draft.state, draft.account(account));
  check(reachesMinimum(terms, value), "PROVIDER_BELOW_MINIMUM", account, value, minimum); // enroll-7
  const provider = draft.provider(account);
  const limits = { capacityPerMinute: perMinute, capacityPerHour: perHour, maxHoldings: holdings };
  const inForce = limitsInForce(terms, provider, draft.time);
  if (inForce !== null) {
    for (const name of ["capacityPerMinute", "capacityPerHour", "maxHoldings"]) {
      check(limits[name] >= inForce[name], "LIMIT_LOWERED", account, limits[name], inForce[name]); // enroll-8 to 10
    }
  }

  draft.write("providers", account, { limits, notice: null, takeovers: provider?.takeovers ?? [] });
  draft.tell("Enrolled", { account, limits: limitsForm(limits) });
}
