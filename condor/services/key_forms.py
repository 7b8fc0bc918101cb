"""The forms of the one-time pages: keys in, keys out, and the authenticator. Each asks for the vault's passphrase, which is kept by nobody."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Mapping
from dataclasses import replace

from botcore.model.errors import UserError
from botcore.model.secret import Secret
from botcore.recorder.journal import Journal
from condor.accounts import TOTP
from condor.host import WallClock
from condor.services.access import AccessService
from condor.services.keys import KeyService, KeyView, credentials_of
from condor.services.once import Form, FormField, OncePages
from condor.services.step_up import StepUpService
from condor.store.common import write_audit
from condor.totp import app_address, new_secret, step_of
from condor.users import Actor, Role, require
from condor.vault import LEAST_PASSPHRASE, Vault

OPEN = FormField("passphrase", "Passphrase of the vault")
NEW = (
    FormField("passphrase", "New passphrase of the vault", hint=f"At least {LEAST_PASSPHRASE} characters. Nobody can open the vault without it."),
    FormField("again", "The same again"),
)


class KeyForms:
    """Opens the pages; who may is asked here, and shown a code for by whoever calls."""

    def __init__(
        self,
        pages: OncePages,
        keys: KeyService,
        step_up: StepUpService,
        vault: Vault,
        journal: Journal,
        wall: WallClock,
        known: Callable[[Secret], None],
        access: AccessService,
    ) -> None:
        self._pages = pages
        self._keys = keys
        self._step_up = step_up
        self._vault = vault
        self._journal = journal
        self._wall = wall
        self._known = known
        self._access = access
        self._links: dict[tuple[str, int], str] = {}

    def link_of(self, actor: Actor) -> str | None:
        """Address of the page that a person has asked for last, while it can be opened."""
        require(actor, Role.OWNER, "keys and codes")
        link = self._links.get((actor.front, actor.user_id), "")
        return link if self._pages.is_open(link.rpartition("/")[2]) else None

    async def add_keys(self, actor: Actor) -> str:
        """A page where the keys of an account are typed."""
        await self._allow(actor)

        async def submit(values: Mapping[str, str]) -> str:
            view = await self._keys.add(actor, values["venue"], credentials_of(values), self._passphrase(values))
            return said_of(view)

        fields = (
            FormField("venue", "Venue", "choice", tuple(self._keys.venues())),
            FormField("key", "API key", "text"),
            FormField("secret", "API secret"),
            *self._opening(),
        )
        words = (
            "Make a key that may trade and nothing else: no withdrawals, no transfers, and only from this machine's address.",
            "It is tried out before it is stored, and refused if it may withdraw.",
        )
        return self._open(actor, Form("Connect an account", words, fields, "Try out and store", submit))

    async def remove_keys(self, actor: Actor) -> str:
        """A page where keys are taken out of the vault."""
        await self._allow(actor)
        venues = self._keys.stored()
        if not venues:
            raise UserError("the vault has no keys; those of the environment are taken out where they were put in")

        async def submit(values: Mapping[str, str]) -> str:
            await self._keys.remove(actor, values["venue"], self._passphrase(values))
            return f"The keys of {values['venue']} are gone from the vault, and its account is closed. Delete them at the venue too."

        fields = (FormField("venue", "Venue", "choice", tuple(venues)), OPEN)
        return self._open(
            actor,
            Form("Remove keys", ("The account is closed at once. While bots use it, that is refused: stop them first.",), fields, "Remove", submit),
        )

    async def set_up_codes(self, actor: Actor) -> str:
        """A page with the QR code of a new authenticator."""
        await self._allow(actor)
        secret = new_secret()
        self._known(secret)

        async def submit(values: Mapping[str, str]) -> str:
            code = "".join(values["code"].split())
            if step_of(secret, code, self._wall.wall_ms() / 1000) is None:
                raise UserError("this code is not the one that your app should show now; is the clock of your phone right?")
            await self._store(actor, secret, values)
            return "Set up. From now on live starts, keys, caps and grants ask for a code."

        words = (
            "Scan this with an authenticator app, then type the code that it shows.",
            f"Without a camera, type this into the app: {secret.reveal()}",
        )
        fields = (FormField("code", "Code of the app", "code"), *self._opening())
        return self._open(actor, Form("Set up an authenticator", words, fields, "Switch on", submit, _qr(app_address(secret, actor.name or "owner"))))

    async def end_codes(self, actor: Actor) -> str:
        """A page where the authenticator is taken away again."""
        await self._allow(actor)
        if not self._step_up.is_on:
            raise UserError("no authenticator is set up")

        async def submit(values: Mapping[str, str]) -> str:
            await self._store(actor, None, values)
            return "Codes are not asked for any more."

        return self._open(actor, Form("Take the authenticator away", ("Nothing asks for a code after this.",), (OPEN,), "Switch off", submit))

    # ---- parts -----------------------------------------------------------------------------------------------------
    async def _allow(self, actor: Actor) -> None:
        require(actor, Role.OWNER, "keys and codes")
        if actor.chat_id != actor.user_id:
            raise UserError("this is for your private chat with the bot: everybody in this group would see the address")
        await self._step_up.require_fresh(actor)

    def _open(self, actor: Actor, form: Form) -> str:
        """A page whose answers are taken while the person who asked for it still may; its address stays in memory only."""

        async def submit(values: Mapping[str, str]) -> str:
            now = await self._access.actor(actor.front, actor.user_id, actor.name, actor.chat_id)
            require(now, Role.OWNER, "keys and codes")
            return await form.submit(values)

        link = self._links[actor.front, actor.user_id] = self._pages.open(replace(form, submit=submit))
        return link

    async def _store(self, actor: Actor, secret: Secret | None, values: Mapping[str, str]) -> None:
        await asyncio.to_thread(self._vault.change, self._passphrase(values), {TOTP: secret})
        self._step_up.use(secret)
        now_ms = self._wall.wall_ms()
        what = "on" if secret is not None else "off"
        await asyncio.wrap_future(self._journal.run(lambda connection: write_audit(connection, now_ms, actor, "authenticator", "codes", after=what)))

    def _opening(self) -> tuple[FormField, ...]:
        return (OPEN,) if self._vault.exists else NEW

    def _passphrase(self, values: Mapping[str, str]) -> Secret:
        if not values.get("passphrase"):
            raise UserError("type the passphrase of the vault")
        if "again" in values and values["again"] != values["passphrase"]:
            raise UserError("the two passphrases differ")
        return Secret(values["passphrase"])


def said_of(view: KeyView) -> str:
    """What was stored, for a page or a terminal."""
    lines = [f"Stored: {view.title}, key {view.masked}, {view.rights}. It is {view.state}{': ' + view.waits if view.waits else ''}."]
    return "\n".join([*lines, *(f"• {text}" for text in view.advice)])


def _qr(text: str) -> str:
    import segno

    drawn = io.BytesIO()
    segno.make(text, error="m").save(drawn, kind="svg", scale=4, border=4, xmldecl=False, svgns=True)
    return drawn.getvalue().decode()
