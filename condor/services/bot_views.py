"""Bots and executors as views: from what runs, and from the records of what does not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from botcore.executors.info import ExecutorInfo
from botcore.model.instrument import Market, quote_of
from botcore.model.records import BotRecords, HoldRecord
from botcore.orchestrator.holds import PositionSummary
from botcore.orchestrator.reporting import RateOf, Rates, add_known, reporting_asset
from condor.running_bots import RunningBot
from condor.stand_in import markets_in
from condor.store.bots import STOPPING, BotRow, ConfigRow
from condor.views import BotView, ExecutorView, PositionView


def live_view(bot: RunningBot) -> BotView:
    """A bot that is in this process."""
    strategy, row = bot.strategy, bot.row
    orchestrator = strategy.orchestrator
    report = orchestrator.report()
    running = orchestrator.running
    markets = sorted({str(market) for controller in strategy.controllers for market in controller.config.markets()})
    return BotView(
        row.bot_id,
        row.title,
        row.mode,
        STOPPING if strategy.is_stopping else row.state,
        report.asset,
        tuple(config.controller_name for config in bot.configs),
        tuple(markets),
        row.created_ms,
        report.global_pnl_quote,
        report.realized_pnl_quote,
        report.unrealized_pnl_quote,
        report.fees_quote,
        report.volume_traded,
        len(running),
        sum(executor.has_fills for executor in running),
        report.closed_executors,
        report.winning_executors,
        tuple((close_type.name, count) for close_type, count in sorted(report.close_type_counts.items())),
        tuple(_position_view(row.bot_id, position) for position in report.positions_summary if position.amount),
        tuple(f"{seat.controller.id}: {seat.fault}" for seat in strategy.seats if seat.fault),
        _signals(strategy.controllers),
        report.funding_quote,
        tuple((result.asset, result.global_pnl) for result in report.by_asset),
        report.unpriced_assets,
        bot.pause.set_by if bot.pause is not None else "",
        bot.pause.since_ms if bot.pause is not None else 0,
    )


def joined(names: Iterable[str]) -> str:
    """Each name once: `binance + bybit`; one market is itself."""
    return " + ".join(dict.fromkeys(names))


def _markets(config: Any) -> list[Any]:
    """What names a market in an executor's config: the config itself, or its parts where it trades several."""
    named = [config, *vars(config).values()]
    found = [part for part in named if getattr(part, "connector_name", None) and getattr(part, "trading_pair", None)]
    return found[:1] if found[:1] == [config] else found


def executor_view(info: ExecutorInfo, bot_title: str, bot_id: str, now_ns: int) -> ExecutorView:
    """A live or ended executor as people see it."""
    custom = info.custom_info
    pnl, pct = info.net_pnl_quote, info.net_pnl_pct
    end_ns = info.close_ns or now_ns
    markets = _markets(info.config)
    return ExecutorView(
        info.id,
        bot_id,
        bot_title,
        info.controller_id,
        info.type,
        info.status.name,
        info.side.name if info.side is not None else "",
        joined(market.connector_name for market in markets),
        joined(market.trading_pair for market in markets),
        info.level_id,
        getattr(info.config, "amount", None),
        custom.get("current_position_average_price"),
        custom.get("close_price"),
        None if pnl.is_nan() else pnl,
        None if pct.is_nan() else pct,
        info.cum_fees_quote,
        info.filled_amount_quote,
        max(0, end_ns - info.created_ns) / 1e9,
        info.close_type.name if info.is_done and info.close_type is not None else None,
        info.reason,
        info.is_trading,
    )


def _position_view(bot_id: str, position: PositionSummary) -> PositionView:
    return PositionView(
        bot_id, position.connector_name, position.trading_pair, position.amount, position.breakeven_price, position.unrealized_pnl_quote
    )


def _signals(controllers: list[Any]) -> tuple[tuple[str, str], ...]:
    """Plain numbers that controllers worked out."""
    found: list[tuple[str, str]] = []
    for controller in controllers:
        for name, value in controller.processed_data.items():
            if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
                found.append((name.replace("_", " "), f"{float(value):.6g}"))
    return tuple(found[:6])


def stopped_view(row: BotRow, records: BotRecords, configs: Sequence[ConfigRow], mids: Mapping[Market, Decimal], rate_of: RateOf) -> BotView:
    """A bot that does not run, from its records; what it holds is valued where its market is open, and converted where a rate is known."""
    counts: dict[str, int] = {}
    for tally in records.tallies:
        for name, count in tally.close_types.items():
            counts[name] = counts.get(name, 0) + count
    markets = sorted({market for config in configs for market in markets_in(config.config)})
    rates = Rates(_asset_of(markets, records), rate_of)
    positions = tuple(_held_view(row.bot_id, hold, mids) for hold in records.holds if hold.net_amount_base)
    money = _Money(records, positions)
    unpriced = tuple(asset for asset in sorted(money.assets()) if rates.rate(asset) is None)
    return BotView(
        row.bot_id,
        row.title,
        row.mode,
        row.state,
        rates.asset,
        tuple(config.controller_name for config in configs),
        tuple(str(market) for market in markets),
        row.created_ms,
        rates.total(money.whole()),
        rates.total(money.realized),
        rates.total(money.unrealized),
        rates.total(money.fees),
        rates.total(money.volume),
        0,
        0,
        sum(tally.closed for tally in records.tallies),
        sum(tally.winning for tally in records.tallies),
        tuple(sorted(counts.items())),
        positions,
        (),
        funding=rates.total(money.funding),
        by_asset=tuple(sorted(money.whole().items())),
        unpriced=unpriced,
    )


def _asset_of(markets: Sequence[Market], records: BotRecords) -> str:
    """What results are told in: as while it ran, or what was earned in where its configs name no pair."""
    return reporting_asset(markets) or min((tally.asset for tally in records.tallies if tally.asset), default="")


class _Money:
    """Sums of a stopped bot by quote asset."""

    def __init__(self, records: BotRecords, positions: Sequence[PositionView]) -> None:
        self.realized: dict[str, Decimal | None] = {}
        self.unrealized: dict[str, Decimal | None] = {}
        self.fees: dict[str, Decimal | None] = {}
        self.volume: dict[str, Decimal | None] = {}
        self.funding: dict[str, Decimal | None] = {}
        for tally in records.tallies:
            add_known(self.realized, tally.asset, tally.realized_quote)
            add_known(self.fees, tally.asset, tally.fees_quote)
            add_known(self.volume, tally.asset, tally.volume_quote)
        for hold in records.holds:
            asset = quote_of(hold.trading_pair)
            add_known(self.realized, asset, hold.realized_gross - hold.fees_in_pnl)
            add_known(self.fees, asset, hold.cum_fees_quote)
            add_known(self.volume, asset, hold.volume_quote)
        for position in positions:
            add_known(self.unrealized, quote_of(position.trading_pair), position.unrealized)
        for (_, asset), (amount, _) in records.funding.items():
            add_known(self.funding, asset, amount)

    def whole(self) -> dict[str, Decimal | None]:
        """Everything that was earned, by asset."""
        found: dict[str, Decimal | None] = {}
        for sums in (self.realized, self.unrealized, self.funding):
            for asset, value in sums.items():
                add_known(found, asset, value)
        return {asset: value for asset, value in found.items() if asset in self.assets()}

    def assets(self) -> set[str]:
        """Assets in which there is anything at all."""
        every = (self.realized, self.unrealized, self.fees, self.volume, self.funding)
        return {asset for sums in every for asset, value in sums.items() if value is None or value}


def _held_view(bot_id: str, hold: HoldRecord, mids: Mapping[Market, Decimal]) -> PositionView:
    mid = mids.get(Market(hold.connector_name, hold.trading_pair))
    unrealized = None if mid is None else (mid - hold.breakeven_price) * hold.net_amount_base
    return PositionView(bot_id, hold.connector_name, hold.trading_pair, hold.net_amount_base, hold.breakeven_price, unrealized)


def bare_view(row: BotRow, faults: tuple[str, ...], state: str = "broken") -> BotView:
    """A bot that can't be built any more, or not yet."""
    zero = Decimal(0)
    return BotView(row.bot_id, row.title, row.mode, state, "", (), (), row.created_ms, None, zero, None, zero, zero, 0, 0, 0, 0, (), (), faults)
