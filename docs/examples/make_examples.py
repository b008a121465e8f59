"""Make the example logs and prices again, to the same bytes: `python docs/examples/make_examples.py [--out DIR]`.

`--accounts N` writes the day of a venue with N accounts instead of its 200 to `cascade-N.jsonl`, for benchmarks.
"""

import argparse
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parents[1]))

from docs.examples.make.bars import crash_bars  # noqa: E402
from docs.examples.make.cascade import SEED, cascade_lines  # noqa: E402
from docs.examples.make.small import alice_and_bob, stress, takeover  # noqa: E402

FILES: dict[str, Callable[[], Iterable[bytes]]] = {
    "alice-and-bob.jsonl": alice_and_bob,
    "takeover.jsonl": partial(takeover, "ascendex-2020"),
    "takeover-collar.jsonl": partial(takeover, "ascendex-2020-collar"),
    "stress.jsonl": stress,
    "cascade.jsonl": cascade_lines,
    "crash-prices.csv": partial(crash_bars, SEED),
}


def write(path: Path, lines: Iterable[bytes]) -> None:
    """Write a file and say so."""
    with path.open("wb") as file:
        file.writelines(lines)
    print(f"{path} ({path.stat().st_size:,} bytes)")


def main() -> None:
    """Write all files, or the log that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=FOLDER, help="the folder to write to (default: this one)")
    parser.add_argument("--accounts", type=int, help="write the day of so many accounts alone")
    parser.add_argument("--seed", type=int, default=SEED, help="another day of chance, with --accounts")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    if options.accounts is not None:
        path = options.out / f"cascade-{options.accounts}.jsonl"
        write(path, cascade_lines(options.accounts, options.seed))
        return
    for name, lines in FILES.items():
        write(options.out / name, lines())


if __name__ == "__main__":
    main()
