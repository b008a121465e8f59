"""The short examples: leverage, and a takeover under both signs of the discount. Every number in them is written by
hand, and expected by the log; the ledger is asked at no point."""

from collections.abc import Iterator, Mapping

from immutables import Map

from ledger.log import Expect, ExpectedPosition, encode_genesis, encode_transaction
from ledger.outcomes import Reason
from ledger.profiles import load_profile
from ledger.transactions import (
    BackstopTransfer,
    Deposit,
    Enroll,
    Fill,
    Leave,
    Liquidate,
    MarkMarket,
    Observe,
    Trade,
    Transaction,
    Withdraw,
)
from ledger.units import EXACT_DECIMALS, PRICE_DECIMALS, parse_decimal

from .tape import BTC, MINUTE, SECOND, SOURCES

START = 1_600_000_000_000
"""2020-09-13T12:26:40Z."""
PROVIDERS = (("ann", 100_000), ("ben", 150_000), ("cyd", 250_000))
"""The short logs' providers and their capacity per minute, in dollars."""


class Quill:
    """Writes one log, line by line, its quantities as decimal text."""

    def __init__(self, profile: str) -> None:
        self._rulebook = load_profile(profile)
        self.decimals = self._rulebook.settlement_decimals
        self.time = START
        self.lines = [encode_genesis(profile, time=START)]

    def write(self, transaction: Transaction, expect: Expect | None = None) -> None:
        """One more line."""
        self.lines.append(encode_transaction(self._rulebook, transaction, expect))

    def refuse(self, transaction: Transaction, reason: Reason) -> None:
        """One more line, which is refused for this reason."""
        self.write(transaction, self.expect(reason=reason))

    def usdt(self, text: str) -> int:
        """Atoms of the settlement asset."""
        return parse_decimal(text, self.decimals)

    def lots(self, text: str) -> int:
        """Lots of BTC-PERP."""
        return parse_decimal(text, PRICE_DECIMALS) // self._rulebook.contracts[BTC].lot_units

    def later(self, milliseconds: int = SECOND) -> int:
        """Let time pass; the new time."""
        self.time += milliseconds
        return self.time

    def deposit(self, account: str, amount: str) -> None:
        self.write(Deposit(self.later(), account, "USDT", self.usdt(amount)))

    def mark(self, price: str, expect: Expect | None = None) -> None:
        """All five sources agree."""
        quotes = Map(dict.fromkeys(SOURCES, parse_decimal(price, PRICE_DECIMALS)))
        self.write(MarkMarket(self.later(), BTC, quotes, 0), expect)

    def trade(self, buyer: str, seller: str, size: str, price: str, expect: Expect | None = None) -> None:
        """The buyer takes."""
        at = parse_decimal(price, PRICE_DECIMALS)
        self.write(Trade(self.later(), BTC, buyer, seller, self.lots(size), at, True), expect)

    def expect(
        self,
        *,
        balances: Mapping[str, str] | None = None,
        positions: Mapping[str, tuple[str, str | None]] | None = None,
        values: Mapping[str, str] | None = None,
        reason: Reason | None = None,
    ) -> Expect:
        """USDT by account; (size, reference cost) in BTC-PERP by account; account values; or a refusal."""
        held = {
            account: {BTC: ExpectedPosition(self.lots(size), None if cost is None else self.usdt(cost))}
            for account, (size, cost) in (positions or {}).items()
        }
        exact_decimals = self.decimals + EXACT_DECIMALS
        return Expect(
            applied=True if reason is None else None,
            reason=reason,
            balances={account: {"USDT": self.usdt(text)} for account, text in (balances or {}).items()},
            positions=held,
            account_values={account: parse_decimal(text, exact_decimals) for account, text in (values or {}).items()},
            digest=None,
            state_digest=None,
        )

    def taken_over(self, *, is_discount: bool) -> Expect:
        """After the takeover: lots by the providers' room, 2 : 3 : 5, at 4,950 or at 5,050, and the fund's change."""
        costs = ("-563.805", "-845.46", "-1409.76") if is_discount else ("-575.195", "-862.54", "-1438.24")
        values = ("600005.695", "600008.54", "600014.24") if is_discount else ("599994.305", "599991.46", "599985.76")
        names = tuple(provider for provider, _ in PROVIDERS)
        sizes = ("0.1139", "0.1708", "0.2848")
        return self.expect(
            positions={"dan": ("0", "0"), **dict(zip(names, zip(sizes, costs, strict=True), strict=True))},
            values={"dan": "0", **dict(zip(names, values, strict=True))},
            balances={"dan": "0", "@insurance": "900.2436" if is_discount else "957.1936", "@fees": "3.504097907"},
        )


def alice_and_bob() -> Iterator[bytes]:
    """The leverage example: a hundred times 500 USDT, doubled by one percent up, and gone by one percent down."""
    quill = Quill("textbook")
    quill.mark("5000")
    quill.deposit("alice", "500")
    quill.deposit("bob", "500")
    both = {"alice": ("10", "-50000"), "bob": ("-10", "50000")}
    quill.trade("alice", "bob", "10", "5000", quill.expect(positions=both, values={"alice": "500", "bob": "500"}))
    more = Trade(quill.later(), BTC, "alice", "bob", 1, parse_decimal("5000", PRICE_DECIMALS), True)
    quill.refuse(more, Reason.FREE_COLLATERAL_NEGATIVE)
    quill.mark("5050", quill.expect(positions=both, values={"alice": "1000", "bob": "0"}))
    quill.mark("4950", quill.expect(positions=both, values={"alice": "0", "bob": "1000"}))
    quill.mark("5000", quill.expect(positions=both, values={"alice": "500", "bob": "500"}))
    flat = {"alice": ("0", "0"), "bob": ("0", "0")}
    quill.trade("bob", "alice", "10", "5025", quill.expect(positions=flat, balances={"alice": "750", "bob": "250"}))
    too_much = Withdraw(quill.later(), "bob", "USDT", quill.usdt("250.000000001"))
    quill.refuse(too_much, Reason.INSUFFICIENT_BALANCE)
    home = {"alice": "0", "bob": "0", "@external": "0"}
    quill.write(Withdraw(quill.later(), "bob", "USDT", quill.usdt("250")))
    quill.write(Withdraw(quill.later(), "alice", "USDT", quill.usdt("750")), quill.expect(balances=home))
    yield from quill.lines


def takeover(profile: str) -> Iterator[bytes]:
    """A takeover of 0.5695 BTC at a mark of 5,000 with an equity of -1071.2814, as the published one, all of it taken
    by providers: under `ascendex-2020` one percent below mark, under `ascendex-2020-collar` one percent above."""
    is_discount = profile == "ascendex-2020"
    quill = Quill(profile)
    quill.mark("7238.75")
    quill.deposit("@insurance", "2000")
    quill.deposit("eve", "10000")
    for provider, dollars in PROVIDERS:
        quill.deposit(provider, "600000")
        limits = (dollars * 10**quill.decimals, 1_000_000 * 10**quill.decimals, 2_000_000 * 10**quill.decimals)
        quill.write(Enroll(quill.later(), provider, *limits))
    quill.deposit("dan", "206.366329282")
    bought = quill.expect(
        positions={"dan": ("0.5695", "-4125.147729282"), "eve": ("-0.5695", "4121.643631375")},
        values={"dan": "203.686725", "eve": "9999.175506375"},
        balances={"@fees": "3.504097907"},
    )
    quill.trade("dan", "eve", "0.5695", "7238.75", bought)
    quill.refuse(Withdraw(quill.later(), "dan", "USDT", quill.usdt("200")), Reason.FREE_COLLATERAL_NEGATIVE)
    quill.refuse(BackstopTransfer(quill.later(), "dan"), Reason.NOT_AT_TAKEOVER)
    quill.later(MINUTE)
    quill.mark("5000", quill.expect(values={"dan": "-1071.2814", "eve": "11274.143631375"}))
    fill = Fill(BTC, "eve", quill.lots("0.05"), parse_decimal("5000", PRICE_DECIMALS))
    quill.refuse(Liquidate(quill.later(), "dan", (fill,)), Reason.ACCOUNT_VALUE_NEGATIVE)
    quill.write(BackstopTransfer(quill.later(), "dan"), quill.taken_over(is_discount=is_discount))
    quill.refuse(BackstopTransfer(quill.later(), "dan"), Reason.NOT_AT_TAKEOVER)
    quill.refuse(Withdraw(quill.later(), "ann", "USDT", quill.usdt("100006")), Reason.PROVIDER_BELOW_MINIMUM)
    quill.write(Leave(quill.later(), "ann"))
    quill.refuse(Leave(quill.later(), "ann"), Reason.ALREADY_LEAVING)
    yield from quill.lines


def stress() -> Iterator[bytes]:
    """Alice is liquidated; a takeover is refused while the market is calm, and open once its spread is stressed."""
    quill = Quill("ascendex-2020-monitored")

    def observe(bid: str, ask: str) -> Observe:
        best = (parse_decimal(bid, PRICE_DECIMALS), parse_decimal(ask, PRICE_DECIMALS))
        return Observe(quill.time, BTC, *best, quill.lots("0.2"), quill.lots("0.4"), quill.lots("1"))

    quill.mark("10000")
    for name, amount in (("alice", "120"), ("bob", "5000"), ("carol", "600000"), ("@insurance", "1000")):
        quill.deposit(name, amount)
    limits = (quill.usdt("100000"), quill.usdt("300000"), quill.usdt("200000"))
    quill.write(Enroll(quill.later(), "carol", *limits))
    quill.trade("alice", "bob", "1", "10000", quill.expect(positions={"alice": ("1", "-10006.5")}))
    quill.write(observe("9995", "10005"))
    quill.mark("9943", quill.expect(values={"alice": "56.5", "bob": "5055"}))
    quill.refuse(observe("9940", "9950"), Reason.OBSERVED_TOO_SOON)
    quill.later(MINUTE)
    quill.write(observe("9940", "9950"))
    quill.write(Liquidate(quill.later(), "alice", ()), quill.expect(balances={"alice": "56.5"}))
    quill.refuse(BackstopTransfer(quill.later(), "alice"), Reason.NOT_AT_TAKEOVER)
    quill.later(MINUTE)
    quill.write(observe("9900", "9990"))  # 90 of 9,945: 9,050 ppm, beyond 5,000
    quill.refuse(BackstopTransfer(quill.later(), "bob"), Reason.NOT_AT_TAKEOVER)
    # 120 - 6.5 - 57 = 56.5 is left of alice, and 99.43 is the discount at 9,843.57: the fund pays 42.93.
    paid = quill.expect(balances={"alice": "0", "@insurance": "957.07"})
    quill.write(BackstopTransfer(quill.later(), "alice"), paid)
    quill.later(MINUTE)
    quill.write(observe("9950", "9980"))  # 3,011 ppm: in the band, stressed as before
    quill.later(MINUTE)
    quill.write(observe("9940", "9950"))  # 1,006 ppm: calm
    return iter(quill.lines)
