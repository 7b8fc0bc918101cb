"""The confirm contract: what a card asked about, who may say yes to it and until when, and that it is done once.

A card is written down as it was drawn (`Frozen`). A tap on it counts when it comes from whoever asked, within its time, while what it is about is as it was and its
prices have not moved too far; then the answer commits in the same transaction as what it does. As long as a card is "pending", nothing was done.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

from botcore.recorder.journal import Journal
from condor.errors import UserError
from condor.host import WallClock
from condor.services.bots import Claim
from condor.store import Connection
from condor.store import confirms as store
from condor.store.confirms import DONE, EXECUTING, FAILED, PENDING, UNKNOWN, Confirm
from condor.store.panels import AlreadyDone, Panel, new_id
from condor.units import duration_text
from condor.users import Actor, Forbidden, Role

T = TypeVar("T")

DRIFT = Decimal("0.005")
"""How far a price may have moved since it was shown, as a fraction, for a choice that depends on it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to answer.

    Parameters
    ----------
    by_price : bool
        Whether it must not be taken once the price is another one.
    """

    label: str
    action: str
    args: Mapping[str, Any]
    by_price: bool = False


@dataclass(frozen=True, slots=True)
class Frozen:
    """What a card asks about, as it was when it was drawn.

    Parameters
    ----------
    version : str
        Anything that is another text when the target is not what was shown any more.
    prices : mapping of str to Decimal or None
        By market; None where nobody knew one.
    pace : float
        Market seconds for each second of ours: a market that runs N times as fast goes about the root of N further in the same time.
    """

    target: str
    version: str
    prices: Mapping[str, Decimal | None] = field(default_factory=dict)
    pace: float = 1.0


class Stale(UserError):
    """What the card said is not so any more: it is drawn again and asks again."""


class ConfirmService:
    """See the module."""

    def __init__(self, journal: Journal, wall: WallClock) -> None:
        self._journal = journal
        self._wall = wall

    async def ask(self, actor: Actor, panel: Panel, frozen: Frozen, text: str, choices: Sequence[Choice], ttl_ms: int) -> str:
        """Write down a card that asks, and may be answered for so long; returns its id."""
        now_ms = self._wall.wall_ms()
        snapshot = {
            "text": text,
            "prices": {market: None if price is None else format(price, "f") for market, price in frozen.prices.items()},
            "choices": [[choice.label, choice.action, dict(choice.args), choice.by_price] for choice in choices],
        }
        confirm = Confirm(
            new_id(),
            panel.panel_id,
            panel.screen,
            panel.args,
            frozen.target,
            frozen.version,
            snapshot,
            actor.front,
            actor.chat_id,
            actor.user_id,
            actor.name or str(actor.user_id),
            now_ms,
            now_ms + ttl_ms,
        )
        await self._write(lambda connection: store.add_confirm(connection, confirm))
        return confirm.confirm_id

    async def find(self, confirm_id: str) -> Confirm | None:
        return await self._read(lambda connection: store.confirm_by_id(connection, confirm_id))

    def choice(self, confirm: Confirm, number: int) -> Choice:
        label, action, args, by_price = confirm.snapshot["choices"][number]
        return Choice(label, action, args, by_price)

    # ---- the tap ---------------------------------------------------------------------------------------------------
    def refuse_others(self, confirm: Confirm, actor: Actor) -> None:
        """Forbidden for anybody but who asked; the card stays theirs to answer."""
        if actor.user_id != confirm.user_id:
            # a card that asks always leads to a change
            raise Forbidden(f"only {confirm.user_name} can confirm this", Role.OPERATOR)

    def refuse_second(self, confirm: Confirm) -> None:
        """AlreadyDone, in words, when the card was answered before."""
        if confirm.state == PENDING:
            return
        if confirm.state == EXECUTING:
            raise AlreadyDone(f"already running: {confirm.chosen}")
        ago = duration_text(max(0, self._wall.wall_ms() - (confirm.done_ms or confirm.created_ms)) / 1000)
        how = {DONE: "already done", FAILED: "it failed", UNKNOWN: "nobody knows what came of it: it was tried"}[confirm.state]
        raise AlreadyDone(f"{how} {ago} ago" + (f": {confirm.result}" if confirm.result else ""))

    def refuse_stale(self, confirm: Confirm, choice: Choice, present: Frozen) -> None:
        """Stale when its minute is over, or what it asked about has changed."""
        now_ms = self._wall.wall_ms()
        if now_ms > confirm.expires_ms:
            minutes = duration_text((confirm.expires_ms - confirm.created_ms) / 1000)
            raise Stale(f"More than {minutes} have passed: these are the numbers of now. Tap again.")
        if present.version != confirm.target_version:
            raise Stale("It has changed since it was shown: look again, then tap again.")
        if choice.by_price:
            for market, moved in self._moved(confirm, present):
                raise Stale(f"Not done: {market} has moved {moved}. These are the numbers of now. Tap again.")

    def _moved(self, confirm: Confirm, present: Frozen) -> list[tuple[str, str]]:
        """Markets whose price is too far from the one that was shown, or not known now."""
        found = []
        allowed = DRIFT * Decimal(str(math.sqrt(present.pace)))
        for market, text in confirm.snapshot["prices"].items():
            if market not in present.prices:
                # nothing is held there any more
                continue
            before, now = (None if text is None else Decimal(text)), present.prices[market]
            if before is None and now is None:
                continue
            if before is None or now is None or not before:
                found.append((market, "from or to a price that nobody knows"))
            elif abs(now - before) > allowed * abs(before):
                found.append((market, f"{(now - before) / before * 100:+.2f} %"))
        return found

    def claim(self, confirm: Confirm, choice: Choice) -> Claim:
        """Takes the card's one answer, in the transaction of what it does."""
        wall_ms = self._wall.wall_ms()

        def take(connection: Connection) -> None:
            if not store.take_confirm(connection, confirm.confirm_id, confirm.user_id, choice.label, wall_ms):
                raise AlreadyDone("already running")

        return take

    async def finish(self, confirm: Confirm, choice: Choice, state: str, result: str) -> None:
        """Note what came of it."""
        wall_ms = self._wall.wall_ms()
        await self._write(lambda connection: store.finish_confirm(connection, confirm.confirm_id, state, choice.label, result[:400], wall_ms))

    def resume(self) -> None:
        """What an earlier process was carrying out is not running any more; call once, before anybody taps."""
        wall_ms = self._wall.wall_ms()
        words = "the program was restarted meanwhile, look at the bot"
        self._journal.run(lambda connection: store.interrupted(connection, words, wall_ms)).result()

    async def prune(self) -> None:
        await self._write(lambda connection: store.prune_confirms(connection, self._wall.wall_ms()))

    async def _read(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.wrap_future(self._journal.read(work))

    async def _write(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.wrap_future(self._journal.run(work))
