// See specs/rules/mark.md: of a market and of a collateral asset.

import { check, checkListed } from "../checks.mjs";
import { newMarket } from "../state.mjs";
import { floorDiv, orderedKeys, sum } from "../units.mjs";

function checkQuotes(draft, subject, quotes) {
  const sources = orderedKeys(quotes);
  const unknown = sources.find((source) => !draft.terms.sources.has(source));
  check(unknown === undefined, "UNKNOWN_SOURCE", subject, unknown, "a listed source");
  const wrong = sources.find((source) => quotes.get(source) <= 0n);
  check(wrong === undefined, "QUOTE_NOT_POSITIVE", subject, quotes.get(wrong), 0);
  check(quotes.size >= draft.terms.minimumSources, "TOO_FEW_SOURCES", subject, quotes.size, draft.terms.minimumSources);
}

/** The mean of the quotes without the highest and the lowest, rounded down. */
function indexOf(quotes) {
  const rest = [...quotes.values()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)).slice(1, -1);
  return floorDiv(sum(rest), BigInt(rest.length));
}

function markMarket(draft, { market, quotes, premium }) {
  checkListed(draft, market); // mark-market-1
  checkQuotes(draft, market, quotes); // mark-market-2 to mark-market-4
  const index = indexOf(quotes);
  const mark = index + premium;
  check(mark > 0n, "MARK_NOT_POSITIVE", market, mark, 0); // mark-market-5

  const before = draft.market(market) ?? newMarket();
  const premiumSum = before.premiumSum + premium;
  draft.write("markets", market, { ...before, index, mark, premiumSum, premiumCount: before.premiumCount + 1 });
  draft.tell("MarketMarked", { market, index, mark });
}

function markAsset(draft, { asset, quotes }) {
  check(draft.terms.assets.has(asset), "UNKNOWN_ASSET", asset, asset, "a listed asset"); // mark-asset-1
  check(asset !== draft.terms.settlementAsset, "SETTLEMENT_ASSET", asset, asset, "another asset"); // mark-asset-2
  checkQuotes(draft, asset, quotes); // mark-asset-3 to mark-asset-5

  const price = indexOf(quotes);
  draft.write("prices", asset, price);
  draft.tell("AssetMarked", { asset, price });
}

export function mark(draft, transaction) {
  if ("market" in transaction) markMarket(draft, transaction);
  else markAsset(draft, transaction);
}
