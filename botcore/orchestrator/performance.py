"""What a controller, or a bot, has earned: kept up to date executor by executor, so that a report costs only what is open now.

Results are kept by quote asset. A report converts them into one asset at present rates; what it is made of stands in `by_asset`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from botcore.executors.exposure import Earned
from botcore.executors.info import ExecutorInfo
from botcore.model.enums import CloseType
from botcore.model.records import TallyRecord
from botcore.orchestrator.holds import PositionSummary
from botcore.orchestrator.reporting import Rates
from botcore.orchestrator.standing import OpenSums

ZERO: Final = Decimal(0)
HUNDRED: Final = Decimal(100)


@dataclass(slots=True)
class AssetResult:
    """What was earned in one quote asset, exact.

    Parameters
    ----------
    unrealized_pnl : Decimal, optional
        None while a mark that it needs is not known.
    """

    asset: str
    realized_pnl: Decimal = ZERO
    unrealized_pnl: Decimal | None = ZERO
    volume: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO

    @property
    def global_pnl(self) -> Decimal | None:
        return None if self.unrealized_pnl is None else self.realized_pnl + self.unrealized_pnl + self.funding

    @property
    def is_nothing(self) -> bool:
        return not (self.realized_pnl or self.unrealized_pnl or self.unrealized_pnl is None or self.volume or self.fees or self.funding)

    def add_unrealized(self, pnl: Decimal | None) -> None:
        before = self.unrealized_pnl
        self.unrealized_pnl = None if before is None or pnl is None else before + pnl


@dataclass(frozen=True, slots=True)
class PerformanceReport:
    """Money in `asset`, fees inside every PnL; funding is beside the realised and unrealised one, inside the global one. `*_pct` are percent of the traded volume, as
    Strategy V2 has them.

    Parameters
    ----------
    realized_pnl_quote, volume_traded, fees_quote, funding_quote : Decimal, optional
        None while a part of it is in one of the `unpriced_assets`.
    unrealized_pnl_quote : Decimal, optional
        None while a mark, or a rate, that it needs is not known; so is everything that is built on it.
    unpriced_fees : bool
        A fee, or a funding payment, had no rate when it was paid: every PnL here is known only up to it.
    funding_quote : Decimal
        Funding received less funding paid.
    max_drawdown_quote : Decimal
        Largest drop of the global PnL from a peak, as far as this process has looked.
    by_asset : tuple of AssetResult
        What it is made of, by quote asset and not converted.
    unpriced_assets : tuple of str
        Quote assets in which something was earned and whose rate into `asset` is not known now.
    """

    realized_pnl_quote: Decimal | None
    unrealized_pnl_quote: Decimal | None
    volume_traded: Decimal | None
    fees_quote: Decimal | None
    close_type_counts: dict[CloseType, int]
    positions_summary: tuple[PositionSummary, ...] = ()
    closed_executors: int = 0
    winning_executors: int = 0
    unpriced_fees: bool = False
    funding_quote: Decimal | None = ZERO
    max_drawdown_quote: Decimal = ZERO
    asset: str = ""
    by_asset: tuple[AssetResult, ...] = ()
    unpriced_assets: tuple[str, ...] = ()

    @property
    def global_pnl_quote(self) -> Decimal | None:
        realized, unrealized, funding = self.realized_pnl_quote, self.unrealized_pnl_quote, self.funding_quote
        return None if realized is None or unrealized is None or funding is None else realized + unrealized + funding

    @property
    def realized_pnl_pct(self) -> Decimal | None:
        return _pct(self.realized_pnl_quote, self.volume_traded)

    @property
    def unrealized_pnl_pct(self) -> Decimal | None:
        return _pct(self.unrealized_pnl_quote, self.volume_traded)

    @property
    def global_pnl_pct(self) -> Decimal | None:
        return _pct(self.global_pnl_quote, self.volume_traded)


def _pct(amount: Decimal | None, volume: Decimal | None) -> Decimal | None:
    if amount is None or volume is None:
        return None
    return amount / volume * HUNDRED if volume else ZERO


@dataclass(slots=True)
class Funding:
    """What one controller has received for its positions on markets of one quote asset, less what it has paid; in that asset.

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
    """Running sums over the executors of one controller that have closed, in one quote asset."""

    controller_id: str = ""
    asset: str = ""
    realized_quote: Decimal = ZERO
    volume_quote: Decimal = ZERO
    fees_quote: Decimal = ZERO
    close_types: dict[CloseType, int] = field(default_factory=dict)
    closed: int = 0
    winning: int = 0
    unpriced_fees: bool = False
    """Of executors that closed in this process."""

    def count(self, info: ExecutorInfo, *, handed_over: bool) -> None:
        """Count a closed executor; each stands in one tally only, whatever it has traded."""
        close_type = info.close_type or CloseType.FAILED
        self.close_types[close_type] = self.close_types.get(close_type, 0) + 1
        if not info.has_fills:
            return
        self.closed += 1
        if not handed_over:
            self.unpriced_fees = self.unpriced_fees or bool(info.custom_info.get("unpriced_fees"))
            net = info.net_pnl_quote
            self.winning += not net.is_nan() and net > 0

    def add(self, part: Earned) -> None:
        """Add what it has come to; what an executor handed to a hold is earned there, and not here."""
        self.realized_quote += part.net_pnl
        self.volume_quote += part.volume
        self.fees_quote += part.fees

    def record(self) -> TallyRecord:
        counts = {close_type.name: count for close_type, count in self.close_types.items()}
        return TallyRecord(self.controller_id, self.asset, self.realized_quote, self.volume_quote, self.fees_quote, self.closed, self.winning, counts)

    @classmethod
    def from_record(cls, record: TallyRecord) -> Tally:
        counts = {CloseType[name]: count for name, count in record.close_types.items()}
        money = record.realized_quote, record.volume_quote, record.fees_quote
        return cls(record.controller_id, record.asset, *money, counts, record.closed, record.winning)


def report_of(
    tallies: Sequence[Tally],
    active: Iterable[Mapping[str, OpenSums]],
    positions: Sequence[PositionSummary],
    fundings: Iterable[Mapping[str, Funding]],
    rates: Rates,
    max_drawdown: Decimal = ZERO,
) -> PerformanceReport:
    """The whole: what has closed, what is open at the present mark, what is held, and what was paid for holding it.

    Parameters
    ----------
    tallies : sequence of Tally
        Of one controller, or of all.
    active : iterable of mappings
        Quote asset -> sums over open executors.
    fundings : iterable of mappings
        Quote asset -> funding.
    """
    found: dict[str, AssetResult] = {}
    unpriced = False

    def of(asset: str) -> AssetResult:
        return found.setdefault(asset, AssetResult(asset))

    for tally in tallies:
        result = of(tally.asset)
        result.realized_pnl += tally.realized_quote
        result.volume += tally.volume_quote
        result.fees += tally.fees_quote
        unpriced = unpriced or tally.unpriced_fees
    for opened in active:
        for asset, sums in opened.items():
            result = of(asset)
            result.volume += sums.volume
            result.fees += sums.fees
            result.add_unrealized(sums.pnl)
            unpriced = unpriced or sums.unpriced
    for position in positions:
        result = of(position.quote_asset)
        result.realized_pnl += position.realized_pnl_quote
        result.volume += position.volume_traded_quote
        result.fees += position.cum_fees_quote
        result.add_unrealized(position.unrealized_pnl_quote)
        unpriced = unpriced or position.unpriced_fees
    for by_asset in fundings:
        for asset, funding in by_asset.items():
            of(asset).funding += funding.quote
            unpriced = unpriced or funding.unpriced
    return _told(found, tallies, positions, rates, unpriced, max_drawdown)


def _told(
    found: Mapping[str, AssetResult],
    tallies: Sequence[Tally],
    positions: Sequence[PositionSummary],
    rates: Rates,
    unpriced: bool,
    max_drawdown: Decimal,
) -> PerformanceReport:
    results = [found[asset] for asset in sorted(found) if not found[asset].is_nothing]

    def total(part: Callable[[AssetResult], Decimal | None]) -> Decimal | None:
        return rates.total({result.asset: part(result) for result in results})

    counts: dict[CloseType, int] = {}
    for tally in tallies:
        for close_type, count in tally.close_types.items():
            counts[close_type] = counts.get(close_type, 0) + count
    return PerformanceReport(
        total(lambda result: result.realized_pnl),
        total(lambda result: result.unrealized_pnl),
        total(lambda result: result.volume),
        total(lambda result: result.fees),
        counts,
        tuple(positions),
        sum([tally.closed for tally in tallies]),
        sum([tally.winning for tally in tallies]),
        unpriced,
        total(lambda result: result.funding),
        max_drawdown,
        rates.asset,
        tuple(results),
        tuple(result.asset for result in results if rates.rate(result.asset) is None),
    )
