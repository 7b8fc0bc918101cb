"""`make bench`: runs all benchmarks and prints each figure beside the saved baseline.

A line that ends in `.ratio` is measured against something else in the same run (a plain-Python counterpart, or the yardstick), so it can be compared between
machines; the last column is how it stands to the baseline: 1.00 is the same, more is better. `--save` writes the baseline.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks import (
    bench_backtest,
    bench_book,
    bench_book_wire,
    bench_chat,
    bench_decide,
    bench_journal,
    bench_memory,
    bench_recovery,
    bench_results,
    bench_stream,
    bench_tick,
    bench_tracker,
    bench_updates,
)

BASELINE = Path(__file__).parent / "baseline.json"
PARTS = {
    "book": bench_book.run,
    "wire": bench_book_wire.run,
    "tracker": bench_tracker.run,
    "updates": bench_updates.run,
    "memory": bench_memory.run,
    "reconnects": bench_memory.run_reconnects,
    "recovery": bench_recovery.run,
    "million": lambda: bench_recovery.run(past_orders=1_000_000),
    "tick": bench_tick.run,
    "journal": bench_journal.run,
    "decide": bench_decide.run,
    "stream": bench_stream.run,
    "backtest": bench_backtest.run,
    "chat": bench_chat.run,
    "panic": bench_chat.run_panic,
    "results": bench_results.run,
    "chat_updates": bench_chat.run_updates,
}

LONG = ("reconnects", "million", "panic", "results", "chat_updates")
"""Parts of minutes that run only when they are named."""


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure, and print each figure beside the saved baseline.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; without any, all but {', '.join(LONG)}, which take minutes")
    parser.add_argument("--save", action="store_true", help="write what was found into the baseline")
    given = parser.parse_args(arguments)
    if unknown := [name for name in given.parts if name not in PARTS]:
        parser.error(f"no part is called {', '.join(unknown)}; there are {', '.join(PARTS)}")
    wanted = given.parts or [name for name in PARTS if name not in LONG]
    saved: dict[str, float] = json.loads(BASELINE.read_text()) if BASELINE.is_file() else {}
    found: dict[str, float] = {}
    print(f"{'measure':34}{'now':>14}{'baseline':>14}{'now/baseline':>14}")
    for part in wanted:
        for name, value in PARTS[part]().items():
            full = f"{part}.{name}"
            found[full] = value
            before = saved.get(full)
            against = f"{value / before:14.2f}" if before and name.endswith(".ratio") else " " * 14
            print(f"{full:34}{value:14.2f}{'' if before is None else f'{before:.2f}':>14}{against}")
    if given.save:
        BASELINE.write_text(json.dumps({**saved, **{name: round(value, 4) for name, value in found.items()}}, indent=1, sort_keys=True) + "\n")
        print(f"saved {BASELINE.name}")


if __name__ == "__main__":
    main(sys.argv[1:])
