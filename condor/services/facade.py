"""All services in one value: what a front end is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from condor.services.access import AccessService
from condor.services.alerts import AlertService
from condor.services.audit import AuditService
from condor.services.bots import BotService
from condor.services.caps import CapsService
from condor.services.code import CodeService
from condor.services.code_forms import CodeForms
from condor.services.confirms import ConfirmService
from condor.services.data import DataServices
from condor.services.drafts import DraftService
from condor.services.edits import EditService
from condor.services.exits import ExitService
from condor.services.floors import FloorService
from condor.services.groups import GroupService
from condor.services.history import HistoryService
from condor.services.hold_exits import HoldExits
from condor.services.invites import InviteService
from condor.services.key_forms import KeyForms
from condor.services.keys import KeyService
from condor.services.manual import ManualService
from condor.services.members import MemberService
from condor.services.missing import MissingService
from condor.services.overview import OverviewService
from condor.services.panels import PanelService
from condor.services.panic import PanicService
from condor.services.pauses import PauseService
from condor.services.prices import PriceService
from condor.services.role_limits import RoleLimits
from condor.services.step_up import StepUpService
from condor.services.subscriptions import SubscriptionService
from condor.services.visitors import VisitorService
from condor.services.voices import Voices


@dataclass(frozen=True, slots=True)
class Services:
    """See the module.

    Parameters
    ----------
    redact : callable
        Text -> text without secrets.
    """

    access: AccessService
    bots: BotService
    drafts: DraftService
    history: HistoryService
    overview: OverviewService
    panels: PanelService
    subscriptions: SubscriptionService
    code: CodeService
    panic: PanicService
    missing: MissingService
    data: DataServices
    voices: Voices
    members: MemberService
    visitors: VisitorService
    invites: InviteService
    groups: GroupService
    audit: AuditService
    alerts: AlertService
    prices: PriceService
    floors: FloorService
    keys: KeyService
    key_forms: KeyForms
    codes: CodeForms
    step_up: StepUpService
    confirms: ConfirmService
    exits: ExitService
    hold_exits: HoldExits
    pauses: PauseService
    edits: EditService
    caps: CapsService
    role_limits: RoleLimits
    manual: ManualService
    redact: Callable[[str], str]
