"""What a simulation came to: what the backstop took and where it was full, and who paid the rest."""

import attrs


@attrs.frozen
class Window:
    """What the backstop was asked for from `start` (ms) on, over the program's minute or hour; in notional at mark.

    `capacity`: what the providers who were obliged when it was first asked had agreed to take within it, all of them
    together. `used`: what they took, never more than that. `refused`: what they did not, which was auto-deleveraged.
    """

    start: int
    capacity: int
    used: int
    refused: int


@attrs.frozen
class Summary:
    """Figures of one simulation; amounts and notional in atoms of the settlement asset, notional at mark.

    `accounts` of the population that have `entered`, which needs a market maker with collateral left to trade with. How
    many accounts were `liquidated` (whose liquidation began), `released` and `taken_over`, each once, providers and
    market makers among them. `rounds`, and what they `closed` on the book. `taken` by providers and `deleveraged` of
    others, of how many `deleveraged_accounts`. `fund_start`, `fund_end` and `fund_lowest`: the insurance fund;
    `fund_drawn`, the sum of all that takeovers took out of it. `fees_used` and `loss_shared`: what it was short of,
    paid by the venue's fees and by accounts. `stressed`: ms in which the market was stressed. `fundings`, and how many
    of their rates were `clamped` because the file has one beyond the rulebook's. `minutes` and `hours`: those in which
    anything was asked of the backstop, in order. `discount_given_up`: what providers paid more than their discount
    leaves, as the fund would have been short. `rates_passed_over`: rates that the file has for the simulation's time
    and no funding had, such as a second one within an interval.
    """

    accounts: int
    entered: int
    transactions: int
    liquidated: int
    released: int
    taken_over: int
    rounds: int
    closed: int
    taken: int
    deleveraged: int
    deleveraged_accounts: int
    fund_start: int
    fund_end: int
    fund_lowest: int
    fund_drawn: int
    fees_used: int
    loss_shared: int
    stressed: int
    fundings: int
    clamped: int
    minutes: tuple[Window, ...]
    hours: tuple[Window, ...]
    discount_given_up: int = 0
    rates_passed_over: int = 0

    @property
    def shortfall(self) -> int:
        """What the insurance fund was short of, in atoms: what the venue's fees paid and what accounts shared."""
        return self.fees_used + self.loss_shared
