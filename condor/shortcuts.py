"""`tp=0.4% sl=1%`: several answers in one line, at any question."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from botcore.model.errors import UserError, nearest

ALIASES = {
    "tp": "take_profit",
    "sl": "stop_loss",
    "tl": "time_limit",
    "ts": "trailing_stop",
    "lev": "leverage",
    "amount": "total_amount_quote",
    "size": "total_amount_quote",
    "budget": "total_amount_quote",
    "pair": "trading_pair",
    "venue": "connector_name",
    "start": "start_price",
    "end": "end_price",
    "limit": "limit_price",
    "levels": "max_open_orders",
    "loss": "bot.max_global_drawdown_quote",
}
_NAMED = re.compile(r"(?:^|\s)([A-Za-z_][\w.]*)\s*=\s*")


def read_shortcuts(text: str, fields: Sequence[str], *, keeps_unknown: bool = False) -> list[tuple[str, str]]:
    """(field, value text) of every `name=value` in a line; empty when the line is no such thing. With `keeps_unknown` a name that stands for no field stays as it is.

    Raises
    ------
    UserError
        If a name stands for no field, or for several.
    """
    found = list(_NAMED.finditer(text))
    if not found or text[: found[0].start()].strip():
        return []
    ends = [match.start() for match in found[1:]] + [len(text)]
    return [(_field(match.group(1), fields, keeps_unknown), text[match.end() : end].strip()) for match, end in zip(found, ends, strict=True)]


def with_values(text: str, values: Mapping[int, str]) -> tuple[str, str]:
    """(the answers that these values are, the whole line) after the first, second, ... value of a line is another one."""
    found = list(_NAMED.finditer(text))
    ends = [match.start() for match in found[1:]] + [len(text)]
    parts = [
        f"{match.group(1)}={values.get(number, text[match.end() : end].strip())}" for number, (match, end) in enumerate(zip(found, ends, strict=True))
    ]
    return " ".join(parts[number] for number in sorted(values)), " ".join(parts)


def _field(name: str, fields: Sequence[str], keeps_unknown: bool) -> str:
    """The field that a name, an abbreviation or the last word of a dotted name stands for."""
    lowered = name.lower()
    if lowered in fields:
        return lowered
    for wanted in (lowered, ALIASES.get(lowered, "")):
        matches = [item for item in fields if wanted and (item == wanted or item.rpartition(".")[2] == wanted)]
        if len(matches) == 1:
            return matches[0]
        if len(matches) > 1:
            raise UserError(f"{name} can mean {' or '.join(matches)}; write which one")
    if keeps_unknown:
        return lowered
    known = [*fields, *(alias for alias, item in ALIASES.items() if item in fields)]
    raise UserError(f"there is no field {name!r}{nearest(lowered, known)}")
