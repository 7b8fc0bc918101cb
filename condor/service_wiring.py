"""Builds the services: what a front end is given. `condor.wiring` builds what they stand on, and calls this once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from botcore.model.events import FactKind
from botcore.recorder.journal import Journal
from condor.accounts import TOTP, Stored
from condor.authenticators import SEAL, Authenticators
from condor.caps_keeper import CapsKeeper
from condor.configs import Configs
from condor.home import Home
from condor.host import WallClock
from condor.hosts import Hosts
from condor.live_accounts import LiveAccounts
from condor.manager import BotManager
from condor.pictures.artist import Artist
from condor.probing import Probes
from condor.redaction import Redactor
from condor.scheduler import Scheduler
from condor.services.access import AccessService
from condor.services.alerts import AlertService
from condor.services.audit import AuditService
from condor.services.bot_allowance import BotAllowance
from condor.services.bots import BotService
from condor.services.caps import CapsService
from condor.services.charts import ChartService
from condor.services.code import CodeService
from condor.services.code_forms import CodeForms
from condor.services.confirms import ConfirmService
from condor.services.data import DataServices
from condor.services.drafts import DraftService
from condor.services.edits import EditService
from condor.services.exits import ExitService
from condor.services.facade import Services
from condor.services.floors import FloorService
from condor.services.groups import GroupService
from condor.services.history import HistoryService
from condor.services.hold_exits import HoldExits
from condor.services.invites import InviteService
from condor.services.key_forms import KeyForms
from condor.services.keys import KeyService
from condor.services.lives import LifeService
from condor.services.log_files import LogService
from condor.services.manual import ManualService
from condor.services.manual_previews import ManualPreviews
from condor.services.manual_problems import ManualProblems
from condor.services.members import MemberService
from condor.services.missing import MissingService
from condor.services.once import OncePages
from condor.services.overview import OverviewService
from condor.services.panels import PanelService
from condor.services.panic import PanicService
from condor.services.pauses import PauseService
from condor.services.pictures import PictureService
from condor.services.portfolio import PortfolioService
from condor.services.prices import PriceService
from condor.services.purse import Purse
from condor.services.report_plans import ReportPlanService
from condor.services.reports import ReportService
from condor.services.results import ResultsService
from condor.services.role_limits import RoleLimits
from condor.services.step_up import StepUpService
from condor.services.subscriptions import SubscriptionService
from condor.services.trading import TradingService
from condor.services.visitors import VisitorService
from condor.services.voices import Voices
from condor.settings import Environment, Settings
from condor.users import LOCAL_FRONT, TELEGRAM_FRONT, Actor
from condor.vault import Vault
from condor.watch_memory import WatchMemory

CHATS = (LOCAL_FRONT, TELEGRAM_FRONT)


@dataclass(frozen=True, slots=True)
class Ground:
    """What the services stand on.

    Parameters
    ----------
    tell_account : callable
        Tells a title and a text of this machine's accounts.
    """

    home: Home
    settings: Settings
    environment: Environment
    configs: Configs
    hosts: Hosts
    manager: BotManager
    journal: Journal
    wall: WallClock
    scheduler: Scheduler
    redactor: Redactor
    vault: Vault
    stored: Stored
    accounts: LiveAccounts
    caps: Sequence[CapsKeeper]
    once: OncePages
    tell_account: Callable[[str, str], None]


def build_services(on: Ground) -> Services:
    """All of them; whoever needs another is given it."""
    hosts, journal, wall, configs = on.hosts, on.journal, on.wall, on.configs
    bots = BotService(on.manager, hosts, configs, journal, wall)
    overview = OverviewService(hosts, on.manager, bots, configs, journal, wall)
    voices, visitors = Voices(), VisitorService(journal, wall)
    members = MemberService(journal, wall, voices)
    subscriptions = SubscriptionService(journal, on.scheduler, wall)
    own = Authenticators(Vault(on.home.codes), on.stored.codes_key, is_used=SEAL in on.vault.names())
    for secret in own.secrets():
        on.redactor.add(secret)
    step_up = StepUpService(journal, wall, on.stored.totp, is_on=TOTP in on.vault.names(), own=own)
    keys = KeyService(on.vault, configs, Probes(configs), journal, wall, on.accounts, on.stored, on.redactor.add, on.tell_account)
    access = AccessService(journal, wall)
    codes = CodeForms(on.once, own, step_up, journal, wall, on.redactor.add, access)
    forms = KeyForms(on.once, keys, step_up, on.vault, journal, wall, on.redactor.add, access, own, codes)

    async def before_live(actor: Actor, accounts: set[str]) -> None:
        # whoever sits at the terminal of this machine has shown who he is
        if actor.front in CHATS:
            await step_up.require_fresh(actor)
        await keys.refuse_unfit(accounts)

    bots.before_live = before_live
    limits, purse = RoleLimits(journal, wall, step_up.require_fresh), Purse(hosts, configs)
    bots.within_limits = BotAllowance(hosts, purse, limits).refuse
    return Services(
        access,
        bots,
        DraftService(configs, bots, overview, hosts, journal, wall),
        HistoryService(journal),
        overview,
        PanelService(journal, wall),
        subscriptions,
        CodeService(configs, journal, wall),
        PanicService(hosts, on.manager, journal, wall),
        MissingService(hosts, journal, wall),
        _data(on, bots, overview),
        voices,
        members,
        visitors,
        InviteService(journal, wall, members, visitors, voices),
        GroupService(journal, on.settings.access, wall, visitors, voices, subscriptions.moved),
        AuditService(journal, wall),
        AlertService(journal, wall, is_webhook_on=on.environment.alert_webhook is not None),
        PriceService(hosts, journal, wall),
        FloorService(hosts, journal, wall, purse.title, WatchMemory(journal, wall, FactKind.BALANCE_LOW)),
        keys,
        forms,
        codes,
        step_up,
        ConfirmService(journal, wall),
        ExitService(hosts, on.manager, bots, journal, wall),
        HoldExits(hosts, on.manager, bots, journal, wall),
        PauseService(on.manager, journal, wall),
        EditService(on.manager, bots, configs, overview),
        CapsService(on.caps, journal, wall),
        limits,
        _manual(on, bots, overview, purse, limits),
        on.redactor,
    )


def _manual(on: Ground, bots: BotService, overview: OverviewService, purse: Purse, limits: RoleLimits) -> ManualService:
    """Orders by hand."""
    previews = ManualPreviews(on.hosts, purse, ManualProblems(purse))
    return ManualService(on.hosts, on.manager, bots, overview, purse, previews, limits, on.journal, on.wall)


def _data(on: Ground, bots: BotService, overview: OverviewService) -> DataServices:
    """What only reads, and the process that draws pictures of it."""
    pictures = PictureService(Artist(on.home.data / "matplotlib"))
    hosts, journal = on.hosts, on.journal
    results = ResultsService(hosts, bots, journal)
    portfolio = PortfolioService(hosts, overview, journal, on.wall)
    return DataServices(
        pictures,
        ChartService(hosts),
        results,
        ReportService(results, pictures),
        ReportPlanService(journal, on.wall),
        portfolio,
        TradingService(hosts, on.manager, bots),
        LifeService(journal),
        LogService(on.home.logs, on.redactor),
    )
