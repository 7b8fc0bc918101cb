"""Short names of commands: two letters each, so that people who type need not spell. Every command has one, and none is written twice."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

PREFERRED = {
    "start": ("st",),
    "status": ("ss",),
    "portfolio": ("pf",),
    "pnl": ("pl",),
    "bots": ("bo",),
    "new": ("nw",),
    "executors": ("ex", "x"),
    "positions": ("po",),
    "orders": ("oo",),
    "trade": ("tr",),
    "close": ("cl",),
    "stop": ("sp",),
    "pause": ("pa",),
    "resume": ("re",),
    "edit": ("ed",),
    "panic": ("pn",),
    "alerts": ("al",),
    "price": ("pr",),
    "history": ("hi",),
    "report": ("rp",),
    "logs": ("lg",),
    "keys": ("ks",),
    "settings": ("se",),
    "users": ("us",),
    "audit": ("au",),
    "whoami": ("wh",),
    "help": ("he",),
    "cancel": ("ca",),
}


def aliases(names: Iterable[str]) -> dict[str, str]:
    """Alias -> command, for these commands: the preferred ones, and for others the first two of their letters, in order, that are free."""
    known = list(names)
    # what is preferred for a command that is not there now is kept free for the day when it is
    taken = set(known) | {alias for choices in PREFERRED.values() for alias in choices}
    found = {alias: name for name in known for alias in PREFERRED.get(name, ()) if alias not in known}
    for name in known:
        if name in PREFERRED or len(name) <= 2:
            continue
        free = next(("".join(pair) for pair in combinations(name, 2) if "".join(pair) not in taken), None)
        if free is not None:
            taken.add(free)
            found[free] = name
    return found
