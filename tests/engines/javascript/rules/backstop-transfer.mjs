// See specs/rules/backstop-transfer.md.

import { isCandidate, limitsInForce, room, withTakeover } from "../capacity.mjs";
import { check, checkOpen, checkOrdinary } from "../checks.mjs";
import { closedOrFlipped } from "../draft.mjs";
import {
  accountValue, distressCollateral, equityParts, isAtTakeover, maintenanceMargin, markPerLot, pnl,
} from "../margin.mjs";
import { prepare } from "../preparation.mjs";
import { bankruptcyPrice, deleveragePrice, providersPrice } from "../pricing.mjs";
import { FEES, INSURANCE, isSystem } from "../state.mjs";
import { EXACT, abs, apportion, ceilDiv, floorDiv, max, min, orderedKeys, sign, sum } from "../units.mjs";

export function backstopTransfer(draft, { account }) {
  checkOrdinary(account); // backstop-transfer-1
  checkOpen(draft, account); // backstop-transfer-2
  prepare(draft, account);
  checkTakeover(draft, account); // backstop-transfer-3

  const { equity, parts } = equityParts(draft.state, draft.account(account));
  draft.tell("TakenOver", { account, equity });
  const transfers = [...parts].map(([market, part]) => transferOf(draft, account, market, part));
  giveDiscountsUp(draft, transfers, equity);
  transferPositions(draft, account, transfers);
  const left = draft.cash(account);
  if (left !== 0n) {
    draft.postCash(account, -left);
    draft.postCash(INSURANCE, left);
  }
  draft.writable(account).liquidation = null;
  endEnrolment(draft, account);
  shareLoss(draft);
}

function checkTakeover(draft, id) {
  const { state, terms } = draft;
  const account = draft.account(id);
  const collateral = distressCollateral(state, account) * EXACT;
  const required = maintenanceMargin(state, account);
  const isLiquidating = account.liquidation !== null;
  const isUsedUp = isLiquidating && account.liquidation.round === terms.liquidation.rounds;
  const markets = [...account.positions.keys()];
  const isStressed = isLiquidating && markets.some((market) => draft.market(market).monitor?.stressed);
  const isOpen =
    isAtTakeover(state, account) || (isUsedUp && collateral <= required) || (isStressed && collateral < required);
  const level = isUsedUp || isStressed ? required : floorDiv(required, 2n);
  check(isOpen, "NOT_AT_TAKEOVER", id, collateral, level);
}

/** Steps 1 to 3 of one market: its prices, and who receives how many lots. */
function transferOf(draft, account, market, equity) {
  const { discount } = draft.terms.program;
  const size = draft.size(account, market);
  const mark = markPerLot(draft.state, market);
  const bankruptcy = bankruptcyPrice(size, mark, equity);
  const providers = providersShares(draft, account, market, size, mark);
  const taken = sum(providers.map(({ lots }) => lots));
  return {
    market, size, equity, mark, bankruptcy, providers, taken,
    price: providersPrice(size, mark, bankruptcy, discount),
    deleveragePrice: deleveragePrice(size, mark, bankruptcy),
    deleveraged: deleveragedShares(draft, account, market, size, providers, abs(size) - taken),
    shrunk: 0n,
  };
}

/** Step 2: the lots that each provider takes, within its room. */
function providersShares(draft, account, market, size, mark) {
  const { state, terms, time } = draft;
  const ids = orderedKeys(state.providers).filter((id) => isCandidate(state, id, account, time));
  const rooms = ids.map((id) => {
    const held = state.accounts.get(id).positions.get(market)?.size ?? 0n;
    return room(terms, draft.provider(id), time, size, held, mark);
  });
  const parts = apportion(min(abs(size), sum(rooms)), rooms);
  const shares = ids.map((id, at) => ({ id, room: rooms[at], lots: parts[at] })).filter(({ lots }) => lots > 0n);
  for (const { id, lots } of shares) {
    draft.write("providers", id, withTakeover(terms, draft.provider(id), time, lots * mark));
  }
  return shares;
}

/** Step 3: the lots that each opposite position is reduced by, the largest positions alone. */
function deleveragedShares(draft, account, market, size, providers, rest) {
  if (rest === 0n) return [];
  const took = new Map(providers.map(({ id, lots }) => [id, lots]));
  const opposite = [];
  for (const id of orderedKeys(draft.state.accounts)) {
    if (isSystem(id) || id === account) continue;
    const held = -sign(size) * (draft.size(id, market) + sign(size) * (took.get(id) ?? 0n));
    if (held > 0n) opposite.push({ id, held });
  }
  const largestFirst = [...opposite].sort((a, b) => (a.held > b.held ? -1 : a.held < b.held ? 1 : 0)); // ties by id
  const chosen = [];
  let covered = 0n;
  for (const candidate of largestFirst) {
    if (chosen.length >= draft.terms.program.minimumCandidates && covered >= rest) break;
    chosen.push(candidate);
    covered += candidate.held;
  }
  const inOrder = opposite.filter((candidate) => chosen.includes(candidate));
  const parts = apportion(rest, inOrder.map(({ held }) => held));
  return inOrder.map(({ id }, at) => ({ id, lots: parts[at] })).filter(({ lots }) => lots > 0n);
}

/** Step 4: what the account and the insurance fund cannot pay of the discounts is taken off them. */
function giveDiscountsUp(draft, transfers, equity) {
  if (draft.terms.program.discount <= 0n) return;
  let left = equity;
  for (const { size, taken, price, deleveragePrice: other, mark } of transfers) {
    const lots = abs(size);
    left += sign(size) * (taken * price + (lots - taken) * other - lots * mark);
  }
  const short = max(0n, -(draft.cash(INSURANCE) + left));
  const given = transfers.map(({ taken, price, deleveragePrice: other }) => taken * abs(other - price));
  const parts = apportion(min(short, sum(given)), given);
  transfers.forEach((transfer, at) => {
    if (parts[at] === 0n) return;
    transfer.shrunk = ceilDiv(parts[at], transfer.taken);
    transfer.price += sign(transfer.size) * transfer.shrunk;
  });
}

/** Step 5.1 and 5.2: the postings of all markets, then the rolls. */
function transferPositions(draft, account, transfers) {
  const flipped = new Set();
  for (const { market, size, price, deleveragePrice: other, providers, deleveraged, ...each } of transfers) {
    draft.tell("PositionTransferred", {
      market, size, equity: each.equity, mark_per_lot: each.mark, bankruptcy: each.bankruptcy, provider_price: price,
      shrunk: each.shrunk, deleverage_price: other,
    });
    for (const { id, lots, room: open } of providers) {
      draft.tell("ProviderTook", { provider: id, market, size: lots, room: open, price_per_lot: price });
    }
    for (const { id, lots } of deleveraged) {
      draft.tell("Deleveraged", { account: id, market, size: lots, price_per_lot: other });
    }
    const receivers = [
      ...providers.map(({ id, lots }) => ({ id, lots, at: price })),
      ...deleveraged.map(({ id, lots }) => ({ id, lots, at: other })),
    ];
    let paid = 0n;
    for (const { id, lots, at } of receivers) {
      const before = draft.size(id, market);
      draft.postPosition(id, market, sign(size) * lots, -sign(size) * lots * at);
      if (closedOrFlipped(before, draft.size(id, market))) flipped.add(id);
      paid += sign(size) * lots * at;
    }
    draft.postPosition(account, market, -size, paid);
  }
  for (const id of orderedKeys(new Map([...flipped].map((each) => [each])))) draft.roll(id);
  draft.roll(account);
}

/** A provider that is taken over is enrolled no more; what it took still counts. */
function endEnrolment(draft, account) {
  const provider = draft.provider(account);
  if (provider === undefined) return;
  if (limitsInForce(draft.terms, provider, draft.time) !== null) draft.tell("EnrolmentEnded", { account });
  if (provider.limits !== null) draft.write("providers", account, { ...provider, limits: null, notice: null });
}

/** Step 6: brings a negative insurance fund back to zero. */
function shareLoss(draft) {
  const fromFees = min(max(0n, draft.cash(FEES)), -draft.cash(INSURANCE));
  if (fromFees > 0n) {
    draft.postCash(FEES, -fromFees);
    draft.postCash(INSURANCE, fromFees);
    draft.tell("FeesUsed", { amount: fromFees });
  }
  const value = (account) => max(0n, floorDiv(accountValue(draft.state, account), EXACT));
  charge(draft, 1, (account) => max(0n, min(pnl(draft.state, account), value(account))));
  charge(draft, 2, value);
}

/** One stage of a shared loss: what is missing, charged to ordinary accounts by a weight. */
function charge(draft, stage, weightOf) {
  const missing = -draft.cash(INSURANCE);
  if (missing <= 0n) return;
  const ids = orderedKeys(draft.state.accounts).filter((id) => !isSystem(id));
  const weights = ids.map((id) => weightOf(draft.account(id)));
  const parts = apportion(min(missing, sum(weights)), weights);
  ids.forEach((account, at) => {
    const amount = parts[at];
    if (amount === 0n) return;
    draft.roll(account);
    draft.postCash(account, -amount);
    draft.postCash(INSURANCE, amount);
    draft.tell("LossShared", { account, stage, amount });
  });
}
