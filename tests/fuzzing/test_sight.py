"""What a generator sees is what is there: a sight handed on from state to state is the one that looks anew."""

import pytest

from ledger.fuzzing import RULEBOOKS, Seeded, Sight, play
from ledger.fuzzing.sight import standing_of
from ledger.margin import effective_collateral, is_at_takeover, is_liquidatable

LISTS = ("everyone", "holders", "active", "liquidating", "able", "broke", "distressed", "transferable")


@pytest.mark.parametrize("name", sorted(RULEBOOKS))
def test_what_is_handed_on_is_still_true(name: str) -> None:
    kept: Sight | None = None
    seen = dict.fromkeys(LISTS, 0)
    for step in play(Seeded(f"sight {name}"), RULEBOOKS[name], 700):
        kept = Sight(step.after) if kept is None else kept.at(step.after)
        anew = Sight(step.after)
        for listed in LISTS:
            assert getattr(kept, listed) == getattr(anew, listed), listed
            seen[listed] += len(getattr(anew, listed))
        for account_id in anew.everyone:
            assert kept.standing(account_id) is not None
            assert _figures(kept, account_id) == _figures(anew, account_id)
    assert all(seen.values())


def _figures(sight: Sight, account_id: str) -> tuple[int, int, bool, bool]:
    standing = sight.standing(account_id)
    assert standing.account is sight.state.accounts[account_id]
    return standing.distress, standing.maintenance, standing.is_distressed, standing.is_at_takeover


def test_the_lists_say_what_the_margin_says() -> None:
    for step in play(Seeded("margin"), RULEBOOKS["compact"], 700):
        state, sight = step.after, Sight(step.after)
        for account_id in sight.everyone:
            account = state.accounts[account_id]
            active = account.liquidation is None
            assert (account_id in sight.active) == active
            assert (account_id in sight.liquidating) == (not active)
            able = active and (bool(account.positions) or effective_collateral(state, account) > 0)
            assert (account_id in sight.able) == able
            assert (account_id in sight.broke) == (active and not able)
            if is_liquidatable(state, account):
                assert account_id in sight.distressed
            if is_at_takeover(state, account):
                assert account_id in sight.transferable
            standing = standing_of(state, account)
            assert standing.is_at_takeover <= standing.is_distressed


def test_a_refusal_leaves_the_sight() -> None:
    step = next(step for step in play(Seeded(3), RULEBOOKS["compact"], 200) if step.after is step.before)
    sight = Sight(step.before)
    assert sight.at(step.after) is sight
