// The main program: the engine protocol over standard input and output. See specs/engine-protocol.md.

import { documentText, nextLink, stateDigest, text } from "./canonical.mjs";
import { terms } from "./rulebook.mjs";
import { balancesForm, readState, stateForm } from "./state.mjs";
import { readTransaction } from "./transactions.mjs";
import { apply } from "./transition.mjs";

const PROTOCOL = 1;
const GIVES = ["reason", "figures", "changes", "events", "link", "balances", "positions", "state", "state_digest"];

/** The ledger of the last `init`: its state, its rulebook's text and the last link. */
let ledger = null;

const ANSWERS = {
  hello({ protocol }) {
    if (protocol !== PROTOCOL) throw new Error(`speaks protocol ${PROTOCOL} alone`);
    return { protocol: PROTOCOL, engine: "backstop-ledger's specification in JavaScript 1", gives: GIVES };
  },
  init({ rulebook, state: form }) {
    const state = readState(form, terms(rulebook));
    const rulebookText = documentText(rulebook);
    ledger = { state, rulebookText, link: stateDigest(state, rulebookText) };
    return {};
  },
  apply({ transactions }) {
    return { outcomes: transactions.map(answer) };
  },
  state({ accounts }) {
    const { state, rulebookText } = ledger;
    if (accounts === undefined) return { state: stateForm(state), digest: stateDigest(state, rulebookText) };
    const open = accounts.filter((id) => state.accounts.has(id));
    return { accounts: new Map(open.map((id) => [id, balancesForm(state.accounts.get(id))])) };
  },
  bye() {
    return {};
  },
};

/** The outcome of one transaction, with its link. */
function answer(object) {
  const transaction = readTransaction(object);
  const outcome = apply(ledger.state, transaction);
  ledger.link = nextLink(ledger.link, transaction, outcome);
  if (outcome.applied) return { ...outcome, link: ledger.link };
  return { ...outcome, supplied: String(outcome.supplied), limit: String(outcome.limit), link: ledger.link };
}

/** A request read. A document may hold longer integers than JavaScript's numbers: those become BigInt. */
function readRequest(line) {
  const request = JSON.parse(line);
  if (request.request !== "init") return request;
  const long = /"(?:[^"\\]|\\.)*"|-?[0-9]{16,}/g;
  const kept = line.replace(long, (token) => (token[0] === '"' ? token : `{"$integer":"${token}"}`));
  return JSON.parse(kept, (_, value) => (value?.$integer === undefined ? value : BigInt(value.$integer)));
}

/** The reply to a line. */
function reply(line) {
  try {
    const request = readRequest(line);
    if (!Object.hasOwn(ANSWERS, request.request)) throw new Error(`no request is called ${request.request}`);
    return { reply: request.request, ...ANSWERS[request.request](request) };
  } catch (error) {
    return { reply: "error", error: `${error.stack}` };
  }
}

let parts = [];
process.stdin.setEncoding("utf8");
process.stdin.on("data", (chunk) => {
  const pieces = chunk.split("\n");
  for (const piece of pieces.slice(0, -1)) {
    const answered = reply([...parts, piece].join(""));
    parts = [];
    process.stdout.write(`${text(answered)}\n`, () => answered.reply === "bye" && process.exit(0));
  }
  parts.push(pieces.at(-1));
});
