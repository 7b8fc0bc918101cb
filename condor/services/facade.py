"""All services in one value: what a front end is given."""

from __future__ import annotations

from dataclasses import dataclass

from condor.services.access import AccessService
from condor.services.bots import BotService
from condor.services.caps import CapsService
from condor.services.code import CodeService
from condor.services.drafts import DraftService
from condor.services.history import HistoryService
from condor.services.key_forms import KeyForms
from condor.services.keys import KeyService
from condor.services.missing import MissingService
from condor.services.overview import OverviewService
from condor.services.panels import PanelService
from condor.services.panic import PanicService
from condor.services.step_up import StepUpService
from condor.services.subscriptions import SubscriptionService


@dataclass(frozen=True, slots=True)
class Services:
    """See the module."""

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
    keys: KeyService
    key_forms: KeyForms
    step_up: StepUpService
    caps: CapsService
