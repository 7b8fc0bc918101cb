"""`RunnableBase` as files of Strategy V2 know it, with the queue and the events that such a thing has: nobody waits for them here."""

from __future__ import annotations

from typing import Any

from botcore.compat.tools import Done, HummingbotLogger, logger_of
from botcore.model.enums import RunnableStatus


class ActionsQueue:
    """What a controller wants to be done, in the order in which it said so."""

    def __init__(self) -> None:
        self._actions: list[Any] = []

    def put_nowait(self, actions: Any) -> None:
        self._actions.extend(actions if isinstance(actions, list | tuple) else [actions])

    async def put(self, actions: Any) -> None:
        self.put_nowait(actions)

    def take(self) -> list[Any]:
        taken, self._actions = self._actions, []
        return taken

    def empty(self) -> bool:
        return not self._actions

    def qsize(self) -> int:
        return len(self._actions)


class Flag:
    """An event that nobody waits for."""

    def __init__(self) -> None:
        self._is_set = True

    def set(self) -> None:
        self._is_set = True

    def clear(self) -> None:
        self._is_set = False

    def is_set(self) -> bool:
        return self._is_set


class RunnableBase:
    """What has a life of its own in Strategy V2: started, asked again and again, stopped."""

    _logger: HummingbotLogger | None = None
    update_interval: float = 1.0
    _status: RunnableStatus = RunnableStatus.RUNNING

    @classmethod
    def logger(cls) -> HummingbotLogger:
        if "_logger" not in cls.__dict__ or cls._logger is None:
            cls._logger = logger_of(f"{cls.__module__.rpartition('.')[2]}.{cls.__name__}")
        return cls._logger

    @property
    def status(self) -> RunnableStatus:
        return self._status

    def start(self) -> None:
        """Be asked again."""
        self._status = RunnableStatus.RUNNING

    def stop(self) -> Any:
        """Be asked no more; executors go on. What it gives back can be awaited, as some files do."""
        self._status = RunnableStatus.TERMINATED
        return Done()

    async def on_start(self) -> None:
        """Called once before the first step."""

    def on_stop(self) -> Any:
        """Called once when its bot is stopped or its kill switch is turned on; may be `async def`."""
        return Done()

    async def control_task(self) -> None:
        """One step."""
