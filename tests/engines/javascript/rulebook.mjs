// A rulebook's document as terms in the ledger's units. See specs/parameters.md. Documents come in valid.

import { BILLION, decimal } from "./units.mjs";

/** A table of a document, each value read. */
function table(object, read) {
  return new Map(Object.entries(object ?? {}).map(([name, value]) => [name, read(value)]));
}

/** A fraction in ppb. */
const fraction = (value) => decimal(value, 9);

/** The two values of a limit of the liquidity monitor, in ppm. */
const limit = (value) => ({ enter: decimal(value.enter, 6), leave: decimal(value.leave, 6) });

/** The liquidity monitor of a market, or null. */
function monitorTerms(monitor) {
  if (monitor === undefined) return null;
  return {
    window: monitor.window,
    interval: monitor.interval,
    confidence: fraction(monitor.confidence),
    spread: limit(monitor.spread),
    depth: limit(monitor.depth),
    volatility: limit(monitor.volatility),
    expectedShortfall: limit(monitor.expected_shortfall),
  };
}

/** The terms of a whole document. */
export function terms(document) {
  const settlementAsset = document.settlement_asset;
  const settlementDecimals = document.assets[settlementAsset].decimals;
  const amount = (value) => decimal(value, settlementDecimals);

  const asset = (value) => ({
    bookingUnit: 10n ** BigInt(value.decimals - value.booking_decimals),
    factor: fraction(value.factor),
    weight: 10n ** BigInt(settlementDecimals - value.decimals),
  });
  const tier = (value) => ({
    below: value.below === undefined ? null : amount(value.below),
    initial: fraction(value.initial),
    maintenance: fraction(value.maintenance),
  });
  const market = (value) => ({
    multiplier: (decimal(value.lot, 9) * 10n ** BigInt(settlementDecimals)) / BILLION / BILLION,
    tick: decimal(value.tick, 9),
    priceBand: (value.price_band ?? "none") === "none" ? null : fraction(value.price_band),
    tiers: value.tiers.map(tier),
    monitor: monitorTerms(value.monitor),
  });
  const feeTiers = table(document.fee_tiers, (value) => ({
    maker: fraction(value.maker),
    taker: fraction(value.taker),
  }));
  const lowest = (side) => [...feeTiers.values()].map((rates) => rates[side]).reduce((a, b) => (a < b ? a : b));
  const { funding, settle, liquidation, program } = document;
  return {
    settlementAsset,
    feeUnit: 10n ** BigInt(settlementDecimals - document.fee_decimals),
    sources: new Set(document.sources),
    minimumSources: document.minimum_sources,
    defaultFeeTier: document.default_fee_tier,
    maximumLeverage: document.maximum_leverage,
    unrealisedGainsCount: document.unrealised_gains_count,
    assets: table(document.assets, asset),
    markets: table(document.markets, market),
    feeTiers,
    providerRates: { maker: lowest("maker"), taker: lowest("taker") },
    funding: { interval: funding.interval, window: funding.window, clamp: fraction(funding.clamp) },
    settle: {
      interval: settle.interval,
      window: settle.window,
      minimumPnl: amount(settle.minimum_pnl),
      minimumRatio: fraction(settle.minimum_ratio),
    },
    liquidation: {
      rounds: liquidation.rounds,
      roundInterval: liquidation.round_interval,
      fraction: BigInt(liquidation.fraction),
      minimumValue: amount(liquidation.minimum_value),
    },
    program: {
      minimumAccountValue: amount(program.minimum_account_value),
      minimumCapacityPerMinute: amount(program.minimum_capacity_per_minute),
      minimumCapacityPerHour: amount(program.minimum_capacity_per_hour),
      discount: fraction(program.discount),
      notice: program.notice,
      minute: program.minute,
      hour: program.hour,
      minimumCandidates: program.minimum_candidates,
    },
  };
}
