"""How much a part holds: the number of entries in every container that can be reached from it, by the path to it. What only grows is a leak."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

CONTAINERS = (dict, list, set, deque)
OURS = ("botcore.", "condor.")
LIMIT = 2_000
"""Members of one container that are looked into; its own size is counted in any case."""


def sizes(**roots: Any) -> dict[str, int]:
    """Path -> entries of each container of our own objects; members of a container share a path."""
    found: dict[str, int] = {}
    seen: set[int] = set()
    waiting = deque(roots.items())
    while waiting:
        path, value = waiting.popleft()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, CONTAINERS):
            found[path] = found.get(path, 0) + len(value)
            members = list(value.values() if isinstance(value, Mapping) else value)[:LIMIT]
            waiting.extend((f"{path}[]", member) for member in members)
        elif type(value).__module__.startswith(OURS):
            waiting.extend((f"{path}.{name}", member) for name, member in _attributes(value))
    return found


def _attributes(value: Any) -> Iterator[tuple[str, Any]]:
    names = {*getattr(value, "__dict__", {}), *(name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ()))}
    for kind in type(value).__mro__:
        # compiled classes keep their attributes in descriptors
        names |= {name for name, item in vars(kind).items() if type(item).__name__ in ("getset_descriptor", "member_descriptor")}
    for name in sorted(names):
        if name.startswith("__"):
            continue
        try:
            yield name, getattr(value, name)
        except AttributeError:
            continue


def growth(before: Mapping[str, int], after: Mapping[str, int], by: int = 0) -> dict[str, tuple[int, int]]:
    """Paths that hold more than `by` entries more than before."""
    return {path: (before.get(path, 0), count) for path, count in after.items() if count > before.get(path, 0) + by}
