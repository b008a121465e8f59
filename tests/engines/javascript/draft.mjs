// What a transaction is about to change, over a state that stays as it is until nothing can refuse the transaction
// any more. Postings, rolling and double entry: specs/state.md.

import { pnlOf } from "./margin.mjs";
import { abs, orderedKeys, sign } from "./units.mjs";

const FLAT = { size: 0n, referenceCost: 0n };

export class Draft {
  constructor(state, time) {
    this.state = state;
    this.terms = state.terms;
    this.time = time;
    this.lastSettle = state.lastSettle;
    this.events = [];
    this.written = { accounts: new Map(), markets: new Map(), prices: new Map(), providers: new Map() };
  }

  /** An account as it is by now; undefined if it is not open. */
  account(id) {
    return this.written.accounts.get(id) ?? this.state.accounts.get(id);
  }

  /** A provider as it is by now; undefined if the account never enrolled. */
  provider(id) {
    return this.written.providers.get(id) ?? this.state.providers.get(id);
  }

  /** A market as the state has it; undefined before its first mark. */
  market(name) {
    return this.state.markets.get(name);
  }

  /** Cash of an asset, by now. */
  cash(id, asset = this.terms.settlementAsset) {
    return this.account(id).cash.get(asset) ?? 0n;
  }

  /** Lots in a market, by now. */
  size(id, market) {
    return (this.account(id).positions.get(market) ?? FLAT).size;
  }

  /** Puts a new record of an account, market, price or provider into its table. */
  write(table, key, record) {
    this.written[table].set(key, record);
  }

  /** A copy of an account as it is by now. */
  snapshot(id) {
    const account = this.account(id);
    return { ...account, cash: new Map(account.cash), positions: new Map(account.positions) };
  }

  /** An account's own copy in this draft, to be changed. */
  writable(id) {
    if (!this.written.accounts.has(id)) this.written.accounts.set(id, this.snapshot(id));
    return this.written.accounts.get(id);
  }

  /** A posting of cash. */
  postCash(id, amount, asset = this.terms.settlementAsset) {
    const { cash } = this.writable(id);
    const balance = (cash.get(asset) ?? 0n) + amount;
    if (balance === 0n) cash.delete(asset);
    else cash.set(asset, balance);
  }

  /** A posting of a position: signed lots and signed reference cost. */
  postPosition(id, market, lots, cost) {
    const { positions } = this.writable(id);
    const before = positions.get(market) ?? FLAT;
    const after = { size: before.size + lots, referenceCost: before.referenceCost + cost };
    if (after.size === 0n && after.referenceCost === 0n) positions.delete(market);
    else positions.set(market, after);
  }

  /** Moves the pnl of all positions of an account into its cash. */
  roll(id) {
    let total = 0n;
    let rolls = false;
    for (const market of orderedKeys(this.account(id).positions)) {
      const pnl = pnlOf(this.state, market, this.account(id).positions.get(market));
      if (pnl === 0n) continue;
      rolls = true;
      total += pnl;
      this.postPosition(id, market, 0n, -pnl);
    }
    if (!rolls) return;
    if (total !== 0n) this.postCash(id, total);
    this.tell("Rolled", { account: id, pnl: total });
  }

  /** Adds an event. */
  tell(event, fields) {
    this.events.push({ event, ...fields });
  }

  /** The net change of every balance, sorted, and none where it is zero. */
  changes() {
    const changes = [];
    for (const account of orderedKeys(this.written.accounts)) {
      const after = this.written.accounts.get(account);
      const before = this.state.accounts.get(account) ?? { cash: new Map(), positions: new Map() };
      for (const asset of orderedKeys(new Map([...before.cash, ...after.cash]))) {
        const amount = (after.cash.get(asset) ?? 0n) - (before.cash.get(asset) ?? 0n);
        if (amount !== 0n) changes.push({ account, asset, amount });
      }
      for (const market of orderedKeys(new Map([...before.positions, ...after.positions]))) {
        const was = before.positions.get(market) ?? FLAT;
        const is = after.positions.get(market) ?? FLAT;
        const size = is.size - was.size;
        const cost = is.referenceCost - was.referenceCost;
        if (size !== 0n || cost !== 0n) changes.push({ account, market, size, reference_cost: cost });
      }
    }
    return changes;
  }

  /** Makes the state what was drafted. */
  commit() {
    const { state } = this;
    for (const [table, records] of Object.entries(this.written)) {
      for (const [key, record] of records) state[table].set(key, record);
    }
    state.lastSettle = this.lastSettle;
    state.time = this.time;
    state.sequence += 1;
  }
}

/** Whether a position's size was not zero and became zero or changed sign. */
export function closedOrFlipped(before, after) {
  return before !== 0n && sign(after) !== sign(before);
}

/** Whether a position's size grew in magnitude or changed sign. */
export function grewOrFlipped(before, after) {
  return abs(after) > abs(before) || sign(before) * sign(after) < 0n;
}

/** Changes that do not net to zero in each column are a bug of this engine. */
export function assertDoubleEntry(changes, settlementAsset) {
  const columns = new Map();
  const add = (column, amount) => columns.set(column, (columns.get(column) ?? 0n) + amount);
  for (const change of changes) {
    if ("asset" in change) {
      add(`cash ${change.asset}`, change.amount);
    } else {
      add(`size ${change.market}`, change.size);
      add(`cash ${settlementAsset}`, change.reference_cost);
    }
  }
  for (const [column, total] of columns) {
    if (total !== 0n) throw new Error(`postings do not net to zero: ${column} ${total}`);
  }
}
