"""`VenueSpec`: everything about a venue that is data, as `conf/connectors/<name>.yml` states it.

Paper trading and backtests need its kind, fees and trading rules; a live connector adds addresses, limits and channels to the same file.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from botcore.core.config import ConfigModel
from botcore.model.enums import InstrumentKind
from botcore.model.errors import ConfigError, nearest
from botcore.model.instrument import Instrument, Market
from botcore.venues.live_spec import LiveSpec

Positive = Annotated[Decimal, Field(gt=0)]
NotNegative = Annotated[Decimal, Field(ge=0)]


class FeeSpec(ConfigModel):
    """Rates as fractions; `from_received`: a spot buy pays its fee in base."""

    maker: Decimal = Decimal("0.001")
    taker: NotNegative = Decimal("0.001")
    from_received: bool = False


class InstrumentSpec(ConfigModel):
    """Trading rules of one pair; `paper_price` is where its synthetic market starts."""

    tick_size: Positive
    lot_size: Positive
    min_amount: NotNegative = Decimal(0)
    min_notional: NotNegative = Decimal(0)
    max_amount: Positive | None = None
    max_significant_digits: Annotated[int, Field(ge=1)] | None = None
    paper_price: Positive | None = None


class VenueSpec(ConfigModel):
    """One venue.

    Parameters
    ----------
    maintenance : Decimal
        Perpetuals: margin below which an account is liquidated, as a fraction of what its positions cost.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")]
    title: str = ""
    kind: Literal["spot", "perpetual"]
    fees: FeeSpec = FeeSpec()
    maintenance: Annotated[Decimal, Field(ge=0, lt=1)] = Decimal("0.005")
    instruments: dict[str, InstrumentSpec] = {}
    live: LiveSpec | None = None

    @property
    def instrument_kind(self) -> InstrumentKind:
        return InstrumentKind(self.kind)

    def instrument(self, trading_pair: str) -> Instrument:
        """The instrument of a pair under this venue's rules.

        Raises
        ------
        ConfigError
            If the venue's file has no such pair; the text names the nearest one.
        """
        spec = self.instruments.get(trading_pair)
        if spec is None:
            hint = nearest(trading_pair, self.instruments) or f" (it has {', '.join(list(self.instruments)[:6])} ...)"
            raise ConfigError(f"{self.name} has no pair {trading_pair!r} in conf/connectors/{self.name}.yml{hint}", field="trading_pair")
        return Instrument(
            Market(self.name, trading_pair),
            self.instrument_kind,
            spec.tick_size,
            spec.lot_size,
            spec.min_amount,
            spec.min_notional,
            spec.max_amount,
            spec.max_significant_digits,
        )
