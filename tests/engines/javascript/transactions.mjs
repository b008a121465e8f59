// Transactions: their fields, in the order of the chain, and how each is read. See specs/interchange.md.

import { orderedKeys } from "./units.mjs";

const word = (value) => value;
const integer = (value) => value;
const quantity = (value) => BigInt(value);
const quotes = (value) => new Map(Object.entries(value).map(([source, price]) => [source, quantity(price)]));
const FILL = { market: word, counterparty: word, size: quantity, price: quantity };
const fills = (value) => value.map((fill) => readFields(FILL, fill));

const MARK_OF_MARKET = { market: word, quotes, premium: quantity };
const MARK_OF_ASSET = { asset: word, quotes };
const FIELDS = {
  deposit: { account: word, asset: word, amount: quantity },
  withdraw: { account: word, asset: word, amount: quantity },
  "set-account": { account: word, max_leverage: integer, fee_tier: word },
  trade: { market: word, buyer: word, seller: word, size: quantity, price: quantity, taker: word },
  observe: { market: word, bid: quantity, ask: quantity, bid_depth: quantity, ask_depth: quantity, volume: quantity },
  fund: { market: word, rate: quantity },
  settle: {},
  enroll: { account: word, capacity_per_minute: quantity, capacity_per_hour: quantity, max_holdings: quantity },
  leave: { account: word },
  liquidate: { account: word, fills },
  "backstop-transfer": { account: word },
};

/** The fields of a transaction, by the page's names. */
function fieldsOf(transaction) {
  if (transaction.type === "mark") return "market" in transaction ? MARK_OF_MARKET : MARK_OF_ASSET;
  if (!Object.hasOwn(FIELDS, transaction.type)) throw new Error(`no transaction is called ${transaction.type}`);
  return FIELDS[transaction.type];
}

/** An object's fields read, those that are not given left out. */
function readFields(fields, object) {
  const given = Object.keys(fields).filter((name) => object[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, fields[name](object[name])]));
}

/** A transaction from its JSON. */
export function readTransaction(object) {
  return { type: object.type, time: object.time, ...readFields(fieldsOf(object), object) };
}

/** A field as the chain has it. */
function chainField(name, value) {
  if (value === undefined) return null;
  if (name === "taker") return value === "buyer";
  if (name === "quotes") return orderedKeys(value).map((source) => [source, value.get(source)]);
  if (name === "fills") return value.map((fill) => Object.keys(FILL).map((each) => fill[each]));
  return value;
}

/** A transaction as the chain has it. */
export function chainForm(transaction) {
  const names = Object.keys(fieldsOf(transaction));
  return [transaction.type, transaction.time, ...names.map((name) => chainField(name, transaction[name]))];
}
