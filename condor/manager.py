"""`BotManager`: several bots side by side in one process, from their rows to the clock and back.

Starting and recovering are one path: build from the frozen configs, give back what the records hold, put on the clock. That path, and the life of what runs, is
`running_bots`; here is the way back: after a start of the program, and when a venue answers for the first time.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from botcore.model.errors import CondorError, ConfigError
from botcore.model.events import Fact, FactKind, PartFault
from botcore.orchestrator.orchestrator import ExecutorOrchestrator
from botcore.recorder.journal import Journal
from botcore.recorder.queries import controller_faults, load_bot
from botcore.strategies.strategy_v2 import StrategyV2Base
from condor.configs import Configs
from condor.host import WallClock
from condor.hosts import LIVE, Host, Hosts
from condor.running_bots import Benched, RunningBot, RunningBots
from condor.stand_in import texts_in
from condor.store.bots import RUNNING, STOPPING, BotRow, ConfigRow, bots_in, configs_of, limits_of
from condor.store.ends import ends_asked
from condor.store.pauses import pauses as stored_pauses
from condor.unaccounted import Unaccounted

log = logging.getLogger(__name__)

MAX_FAULTS = 3
"""A controller that was stopped so often is not asked again by a start of the program, only by a person's start of its bot."""


def waiting_words(names: Sequence[str]) -> str:
    """Why a bot waits, for people."""
    return f"{', '.join(names)} has not said yet what it trades"


class BotManager(RunningBots):
    """See the module.

    Attributes
    ----------
    broken : dict of str to str
        Bot -> why it could not be put back.
    waiting : dict of str to tuple of str
        Bot -> accounts whose venue has never answered: it comes back when they have.
    unaccounted : Unaccounted
        What accounts have and no bot knows of.
    """

    def __init__(self, hosts: Hosts, configs: Configs, journal: Journal, wall: WallClock) -> None:
        super().__init__(hosts, configs, journal, wall)
        self.broken: dict[str, str] = {}
        self.waiting: dict[str, tuple[str, ...]] = {}
        self.unaccounted = Unaccounted(hosts, journal, self._orchestrators)

    def _orchestrators(self, mode: str) -> dict[str, ExecutorOrchestrator]:
        return {bot_id: bot.strategy.orchestrator for bot_id, bot in self.running.items() if bot.row.mode == mode}

    def absence(self, bot_id: str) -> str:
        """Why a bot that should run is not on the clock, as what is said of it."""
        names = self.waiting.get(bot_id)
        if names is not None:
            return f"waits: {waiting_words(names)}; try again when it has"
        problem = self.broken.get(bot_id)
        return "is being started or stopped: try again in a moment" if problem is None else f"could not be put together: {problem}"

    # ---- the way back ------------------------------------------------------------------------------------------------
    def recover(self) -> list[str]:
        """Put together every bot that was running or stopping; returns their ids.

        A bot that can't be put together (its controller is gone, a row of it can't be read, its own code raises) is left out and named in `broken`; whatever is wrong
        with one bot, the others go on with their stops.
        """
        self.pauses = self._journal.read(stored_pauses).result()
        for row in self._journal.read(lambda connection: bots_in(connection, [RUNNING, STOPPING])).result():
            names = self._waits_for(row)
            if names:
                self.waiting[row.bot_id] = names
            else:
                self._recover_one(row)
        return list(self.running)

    def come_back(self) -> list[str]:
        """Put together the bots that waited for a venue whose rules are known now; what was being stopped goes on being stopped. Returns those that run."""
        if not self.waiting:
            return []
        host = self._hosts.of(LIVE)
        # behind all that is on its way to the disk
        host.recorder.flush(None)
        rows = self._journal.run(lambda connection: bots_in(connection, [RUNNING, STOPPING])).result()
        came = [row for row in rows if row.bot_id in self.waiting and not self._waits_for(row)]
        for row in came:
            del self.waiting[row.bot_id]
            self._recover_one(row)
        back = [row.bot_id for row in came if row.bot_id in self.running]
        self._go_on_stopping(back)
        self.tell(host, back, [row.bot_id for row in came if row.bot_id in self.broken])
        return back

    def wait_again(self, bot_ids: Iterable[str], connector_name: str) -> None:
        """An account is being connected: those of these bots that could not be put back wait for it, and are tried once more when it has answered (`come_back`)."""
        for bot_id in bot_ids:
            if self.broken.pop(bot_id, None) is not None:
                self.waiting[bot_id] = (connector_name,)

    def tell(self, host: Host, back: Sequence[str], broken: Sequence[str]) -> None:
        """Say who is back and who could not be put back."""
        for bot_id in broken:
            text = f"could not be put back, so nobody watches what it has at its venue: {self.broken[bot_id]}"
            host.bus.publish(PartFault(FactKind.PART_FAULT, host.clock.now_ns, text, bot_id))
        if back or broken:
            titles = [self.running[bot_id].row.title for bot_id in back if bot_id in self.running]
            payload = {"bots": titles, "broken": {bot_id: self.broken[bot_id] for bot_id in broken}}
            host.bus.publish(Fact(FactKind.RECOVERED, host.clock.now_ns, payload=payload))
            host.recorder.flush(None)

    def _without_rules(self, row: BotRow) -> set[str]:
        """Accounts of a bot's kind whose venue has never said what it trades."""
        return self._hosts.live.without_rules() if row.mode == LIVE and self._hosts.live is not None else set()

    def _waits_for(self, row: BotRow) -> tuple[str, ...]:
        """Accounts that must answer for the first time before a bot can be put together; none when it can be tried. A config may name them anywhere."""
        unknown = self._without_rules(row)
        if not unknown:
            return ()
        configs = self._journal.read(lambda connection: configs_of(connection, row.bot_id)).result()
        return tuple(sorted({text for config in configs for text in texts_in(config.config)} & unknown))

    def resume_stops(self) -> None:
        """Go on stopping what was being stopped when the process ended; what was paused is paused."""
        self._go_on_stopping(list(self.running))

    def _go_on_stopping(self, bot_ids: Sequence[str]) -> None:
        """Executors that a person has asked to end, then bots, then entries: each may have been written down by a process that died before it was carried out."""
        bots = [self.running[bot_id] for bot_id in bot_ids]
        executors = [(bot.row.bot_id, executor.id) for bot in bots for executor in bot.strategy.orchestrator.running]
        for bot_id, executor_id, keeps in self._journal.read(lambda connection: ends_asked(connection, executors)).result():
            self.running[bot_id].strategy.orchestrator.stop(executor_id, keep_position=keeps)
        for bot in bots:
            if bot.row.state == STOPPING:
                bot.strategy.stop(keep_position=bot.row.keep_position)
        self.take_pauses(bot_ids)

    def _recover_one(self, row: BotRow) -> None:
        try:
            configs, records = self._journal.read(lambda connection: (configs_of(connection, row.bot_id), load_bot(connection, row.bot_id))).result()
            limits = self._journal.read(lambda connection: limits_of(connection, row.bot_id)).result()
            faults = self._journal.read(controller_faults).result()
            strategy = self._build_anew(row, configs, _benched(row.bot_id, faults), limits)
            self._give_back(strategy, records, self._hosts.of(row.mode))
            self._hosts.of(row.mode).runtime.add_bot(strategy)
        except Exception as error:
            unknown = self._without_rules(row)
            if unknown and isinstance(error, ConfigError):
                # its own code names its markets: which account it lacks only its start could tell
                self.waiting[row.bot_id] = tuple(sorted(unknown))
                return
            is_told = isinstance(error, CondorError)
            log.error("bot %s could not be recovered: %s", row.bot_id, error, exc_info=None if is_told else error)
            self.broken[row.bot_id] = str(error) if is_told else f"{type(error).__name__}: {error}"
        else:
            self.running[row.bot_id] = RunningBot(row, configs, strategy)

    def _build_anew(self, row: BotRow, configs: list[ConfigRow], benched: Benched, limits: Mapping[str, Any]) -> StrategyV2Base:
        """A bot as it was; when its controllers can't be built, one that watches the executors that it has."""
        for controller_id, reason in benched.items():
            log.critical("controller %s of bot %s is not asked: %s", controller_id, row.bot_id, reason)
        try:
            return self.build(row.bot_id, configs, row.mode, benched, limits, comes_back=True)
        except Exception as error:
            ids = [str(config.config.get("id")) for config in configs]
            strategy = self.build(row.bot_id, configs, row.mode, dict.fromkeys(ids, str(error)), limits, comes_back=True)
            log.critical("bot %s came back without its controllers, its executors are watched: %s", row.bot_id, error, exc_info=error)
            host = self._hosts.of(row.mode)
            for controller_id in ids:
                host.bus.publish(PartFault(FactKind.CONTROLLER_FAULT, host.clock.now_ns, str(error), row.bot_id, controller_id))
            return strategy


def _benched(bot_id: str, faults: dict[tuple[str, str], list[str]]) -> Benched:
    """Controllers of a bot that were stopped too often."""
    return {
        controller_id: f"stopped {len(errors)} times, the last time by {errors[-1]}; stop the bot and start it again to have it tried again"
        for (of, controller_id), errors in faults.items()
        if of == bot_id and len(errors) >= MAX_FAULTS
    }
