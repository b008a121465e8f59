"""The page on simulations is enough to simulate again: the generator, the distributions and the venue, written from it
alone, come to the same accounts and to the same transactions."""

import hashlib
from itertools import pairwise

import pytest

from ledger.choosers import Seeded
from ledger.simulation.population import draw_population
from ledger.simulation.prices import read_prices
from ledger.simulation.scenario import read_scenario
from ledger.simulation.simulating import simulate
from ledger.transactions import Transaction

from .drawn import drawn_case
from .scenes import CRASH, USDT, scenario
from .second import Second

WORD = 0xFFFFFFFF


class Twister:
    """MT19937 as its authors published it, its key and its draws as the page says."""

    def __init__(self, text: str) -> None:
        whole = int.from_bytes(text.encode() + hashlib.sha512(text.encode()).digest(), "big")
        key = []
        while whole:
            key.append(whole & WORD)
            whole >>= 32
        self.words = self.begun(19_650_218)
        self.place = 624
        i, j = 1, 0
        for _ in range(max(624, len(key))):
            before = self.words[i - 1]
            self.words[i] = ((self.words[i] ^ ((before ^ (before >> 30)) * 1_664_525)) + key[j] + j) & WORD
            i, j = i + 1, (j + 1) % len(key)
            if i == 624:
                self.words[0], i = self.words[623], 1
        for _ in range(623):
            before = self.words[i - 1]
            self.words[i] = ((self.words[i] ^ ((before ^ (before >> 30)) * 1_566_083_941)) - i) & WORD
            i += 1
            if i == 624:
                self.words[0], i = self.words[623], 1
        self.words[0] = 0x80000000

    @staticmethod
    def begun(seed: int) -> list[int]:
        words = [seed]
        for number in range(1, 624):
            words.append((1_812_433_253 * (words[-1] ^ (words[-1] >> 30)) + number) & WORD)
        return words

    def output(self) -> int:
        if self.place == 624:
            for k in range(624):
                joined = (self.words[k] & 0x80000000) | (self.words[(k + 1) % 624] & 0x7FFFFFFF)
                twisted = (joined >> 1) ^ (0x9908B0DF if joined & 1 else 0)
                self.words[k] = self.words[(k + 397) % 624] ^ twisted
            self.place = 0
        drawn = self.words[self.place]
        self.place += 1
        drawn ^= drawn >> 11
        drawn ^= (drawn << 7) & 0x9D2C5680
        drawn ^= (drawn << 15) & 0xEFC60000
        return drawn ^ (drawn >> 18)

    def bits(self, count: int) -> int:
        drawn, have = 0, 0
        while have < count:
            more = min(32, count - have)
            drawn |= (self.output() >> (32 - more)) << have
            have += more
        return drawn

    def number(self, first: int, last: int) -> int:
        drawn = self.bits((last - first + 1).bit_length())
        while drawn > last - first:
            drawn = self.bits((last - first + 1).bit_length())
        return first + drawn


def weighted(twister: Twister, choices: list[tuple[int, int]]) -> int:
    """The first value up to which the weights sum to what is drawn."""
    drawn = twister.number(1, sum(weight for _, weight in choices))
    return next(
        value for place, (value, _) in enumerate(choices) if sum(each for _, each in choices[: place + 1]) >= drawn
    )


def quantile(twister: Twister, pairs: list[tuple[int, int]]) -> int:
    drawn = twister.number(0, 10**9)
    for (a, low), (b, high) in pairwise(pairs):
        if drawn <= b:
            return low + (high - low) * (drawn - a) // (b - a)
    raise AssertionError


@pytest.mark.parametrize("seed", [0, 1, -7, 123456789])
def test_the_same_accounts_are_drawn_from_the_page(seed: int) -> None:
    read = scenario(
        population={
            "accounts": 120,
            "leverage": {"choices": [["5", 3], ["2.5", 1], ["100", 2]]},
            "notional": {"quantiles": [["0", "100"], ["0.9", "50000"], ["1", "10000000"]]},
            "long_share": "0.7",
            "collateral": {"USDT": 4, "BTC": 1, "ETH": 2},
            "entry": "0.4",
        },
        assets={"BTC": {"price": "market"}, "ETH": {"price": "300"}},
    )
    drawn = {each.account: each for each in draw_population(read, seed, 700)}
    assert len(drawn) == 120
    for number in range(1, 121):
        twister, it = Twister(f"{seed} {number}"), drawn[f"trader-{number:03}"]
        assert it.leverage == weighted(twister, [(5 * 10**9, 3), (25 * 10**8, 1), (100 * 10**9, 2)])
        quantiles = [(0, 100 * USDT), (900_000_000, 50_000 * USDT), (10**9, 10**7 * USDT)]
        assert it.notional == quantile(twister, quantiles)
        assert it.is_long == (twister.number(1, 10**9) <= 700_000_000)
        assert it.asset == ("BTC", "ETH", "USDT")[weighted(twister, [(0, 1), (1, 2), (2, 4)])]
        assert it.point == 400_000_000 * twister.number(0, 699) // 10**9


def test_a_number_alone_takes_its_bits_too() -> None:
    read = scenario(population={"leverage": "5", "notional": {"between": ["1", "9000000"]}, "accounts": 60})
    for it in draw_population(read, 3, 1):
        twister = Twister(f"3 {int(it.account.removeprefix('trader-'))}")
        assert it.leverage == twister.number(5 * 10**9, 5 * 10**9)
        assert it.notional == twister.number(USDT, 9 * 10**6 * USDT)
        assert it.is_long == (twister.number(1, 10**9) <= 800_000_000)


def test_the_same_log_is_made_from_the_page() -> None:
    """No counterexample in 60 drawn scenarios and in the example."""
    example = read_scenario(str(CRASH))
    assert example.prices.file is not None
    cases = [(example, read_prices(example.prices.file)), *(drawn_case(Seeded(seed)) for seed in range(1000, 1060))]
    for number, (read, prices) in enumerate(cases):
        log: list[Transaction] = []
        simulate(read, prices, number, write=log.append)
        assert Second(read, prices, number).run() == log, number
