// The liquidity monitor. See specs/rules/observe.md.

import { check, checkListed, checkMarked } from "../checks.mjs";
import { BILLION, MILLION, ceilDiv, divAwayFromZero, floorDiv, max, min, sum } from "../units.mjs";

export function observe(draft, { time, market, bid, ask, bid_depth: bidDepth, ask_depth: askDepth, volume }) {
  checkListed(draft, market); // observe-1
  const { monitor: terms } = draft.terms.markets.get(market);
  check(terms !== null, "MARKET_WITHOUT_MONITOR", market, market, "a market with a monitor"); // observe-2
  checkMarked(draft, market); // observe-3
  const record = draft.market(market);
  const before = record.monitor;
  const since = before === null ? terms.interval : time - before.time;
  check(since >= terms.interval, "OBSERVED_TOO_SOON", market, since, terms.interval); // observe-4
  check(bid > 0n, "BID_NOT_POSITIVE", market, bid, 0); // observe-5
  check(ask > bid, "BOOK_CROSSED", market, ask, bid); // observe-6
  const depth = min(bidDepth, askDepth);
  check(depth >= 0n, "DEPTH_NEGATIVE", market, depth, 0); // observe-7
  check(volume >= 0n, "VOLUME_NEGATIVE", market, volume, 0); // observe-8

  const observations = [...(before?.observations ?? []), { mark: record.mark, volume }].slice(-(terms.window + 1));
  const figures = figuresOf(terms, bid, ask, depth, openInterest(draft.state, market), observations);
  const wasStressed = before?.stressed ?? false;
  const stressed = wasStressed ? !isCalm(terms, figures) : isBeyond(terms, figures);
  const monitor = { time, bid, ask, bidDepth, askDepth, observations, stressed };
  draft.write("markets", market, { ...record, monitor });
  draft.tell("Observed", { market, figures });
  if (stressed !== wasStressed) draft.tell(stressed ? "StressEntered" : "StressLeft", { market, figures });
}

/** The lots held long in a market. */
function openInterest(state, market) {
  let total = 0n;
  for (const { positions } of state.accounts.values()) total += max(0n, positions.get(market)?.size ?? 0n);
  return total;
}

function figuresOf(terms, bid, ask, depth, interest, observations) {
  const marks = observations.map(({ mark }) => mark);
  const returns = marks.slice(1).map((mark, at) => divAwayFromZero((mark - marks[at]) * MILLION, marks[at]));
  const long = tail(terms, returns.map((each) => -each));
  const short = tail(terms, returns);
  const count = BigInt(returns.length);
  return {
    spread: ceilDiv(2n * (ask - bid) * MILLION, ask + bid),
    depth: interest === 0n ? null : floorDiv(depth * MILLION, interest),
    value_at_risk: max(long.valueAtRisk, short.valueAtRisk),
    expected_shortfall: max(long.expectedShortfall, short.expectedShortfall),
    variance: count === 0n ? 0n : ceilDiv(sum(returns.map((each) => each * each)), count),
    returns: returns.length,
    volume: sum(observations.map((each) => each.volume)),
  };
}

/** Value at risk and expected shortfall of the losses of a side. */
function tail(terms, losses) {
  if (losses.length === 0) return { valueAtRisk: 0n, expectedShortfall: 0n };
  const worstFirst = [...losses].sort((a, b) => (a > b ? -1 : a < b ? 1 : 0));
  const share = BigInt(losses.length) * (BILLION - terms.confidence);
  const whole = floorDiv(share, BILLION);
  const valueAtRisk = worstFirst[Number(whole)];
  const counted = BILLION * sum(worstFirst.slice(0, Number(whole))) + (share - BILLION * whole) * valueAtRisk;
  return { valueAtRisk, expectedShortfall: ceilDiv(counted, share) };
}

function isBeyond(terms, figures) {
  return (
    figures.spread > terms.spread.enter ||
    (figures.depth !== null && figures.depth < terms.depth.enter) ||
    figures.variance > terms.volatility.enter ** 2n ||
    figures.expected_shortfall > terms.expectedShortfall.enter
  );
}

function isCalm(terms, figures) {
  return (
    figures.spread <= terms.spread.leave &&
    (figures.depth === null || figures.depth >= terms.depth.leave) &&
    figures.variance <= terms.volatility.leave ** 2n &&
    figures.expected_shortfall <= terms.expectedShortfall.leave
  );
}
