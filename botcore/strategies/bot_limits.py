"""How much a bot, and each of its controllers, may lose from a peak, and in a day, before it is ended."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from botcore.core.config import ConfigModel, ask

Loss = Annotated[Decimal, Field(gt=0)] | None


class BotLimits(ConfigModel):
    """Drops of the global PnL (realised, unrealised, fees and funding) from its peak, quote; None is no limit. A PnL that is not known never counts as a drop.

    Parameters
    ----------
    max_global_drawdown_quote : Decimal, optional
        Beyond it the whole bot is stopped and what it holds is closed.
    max_controller_drawdown_quote : Decimal, optional
        Beyond it a controller's kill switch is turned on: its executors end and it decides nothing until somebody turns it off.
    max_day_loss_quote : Decimal, optional
        What the whole bot may lose since its day began (00:00 UTC of its market's time). Beyond it it is stopped and what it holds is closed; it stays so until a person
        starts it again.
    """

    max_global_drawdown_quote: Annotated[
        Loss, Field(json_schema_extra=ask("Stop the bot after losing from its peak?", updatable=True, unit="quote", group="limits"))
    ] = None
    max_controller_drawdown_quote: Annotated[
        Loss, Field(json_schema_extra=ask("Stop a controller after losing from its peak?", new=False, updatable=True, unit="quote", group="limits"))
    ] = None

    max_day_loss_quote: Annotated[
        Loss, Field(json_schema_extra=ask("Stop the bot after losing in a day?", new=False, updatable=True, unit="quote", group="limits"))
    ] = None

    @property
    def are_set(self) -> bool:
        return any(getattr(self, name) is not None for name in type(self).model_fields)


@dataclass(frozen=True, slots=True)
class Breach:
    """A limit that was reached.

    Parameters
    ----------
    controller_id : str
        Whose; empty when it is the bot's.
    is_day : bool
        Whether it is the loss of a day: `peak` is the PnL then with which that began.
    """

    controller_id: str
    drop: Decimal
    peak: Decimal
    limit: Decimal
    is_day: bool = False
