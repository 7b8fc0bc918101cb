"""Whether what is compiled is what is written."""

from __future__ import annotations

from pathlib import Path


def stale_modules(checkout: Path) -> list[str]:
    """Compiled modules whose source is newer than the last build: a test would look at old code."""
    stamp = checkout / ".venv" / ".built"
    if not stamp.exists():
        return []
    built = stamp.stat().st_mtime
    found = []
    for name in (checkout / "botcore" / "compiled.txt").read_text().split():
        source = checkout / (name.replace(".", "/") + ".py")
        is_compiled = any(source.parent.glob(f"{source.stem}.*.so"))
        if is_compiled and source.stat().st_mtime > built:
            found.append(name)
    return found
