"""Transactions, postings and events in words: one exhaustive function for each union."""

from collections.abc import Mapping
from typing import assert_never

from ..outcomes import (
    AccountOpened,
    AccountSet,
    AssetMarked,
    Converted,
    Deleveraged,
    Enrolled,
    EnrolmentEnded,
    Event,
    FeesCharged,
    FeesUsed,
    Figures,
    Funded,
    LiquidationStarted,
    LossShared,
    MarketMarked,
    NoticeGiven,
    Observed,
    PositionTransferred,
    ProviderTook,
    Released,
    Rolled,
    RoundMade,
    Settled,
    StressEntered,
    StressLeft,
    TakenOver,
)
from ..postings import CashPosting, PositionPosting, Posting
from ..state import Limits
from ..transactions import (
    BackstopTransfer,
    Deposit,
    Enroll,
    Fill,
    Fund,
    Leave,
    Liquidate,
    MarkAsset,
    MarkMarket,
    Observe,
    SetAccount,
    Settle,
    Trade,
    Transaction,
    Withdraw,
)
from ..units import RATE_SCALE, div_toward_zero, root_ceil, sign
from .formatting import Format, counted, signed


def transaction_in_words(form: Format, transaction: Transaction) -> str:
    """What a transaction asks, as one sentence without its full stop."""
    match transaction:
        case Deposit(_, account, asset, amount):
            return f"{account} deposits {form.amount(amount, asset)} {asset}"
        case Withdraw(_, account, asset, amount):
            return f"{account} withdraws {form.amount(amount, asset)} {asset}"
        case SetAccount(_, account, max_leverage, fee_tier):
            leverage = "" if max_leverage is None else f"a leverage of at most {max_leverage}"
            tier = "" if fee_tier is None else f"the fee tier {fee_tier}"
            return (
                f"the venue sets for {account} {' and '.join(part for part in (leverage, tier) if part) or 'nothing'}"
            )
        case Trade(_, market, buyer, seller, size, price, buyer_is_taker):
            taker = buyer if buyer_is_taker else seller
            terms = f"{form.size(size, market)} {market} from {seller} at {form.price(price)}"
            return f"{buyer} buys {terms}, {taker} taking"
        case MarkMarket(_, market, quotes, premium):
            return f"the venue marks {market} by {_quotes(form, quotes)}, with a premium of {form.price(premium)}"
        case MarkAsset(_, asset, quotes):
            return f"the venue marks {asset} by {_quotes(form, quotes)}"
        case Observe():
            return _observation(form, transaction)
        case Fund(_, market, rate):
            at = "at its mean premium" if rate is None else f"at a rate of {form.rate(rate)}"
            return f"the venue funds {market} {at}"
        case Settle():
            return "the venue settles unrealised gains and losses"
        case Enroll(_, account, per_minute, per_hour, max_holdings):
            return f"{account} enrolls as a provider with {_limits(form, Limits(per_minute, per_hour, max_holdings))}"
        case Leave(_, account):
            return f"{account} gives notice to leave the backstop program"
        case Liquidate(_, account, fills):
            with_fills = "; ".join(_fill(form, fill) for fill in fills) or "no fills"
            return f"the venue liquidates {account}, one round with {with_fills}"
        case BackstopTransfer(_, account):
            return f"the backstop takes {account} over"
        case _:
            assert_never(transaction)


def posting_in_words(form: Format, posting: Posting) -> str:
    """What a posting puts into an account's balance, signed."""
    match posting:
        case CashPosting(_, asset, amount):
            return f"{signed(form.amount(amount, asset))} {asset}"
        case PositionPosting(_, market, size, reference_cost):
            cost = f"reference cost {signed(form.money(reference_cost))} {form.asset}"
            return f"{signed(form.size(size, market))} {market}, {cost}" if size else f"{market} {cost}"
        case _:
            assert_never(posting)


def event_in_words(form: Format, event: Event) -> str:
    """What happened, as one sentence without its full stop."""
    asset = form.asset
    match event:
        case AccountOpened(account):
            return f"{account} is opened"
        case AccountSet(account, max_leverage, fee_tier):
            return f"{account} has a leverage of at most {max_leverage} and the fee tier {fee_tier}"
        case FeesCharged(market, buyer, buyer_fee, seller, seller_fee):
            return f"on {market} {_fee(form, buyer, buyer_fee)} and {_fee(form, seller, seller_fee)}"
        case Rolled(account, pnl):
            return f"{account} rolls a {_gain(form, pnl)} into its cash"
        case MarketMarked(market, index, mark):
            return f"{market} has the index {form.price(index)} and the mark {form.price(mark)}"
        case AssetMarked(marked, price):
            return f"{marked} has the price {form.price(price)}"
        case Observed(market, figures):
            return f"{market} is observed with {_figures(form, market, figures)}"
        case StressEntered(market, figures):
            return f"{market} is stressed now, with {_figures(form, market, figures)}"
        case StressLeft(market, figures):
            return f"{market} is stressed no more, with {_figures(form, market, figures)}"
        case Funded(market, instant, numerator, denominator, per_lot):
            who = "longs pay shorts" if per_lot >= 0 else "shorts pay longs"
            rate = form.rate(funding_rate(numerator, denominator))
            each = f"{form.money(abs(per_lot))} {asset} for each lot of {form.size(1, market)}"
            return f"{market} is funded for {form.time(instant)} at a rate of {rate}: {who} {each}"
        case Settled(instant):
            return f"the settle of {form.time(instant)} is made"
        case Enrolled(account, limits):
            return f"{account} is a provider with {_limits(form, limits)}"
        case NoticeGiven(account, obliged_until):
            return f"{account} stays obliged until {form.time(obliged_until)}"
        case Converted(account, sold, amount, proceeds):
            return f"{account} sells {form.amount(amount, sold)} {sold} outside for {form.money(proceeds)} {asset}"
        case LiquidationStarted(account):
            return f"the liquidation of {account} begins"
        case RoundMade(account, round_made, fills):
            return f"round {round_made} of the liquidation of {account} is made, with {counted(fills, 'fill')}"
        case Released(account):
            return f"{account} is released and active again"
        case TakenOver(account, equity):
            return f"{account} is taken over with an equity of {form.money(equity)} {asset}"
        case PositionTransferred():
            return _transferred(form, event)
        case ProviderTook(provider, market, size, room, price_per_lot):
            paid, most = form.price_per_lot(price_per_lot, market), form.size(room, market)
            return f"{provider} takes {form.size(size, market)} {market} at {paid}, having room for {most}"
        case Deleveraged(account, market, size, price_per_lot):
            paid = form.price_per_lot(price_per_lot, market)
            return f"{account} is auto-deleveraged by {form.size(size, market)} {market} at {paid}"
        case EnrolmentEnded(account):
            return f"{account} is a provider no more"
        case FeesUsed(amount):
            return f"@fees pays {form.money(amount)} {asset} of what @insurance is short of"
        case LossShared(account, stage, amount):
            by = "unrealised gains" if stage == 1 else "account value"
            return f"{account} pays {form.money(amount)} {asset} of the shared loss, by {by} (stage {stage})"
        case _:
            assert_never(event)


def funding_rate(numerator: int, denominator: int) -> int:
    """An exact funding rate in parts per billion, truncated toward zero."""
    return div_toward_zero(numerator * RATE_SCALE, denominator)


def volatility(variance: int) -> int:
    """Realised volatility in ppm, the root of a variance in ppm squared, rounded up."""
    return root_ceil(variance)


def _quotes(form: Format, quotes: Mapping[str, int]) -> str:
    return ", ".join(f"{source} {form.price(quotes[source])}" for source in sorted(quotes)) or "no quotes"


def _observation(form: Format, observe: Observe) -> str:
    market = observe.market
    bid = f"{form.size(observe.bid_depth, market)} bid at {form.price(observe.bid)}"
    ask = f"{form.size(observe.ask_depth, market)} asked at {form.price(observe.ask)}"
    return f"the venue observes {market}: {bid}, {ask}, {form.size(observe.volume, market)} traded"


def _figures(form: Format, market: str, figures: Figures) -> str:
    depth = "no open interest" if figures.depth is None else f"a depth of {form.ppm(figures.depth)} of open interest"
    risk = (
        f"a volatility of {form.ppm(volatility(figures.variance))}, {form.ppm(figures.value_at_risk)} at risk and an "
        f"expected shortfall of {form.ppm(figures.expected_shortfall)} over {counted(figures.returns, 'return')}"
    )
    return f"a spread of {form.ppm(figures.spread)}, {depth}, {risk}, and {form.size(figures.volume, market)} traded"


def _limits(form: Format, limits: Limits) -> str:
    return (
        f"{form.money(limits.capacity_per_minute)} {form.asset} a minute, "
        f"{form.money(limits.capacity_per_hour)} an hour and at most {form.money(limits.max_holdings)} held in a market"
    )


def _fill(form: Format, fill: Fill) -> str:
    return f"{form.size(fill.size, fill.market)} {fill.market} against {fill.counterparty} at {form.price(fill.price)}"


def _fee(form: Format, account: str, fee: int) -> str:
    if fee < 0:
        return f"{account} gets a rebate of {form.money(-fee)} {form.asset}"
    return f"{account} pays a fee of {form.money(fee)} {form.asset}"


def _gain(form: Format, pnl: int) -> str:
    return f"{'gain' if pnl >= 0 else 'loss'} of {form.money(abs(pnl))} {form.asset}"


def _transferred(form: Format, event: PositionTransferred) -> str:
    market = event.market
    side = "long" if sign(event.size) > 0 else "short"

    def price(per_lot: int) -> str:
        return form.price_per_lot(per_lot, market)

    given_up = f", {price(event.shrunk)} of the discount given up for the fund" if event.shrunk else ""
    return (
        f"a {side} of {form.size(abs(event.size), market)} {market} is handed on at a mark of "
        f"{price(event.mark_per_lot)}, with {form.money(event.equity)} {form.asset} of the equity: bankruptcy price "
        f"{price(event.bankruptcy)}, providers' price {price(event.provider_price)}{given_up}, auto-deleveraging "
        f"price {price(event.deleverage_price)}"
    )
