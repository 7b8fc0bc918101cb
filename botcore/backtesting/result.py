"""What a backtest reports: one dictionary for programs and one page for people, both from the same figures.

The dictionary has no wall time and no path in it: the same data and config give the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from botcore.backtesting.engine import BacktestJob, BacktestRun
from botcore.backtesting.metrics import Drawdown, Sharpe, drawdown, sharpe
from botcore.backtesting.source import RecordedMarket
from botcore.executors.data_types import config_values
from botcore.executors.info import ExecutorInfo
from botcore.model.enums import CloseType
from botcore.model.instrument import Market
from botcore.model.order import Fill

ZERO = Decimal(0)


def text(value: Decimal | None) -> str | None:
    """Plain decimal text; None for what is not known."""
    if value is None or value.is_nan():
        return None
    plain = format(value, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def result_of(job: BacktestJob, run: BacktestRun) -> dict[str, Any]:
    """Everything about a run, JSON-ready; money and amounts as decimal text, times in ms UTC."""
    return {
        "config": [config_values(config) for _, config in job.controllers],
        "data": [_market(market, recorded) for market, recorded in sorted(job.markets.items())],
        "assumptions": _assumptions(job),
        "summary": summary_of(job, run),
        "executors": [_executor(info) for info in run.executors],
        "fills": [_fill(fill, executor_id) for fill, executor_id in run.fills],
        "equity": [[int(at), round(float(value), 8)] for at, value in zip(run.equity_ms, run.equity, strict=True)],
        "faults": run.faults,
    }


def summary_of(job: BacktestJob, run: BacktestRun) -> dict[str, Any]:
    """The figures of the page."""
    traded = [info for info in run.executors if info.has_fills]
    # what was handed over is earned or lost in its hold: its executor has neither won nor lost
    judged = [info.net_pnl_quote for info in traded if info.close_type is not CloseType.POSITION_HOLD]
    won, lost = [pnl for pnl in judged if pnl > 0], [pnl for pnl in judged if pnl < 0]
    gain, loss = sum(won, ZERO), -sum(lost, ZERO)
    report, opening = run.report, opening_of(job, run.quote)
    net = report.global_pnl_quote
    worst: Drawdown = drawdown(run.equity)
    ratio: Sharpe = sharpe(run.equity_ms, run.equity)
    first, last = (int(run.equity_ms[0]), int(run.equity_ms[-1])) if len(run.equity_ms) else (0, 0)
    return {
        "quote": run.quote,
        "from_ms": first,
        "to_ms": last,
        "opening_equity": text(opening),
        "closing_equity": round(float(run.equity[-1]), 8) if len(run.equity) else None,
        "net_pnl_quote": text(net),
        "net_pnl_pct": text(net / opening * 100) if net is not None and opening else None,
        "fees_quote": text(report.fees_quote),
        "volume_quote": text(report.volume_traded),
        "executors": len(run.executors),
        "trades": len(traded),
        "fills": len(run.fills),
        "maker_fills": sum(fill.is_maker for fill, _ in run.fills),
        "close_types": {close_type.name: count for close_type, count in sorted(report.close_type_counts.items())},
        "win_rate": text(Decimal(len(won)) / len(judged)) if judged else None,
        "profit_factor": text(gain / loss) if loss else None,
        "max_drawdown_quote": round(worst.quote, 8),
        "max_drawdown_pct": round(worst.ratio * 100, 8),
        "sharpe": None if ratio.value is None else round(ratio.value, 6),
        "sharpe_basis": ratio.basis,
        "positions": [
            {key: text(value) if isinstance(value, Decimal) else value for key, value in asdict(position).items() if key != "side"}
            for position in report.positions_summary
        ],
    }


def opening_of(job: BacktestJob, quote: str) -> Decimal:
    """What all accounts opened with, in quote: every connector's opens with the same, and base counts at the first price of its market."""
    names = {market.connector_name for market in job.markets}
    worth = job.opening.get(quote, ZERO) * len(names)
    for recorded in job.markets.values():
        instrument = recorded.instrument
        if not instrument.is_perpetual and instrument.quote == quote:
            worth += job.opening.get(instrument.base, ZERO) * Decimal(str(recorded.table.open[0]))
    return worth


def _market(market: Market, recorded: RecordedMarket) -> dict[str, Any]:
    table, instrument = recorded.table, recorded.instrument
    return {
        "connector_name": market.connector_name,
        "trading_pair": market.trading_pair,
        "candles": len(table),
        "interval_s": table.interval_s,
        "from_ms": int(table.open_ms[0]),
        "to_ms": int(table.open_ms[-1]) + table.interval_s * 1000,
        "missing_candles": table.gaps,
        "rules_from": recorded.rules_from,
        "tick_size": text(instrument.tick_size),
        "lot_size": text(instrument.lot_size),
        "min_notional": text(instrument.min_notional),
    }


def _assumptions(job: BacktestJob) -> dict[str, Any]:
    used = {market.connector_name for market in job.markets}
    rules: Mapping[str, Any] = {name: rule for name, rule in sorted(job.rules.items()) if name in used}
    several = {}
    if len(job.markets) > 1:
        several["several_markets"] = (
            "the markets walk through their bars together, along one time and in one order of extremes; a difference between them counts at the opens and closes "
            "that they share, never within one bar; quotes have no size"
        )
    return several | {
        "quotes": "a candle is four quotes: open, the extreme against the position, the other extreme, close; the path stops at orders and barriers",
        "fills": "resting orders fill at their own price; market orders at the standing quote, after the order was sent",
        "end": "what is open at the end is closed at the last quote",
        "connectors": {
            name: {
                "kind": rule.kind.value,
                "maker_fee": text(rule.fees.maker),
                "taker_fee": text(rule.fees.taker),
                "fee_from_received": rule.fees.from_received,
                "queue": type(rule.queue).__name__,
                "slippage": text(rule.slippage),
            }
            for name, rule in rules.items()
        },
    }


def _executor(info: ExecutorInfo) -> dict[str, Any]:
    custom = info.custom_info
    return {
        "id": info.id,
        "controller_id": info.controller_id,
        "type": info.type,
        "level_id": info.level_id,
        "connector_name": info.connector_name,
        "trading_pair": info.trading_pair,
        "side": info.side.name if info.side is not None else None,
        "amount": text(getattr(info.config, "amount", None)),
        "created_ms": info.created_ns // 1_000_000,
        "closed_ms": info.close_ns // 1_000_000,
        "close_type": info.close_type.name if info.close_type is not None else None,
        "entry_price": text(custom.get("current_position_average_price")) if info.has_fills else None,
        "exit_price": text(custom.get("close_price")) if info.has_fills else None,
        "net_pnl_quote": text(info.net_pnl_quote),
        "net_pnl_pct": text(info.net_pnl_pct),
        "fees_quote": text(info.cum_fees_quote),
        "volume_quote": text(info.filled_amount_quote),
        "reason": info.reason,
    }


def _fill(fill: Fill, executor_id: str) -> dict[str, Any]:
    market = fill.instrument.market
    return {
        "trade_id": fill.trade_id,
        "client_order_id": fill.client_order_id,
        "executor_id": executor_id,
        "connector_name": market.connector_name,
        "trading_pair": market.trading_pair,
        "side": fill.trade_type.name,
        "price": text(fill.price),
        "amount": text(fill.amount),
        "fee": text(fill.fee.amount),
        "fee_asset": fill.fee.asset,
        "is_maker": fill.is_maker,
        "ts_ns": fill.ts_ns,
    }
