"""What a screen, an action or a command is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from condor.services.bots import Claim
from condor.services.facade import Services
from condor.store.panels import Panel
from condor.users import Actor

if TYPE_CHECKING:
    from handlers.registry import Registry


@dataclass(frozen=True, slots=True)
class Context:
    """One request of one person.

    Parameters
    ----------
    claim : Claim
        Makes the effect of this tap or message happen once, in the transaction of the effect.
    now_ms : callable
        Wall time.
    panel : Panel, optional
        The card whose button was tapped, as it was before that; of a command the card that waited for a line until then.
    """

    services: Services
    registry: Registry
    actor: Actor
    claim: Claim
    now_ms: Callable[[], int]
    panel: Panel | None = None


Args = Mapping[str, Any]
