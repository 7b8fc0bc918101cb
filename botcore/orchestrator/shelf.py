"""`Shelf`: what one controller of a bot has, its executors and what they came to; `Shelves`: those of all its controllers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from botcore.executors.info import ExecutorInfo
from botcore.model.enums import RunnableStatus
from botcore.orchestrator.drawdown import Drawdown
from botcore.orchestrator.performance import Funding, Tally
from botcore.orchestrator.refused import Refusal, Refusals
from botcore.orchestrator.standing import Standing

TERMINATED: Final = RunnableStatus.TERMINATED


class Shelf:
    """Executors of one controller, as the controller sees them.

    Attributes
    ----------
    infos : list of ExecutorInfo
        The latest closed ones in the order of their end, then the live ones in the order of their start.
    tallies, funding : dict
        By quote asset.
    version : int
        Grows whenever anything here changes; a controller that saw the same version has nothing new to decide about.
    ended : int
        Executors that have ended.
    initial : list
        Positions that it begins with and whose price is not known yet.
    pnl, is_open, is_converted, seen_version
        Its PnL when it was looked at last, whether that moves with the market, or with a rate, and the version that was seen then.
    """

    __slots__ = (
        "_closed",
        "_keep_closed",
        "controller_id",
        "drawdown",
        "ended",
        "funding",
        "infos",
        "initial",
        "is_converted",
        "is_open",
        "pnl",
        "refusals",
        "seen_version",
        "standing",
        "tallies",
        "version",
    )

    def __init__(self, controller_id: str, keep_closed: int) -> None:
        self.controller_id = controller_id
        self.infos: list[ExecutorInfo] = []
        self.tallies: dict[str, Tally] = {}
        self.funding: dict[str, Funding] = {}
        self.standing = Standing()
        self.refusals = Refusals()
        self.drawdown = Drawdown(controller_id)
        self.initial: list[Any] = []
        self.pnl: Decimal | None = None
        self.is_open = True
        self.is_converted = False
        self.seen_version = -1
        self.version = 0
        self.ended = 0
        self._closed = 0
        self._keep_closed = keep_closed

    def open(self, info: ExecutorInfo) -> None:
        """A new live executor."""
        self.infos.append(info)
        self.version += 1

    def close(self, info: ExecutorInfo) -> None:
        """An executor has ended: it moves behind the other closed ones, and the oldest of them is forgotten."""
        infos = self.infos
        for position in range(self._closed, len(infos)):
            if infos[position] is info:
                del infos[position]
                break
        infos.insert(self._closed, info)
        if self._closed == self._keep_closed:
            del infos[0]
        else:
            self._closed += 1
        self.ended += 1
        self.version += 1

    def tally(self, asset: str) -> Tally:
        """What its executors have come to in a quote asset."""
        tally = self.tallies.get(asset)
        if tally is None:
            tally = self.tallies[asset] = Tally(self.controller_id, asset)
        return tally

    def refuse(self, info: ExecutorInfo, refusal: Refusal) -> None:
        """Show a refused create that was not tried; it takes the place of the one before."""
        info.status, info.close_type, info.close_ns, info.reason = TERMINATED, refusal.close_type, info.created_ns, refusal.reason
        if refusal.last_id:
            self.drop(refusal.last_id)
        refusal.last_id = info.id
        self.close(info)

    def fund(self, asset: str, amount_quote: Decimal | None) -> None:
        """A share of a funding payment, in the quote asset of its market; None where it has no rate."""
        funding = self.funding.get(asset)
        if funding is None:
            funding = self.funding[asset] = Funding()
        funding.add(amount_quote)
        self.version += 1

    def drop(self, executor_id: str) -> None:
        """Forget a closed executor."""
        for position in range(self._closed):
            if self.infos[position].id == executor_id:
                del self.infos[position]
                self._closed -= 1
                self.version += 1
                return

    def active(self) -> list[ExecutorInfo]:
        return self.infos[self._closed :]


class Shelves:
    """A shelf for each controller that was ever heard of.

    Parameters
    ----------
    keep_closed : int
        Closed executors that a controller still sees.

    Attributes
    ----------
    all : dict of str to Shelf
        By controller id.
    """

    __slots__ = ("_keep_closed", "all")

    def __init__(self, keep_closed: int) -> None:
        self.all: dict[str, Shelf] = {}
        self._keep_closed = keep_closed

    def of(self, controller_id: str) -> Shelf:
        """Its shelf, made when it is asked for first."""
        shelf = self.all.get(controller_id)
        if shelf is None:
            shelf = self.all[controller_id] = Shelf(controller_id, self._keep_closed)
        return shelf
