// The state, and its JSON form. See specs/state.md, specs/formats.md and specs/interchange.md.

export const INSURANCE = "@insurance";
export const FEES = "@fees";
export const EXTERNAL = "@external";
/** The instant of what was not done yet. */
const NEVER = -1;

/** Whether an id is the ledger's own. */
export function isSystem(id) {
  return id.startsWith("@");
}

/** An account as a first deposit opens it. */
export function newAccount(terms) {
  return {
    cash: new Map(),
    positions: new Map(),
    maxLeverage: terms.maximumLeverage,
    feeTier: terms.defaultFeeTier,
    liquidation: null,
  };
}

/** A market before its first mark. */
export function newMarket() {
  return { index: 0n, mark: 0n, premiumSum: 0n, premiumCount: 0, lastFunding: NEVER, monitor: null };
}

/** What a table of the JSON form holds, each value read or written. */
function mapped(entries, each) {
  return new Map(entries.map(([key, value]) => [key, each(value)]));
}

const read = (object, each) => mapped(Object.entries(object), each);
const written = (table, each) => mapped([...table], each);
const readInstant = (time) => time ?? NEVER;
const writtenInstant = (time) => (time === NEVER ? null : time);

function readAccount(form) {
  const { liquidation } = form;
  return {
    cash: read(form.cash, BigInt),
    positions: read(form.positions, (position) => ({
      size: BigInt(position.size),
      referenceCost: BigInt(position.reference_cost),
    })),
    maxLeverage: form.max_leverage,
    feeTier: form.fee_tier,
    liquidation: liquidation && {
      round: liquidation.round,
      startingSizes: read(liquidation.starting_sizes, BigInt),
      time: liquidation.time,
    },
  };
}

/** An account's cash and positions in JSON form. */
export function balancesForm(account) {
  return {
    cash: account.cash,
    positions: written(account.positions, (position) => ({
      reference_cost: position.referenceCost,
      size: position.size,
    })),
  };
}

function accountForm(account) {
  const { cash, positions } = balancesForm(account);
  const { liquidation } = account;
  return {
    cash,
    fee_tier: account.feeTier,
    liquidation: liquidation && {
      round: liquidation.round,
      starting_sizes: liquidation.startingSizes,
      time: liquidation.time,
    },
    max_leverage: account.maxLeverage,
    positions,
  };
}

function readMonitor(form) {
  return {
    time: form.time,
    bid: BigInt(form.bid),
    ask: BigInt(form.ask),
    bidDepth: BigInt(form.bid_depth),
    askDepth: BigInt(form.ask_depth),
    observations: form.observations.map(({ mark, volume }) => ({ mark: BigInt(mark), volume: BigInt(volume) })),
    stressed: form.stressed,
  };
}

function monitorForm(monitor) {
  return {
    ask: monitor.ask,
    ask_depth: monitor.askDepth,
    bid: monitor.bid,
    bid_depth: monitor.bidDepth,
    observations: monitor.observations,
    stressed: monitor.stressed,
    time: monitor.time,
  };
}

function readMarket(form) {
  return {
    index: BigInt(form.index),
    mark: BigInt(form.mark),
    premiumSum: BigInt(form.premium_sum),
    premiumCount: form.premium_count,
    lastFunding: readInstant(form.last_funding),
    monitor: form.monitor === undefined ? null : readMonitor(form.monitor),
  };
}

function marketForm(market) {
  return {
    index: market.index,
    last_funding: writtenInstant(market.lastFunding),
    mark: market.mark,
    ...(market.monitor && { monitor: monitorForm(market.monitor) }),
    premium_count: market.premiumCount,
    premium_sum: market.premiumSum,
  };
}

function readProvider(form) {
  return {
    limits: form.limits && {
      capacityPerMinute: BigInt(form.limits.capacity_per_minute),
      capacityPerHour: BigInt(form.limits.capacity_per_hour),
      maxHoldings: BigInt(form.limits.max_holdings),
    },
    notice: form.notice,
    takeovers: form.takeovers.map(({ time, notional }) => ({ time, notional: BigInt(notional) })),
  };
}

/** A provider's limits in JSON form. */
export function limitsForm(limits) {
  return (
    limits && {
      capacity_per_hour: limits.capacityPerHour,
      capacity_per_minute: limits.capacityPerMinute,
      max_holdings: limits.maxHoldings,
    }
  );
}

function providerForm(provider) {
  return {
    limits: limitsForm(provider.limits),
    notice: provider.notice,
    takeovers: provider.takeovers.map(({ time, notional }) => ({ notional, time })),
  };
}

/** A state from its JSON form and the terms of its rulebook. */
export function readState(form, terms) {
  return {
    terms,
    accounts: read(form.accounts, readAccount),
    markets: read(form.markets, readMarket),
    prices: read(form.prices, BigInt),
    providers: read(form.providers, readProvider),
    lastSettle: readInstant(form.last_settle),
    time: form.time,
    sequence: form.sequence,
  };
}

/** A state in its JSON form, keys in canonical order, without the rulebook. */
export function stateForm(state) {
  return {
    accounts: written(state.accounts, accountForm),
    last_settle: writtenInstant(state.lastSettle),
    markets: written(state.markets, marketForm),
    prices: state.prices,
    providers: written(state.providers, providerForm),
    sequence: state.sequence,
    time: state.time,
  };
}
