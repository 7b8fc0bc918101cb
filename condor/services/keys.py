"""Keys of accounts with real money: which ones there are, adding and removing them, and what their venues say that they may do.

A key is typed on a page of this machine or in its terminal, never in a chat. It is probed first and refused when it may take money away; nothing is stored then.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from botcore.model.errors import UserError
from botcore.model.secret import Secret
from botcore.recorder.journal import Journal
from botcore.venues.dialect import Credentials
from botcore.venues.probe import Probe
from condor.accounts import AccountPlan, Stored, addresses_of
from condor.configs import Configs
from condor.host import WallClock
from condor.live_accounts import refuse_used
from condor.probing import refuse_unknown
from condor.store import Connection
from condor.store.common import write_audit
from condor.users import Actor, Role, require
from condor.vault import Vault

log = logging.getLogger(__name__)

PARTS = ("key", "secret")
USABLE = re.compile(r"[!-~]{8,512}", re.ASCII)
PROBE_AGE_MS = 24 * 3_600_000
RETRY_MS = 3_600_000
"""Pause before a venue that did not say what a key may do, or said that it may too much, is asked again by itself."""


@dataclass(frozen=True, slots=True)
class KeyView:
    """One account as a person sees it.

    Parameters
    ----------
    masked : str
        The end of the key; empty while nobody knows it.
    source : str
        `vault` or `environment`.
    state : str
        `connected`, or why not.
    waits : str
        Why nothing new is opened there now, though it is connected; empty when it is.
    """

    venue: str
    title: str
    masked: str
    source: str
    state: str
    rights: str
    advice: tuple[str, ...] = ()
    waits: str = ""


class Prober(Protocol):
    """Asks venues about keys."""

    async def look(self, venue: str, credentials: Credentials) -> Probe: ...


class Accounts(Protocol):
    """Opens and closes accounts (`condor.live_accounts`)."""

    @property
    def plans(self) -> Mapping[str, AccountPlan]: ...

    def closed_reason(self, name: str) -> str | None: ...

    async def users(self, name: str) -> list[str]: ...

    def held(self, name: str) -> list[str]: ...

    async def open(self, plan: AccountPlan) -> None: ...

    async def close(self, name: str) -> None: ...


class KeyService:
    """See the module.

    Parameters
    ----------
    accounts : Accounts
        Opens and closes accounts.
    stored : Stored
        What the vault gave at the start.
    known : callable
        Told of every secret that turns up, so that no log shows it.
    tell : callable
        Tells people something about an account: (title, text).
    """

    def __init__(
        self,
        vault: Vault,
        configs: Configs,
        prober: Prober,
        journal: Journal,
        wall: WallClock,
        accounts: Accounts,
        stored: Stored,
        known: Callable[[Secret], None],
        tell: Callable[[str, str], None],
    ) -> None:
        self._vault = vault
        self._configs = configs
        self._prober = prober
        self._journal = journal
        self._wall = wall
        self._accounts = accounts
        self._stored = stored
        self._known = known
        self._tell = tell
        self._probes: dict[str, tuple[int, Probe]] = {}
        self._added: dict[str, Credentials] = {}
        self._removed: set[str] = set()

    # ---- looking ---------------------------------------------------------------------------------------------------
    @property
    def trouble(self) -> str:
        """Why the vault gave nothing at the start; empty when it did, or there is none."""
        return self._stored.trouble

    @property
    def has_vault(self) -> bool:
        return self._vault.exists

    def venues(self) -> list[str]:
        """Where an account can be connected."""
        return [name for name in self._configs.venues if self._configs.venue(name).live is not None]

    def stored(self) -> list[str]:
        """Venues whose keys are in the vault."""
        return sorted({owner for owner, part in self._vault.names() if part == "key"})

    def title(self, venue: str) -> str:
        return self._configs.venue(venue).title or venue if venue in self._configs.venues else venue

    def list(self, actor: Actor) -> list[KeyView]:
        """All accounts, connected or not."""
        require(actor, Role.OWNER, "looking at keys")
        shown = [self._connected(plan) for plan in self._accounts.plans.values()]
        for name in self.stored():
            if name not in self._accounts.plans:
                masked = self._added[name].key.masked if name in self._added else ""
                state = "not connected: the vault is locked" if self.trouble and name not in self._added else "from the next start on"
                shown.append(KeyView(name, self.title(name), masked, "vault", state, *self._rights(name)))
        return sorted(shown, key=lambda view: view.venue)

    def _connected(self, plan: AccountPlan) -> KeyView:
        name = plan.spec.name
        given = self._added.get(name, plan.credentials)
        state = "connected"
        if name in self._removed:
            state = "removed: connected until this program ends"
        elif given != plan.credentials and plan.source != "vault":
            state = "connected with the key of the environment: the stored one is used when that is gone"
        elif given != plan.credentials:
            state = "connected with the key before; the new one from the next start on"
        waits = self._accounts.closed_reason(name) or ""
        return KeyView(name, self.title(name), given.key.masked, plan.source, state, *self._rights(name), waits=waits)

    def _rights(self, name: str) -> tuple[str, tuple[str, ...]]:
        """In words what the key may do, and what should be better."""
        found = self._probes.get(name)
        if found is None:
            return "not asked yet", ()
        probe = found[1]
        if probe.refusal:
            return probe.refusal, probe.advice
        return ("trading only" if probe.can_withdraw is False else "trading"), probe.advice

    # ---- changing --------------------------------------------------------------------------------------------------
    async def add(self, actor: Actor, venue: str, credentials: Credentials, passphrase: Secret) -> KeyView:
        """Probe a key, put it into the vault, and connect its account.

        An account that bots use goes on with the key that it has; the new one is used from the next start on.

        Raises
        ------
        UserError
            If nothing is traded live there, the key is refused, or the vault does not open; nothing was stored then.
        """
        require(actor, Role.OWNER, "adding keys")
        refuse_unknown(self._configs, venue)
        for part, secret in zip(PARTS, (credentials.key, credentials.secret), strict=True):
            if not USABLE.fullmatch(secret.reveal()):
                raise UserError(f"the {part} is no key of a venue: expected 8 to 512 letters, digits and signs without spaces")
            self._known(secret)
        probe = await self._prober.look(venue, credentials)
        if probe.refusal:
            await self._note(actor, "add_keys", venue, after=credentials.key.masked, result="refused")
            raise UserError(f"{self.title(venue)}: {probe.refusal}. Nothing was stored")
        changes: dict[tuple[str, str], Secret | None] = {(venue, "key"): credentials.key, (venue, "secret"): credentials.secret}
        await asyncio.to_thread(self._vault.change, passphrase, changes)
        self._probes[venue] = self._wall.wall_ms(), probe
        self._added[venue] = credentials
        self._removed.discard(venue)
        await self._note(actor, "add_keys", venue, after=credentials.key.masked)
        # from here on a start finds it: whatever ends this process now, the account is opened by the next one
        await self._connect(AccountPlan(self._configs.venue(venue), credentials, addresses_of(venue), "vault"))
        view = next(view for view in self.list(actor) if view.venue == venue)
        self._tell(self.title(venue), f"keys {credentials.key.masked} were stored by {actor.name or actor.user_id}; {view.state}")
        return view

    async def _connect(self, plan: AccountPlan) -> None:
        """Open an account, or open it anew with another key where nobody uses it."""
        name = plan.spec.name
        before = self._accounts.plans.get(name)
        if before is not None and (before.source != "vault" or before.credentials == plan.credentials or await self._accounts.users(name)):
            return
        try:
            await self._accounts.close(name)
        except UserError:
            # somebody has begun to use it in this moment: it goes on with the key that it has
            return
        await self._accounts.open(plan)

    async def remove(self, actor: Actor, venue: str, passphrase: Secret) -> None:
        """Take a venue's keys out of the vault and close its account.

        Raises
        ------
        UserError
            If there are none, bots use the account, or the vault does not open; nothing has changed then.
        """
        require(actor, Role.OWNER, "removing keys")
        if venue not in self.stored():
            raise UserError(f"the vault has no keys of {venue}; it has {', '.join(self.stored()) or 'none'}")
        plan = self._accounts.plans.get(venue)
        is_open = plan is not None and plan.source == "vault"
        if is_open:
            refuse_used(self.title(venue), await self._accounts.users(venue))
        await asyncio.to_thread(self._vault.change, passphrase, {(venue, part): None for part in PARTS})
        self._added.pop(venue, None)
        await self._note(actor, "remove_keys", venue)
        text = f"its keys were removed from the vault by {actor.name or actor.user_id}"
        if is_open:
            text += await self._disconnect(venue)
        self._tell(self.title(venue), text)

    async def _disconnect(self, venue: str) -> str:
        """Close an account; what there is to say of that."""
        held = self._accounts.held(venue)
        try:
            await self._accounts.close(venue)
        except UserError as error:
            # somebody has begun to use it while the vault was written
            self._removed.add(venue)
            return f"; it stays connected until this program ends, for {error}"
        self._probes.pop(venue, None)
        return "; it is closed" + (f". Nobody watches what stays there: {', '.join(held)}" if held else "")

    async def note_pasted(self, actor: Actor, *, is_gone: bool, is_group: bool) -> None:
        """Somebody has typed a key into a chat; the audit knows that, and nothing of the key."""
        await self._note(
            actor, "key_pasted", "group" if is_group else "private chat", after="deleted" if is_gone else "still there", result="refused"
        )

    async def _note(self, actor: Actor, action: str, venue: str, after: str = "", result: str = "done") -> None:
        now_ms = self._wall.wall_ms()

        def write(connection: Connection) -> None:
            write_audit(connection, now_ms, actor, action, venue, after=after, result=result)

        await asyncio.wrap_future(self._journal.run(write))

    # ---- what keys may do ------------------------------------------------------------------------------------------
    async def refuse_unfit(self, venues: Collection[str]) -> None:
        """Before a bot trades with real money: UserError if a key may withdraw, or may not trade. A venue that does not say so now is no reason to refuse."""
        for name in sorted(venues):
            if name in self._accounts.plans:
                probe = await self._probe(name)
                if probe.refusal and not probe.trouble:
                    raise UserError(f"{self.title(name)}: {probe.refusal} (/keys)")

    async def look_daily(self) -> None:
        """Ask again what keys may do, and tell of one that may do more or less than it should."""
        for name in list(self._accounts.plans):
            before, now_ms = self._probes.get(name), self._wall.wall_ms()
            if before is not None and now_ms - before[0] < (RETRY_MS if before[1].refusal else PROBE_AGE_MS):
                continue
            probe = await self._probe(name)
            if name not in self._accounts.plans:
                continue
            self._probes[name] = now_ms, probe
            if probe.refusal and not probe.trouble and (before is None or before[1].refusal != probe.refusal):
                self._tell(self.title(name), f"{probe.refusal}; no bot starts there with real money until then")

    async def _probe(self, name: str) -> Probe:
        """What a connected account's key may do, not older than a day; an answer that is none, or a refusal, is asked for again."""
        found = self._probes.get(name)
        now_ms = self._wall.wall_ms()
        if found is not None and not found[1].refusal and now_ms - found[0] < PROBE_AGE_MS:
            return found[1]
        probe = await self._prober.look(name, self._accounts.plans[name].credentials)
        if not probe.trouble or found is None:
            self._probes[name] = now_ms, probe
        return probe


def credentials_of(values: Mapping[str, str]) -> Credentials:
    """The key of a form's answers."""
    return Credentials(values.get("key", ""), values.get("secret", ""))
