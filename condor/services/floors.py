"""Balances that people want to hear of when they are low: an amount for each account and asset, told once when there is less, and once more when there is well more.

Nothing is told of an asset without such an amount: how little is little only its owner knows. What is compared is the whole balance, bound by orders or not, so that
an order that comes and goes is no news; a balance that nobody knows at the moment (a venue that is away, an account of paper that is not open) says nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from botcore.model.errors import UserError, nearest
from botcore.model.events import Fact, FactKind
from botcore.recorder.journal import Journal
from condor.host import WallClock
from condor.hosts import PAPER, Host, Hosts, account_name
from condor.live_host import LiveHost
from condor.services.bots import Claim
from condor.store import Connection
from condor.store.common import write_audit
from condor.store.watches import Floor, drop_floor, floors_in, put_floor
from condor.units import plain
from condor.users import Actor, Role, require
from condor.watch_memory import Memory, Subject

AGAIN = Decimal("1.1")
"""So many times the amount must be there before it counts as over: a balance that goes to and fro is one alert."""

MAX_FLOORS = 100

Key = tuple[str, str, str]
"""Mode, connector, asset."""


@dataclass(frozen=True, slots=True)
class FloorView:
    """One asset of an account; `total` is None while nobody knows it, `floor` where no amount is set."""

    asset: str
    total: Decimal | None
    floor: Decimal | None

    @property
    def is_low(self) -> bool:
        return self.total is not None and self.floor is not None and self.total < self.floor


@dataclass(frozen=True, slots=True)
class FloorsView:
    """One account, named as commands name it; those with an amount first."""

    account: str
    title: str
    mode: str
    rows: tuple[FloorView, ...]


class FloorService:
    """See the module; `title` gives a venue's name for people, `memory` keeps what was told."""

    def __init__(self, hosts: Hosts, journal: Journal, wall: WallClock, title: Callable[[str], str], memory: Memory) -> None:
        self._hosts = hosts
        self._journal = journal
        self._wall = wall
        self._title = title
        self._memory = memory
        self._floors: dict[Key, Floor] | None = None
        self._changes = 0
        self._told: dict[Subject, dict[str, Any]] | None = None

    # ---- looking ---------------------------------------------------------------------------------------------------
    async def all(self, actor: Actor) -> tuple[FloorsView, ...]:
        """Every account that is open, or has an amount; real money first."""
        require(actor, Role.VIEWER, "looking at balances")
        floors = await self._read()
        accounts = {(mode, name) for mode, host in self._hosts.by_mode() for name in _names(host)} | {(mode, name) for mode, name, _ in floors}
        return tuple(self._view(mode, name, floors) for mode, name in sorted(accounts))

    def _view(self, mode: str, name: str, floors: dict[Key, Floor]) -> FloorsView:
        totals = self._totals(mode, name)
        own = {asset: floor.amount for (of, at, asset), floor in floors.items() if (of, at) == (mode, name)}
        rows = [FloorView(asset, _total(totals, asset), own.get(asset)) for asset in sorted({*own, *(totals or {})})]
        rows.sort(key=lambda row: row.floor is None)
        return FloorsView(account_name(mode, name), self._title(name), mode, tuple(rows))

    def _totals(self, mode: str, name: str) -> dict[str, Decimal] | None:
        """What is in an account; None while nobody knows."""
        host = self._hosts.paper if mode == PAPER else self._hosts.live
        if isinstance(host, LiveHost):
            account = host.accounts.get(name)
            known = None if account is None else account.connector.account
            return known.totals() if known is not None and known.is_known else None
        exchange = None if host is None else host.runtime.exchanges.get(name)
        return None if exchange is None else {asset: total for asset, total in exchange.equity().items() if total}

    # ---- changing --------------------------------------------------------------------------------------------------
    async def set(self, actor: Actor, account: str, asset: str, least: Decimal | None, claim: Claim) -> Floor | None:
        """Tell people when there is less than this of an asset in an account; None takes the amount away.

        Raises
        ------
        UserError
            If the actor may not, there is no such account or asset, or it is no amount.
        """
        require(actor, Role.OPERATOR, "changing what is told of balances")
        if least is not None and least <= 0:
            raise UserError(f"expected an amount above 0, or off, found {plain(least)}")
        floors = await self._read()
        mode, name = self._account(account, floors)
        wanted = self._asset(mode, name, asset, floors)
        now_ms = self._wall.wall_ms()

        def write(connection: Connection) -> Floor | None:
            claim(connection)
            rows = floors_in(connection)
            before = next((row for row in rows if (row.mode, row.connector_name, row.asset) == (mode, name, wanted)), None)
            was, then = "off" if before is None else plain(before.amount), "off" if least is None else plain(least)
            write_audit(connection, now_ms, actor, "balance_floor", f"{account_name(mode, name)} {wanted}", before=was, after=then)
            if least is None:
                if not drop_floor(connection, mode, name, wanted):
                    raise UserError(f"nothing is told of {wanted} there: no amount is set")
                return None
            if before is None and len(rows) >= MAX_FLOORS:
                raise UserError(f"{MAX_FLOORS} balances are looked at already: take one away first")
            floor = Floor(mode, name, wanted, least)
            put_floor(connection, floor, now_ms)
            return floor

        floor = await asyncio.wrap_future(self._journal.run(write))
        self._floors, self._changes = None, self._changes + 1
        return floor

    def _account(self, text: str, floors: dict[Key, Floor]) -> tuple[str, str]:
        """(mode, connector) of an account as people name it: `paper:binance` or `binance`, which is real money where that is connected."""
        known = {account_name(mode, name): (mode, name) for mode, host in self._hosts.by_mode() for name in _names(host)}
        known |= {account_name(mode, name): (mode, name) for mode, name, _ in floors}
        wanted = text.strip().lower()
        found = known.get(wanted) or known.get(f"{PAPER}:{wanted}")
        if found is None:
            raise UserError(f"no account {wanted[:64]!r} is open{nearest(wanted, known)}; open are {', '.join(sorted(known)) or 'none'}")
        return found

    def _asset(self, mode: str, name: str, text: str, floors: dict[Key, Floor]) -> str:
        """An asset that the account has, or that one of its markets trades."""
        wanted = text.strip().upper()
        host = self._hosts.of(mode)
        traded = {
            asset
            for market, state in host.runtime.markets.items()
            if market.connector_name == name
            for asset in (state.instrument.base, state.instrument.quote)
        }
        known = {*(self._totals(mode, name) or {}), *traded, *(asset for of, at, asset in floors if (of, at) == (mode, name))}
        if wanted not in known:
            raise UserError(
                f"there is no {wanted[:32]!r} in {account_name(mode, name)}{nearest(wanted, known)}; there is {', '.join(sorted(known)[:12])}"
            )
        return wanted

    async def _read(self) -> dict[Key, Floor]:
        """By account and asset; read anew after a change."""
        floors = self._floors
        if floors is None:
            changes = self._changes
            rows = await asyncio.wrap_future(self._journal.read(floors_in))
            floors = {(row.mode, row.connector_name, row.asset): row for row in rows}
            # somebody may have changed them while they were read
            self._floors = floors if changes == self._changes else None
        return floors

    # ---- watching --------------------------------------------------------------------------------------------------
    async def round(self) -> None:
        """Look at all of them once; the scheduler calls this every few seconds."""
        floors = await self._read()
        if self._told is None:
            self._told = await self._memory.read()
        told = self._told
        for mode, host in self._hosts.by_mode():
            for (of, name, asset), floor in floors.items():
                total = _total(self._totals(mode, name), asset) if of == mode else None
                if total is not None:
                    self._look(host, floor, total, told)
            for subject in [subject for subject in told if subject[0] == mode and (mode, *subject[1].split(" ", 1)) not in floors]:
                # somebody has taken the amount away: that is no news to anybody
                del told[subject]
                self._memory.drop(host, subject)

    def _look(self, host: Host, floor: Floor, total: Decimal, told: dict[Subject, dict[str, Any]]) -> None:
        subject = (floor.mode, f"{floor.connector_name} {floor.asset}")
        payload = {
            "connector_name": floor.connector_name,
            "title": self._title(floor.connector_name),
            "asset": floor.asset,
            "total": plain(total),
            "floor": plain(floor.amount),
            "is_over": subject in told,
        }
        if subject not in told and total < floor.amount:
            told[subject] = payload
            _tell(host, payload)
            self._memory.put(host, subject, payload)
        elif subject in told and total >= floor.amount * AGAIN:
            del told[subject]
            _tell(host, payload)
            self._memory.drop(host, subject)


def _names(host: Host) -> list[str]:
    return list(host.accounts) if isinstance(host, LiveHost) else list(host.runtime.exchanges)


def _total(totals: dict[str, Decimal] | None, asset: str) -> Decimal | None:
    """Of an account whose balances are known, what is not named is not there."""
    return None if totals is None else totals.get(asset, Decimal(0))


def _tell(host: Host, payload: dict[str, Any]) -> None:
    host.bus.publish(Fact(FactKind.BALANCE_LOW, host.clock.now_ns, payload=payload))
