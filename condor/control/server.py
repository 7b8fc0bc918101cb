"""Serves the command line's requests on the socket; the loopback port and the page have nothing to do with it."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from aiohttp import web

from botcore.model.errors import UserError
from condor.control.client import REFUSED
from condor.control.desk import ControlDesk
from condor.control.place import listen, remove

MAX_BODY = 1024 * 1024

log = logging.getLogger(__name__)

Work = Callable[[Mapping[str, Any]], Awaitable[dict[str, Any]]]


class ControlServer:
    """See the module.

    Parameters
    ----------
    path : Path
        Where the socket is to be.
    """

    def __init__(self, path: Path, desk: ControlDesk) -> None:
        self._path = path
        app = web.Application(client_max_size=MAX_BODY)
        for route, work in (("/status", desk.status), ("/panic", desk.look_at_panic)):
            app.router.add_get(route, _answering(work))
        posts = {
            "/start": desk.start,
            "/stop": desk.stop,
            "/panic": desk.press_panic,
            "/link": desk.new_link,
            "/connect": desk.connect,
            "/disconnect": desk.disconnect,
        }
        for route, work in posts.items():
            app.router.add_post(route, _answering(work))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)

    async def start(self) -> None:
        """Listen.

        Raises
        ------
        UserError
            If there can be no socket.
        """
        await self._runner.setup()
        await web.SockSite(self._runner, listen(self._path)).start()

    async def close(self) -> None:
        await self._runner.cleanup()
        remove(self._path)


def _answering(work: Work) -> Callable[[web.Request], Awaitable[web.Response]]:
    """A handler: values in, values out; what a person must know comes back as one sentence."""

    async def handler(request: web.Request) -> web.Response:
        try:
            body = await _body(request)
            return web.json_response(await work(body))
        except UserError as error:
            return web.json_response({"error": str(error)}, status=REFUSED)
        except (KeyError, TypeError, ValueError) as error:
            log.warning("%s %s was not understood", request.method, request.path, exc_info=error)
            return web.json_response({"error": f"the request was not understood ({type(error).__name__})"}, status=400)

    return handler


async def _body(request: web.Request) -> Mapping[str, Any]:
    if request.method == "GET":
        return {}
    try:
        found = json.loads(await request.read())
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise UserError("expected an object in JSON")
    return found
