"""What a venue trades and by which rules: read at the start, every hour, and soon after an order was refused for not fitting them (R18)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace

from botcore.model.instrument import Instrument
from botcore.venues.dialect import Dialect, Unreadable
from botcore.venues.line import News
from botcore.venues.live_spec import CodeSpec
from botcore.venues.means import Means
from botcore.venues.wire import NoReply, Outcome, Reply, Verdict

RETRY_S = 2.0
RULES_S = 3600.0
PAUSE_S = 10.0


class RulesKeeper:
    """See the module.

    Parameters
    ----------
    on_changed : callable
        Told an instrument whose bounds are other ones now; ticks and lots are the same.
    on_trouble : callable
        Told, in one sentence, what people should know.
    on_first : callable, optional
        Called when rules are known for the first time, before anything else is asked of the venue.

    Attributes
    ----------
    instruments : dict
        All pairs that can be traded, and those that could before, by pair.
    """

    def __init__(
        self,
        name: str,
        dialect: Dialect,
        codes: CodeSpec,
        means: Means,
        on_changed: Callable[[Instrument], None],
        on_trouble: Callable[[str], None],
        on_first: Callable[[], None] = lambda: None,
    ) -> None:
        self.instruments: dict[str, Instrument] = {}
        self._name = name
        self._dialect = dialect
        self._stale_codes = frozenset(codes.stale_rules)
        self._means = means
        self._on_changed = on_changed
        self._on_trouble = on_trouble
        self._on_first = on_first
        self._wanted = asyncio.Event()
        self._halted: set[str] = set()
        self._regridded: dict[str, Instrument] = {}

    async def read(self) -> None:
        """Read the venue's rules until it answers."""
        while True:
            answer = await self._means.caller.call(self._dialect.rules_call())
            if not isinstance(answer.reply, NoReply) and answer.is_accepted:
                try:
                    self._learn(answer.reply)
                except Unreadable as error:
                    self._on_trouble(f"the trading rules can't be read: {error}")
                else:
                    self._means.rules.put(self._name, answer.reply.body)
                    return
            await asyncio.sleep(RETRY_S)

    def recall(self) -> None:
        """Take the rules that were read last, by an earlier process."""
        body = self._means.rules.get(self._name)
        if body is not None:
            now_ns = self._means.now_ns()
            with contextlib.suppress(Unreadable):
                self._learn(Reply(200, {}, body, now_ns, now_ns))

    async def keep(self) -> None:
        """Read them again when it is time, once."""
        if not self.instruments:
            await self.read()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(RULES_S):
                await self._wanted.wait()
        await self.read()
        self._wanted.clear()
        await asyncio.sleep(PAUSE_S)

    def look_at(self, news: News) -> None:
        """Have the rules read when an order was refused for not fitting them."""
        said = getattr(news, "said", None)
        if isinstance(said, Outcome) and said.verdict is Verdict.REFUSED and said.code in self._stale_codes:
            self._wanted.set()

    # ---- what is new -----------------------------------------------------------------------------------------------
    def _learn(self, reply: Reply) -> None:
        told = self._dialect.instruments(reply, self._name)
        is_first = not self.instruments
        for pair in sorted(self._means.pairs() & self.instruments.keys()):
            if (pair not in told) != (pair in self._halted):
                self._halt(pair, is_halted=pair not in told)
        for pair, found in told.items():
            known = self.instruments.get(pair)
            if known is None:
                self.instruments[pair] = found
            elif replace(found, version=known.version) != known:
                self._change(replace(found, version=known.version + 1), known)
        self._dialect.learn(self.instruments)
        if is_first and self.instruments:
            self._on_first()

    def _halt(self, pair: str, *, is_halted: bool) -> None:
        """The venue's list of what trades no longer has a pair of ours, or has it again; its rules stay known, for what we hold there."""
        (self._halted.add if is_halted else self._halted.discard)(pair)
        self._on_trouble(
            f"{pair} {'is not traded there now: entries will be refused, exits are tried again' if is_halted else 'is traded there again'}"
        )

    def _change(self, found: Instrument, known: Instrument) -> None:
        """A rule changed while we trade: bounds hold for all that starts from now on. A new tick or lot size does not: books, barriers and orders count in the old
        one, so it takes effect with the next start, where everything is read back from decimal text (docs/decisions/0011)."""
        pair = found.market.trading_pair
        is_other_grid = (found.tick_size, found.lot_size) != (known.tick_size, known.lot_size)
        if not is_other_grid or pair not in self._means.pairs():
            self.instruments[pair] = found
            self._on_changed(found)
        elif self._regridded.get(pair) != found:
            self._regridded[pair] = found
            self._on_trouble(
                f"{pair} has a new price or amount step ({found.tick_size:f}, {found.lot_size:f}): what runs there goes on with the old one and may be refused. "
                "Start the program again, then the new one holds; positions and orders are kept"
            )
