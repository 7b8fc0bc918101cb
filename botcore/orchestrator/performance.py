"""What a controller, or a bot, has earned: kept up to date executor by executor, so that a report costs only what is open now."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from botcore.executors.info import ExecutorInfo
from botcore.model.enums import CloseType
from botcore.model.records import TallyRecord
from botcore.orchestrator.holds import PositionSummary
from botcore.orchestrator.standing import OpenSums

ZERO: Final = Decimal(0)
HUNDRED: Final = Decimal(100)


@dataclass(frozen=True, slots=True)
class PerformanceReport:
    """Money in quote, fees inside every PnL; funding is beside the realised and unrealised one, inside the global one. `*_pct` are percent of the traded volume, as
    Strategy V2 has them.

    Parameters
    ----------
    unrealized_pnl_quote : Decimal, optional
        None while a mark that it needs is not known; so is everything that is built on it.
    unpriced_fees : bool
        A fee, or a funding payment, had no rate when it was paid: every PnL here is known only up to it.
    funding_quote : Decimal
        Funding received less funding paid.
    max_drawdown_quote : Decimal
        Largest drop of the global PnL from a peak, as far as this process has looked.
    """

    realized_pnl_quote: Decimal
    unrealized_pnl_quote: Decimal | None
    volume_traded: Decimal
    fees_quote: Decimal
    close_type_counts: dict[CloseType, int]
    positions_summary: tuple[PositionSummary, ...] = ()
    closed_executors: int = 0
    winning_executors: int = 0
    unpriced_fees: bool = False
    funding_quote: Decimal = ZERO
    max_drawdown_quote: Decimal = ZERO

    @property
    def global_pnl_quote(self) -> Decimal | None:
        return None if self.unrealized_pnl_quote is None else self.realized_pnl_quote + self.unrealized_pnl_quote + self.funding_quote

    @property
    def realized_pnl_pct(self) -> Decimal:
        return _pct(self.realized_pnl_quote, self.volume_traded)

    @property
    def unrealized_pnl_pct(self) -> Decimal | None:
        return None if self.unrealized_pnl_quote is None else _pct(self.unrealized_pnl_quote, self.volume_traded)

    @property
    def global_pnl_pct(self) -> Decimal | None:
        total = self.global_pnl_quote
        return None if total is None else _pct(total, self.volume_traded)


def _pct(amount: Decimal, volume: Decimal) -> Decimal:
    return amount / volume * HUNDRED if volume else ZERO


@dataclass(slots=True)
class Funding:
    """What one controller has received for its positions, less what it has paid; in quote.

    Parameters
    ----------
    unpriced : bool
        Some of it was in an asset without a rate, and is not in the sum.
    """

    quote: Decimal = ZERO
    unpriced: bool = False

    def add(self, amount_quote: Decimal | None) -> None:
        if amount_quote is None:
            self.unpriced = True
        else:
            self.quote += amount_quote


@dataclass(slots=True)
class Tally:
    """Running sums over the executors of one controller that have closed."""

    controller_id: str = ""
    realized_quote: Decimal = ZERO
    volume_quote: Decimal = ZERO
    fees_quote: Decimal = ZERO
    close_types: dict[CloseType, int] = field(default_factory=dict)
    closed: int = 0
    winning: int = 0
    unpriced_fees: bool = False
    """Of executors that closed in this process."""

    def add(self, info: ExecutorInfo, *, handed_over: bool) -> None:
        """Count a closed executor; what it handed to a hold is earned there and not here."""
        close_type = info.close_type or CloseType.FAILED
        self.close_types[close_type] = self.close_types.get(close_type, 0) + 1
        volume = info.filled_amount_quote
        if not volume:
            return
        self.closed += 1
        if handed_over:
            return
        self.unpriced_fees = self.unpriced_fees or bool(info.custom_info.get("unpriced_fees"))
        net = info.net_pnl_quote
        self.winning += net > 0
        self.realized_quote += net
        self.volume_quote += volume
        self.fees_quote += info.cum_fees_quote

    def record(self) -> TallyRecord:
        counts = {close_type.name: count for close_type, count in self.close_types.items()}
        return TallyRecord(self.controller_id, self.realized_quote, self.volume_quote, self.fees_quote, self.closed, self.winning, counts)

    @classmethod
    def from_record(cls, record: TallyRecord) -> Tally:
        counts = {CloseType[name]: count for name, count in record.close_types.items()}
        return cls(record.controller_id, record.realized_quote, record.volume_quote, record.fees_quote, counts, record.closed, record.winning)

    def report(
        self, active: list[OpenSums], positions: list[PositionSummary], funding: Funding | None = None, max_drawdown: Decimal = ZERO
    ) -> PerformanceReport:
        """The whole: what has closed, what is open at the present mark, what is held, and what was paid for holding it."""
        realized, volume, fees = self.realized_quote, self.volume_quote, self.fees_quote
        unrealized: Decimal | None = ZERO
        paid = funding or Funding()
        unpriced = self.unpriced_fees or paid.unpriced
        for sums in active:
            volume += sums.volume
            fees += sums.fees
            unpriced = unpriced or sums.unpriced
            unrealized = None if unrealized is None or sums.pnl is None else unrealized + sums.pnl
        for position in positions:
            realized += position.realized_pnl_quote
            volume += position.volume_traded_quote
            fees += position.cum_fees_quote
            unpriced = unpriced or position.unpriced_fees
            mark = position.unrealized_pnl_quote
            unrealized = None if unrealized is None or mark is None else unrealized + mark
        counts = dict(self.close_types)
        return PerformanceReport(
            realized, unrealized, volume, fees, counts, tuple(positions), self.closed, self.winning, unpriced, paid.quote, max_drawdown
        )


def merge(tallies: list[Tally]) -> Tally:
    """The sum over several controllers."""
    total = Tally()
    for tally in tallies:
        total.realized_quote += tally.realized_quote
        total.volume_quote += tally.volume_quote
        total.fees_quote += tally.fees_quote
        total.closed += tally.closed
        total.winning += tally.winning
        total.unpriced_fees = total.unpriced_fees or tally.unpriced_fees
        for close_type, count in tally.close_types.items():
            total.close_types[close_type] = total.close_types.get(close_type, 0) + count
    return total
