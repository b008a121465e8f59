// What an account is worth and what it needs, at the marks and prices of a state. See specs/margin.md.
// Exact values are 10^-18 settlement atoms, all else settlement atoms.

import { BILLION, EXACT, abs, apportion, ceilDiv, floorDiv, orderedKeys } from "./units.mjs";

/** Lots at a price: settlement atoms with the sign of the lots. */
export function notional(state, market, lots, price) {
  return lots * price * state.terms.markets.get(market).multiplier;
}

/** One lot at mark, in atoms. */
export function markPerLot(state, market) {
  return state.markets.get(market).mark * state.terms.markets.get(market).multiplier;
}

/** The pnl of a position, in atoms. */
export function pnlOf(state, market, position) {
  return position.size * markPerLot(state, market) + position.referenceCost;
}

/** The pnl of all positions of an account, in atoms. */
export function pnl(state, account) {
  let total = 0n;
  for (const [market, position] of account.positions) total += pnlOf(state, market, position);
  return total;
}

/** An amount of an asset at its price, or price times factor, as an exact value. */
function worth(state, asset, amount, factor) {
  return amount * state.prices.get(asset) * factor * state.terms.assets.get(asset).weight;
}

/** Account value, exact. */
export function accountValue(state, account) {
  let wallet = 0n;
  for (const [asset, amount] of account.cash) wallet += worth(state, asset, amount, BILLION);
  return wallet + pnl(state, account) * EXACT;
}

/** Effective collateral, exact: gains count only once they are rolled, unless the rulebook says otherwise. */
export function effectiveCollateral(state, account) {
  let collateral = 0n;
  for (const [asset, amount] of account.cash) {
    collateral += worth(state, asset, amount, state.terms.assets.get(asset).factor);
  }
  const unrealised = pnl(state, account);
  return unrealised < 0n || state.terms.unrealisedGainsCount ? collateral + unrealised * EXACT : collateral;
}

/** What preparation sells an amount of an asset for, in atoms. */
export function conversionProceeds(state, asset, amount) {
  return floorDiv(worth(state, asset, amount, state.terms.assets.get(asset).factor), EXACT);
}

/** Distress collateral, in atoms. */
export function distressCollateral(state, account) {
  let total = pnl(state, account);
  for (const [asset, amount] of account.cash) {
    total += asset === state.terms.settlementAsset ? amount : conversionProceeds(state, asset, amount);
  }
  return total;
}

/** Effective notional of each market of an account with the tier that it is in. */
function exposures(state, account) {
  return [...account.positions].map(([market, { size }]) => {
    const effectiveNotional = abs(size * markPerLot(state, market));
    const { tiers } = state.terms.markets.get(market);
    const tier = tiers.find(({ below }) => below === null || below > effectiveNotional);
    return { market, effectiveNotional, tier };
  });
}

/** The sum of effective notional over the markets, in atoms. */
export function totalExposure(state, account) {
  let total = 0n;
  for (const { effectiveNotional } of exposures(state, account)) total += effectiveNotional;
  return total;
}

/** Initial margin, exact, rounded up. */
export function initialMargin(state, account) {
  const leverage = BigInt(account.maxLeverage);
  let total = 0n;
  for (const { effectiveNotional, tier } of exposures(state, account)) {
    const rate = tier.initial * leverage;
    total += effectiveNotional * (rate > BILLION ? rate : BILLION);
  }
  return ceilDiv(total * BILLION, leverage);
}

/** Maintenance margin, exact. */
export function maintenanceMargin(state, account) {
  let total = 0n;
  for (const { effectiveNotional, tier } of exposures(state, account)) total += effectiveNotional * tier.maintenance;
  return total * BILLION;
}

/** Tier margin, exact: initial margin without the account's maximum leverage. */
function tierMargin(state, account) {
  let total = 0n;
  for (const { effectiveNotional, tier } of exposures(state, account)) total += effectiveNotional * tier.initial;
  return total * BILLION;
}

/** Whether an account is liquidatable. */
export function isLiquidatable(state, account) {
  return distressCollateral(state, account) * EXACT < maintenanceMargin(state, account);
}

/** Whether an account is at takeover: below half of maintenance margin. */
export function isAtTakeover(state, account) {
  return 2n * distressCollateral(state, account) * EXACT < maintenanceMargin(state, account);
}

/** Whether an account is above release. */
export function isAboveRelease(state, account) {
  const collateral = distressCollateral(state, account) * EXACT;
  if (account.positions.size === 0) return collateral >= 0n;
  return collateral > tierMargin(state, account);
}

/** The equity of a prepared account and each market's part of it, in atoms, in id order. */
export function equityParts(state, account) {
  const equity = (account.cash.get(state.terms.settlementAsset) ?? 0n) + pnl(state, account);
  const weightOf = ({ effectiveNotional, tier }) => effectiveNotional * tier.maintenance;
  const weights = new Map(exposures(state, account).map((exposure) => [exposure.market, weightOf(exposure)]));
  const markets = orderedKeys(weights);
  const parts = apportion(equity, markets.map((market) => weights.get(market)));
  return { equity, parts: new Map(markets.map((market, at) => [market, parts[at]])) };
}
