"""Caps of accounts for their owner: how far each day is, changing them, and taking entries again after a day that has lost too much."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from botcore.model.errors import UserError, nearest
from botcore.recorder.journal import Journal
from botcore.risk.caps import AccountCaps
from condor.caps_keeper import CapsKeeper
from condor.host import WallClock
from condor.hosts import PAPER, account_name
from condor.services.bots import Claim
from condor.store import Connection
from condor.store.caps import caps_of, put_cap_day, put_caps
from condor.store.common import write_audit
from condor.units import amount, ratio
from condor.users import Actor, Role, require

OFF = {"off", "none", "no", "-"}
LEAST_REASON = 3

FIELDS: dict[str, str] = {
    "pairs": "pairs that may be traded",
    "max_order_quote": "value of one order",
    "max_day_quote": "value of a day's entries",
    "max_day_loss": "loss of a day",
    "price_deviation": "distance from the market",
    "orders_per_minute": "entries within a minute",
    "max_leverage": "leverage",
    "min_depth_quote": "value that must rest within 1 % of the market",
    "currency": "currency of the amounts",
}


@dataclass(frozen=True, slots=True)
class CapsView:
    """One account: its caps, and how far the day (UTC) is; None where something has no rate."""

    account: str
    """What the account is called in commands: its connector, `paper:` before it for one on paper."""
    title: str
    is_paper: bool
    caps: dict[str, Any]
    sent: Decimal | None
    gained: Decimal | None
    latched: str


class CapsService:
    """See the module.

    Parameters
    ----------
    keepers : sequence of CapsKeeper
        Those of the hosts, real money first.
    """

    def __init__(self, keepers: Sequence[CapsKeeper], journal: Journal, wall: WallClock) -> None:
        self._keepers = keepers
        self._journal = journal
        self._wall = wall

    def all(self, actor: Actor) -> list[CapsView]:
        """Every account, those with real money first."""
        require(actor, Role.VIEWER, "looking at caps")
        return [self._view(keeper, name) for keeper, name in self._accounts().values()]

    def one(self, actor: Actor, account: str) -> CapsView:
        """One of them; UserError if there is no such account."""
        require(actor, Role.VIEWER, "looking at caps")
        accounts, on_paper = self._accounts(), account_name(PAPER, account)
        # whoever says no more than the connector means real money, where there is some
        return self._view(*self._known(on_paper if account not in accounts and on_paper in accounts else account))

    def _accounts(self) -> dict[str, tuple[CapsKeeper, str]]:
        found: dict[str, tuple[CapsKeeper, str]] = {}
        for keeper in self._keepers:
            keeper.look()
            found |= {account_name(keeper.mode, name): (keeper, name) for name in keeper.caps.names()}
        return found

    def _view(self, keeper: CapsKeeper, name: str) -> CapsView:
        use = keeper.caps.use(name)
        values = (keeper.caps.of(name) or AccountCaps()).model_dump()
        return CapsView(account_name(keeper.mode, name), keeper.title(name), keeper.mode == PAPER, values, use.sent, use.gained, use.latched)

    def _known(self, account: str) -> tuple[CapsKeeper, str]:
        accounts = self._accounts()
        found = accounts.get(account)
        if found is None:
            raise UserError(f"there is no account {account!r} here{nearest(account, accounts)}")
        return found

    def wanted(self, actor: Actor, account: str, field: str, text: str) -> CapsView:
        """An account as it would be with one cap changed; raises as `change` does, and changes nothing."""
        require(actor, Role.OWNER, "changing caps")
        keeper, name = self._known(account)
        values = _changed(keeper.caps.of(name) or AccountCaps(), _field(field), text).model_dump()
        return replace(self._view(keeper, name), caps=values)

    async def change(self, actor: Actor, account: str, field: str, text: str, claim: Claim) -> CapsView:
        """Set one cap, or take it away with `off`.

        Raises
        ------
        UserError
            If the actor may not, or the text is no value of this cap. Nothing has changed then.
        """
        require(actor, Role.OWNER, "changing caps")
        keeper, name = self._known(account)
        _field(field)
        now_ms = self._wall.wall_ms()

        def write(connection: Connection) -> AccountCaps:
            claim(connection)
            # those that are written down: of two changes at once neither takes the other back
            before = AccountCaps.model_validate(caps_of(connection, keeper.mode).get(name, {}))
            after = _changed(before, field, text)
            was, values = before.model_dump(mode="json"), after.model_dump(mode="json")
            put_caps(connection, keeper.mode, name, values, now_ms)
            write_audit(
                connection,
                now_ms,
                actor,
                "change_caps",
                f"{account_name(keeper.mode, name)} {field}",
                json.dumps(was[field]),
                json.dumps(values[field]),
            )
            return after

        after = await asyncio.wrap_future(self._journal.run(write))
        keeper.set(name, after)
        if name in keeper.caps.names():
            return self._view(keeper, name)
        return CapsView(account_name(keeper.mode, name), name, keeper.mode == PAPER, after.model_dump(), None, None, "")

    def may_release(self, actor: Actor, account: str, reason: str) -> None:
        """Raises as `release` does, and changes nothing."""
        require(actor, Role.OWNER, "releasing a cap")
        keeper, name = self._known(account)
        if not keeper.caps.use(name).latched:
            raise UserError(f"entries at {name} are not held back by its caps")
        if len(reason.strip()) < LEAST_REASON:
            raise UserError("say in a few words why it is right to go on")

    async def release(self, actor: Actor, account: str, reason: str, claim: Claim) -> None:
        """Take entries again after a day that has lost too much; losses count from now on.

        Raises
        ------
        UserError
            If the actor may not, nothing is latched, or no reason is given.
        """
        self.may_release(actor, account, reason)
        keeper, name = self._known(account)
        before, day = keeper.caps.use(name).latched, keeper.released_day(name)
        now_ms = self._wall.wall_ms()

        def write(connection: Connection) -> None:
            claim(connection)
            # together with the word that it was done: a process that dies now has released it
            put_cap_day(connection, keeper.mode, name, day)
            write_audit(connection, now_ms, actor, "release_caps", account_name(keeper.mode, name), before=before, after=reason.strip()[:500])

        await asyncio.wrap_future(self._journal.run(write))
        keeper.release(name)


def _field(field: str) -> str:
    """The name of a cap; UserError if there is none of this name."""
    if field not in FIELDS:
        raise UserError(f"there is no cap {field!r}{nearest(field, FIELDS)}")
    return field


def _changed(caps: AccountCaps, field: str, text: str) -> AccountCaps:
    """These caps with one of them as a person has typed it; UserError if it can't be that."""
    try:
        return AccountCaps.model_validate({**caps.model_dump(mode="json"), field: read_cap(field, text)})
    except ValidationError as error:
        said = str(error.errors()[0]["msg"])
        raise UserError(f"{FIELDS[field]}: {said[0].lower()}{said[1:]}, found {text.strip()[:40]!r}") from None


def read_cap(field: str, text: str) -> Any:
    """What a person has typed, as the value of a cap; None takes it away."""
    said = text.strip()
    if said.lower() in OFF:
        if field == "currency":
            raise UserError("the amounts must be in some currency, such as USDT")
        return None
    if field == "pairs":
        return [pair for pair in said.upper().replace("/", "-").replace(",", " ").split() if pair]
    if field == "price_deviation":
        return ratio(said)
    if field in ("orders_per_minute", "max_leverage"):
        digits = said.lower().removesuffix("x")
        if not (digits.isascii() and digits.isdigit()):
            raise UserError(f"{FIELDS[field]}: expected a whole number, found {said[:40]!r}")
        return int(digits[:9])
    if field == "currency":
        return said.upper()
    return amount(said)
