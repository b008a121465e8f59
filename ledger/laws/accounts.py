"""Laws of one account: who may be a party, what is booked with it, how it is set, prepared and rolled."""

from ..margin import account_value, collateral, conversion_proceeds, notional, unrealised_pnl, wallet
from ..outcomes import Converted, Rolled
from ..rulebook import EXTERNAL, FEES, INSURANCE, Rulebook, is_system
from ..state import Account, State, new_account
from ..transactions import BackstopTransfer, Deposit, Fund, Liquidate, SetAccount, Settle, Trade, Withdraw
from ..units import EXACT_SCALE, PRICE_SCALE, RATE_SCALE, is_multiple
from .law import HELD, Breach, Change, Span, StateLaw, Step, StepLaw, Verdict, parties


def money_is_booked_whole_with_the_outside(step: Step) -> Verdict:
    """BKG-1: a deposit or withdrawal moves a positive multiple of the booking unit of a priced asset between outside
    and one account; with `@insurance` and `@fees` it is the settlement asset."""
    transaction, state = step.transaction, step.before
    assert isinstance(transaction, Deposit | Withdraw)
    account_id, asset, amount = transaction.account, transaction.asset, transaction.amount
    terms = state.rulebook.assets.get(asset)
    if terms is None or asset not in state.prices:
        return Breach(f"{asset} is not listed or has no price", (account_id,))
    if amount <= 0 or not is_multiple(amount, terms.booking_unit):
        return Breach(f"{amount} atoms of {asset} were booked, unit {terms.booking_unit}", (account_id,))
    if is_system(account_id) and (account_id not in (INSURANCE, FEES) or asset != state.rulebook.settlement_asset):
        return Breach(f"{asset} was booked with {account_id}", (account_id,))
    inward = amount if isinstance(transaction, Deposit) else -amount
    for party, moved in ((account_id, inward), (EXTERNAL, -inward)):
        change = step.changes.get(party)
        if change is None or change.cash.get(asset, 0) != moved:
            return Breach(f"{party} did not move by {moved} atoms of {asset}", (party,))
        if not _only_cash_moved(state.rulebook, change, asset):
            return Breach(f"more of {party} moved than its {asset}", (party,))
    return HELD


def _only_cash_moved(rulebook: Rulebook, change: Change, asset: str) -> bool:
    """Whether an account is what it was, or newly opened, but for its cash in one asset."""
    was, after = change.old or new_account(rulebook), change.new
    return (
        change.cash.keys() == {asset}
        and not change.positions
        and after.max_leverage == was.max_leverage
        and after.fee_tier == was.fee_tier
        and after.liquidation is was.liquidation
    )


def account_settings_are_listed(step: Step) -> Verdict:
    """ACC-1: an account that was set has a leverage from 1 to the maximum and a listed fee tier, and keeps the rest."""
    transaction, rulebook = step.transaction, step.before.rulebook
    assert isinstance(transaction, SetAccount)
    account_id = transaction.account
    before, after = step.before.accounts[account_id], step.after.accounts[account_id]
    if transaction.max_leverage is None and transaction.fee_tier is None:
        return Breach(f"nothing of {account_id} was set", (account_id,))
    if not 1 <= after.max_leverage <= rulebook.maximum_leverage or after.fee_tier not in rulebook.fee_tiers:
        return Breach(f"{account_id} has leverage {after.max_leverage}, fee tier {after.fee_tier}", (account_id,))
    asked = (transaction.max_leverage or before.max_leverage, transaction.fee_tier or before.fee_tier)
    kept = after.cash is before.cash and after.positions is before.positions
    if (after.max_leverage, after.fee_tier) != asked or not kept or after.liquidation is not before.liquidation:
        return Breach(f"{account_id} was not set as asked, and only that", (account_id,))
    return HELD


def rolling_moves_no_account_value(step: Step) -> Verdict:
    """SET-1 of a settle: the accounts it changed were due and are worth what they were; all that are due have rolled.

    Looks at every account, as a settle does."""
    state = step.after
    for account_id, change in step.changes.items():
        old, new = change.old, change.new
        assert old is not None
        if account_value(state, new) != account_value(state, old):
            return Breach(f"the roll moved the account value of {account_id}", (account_id,))
        if unrealised_pnl(state, new) != 0:
            return Breach(f"{account_id} was rolled and kept unrealised pnl", (account_id,))
        if old.liquidation is not None or not _is_due(state, old):
            return Breach(f"{account_id} was rolled and not due", (account_id,))
    due = 0
    for account_id, account in step.before.accounts.items():
        if account.positions and account.liquidation is None and _is_due(state, account):
            due += 1
            if not is_rolled(state, step.after.accounts[account_id]):
                return Breach(f"{account_id} was due and has not rolled", (account_id,))
    rolled = [event.account for event in step.happened(Rolled)]
    if rolled != sorted(set(rolled)):
        return Breach("the rolls are not told once each, in the order of the accounts' names", tuple(rolled))
    return HELD if due else None


def is_rolled(state: State, account: Account) -> bool:
    """Whether no position of the account has unrealised pnl."""
    for market_id, position in account.positions.items():
        value = notional(state.rulebook.contracts[market_id], position.size, state.markets[market_id].mark)
        if value + position.reference_cost != 0:
            return False
    return True


def _is_due(state: State, account: Account) -> bool:
    terms = state.rulebook.settle
    pnl = unrealised_pnl(state, account)
    if abs(pnl) < terms.minimum_pnl:
        return False
    counted = pnl if state.rulebook.unrealised_gains_count else min(0, pnl)
    effective = collateral(state, account) + counted * EXACT_SCALE
    return effective <= 0 or abs(pnl) * EXACT_SCALE * RATE_SCALE > terms.minimum_ratio * effective


def haircuts_never_change_account_value(span: Span) -> Verdict:
    """SET-1: account value is cash at full price plus pnl, and collateral never more than positive cash is worth."""
    state, fired = span.now, False
    assets = state.rulebook.assets
    for account_id, account in state.accounts.items():
        if account_id == EXTERNAL:
            continue
        full = sum(amount * state.prices[asset] * assets[asset].weight for asset, amount in account.cash.items())
        for market_id, position in account.positions.items():
            value = notional(state.rulebook.contracts[market_id], position.size, state.markets[market_id].mark)
            full += (value + position.reference_cost) * PRICE_SCALE
        if account_value(state, account) != full * RATE_SCALE:
            return Breach(f"the account value of {account_id} is not its cash at full price plus pnl", (account_id,))
        if collateral(state, account) > wallet(state, account):
            return Breach(f"the collateral of {account_id} is more than its wallet", (account_id,))
        fired = fired or bool(account.cash)
    return HELD if fired else None


def parties_are_ordinary_and_open(step: Step) -> Verdict:
    """PTY-1: every party is an ordinary account that is open; a deposit may open it, and deposits and withdrawals may
    name `@insurance` and `@fees`; a market that is named is listed and has a mark, unless it is being marked."""
    transaction, state = step.transaction, step.before
    named = parties(transaction)
    for account_id in named:
        if is_system(account_id):
            if not isinstance(transaction, Deposit | Withdraw) or account_id not in (INSURANCE, FEES):
                return Breach(f"{account_id} was a party", (account_id,))
        elif account_id not in state.accounts and not isinstance(transaction, Deposit):
            return Breach(f"{account_id} was a party and is not open", (account_id,))
    markets: tuple[str, ...] = ()
    if isinstance(transaction, Trade | Fund):
        markets = (transaction.market,)
    elif isinstance(transaction, Liquidate):
        markets = tuple(fill.market for fill in transaction.fills)
    for market_id in markets:
        if market_id not in state.rulebook.contracts or market_id not in state.markets:
            return Breach(f"{market_id} is not listed or has no mark")
    return HELD if named or markets else None


def preparation_sells_every_other_asset(step: Step) -> Verdict:
    """PRP-1: the account rolls; then what it held of other assets goes outside at `price * factor`, rounded down, in
    the order of their names; and it holds only settlement cash afterwards."""
    transaction, state = step.transaction, step.before
    assert isinstance(transaction, Liquidate | BackstopTransfer)
    account_id, settlement = transaction.account, state.rulebook.settlement_asset
    held = state.accounts[account_id].cash
    wanted = {
        asset: (amount, conversion_proceeds(state.rulebook, asset, amount, state.prices[asset]))
        for asset, amount in held.items()
        if asset != settlement
    }
    due: list[object] = [Converted(account_id, asset, *wanted[asset]) for asset in sorted(wanted)]
    if not is_rolled(state, state.accounts[account_id]):
        due.insert(0, Rolled(account_id, unrealised_pnl(state, state.accounts[account_id])))
    told = list(step.events[: len(due)])
    if told != due or len([*step.happened(Converted)]) != len(wanted):
        return Breach(f"{account_id} was to be prepared by {due}, told as {told}", (account_id,))
    if any(asset != settlement for asset in step.after.accounts[account_id].cash):
        return Breach(f"{account_id} kept another asset", (account_id,))
    outside, now = state.accounts[EXTERNAL].cash, step.after.accounts[EXTERNAL].cash
    wanted[settlement] = (-sum(proceeds for _, proceeds in wanted.values()), 0)
    for asset, (amount, _) in wanted.items():
        if now.get(asset, 0) - outside.get(asset, 0) != amount:
            return Breach(f"the outside did not take {amount} atoms of {asset}", (account_id, EXTERNAL))
    return HELD if due else None


LAWS = (
    StepLaw("PTY-1", "Every party is an ordinary account that is open.", parties_are_ordinary_and_open),
    StepLaw(
        "BKG-1",
        "A deposit or withdrawal moves a positive multiple of the booking unit of a priced asset between the outside "
        "and one account.",
        money_is_booked_whole_with_the_outside,
        (Deposit, Withdraw),
    ),
    StepLaw(
        "ACC-1",
        "An account that was set has a leverage from 1 to the maximum and a listed fee tier, and keeps the rest.",
        account_settings_are_listed,
        (SetAccount,),
    ),
    StepLaw(
        "SET-1",
        "Rolling moves no account value; exactly the accounts that are due roll.",
        rolling_moves_no_account_value,
        (Settle,),
    ),
    StateLaw("SET-1", "Haircuts change collateral and never account value.", haircuts_never_change_account_value),
    StepLaw(
        "PRP-1",
        "Preparation rolls, then sells every other asset outside at price times factor, rounded down, and nothing else "
        "goes there.",
        preparation_sells_every_other_asset,
        (Liquidate, BackstopTransfer),
    ),
)
