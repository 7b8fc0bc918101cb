"""What the command line can have the running instance do. Whoever comes in here could read the home's files: he is its owner."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from botcore.model.errors import UserError
from botcore.model.secret import Secret
from botcore.strategies.bot_limits import BotLimits
from botcore.venues.dialect import Credentials
from condor.hosts import LIVE, PAPER
from condor.panic.door import NAMES, PanicDoor
from condor.scripts import wait_for_accounts
from condor.services.facade import Services
from condor.services.key_forms import said_of
from condor.users import Actor, Role

OWNER = Actor(0, NAMES["cli"], Role.OWNER, "cli", 0)


class ControlDesk:
    """See the module; each method takes and gives JSON values and raises UserError.

    Parameters
    ----------
    closed_accounts : callable
        Live account -> why it takes no new positions; None where it does.
    link : callable
        A fresh address of the page.
    end : callable
        Ends the program in order.
    """

    def __init__(
        self,
        services: Services,
        panic: PanicDoor,
        closed_accounts: Callable[[], Mapping[str, str | None]],
        link: Callable[[], str],
        end: Callable[[], None],
    ) -> None:
        self._services = services
        self._panic = panic
        self._closed_accounts = closed_accounts
        self._link = link
        self._end = end

    async def status(self, body: Mapping[str, Any]) -> dict[str, Any]:
        view = self._services.overview.status(OWNER)
        return {
            "pid": os.getpid(),
            "version": view.version,
            "uptime_s": round(view.uptime_s, 1),
            "halted": view.halted,
            "trouble": view.trouble,
            "bots": [{"bot_id": bot.bot_id, "title": bot.title, "mode": bot.mode, "state": bot.state} for bot in view.bots],
            "open_orders": view.open_orders,
            "unknown_orders": view.unknown_orders,
            "accounts": dict(self._closed_accounts()),
        }

    async def start(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Start a bot: title, mode, controllers ([name, config] each), limits."""
        mode = LIVE if body.get("mode") == LIVE else PAPER
        controllers = [(str(name), dict(values)) for name, values in body["controllers"]]
        try:
            limits = BotLimits.model_validate(body.get("limits") or {})
        except ValidationError as error:
            raise UserError(f"the bot's limits do not hold: {error.errors()[0]['msg']}") from None
        if mode == LIVE:
            wanted = {market.connector_name for name, values in controllers for market in self._services.bots.check(name, values, PAPER).markets()}
            await wait_for_accounts(self._closed_accounts, wanted)
        view = await self._services.bots.start_all(OWNER, controllers, _no_claim, str(body.get("title", "")), mode, limits=limits)
        return {"bot_id": view.bot_id, "title": view.title, "mode": view.mode}

    async def stop(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Stop a bot, or without one end the program."""
        bot_id = body.get("bot_id")
        if bot_id is None:
            self._end()
            return {"pid": os.getpid()}
        view = await self._services.bots.stop(OWNER, str(bot_id), _no_claim, keep_position=body.get("keep") is True)
        return {"state": "stopped" if view is None else view.state}

    async def press_panic(self, body: Mapping[str, Any]) -> dict[str, Any]:
        return await self._panic.press(flatten=body.get("flatten") is True, front="cli")

    async def look_at_panic(self, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._panic.look()

    async def new_link(self, body: Mapping[str, Any]) -> dict[str, Any]:
        return {"url": self._link()}

    async def connect(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Try a key out, store it, and connect its account."""
        given = Credentials(str(body["key"]), str(body["secret"]))
        view = await self._services.keys.add(OWNER, str(body["venue"]), given, Secret(str(body["passphrase"])))
        return {"said": said_of(view)}

    async def disconnect(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Take a key out of the vault and close its account."""
        await self._services.keys.remove(OWNER, str(body["venue"]), Secret(str(body["passphrase"])))
        return {}


def _no_claim(connection: Any) -> None:
    """A command is given once."""
