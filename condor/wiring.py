"""The wiring: builds every part of the program, starts them in order and ends them in reverse. Nothing imports this but the entry points.

Starting is recovering: take the home, bring the records up to date, put markets and bots back, hold them against the venue, and only then let time run and
people in.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from typing import Any

from botcore.model.events import Fact, FactKind
from botcore.model.secret import Secret
from botcore.recorder.journal import Journal
from botcore.venues.aiohttp_port import AiohttpPort
from condor import __version__
from condor.accounts import open_vault, take_accounts, with_stored
from condor.alerts.timed import TimedAlerts
from condor.caps_keeper import CapsKeeper
from condor.chat_trouble import ChatTroubles
from condor.chats import Chat, Chats, Wanted
from condor.configs import Configs
from condor.doors import Doors, Shown
from condor.home import FileRules, Home, InstanceLock, machine_name
from condor.host import TradingHost, WallClock
from condor.hosts import PAPER, Hosts
from condor.liquidations import LiquidationWatch
from condor.live_accounts import LiveAccounts
from condor.live_host import LiveHost
from condor.localchat.access import write_secret
from condor.logs import set_up
from condor.manager import BotManager
from condor.memory import Sheddable
from condor.metrics import Metrics
from condor.notifications import Notifications
from condor.redaction import Redactor
from condor.scheduler import Scheduler
from condor.service_wiring import Ground, build_services
from condor.services.facade import Services
from condor.services.once import OncePages
from condor.services.panic import EVERY_S as PANIC_S
from condor.settings import Environment, Settings
from condor.shortages import Shortages
from condor.store.common import HALT, latch_reason
from condor.store.home_id import claim_home
from condor.store.soundness import EarlyCheck
from condor.store.start import Chance, open_records
from condor.users import LOCAL_FRONT
from condor.vault import Vault
from condor.vigil import Vigil
from condor.watch_memory import WatchMemory
from condor.web import WebServer
from condor.webhook import FRONT as WEBHOOK
from condor.webhook import Webhook
from handlers.app import Address, ChatFront, build_registry
from handlers.live import EVERY_S

log = logging.getLogger(__name__)

PRUNE_S = 3600
RIGHTS_S = 60
"""How often it is looked whether what is known of the keys' rights is still young enough."""

RESERVE_S = 30
ALERTS_S = 5
LIQUIDATIONS_S = 2
BALANCES_S = 5
PRICES_S = 1
SHORTAGES_S = 2
ACCOUNTS_S = 10
FINISHED_S = 1
GOODBYE_S = 3.0
"""How long an ordered end waits for what it has to say to reach a chat; after that it is said at the next start."""


def wall_clock() -> WallClock:
    """The clock of this machine."""
    return WallClock(lambda: time.time_ns() // 1_000_000, time.monotonic_ns)


class Program:
    """One running Condor.

    Parameters
    ----------
    home : Home
    settings : Settings
    environment : Environment
    wall : WallClock
    check : EarlyCheck, optional
        Of the records, begun already.
    passphrase : Secret, optional
        Of the vault; without it its accounts are not connected.
    """

    def __init__(
        self,
        home: Home,
        settings: Settings,
        environment: Environment,
        wall: WallClock,
        check: EarlyCheck | None = None,
        passphrase: Secret | None = None,
    ) -> None:
        self._home = home
        self._passphrase = passphrase
        self._redactor = Redactor()
        self._check = check
        self._settings = settings
        self._environment = environment
        self._wall = wall
        self._lock = InstanceLock(home)
        self._metrics = Metrics()
        self._is_open = False
        self._end: Callable[[], None] = lambda: None
        # what was begun is ended in reverse
        self._endings = AsyncExitStack()

    # ---- start -----------------------------------------------------------------------------------------------------
    async def start(self) -> None:
        """Bring everything up.

        Raises
        ------
        UserError
            If the home is held, can't be written, or its files do not hold; nothing runs then.
        """
        home = self._home
        home.make()
        self._lock.acquire()
        self._endings.callback(self._lock.release)
        secret = write_secret(home.chat_token)
        self._wanted = wanted = Wanted(self._environment, home)
        configs = Configs(home)
        self._take_keys(configs)
        for text in (secret, wanted.token or "", *self._environment.secrets):
            self._redactor.add(text)
        self._endings.callback(self._redactor.watch_tracebacks())
        logs = set_up(home, self._settings.log_level, self._redactor)
        self._endings.callback(logs.close)
        self._metrics.log_drops.set_function(lambda: logs.drops.count)
        chance = Chance(secrets.token_hex(8), secrets.randbelow)
        faults = None if self._check is None else self._check.result
        epoch = open_records(home, __version__, self._wall.wall_ms, chance, machine_name(), log.critical, faults)
        self._endings.callback(epoch.mark.close)
        homes = claim_home(home.id_file, home.database, chance.below)
        self._shortages = short = Shortages(home, lambda: self._hosts.gates(), self._latched, self._tell, self._say_trouble)
        loop = asyncio.get_running_loop()
        self._journal = Journal(home.database, loop.call_soon_threadsafe, short.on_journal, make_room=short.reserve.free, mark=epoch.mark)
        self._endings.callback(self._journal.close)
        self._scheduler = Scheduler(self._wall.wall_ms)
        self._notifications = Notifications(self._journal, self._settings.alerts, self._wall)
        self._vigil = vigil = Vigil(home, self._settings, self._wall, self._endings)
        self._host = TradingHost(home, self._settings, configs, self._journal, self._wall, self._notifications.wake, epoch.number, vigil.limit, homes)
        self._endings.callback(self._end_trading)
        self._endings.callback(short.descriptors.close)
        self._live = self._live_host()
        self._caps, self._paper_caps = CapsKeeper(self._live, self._journal), CapsKeeper(self._host, self._journal, PAPER)
        self._host.on_reset = self._paper_caps.emptied
        self._hosts = Hosts(self._host, self._live)
        vigil.look_at(self._hosts)
        self._manager = BotManager(self._hosts, configs, self._journal, self._wall)
        self._live_accounts = LiveAccounts(self._live, self._caps, self._manager, self._journal, self._accounts)
        self.services = self._build_services(configs)
        self._chat_trouble = ChatTroubles(self._wall.wall_ms, self._redactor, self.services.access.frozen, self._tell_chat_trouble, self._say_trouble)
        self._chats = Chats(self.services, self._notifications, self._scheduler, self._journal, self._endings, EVERY_S, self._chat_trouble)
        self._endings.push_async_callback(self.services.data.pictures.close)
        self._endings.push_async_callback(self.services.drafts.trials.close)
        # from the first order on, not from the first look of the schedule on
        short.descriptors.look()
        self._live.on_positions = self._manager.unaccounted.compare_live
        self._live.on_learned = lambda name: self._manager.come_back()
        self._endings.push_async_callback(self._live.close)
        await self._live.learn()
        self._caps.open()
        self._paper_caps.open()
        self._recover()
        self._live.start()
        await self._open_doors(secret)
        self._host.go()
        self._scheduler.start()
        self._endings.callback(self._scheduler.close)
        vigil.ticked()
        self._schedule()
        self._start_alerts()
        await self.services.subscriptions.rebuild()
        self._notifications.start()
        self._endings.push_async_callback(self._notifications.close)
        if self._stored.trouble:
            log.warning("%s", self._stored.trouble)
            self._say_trouble()
        self._is_open = True

    def _schedule(self) -> None:
        """What is done every so often; the tick first."""
        services, every = self.services, self._scheduler.every
        every("tick", self._settings.clock.tick_size, self._tick)
        self._shortages.watch_memory(self._settings.runtime.memory_soft_mb, self._wall, self._manager, self._caches)
        every("liquidations", LIQUIDATIONS_S, self._liquidations().round)
        every("balances", BALANCES_S, services.floors.round)
        every("hold exits", FINISHED_S, services.hold_exits.round)
        every("shortages", SHORTAGES_S, self._shortages.look)
        every("finished", FINISHED_S, self._end_finished)
        every("reserve", RESERVE_S, self._shortages.look_at_disk)
        every("accounts", ACCOUNTS_S, self._look_at_accounts)
        every("panic", PANIC_S, services.panic.round)
        every("prune", PRUNE_S, services.panels.prune)
        every("prune visitors", PRUNE_S, services.visitors.prune)
        every("keys", RIGHTS_S, services.keys.look_daily)
        every("prune confirms", PRUNE_S, services.confirms.prune)

    def _liquidations(self) -> LiquidationWatch:
        memory = WatchMemory(self._journal, self._wall, FactKind.LIQUIDATION_NEAR)
        return LiquidationWatch(self._hosts, self._settings.alerts.liquidation_distance, memory)

    def _take_keys(self, configs: Configs) -> None:
        """Keys from the environment and from the vault; the passphrase is forgotten."""
        self._vault = Vault(self._home.vault)
        passphrase, self._passphrase = self._passphrase, None
        self._stored = open_vault(self._vault, passphrase)
        self._accounts = with_stored(configs, take_accounts(configs), self._stored)
        secrets_known = [text for plan in self._accounts for text in (plan.credentials.key, plan.credentials.secret)]
        for known in (*secrets_known, *((passphrase,) if passphrase is not None else ()), *((self._stored.totp,) if self._stored.totp else ())):
            self._redactor.add(known)

    def _live_host(self) -> LiveHost:
        """The host of real money, with the accounts whose keys were given; it waits for some where there are none."""
        port = lambda now_ns: AiohttpPort(now_ns, may_connect=lambda: self._shortages.descriptors.trouble is None)  # noqa: E731
        rules = FileRules(self._home.venue_rules)
        ids = self._host.runtime.ids
        return LiveHost(self._accounts, self._settings, self._journal, self._wall, self._notifications.wake, ids, port, rules, self._vigil.limit)

    def _build_services(self, configs: Configs) -> Services:
        self._once = OncePages(self._wall.wall_ms)
        return build_services(
            Ground(
                self._home,
                self._settings,
                self._environment,
                configs,
                self._hosts,
                self._manager,
                self._journal,
                self._wall,
                self._scheduler,
                self._redactor,
                self._vault,
                self._stored,
                self._live_accounts,
                (self._caps, self._paper_caps),
                self._once,
                self._tell_account,
            )
        )

    def _start_alerts(self) -> None:
        """What is told by the clock: repeats of what is critical, digests, prices that are reached."""
        services, look = self.services, self._notifications.look
        services.subscriptions.on_return = look
        services.subscriptions.standing = services.overview.without_prices
        services.prices.on_queued = look
        address, secret = self._environment.alert_webhook, self._environment.alert_webhook_secret
        if address is not None and secret is not None:
            hook = Webhook(address.get_secret_value(), secret.get_secret_value(), lambda: self._wall.wall_ms() / 1000)
            self._notifications.add_notifier(WEBHOOK, hook)
        second = WEBHOOK if address is not None else ""
        refused_ms = lambda: self._chat_trouble.refused_ms  # noqa: E731
        timed = TimedAlerts(self._journal, self._wall, services.overview.standing, look, second, refused_ms, self._notifications.wake)
        self._scheduler.every("alerts", ALERTS_S, timed.round)
        self._scheduler.every("prices", PRICES_S, services.prices.round)

    def _recover(self) -> None:
        """Markets, accounts and bots as they were; orders as the venue says."""
        host, manager = self._host, self._manager
        reason = self._latched()
        if reason is not None:
            self._hosts.halt(reason)
        self.services.panic.resume()
        self.services.confirms.resume()
        self._vigil.tell_ends(self._hosts, self._journal)
        host.open_markets()
        self._paper_caps.look()
        back = manager.recover()
        host.reconcile()
        # live accounts are compared by their sessions, as soon as they reach their venues
        manager.unaccounted.report_paper()
        host.recorder.flush(None)
        manager.resume_stops()
        manager.tell(host, back, list(manager.broken))

    async def _open_doors(self, secret: str) -> None:
        shown = Shown(self._health, self._metrics.registry, lambda: self._hosts.live is not None, self.closed_accounts)
        self._doors = Doors(self._home, self._environment, self._wanted, self.services, self._chats, self._journal, self._endings)
        self._registry = build_registry()
        await self._doors.open(secret, self._wall, self._front, shown, self._once)
        await self._doors.open_socket(shown, lambda: self._end())

    def _front(self, name: str, token: str, api: str) -> ChatFront:
        address = Address(token, api, is_local=name == LOCAL_FRONT)
        return ChatFront(name, address, self.services, self._registry, self._wall.wall_ms, lambda text: self._chat_trouble.on_trouble(name, text))

    # ---- life ------------------------------------------------------------------------------------------------------
    async def _tick(self) -> None:
        """One turn of the clock."""
        with self._metrics.tick_seconds.time():
            try:
                # real money does not wait for paper, whatever happens there
                self._live.tick()
            finally:
                self._host.tick()
        self._vigil.ticked()
        self._metrics.running_bots.set(len(self._manager.running))
        self._metrics.executors.set(sum(len(bot.strategy.orchestrator.running) for bot in self._manager.running.values()))

    def _latched(self) -> str | None:
        # what /panic has latched may still be on its way to the disk
        return self._manager.stopped_all or self._journal.read(lambda connection: latch_reason(connection, HALT)).result()

    async def _look_at_accounts(self) -> None:
        await self.services.data.portfolio.look()

    async def _end_finished(self) -> None:
        self._manager.end_finished()

    def _caches(self) -> list[Sheddable]:
        """What may be shed when memory is short: older candles, events of the local chat, which its file has too, and pictures."""
        candles = [state.candles for host in self._hosts.all() for state in host.runtime.markets.values()]
        return [*candles, self._doors.state, self.services.data.pictures]

    def _tell(self, kind: str, payload: dict[str, Any]) -> None:
        self._host.bus.publish(Fact(kind, self._host.clock.now_ns, payload=payload))

    def _tell_account(self, title: str, text: str) -> None:
        self._tell(FactKind.ACCOUNT_WARNED, {"title": title, "text": text})

    def _tell_chat_trouble(self, payload: dict[str, Any]) -> None:
        self._tell(FactKind.CHAT_TROUBLE, payload)

    def _say_trouble(self) -> None:
        found = [
            *self._chat_trouble.texts.values(),
            *((self._stored.trouble,) if self._stored.trouble else ()),
            *self._shortages.texts,
        ]
        self.services.overview.trouble = "; ".join(found) or None

    def _health(self) -> tuple[bool, dict[str, Any]]:
        return self._vigil.is_turning and self._shortages.is_writing, {
            "last_tick_age_s": round(self._vigil.tick_age_s, 3),
            "running_bots": len(self._manager.running),
            "halted": self._hosts.halt_reason,
            "accounts": self.closed_accounts(),
            "chats": dict(self._chat_trouble.texts),
        }

    def closed_accounts(self) -> dict[str, str | None]:
        """Live account -> why it takes no new positions; None where it does."""
        return self._live.closed_reasons()

    @property
    def link(self) -> str:
        """What a person opens: the local chat's page (works once), or the bot on Telegram."""
        return self._doors.link

    @property
    def web(self) -> WebServer:
        """The loopback port."""
        return self._doors.web

    async def panic(self) -> None:
        """SIGUSR1: everything stops; positions stay."""
        await self._doors.panic()

    def when_ended(self, end: Callable[[], None]) -> None:
        """Call this when the command line asks for an end."""
        self._end = end

    async def claim_code(self) -> str | None:
        """What the first owner sends from Telegram; None when there is one, or no Telegram."""
        return await self._doors.claim_code()

    def is_up(self) -> bool:
        """Whether a chat answers."""
        return self._chats.is_up()

    @property
    def _fronts(self) -> list[Chat]:
        return self._chats.fronts

    def _end_trading(self) -> None:
        self._host.recorder.flush(None)
        self._host.close()

    # ---- end -------------------------------------------------------------------------------------------------------
    async def close(self) -> None:
        """Stop taking taps, write what is left, let go of the home. Bots stay as they are and go on at the next start.

        Ends what has begun, also when a start has failed half way. What stays at the venues is said first.
        """
        if self._is_open:
            with suppress(TimeoutError):
                async with asyncio.timeout(2 * GOODBYE_S):
                    if await self._live.say_goodbye():
                        await self._notifications.drain(GOODBYE_S)
        await self._endings.aclose()
