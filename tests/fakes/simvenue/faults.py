"""What can go wrong between a venue and its clients, as values. A seeded draw decides when, so that a run can be repeated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from random import Random

REST = frozenset({"drop_before", "drop_after", "late_accept", "dup_exec", "status", "body", "hang", "latency", "read_lag"})
WS = frozenset({"stall", "halfopen", "gap", "reorder", "dup", "close", "ghost", "backpressure", "expire", "drop_ack", "ws_latency", "refuse"})
BODIES = frozenset({"html", "truncated", "empty", "nan", "huge", "bom", "null", "missing", "enum", "twice", "other"})
SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong with requests or messages which it fits.

    Parameters
    ----------
    kind : str
        For requests: `drop_before` (lost on the way there), `drop_after` (its answer is lost), `late_accept` (the caller hears nothing, it is worked on
        `delay_s` later), `dup_exec` (worked on twice), `status` (answered by `status`, `code` and `msg`; worked on all the same with `after`), `body` (a
        spoiled answer, see `body`), `hang` (silence for `delay_s`, worked on before with `after`), `latency` (between zero and `delay_s`), `read_lag` (the
        state of `delay_s` ago).

        For messages of sockets: `stall` and `gap` (not delivered), `reorder` (after the next one), `dup`, `ghost` (a bid that is not there, `msg` is "PRICE AMOUNT"; one
        above the market crosses the book), `backpressure`
        (held for `delay_s`, then all at once), `ws_latency`, `drop_ack`. For a socket, at a message: `halfopen` (silent both ways from now on), `close`
        (with `code`), `expire` (the account's stream ends). For a new one: `refuse` (handshake answered by `status`).
    on : str
        Pattern of what it fits: `METHOD /path` of a request; `market:NAME` (name of the stream, or of the event where streams are not combined),
        `user:EVENT` or `ack` of a message; the path of a new socket.
    times : int
        How often, -1 for ever.
    lasts_s : float
        For how long from when it was set, 0 for ever.
    """

    kind: str
    on: str = "*"
    p: float = 1.0
    times: int = -1
    lasts_s: float = 0.0
    delay_s: float = 0.0
    status: int = 503
    code: int = 0
    msg: str = ""
    retry_after: str = ""
    body: str = "html"
    after: bool = False

    def __post_init__(self) -> None:
        if self.kind not in REST | WS:
            raise ValueError(f"no such fault: {self.kind}; there are {', '.join(sorted(REST | WS))}")
        if self.body not in BODIES:
            raise ValueError(f"no such body: {self.body}; there are {', '.join(sorted(BODIES))}")


def parse(text: str) -> Fault:
    """`kind:on=POST */order,times=1,delay_s=5` as a fault.

    Raises
    ------
    ValueError
        When it does not read so.
    """
    kind, _, rest = text.partition(":")
    types = {field.name: field.type for field in fields(Fault)}
    given: dict[str, object] = {}
    for part in filter(None, rest.split(",")):
        name, _, value = part.partition("=")
        if name not in types:
            raise ValueError(f"no such field of a fault: {name}")
        kind_of = types[name]
        if kind_of == "bool":
            given[name] = value.lower() in ("1", "true", "yes")
        else:
            given[name] = {"int": int, "float": float}.get(str(kind_of), str)(value)
    return Fault(kind, **given)  # type: ignore[arg-type]


class _Held:
    __slots__ = ("fault", "left", "number", "until_ns")

    def __init__(self, number: int, fault: Fault, now_ns: int) -> None:
        self.number = number
        self.fault = fault
        self.left = fault.times
        self.until_ns = now_ns + int(fault.lasts_s * SECOND) if fault.lasts_s else 0


class Faults:
    """The faults in force.

    Parameters
    ----------
    now_ns : callable
        The time.
    """

    def __init__(self, now_ns: Callable[[], int], seed: int = 1) -> None:
        self._now = now_ns
        self.random = Random(seed)
        self._held: list[_Held] = []
        self._kinds: set[str] = set()
        self._next = 0
        self.done: dict[str, int] = {}
        """How often each kind has struck."""

    def add(self, fault: Fault) -> int:
        """Set a fault; returns its number."""
        self._next += 1
        self._keep([*self._held, _Held(self._next, fault, self._now())])
        return self._next

    def remove(self, number: int) -> None:
        self._keep([held for held in self._held if held.number != number])

    def clear(self) -> None:
        self._keep([])

    def _keep(self, held: list[_Held]) -> None:
        self._held = held
        self._kinds = {each.fault.kind for each in held}

    @property
    def any(self) -> bool:
        return bool(self._held)

    def active(self) -> list[tuple[int, Fault]]:
        return [(held.number, held.fault) for held in self._held]

    def pick(self, kind: str, subject: str, *, after: bool | None = None) -> Fault | None:
        """The first fault of a kind that fits and strikes now; of those that strike after (or before) the work only, where `after` is given."""
        if kind not in self._kinds:
            return None
        for held in self._held:
            fault = held.fault
            if fault.kind != kind or after not in (None, fault.after):
                continue
            if not held.left or (held.until_ns and self._now() >= held.until_ns):
                continue
            if fault.on != "*" and not fnmatchcase(subject, fault.on):
                continue
            if fault.p < 1 and self.random.random() >= fault.p:
                continue
            if held.left > 0:
                held.left -= 1
                if not held.left:
                    self.remove(held.number)
            self.done[kind] = self.done.get(kind, 0) + 1
            return fault
        return None
