"""The home's own controllers and scripts: which there are, and the owner's word that one may run as it is now."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from botcore.model.errors import UserError
from botcore.recorder.journal import Journal
from condor.configs import Configs
from condor.host import WallClock
from condor.services.bots import Claim
from condor.store import Connection
from condor.store.common import write_audit
from condor.users import Actor, Role, require

SHOWN = 12


def unclaimed(connection: Connection) -> None:
    """The claim of whoever asks by no button."""


@dataclass(frozen=True, slots=True)
class CodeView:
    """One controller file of the home.

    Parameters
    ----------
    file : str
        Its path within the home.
    digest : str
        SHA-256 over it and the files of the home that it imports; people are shown the first 12 digits.
    others : tuple of str
        Files of the home that it imports.
    approved_by : str, optional
        Who approved it as it is now; None while nobody did.
    problem : str
        Why it can't run at all; empty when it can.
    """

    name: str
    file: str
    digest: str
    others: tuple[str, ...]
    approved_by: str | None
    problem: str = ""


class CodeService:
    """See the module. Nothing here runs a file."""

    def __init__(self, configs: Configs, journal: Journal, wall: WallClock) -> None:
        self._configs = configs
        self._journal = journal
        self._wall = wall

    def files(self) -> list[CodeView]:
        """Every controller and script file of the home."""
        code = self._configs.user_code
        return [self._view(name, file) for name, file in (code.names() | code.scripts()).items()]

    def _view(self, name: str, file: str) -> CodeView:
        try:
            found = self._configs.user_code.find(name)
        except UserError as error:
            return CodeView(name, file, "", (), None, str(error))
        if found is None:
            return CodeView(name, file, "", (), None, "it can't be found by this name")
        gathered = found.gathered
        others = tuple(source.file for source in gathered.sources.values() if source.file != gathered.file)
        return CodeView(name, gathered.file, gathered.digest, others, found.approval.by if found.approval else None)

    async def approve(self, actor: Actor, name: str, digest: str, claim: Claim = unclaimed) -> CodeView:
        """Let a controller of the home run as it is now.

        Parameters
        ----------
        digest : str
            The hash that the owner was shown, whole or at least its first 12 digits: a file that has changed since is refused.
        claim : Claim
            Makes it happen once for a button.

        Raises
        ------
        UserError
            If the actor is not the owner, or the file is not what was shown.
        """
        require(actor, Role.OWNER, "approving code")
        found = self._configs.user_code.find(name)
        if found is None:
            raise UserError(f"there is no controller {name!r} in this home")
        gathered = found.gathered
        if len(digest) < SHOWN or not gathered.digest.startswith(digest):
            raise UserError(f"{gathered.file} has changed since it was shown: its hash is {gathered.digest[:SHOWN]} now; look at it again")
        now_ms = self._wall.wall_ms()

        def write(connection: Connection) -> None:
            claim(connection)
            write_audit(connection, now_ms, actor, "approve_code", gathered.file, after=gathered.digest)

        await asyncio.wrap_future(self._journal.run(write))
        self._configs.user_code.approve(found, f"{actor.front} {actor.user_id}", now_ms)
        return self._view(name, gathered.file)
