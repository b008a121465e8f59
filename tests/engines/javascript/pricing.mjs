// Fees and prices. See specs/rules/trade.md, specs/margin.md (bankruptcy) and specs/rules/backstop-transfer.md.

import { BILLION, abs, ceilDiv, floorDiv, max, min } from "./units.mjs";

/** The fee of a value at a rate in ppb, in atoms: rounded up, so that a rebate is rounded down. */
export function fee(terms, value, rate) {
  return ceilDiv(value * rate, BILLION * terms.feeUnit) * terms.feeUnit;
}

/** Whether a price is positive and a multiple of the tick. */
export function isOnTick(market, price) {
  return price > 0n && price % market.tick === 0n;
}

/** Whether a price is within the band around mark. */
export function isWithinBand(market, mark, price) {
  return market.priceBand === null || abs(price - mark) * BILLION <= market.priceBand * mark;
}

/** The end of the band on the side of a price. */
export function endOfBand(market, mark, price) {
  if (price > mark) return floorDiv(mark * (BILLION + market.priceBand), BILLION);
  return ceilDiv(mark * (BILLION - market.priceBand), BILLION);
}

/** The bankruptcy price of a position with its part of the equity, atoms per lot. */
export function bankruptcyPrice(size, mark, equity) {
  const lots = abs(size);
  return size > 0n ? ceilDiv(lots * mark - equity, lots) : floorDiv(lots * mark + equity, lots);
}

/** What providers pay, before a discount is given up, atoms per lot. */
export function providersPrice(size, mark, bankruptcy, discount) {
  if (size > 0n) return min(bankruptcy, floorDiv(mark * (BILLION - discount), BILLION));
  return max(bankruptcy, ceilDiv(mark * (BILLION + discount), BILLION));
}

/** The auto-deleveraging price, atoms per lot. */
export function deleveragePrice(size, mark, bankruptcy) {
  return size > 0n ? min(bankruptcy, mark) : max(bankruptcy, mark);
}
