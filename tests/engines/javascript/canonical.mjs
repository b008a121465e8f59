// Canonical bytes, digests and the chain. See specs/formats.md.
//
// Quantities are BigInt and all else that is a number is a JavaScript number, everywhere in this engine. So the one
// writer below makes strings of quantities in states, events and changes, and plain integers of both in the chain.

import { createHash } from "node:crypto";
import { chainForm } from "./transactions.mjs";
import { stateForm } from "./state.mjs";
import { orderedKeys } from "./units.mjs";

/** A value as JSON: a Map is a table, its keys sorted; an object is a record, its keys as they are. */
export function text(value, quantity = (integer) => `"${integer}"`) {
  if (typeof value === "bigint") return quantity(value);
  if (typeof value === "string" || value === null) return JSON.stringify(value);
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value)) return `[${value.map((each) => text(each, quantity)).join(",")}]`;
  const isTable = value instanceof Map;
  const keys = isTable ? orderedKeys(value) : Object.keys(value);
  const members = keys.map((key) => `${JSON.stringify(key)}:${text(isTable ? value.get(key) : value[key], quantity)}`);
  return `{${members.join(",")}}`;
}

/** A value as JSON with quantities as plain integers. */
export function plainText(value) {
  return text(value, String);
}

/** A document with its keys sorted at every depth. */
function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return new Map(Object.entries(value).map(([key, each]) => [key, sorted(each)]));
}

/** A document's canonical text: integers, of any length, as they were given. */
export function documentText(document) {
  return plainText(sorted(document));
}

/** A state's digest; the document's text belongs between `providers` and `sequence`. */
export function stateDigest(state, rulebookText) {
  const members = Object.entries(stateForm(state)).map(([key, value]) => [key, text(value)]);
  members.splice(members.findIndex(([key]) => key === "sequence"), 0, ["rulebook", rulebookText]);
  const bytes = `{${members.map(([key, value]) => `"${key}":${value}`).join(",")}}`;
  return createHash("sha256").update(bytes).digest("hex");
}

/** The net change of a balance as the chain has it. */
function changeForm(change) {
  if ("asset" in change) return [change.account, "cash", change.asset, change.amount];
  return [change.account, "position", change.market, change.size, change.reference_cost];
}

/** An outcome as the chain has it. */
function outcomeForm(outcome) {
  if (outcome.applied) return ["applied", ...outcome.changes.map(changeForm)];
  return ["rejected", outcome.reason, outcome.subject, outcome.supplied, outcome.limit];
}

/** The link that a transaction and its outcome make after another. */
export function nextLink(link, transaction, outcome) {
  const answered = plainText([chainForm(transaction), outcomeForm(outcome)]);
  return createHash("sha256").update(Buffer.from(link, "hex")).update(answered).digest("hex");
}
