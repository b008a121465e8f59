// What providers owe and what room they have. See specs/state.md and specs/rules/backstop-transfer.md.

import { accountValue } from "./margin.mjs";
import { EXACT, floorDiv, max, min, sign } from "./units.mjs";

/** A provider's limits in force at a time, or null. The provider may be undefined. */
export function limitsInForce(terms, provider, time) {
  if (provider === undefined || provider.limits === null) return null;
  return provider.notice === null || time < provider.notice + terms.program.notice ? provider.limits : null;
}

/** Whether account value reaches the program's minimum. */
export function reachesMinimum(terms, value) {
  return value >= terms.program.minimumAccountValue * EXACT;
}

/** What a provider took within a duration up to a time, in atoms. */
function taken(provider, time, duration) {
  let total = 0n;
  for (const takeover of provider.takeovers) if (takeover.time > time - duration) total += takeover.notional;
  return total;
}

/** The notional a provider can still take over, in atoms. */
function remainingCapacity(terms, provider, time) {
  const { capacityPerMinute, capacityPerHour } = provider.limits;
  const inMinute = capacityPerMinute - taken(provider, time, terms.program.minute);
  const inHour = capacityPerHour - taken(provider, time, terms.program.hour);
  return max(0n, min(inMinute, inHour));
}

/** The whole lots of a position of signed size that a provider who holds `held` lots can take over. */
export function room(terms, provider, time, size, held, mark) {
  const headroom = floorDiv(provider.limits.maxHoldings, mark) - sign(size) * held;
  return max(0n, min(floorDiv(remainingCapacity(terms, provider, time), mark), headroom));
}

/** Whether a provider is a candidate for takeovers from an account, by the state before the transaction. */
export function isCandidate(state, id, taken, time) {
  const account = state.accounts.get(id);
  return (
    id !== taken &&
    limitsInForce(state.terms, state.providers.get(id), time) !== null &&
    account.liquidation === null &&
    reachesMinimum(state.terms, accountValue(state, account))
  );
}

/** A provider with one more takeover, and without those that no window reaches any more. */
export function withTakeover(terms, provider, time, notional) {
  const kept = provider.takeovers.filter((takeover) => takeover.time > time - terms.program.hour);
  return { ...provider, takeovers: [...kept, { time, notional }] };
}
