"""`python -m tests.crash --rounds N [--seed S] [--each K] [--keep]`: real processes are killed for real; exit code 1 when an invariant broke."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from tests.crash.rounds import Killing


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="crash", description="Kill a trading process again and again, and hold its records against the venue's ledger."
    )
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1, help="of the first home; each further one has the next")
    parser.add_argument("--each", type=int, default=25, help="kills of one home before it is judged")
    parser.add_argument("--keep", action="store_true", help="keep the homes also where nothing broke")
    options = parser.parse_args()
    broken = done = 0
    seed = options.seed
    while done < options.rounds:
        count = min(options.each, options.rounds - done)
        folder = Path(tempfile.mkdtemp(prefix=f"condor-crash-{seed}-"))
        verdict = Killing(folder / "home", seed, count, say=lambda text: print(f"  {text}", flush=True)).run()
        print(verdict.report(), flush=True)
        broken += bool(verdict.breaches)
        if verdict.breaches or options.keep:
            print(f"  its home: {folder}", flush=True)
        else:
            shutil.rmtree(folder, ignore_errors=True)
        done, seed = done + count, seed + 1
    print(f"{done} kills of {seed - options.seed} homes: {broken} homes broke an invariant", flush=True)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
