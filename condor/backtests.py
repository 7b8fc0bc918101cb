"""`condor backtest`: from a config file and data files to a job, and from a run to a page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from botcore.backtesting.engine import BacktestJob
from botcore.backtesting.source import RecordedMarket
from botcore.connectors.paper.exchange import PaperRules
from botcore.connectors.paper.models import QUEUES, ConstantLatency, FeeModel
from botcore.controllers.base import ControllerConfigBase
from botcore.data.candle_csv import CandleTable, read_candles
from botcore.model.errors import ConfigError, UserError
from botcore.model.instrument import Instrument, Market, split_pair
from botcore.venues.spec import VenueSpec
from condor.configs import Configs, LoadedConfig
from condor.settings import Settings

_PREFIXED = re.compile(r"^(?P<connector>[a-z0-9_]+):(?P<pair>[A-Za-z0-9.]+-[A-Za-z0-9.]+)=(?P<file>.+)$")


def build_job(
    loaded: LoadedConfig, data: Sequence[str], configs: Configs, settings: Settings, *, fee: Decimal | None = None, balances: Sequence[str] = ()
) -> BacktestJob:
    """A job from what stands on the command line.

    Parameters
    ----------
    data : sequence of str
        `[CONNECTOR:PAIR=]FILE`.
    fee : Decimal, optional
        One rate for makers and takers instead of the venue's.
    balances : sequence of str
        `ASSET=AMOUNT`.

    Raises
    ------
    UserError
        If something is missing, doubled or unknown.
    """
    own = _own_market(loaded.config)
    files = _files(data, own)
    for market in sorted(loaded.config.markets()):
        if market not in files:
            raise ConfigError(f"{loaded.name} asks for {market}, for which no file was given; add --data {market}=FILE")
    markets = {market: _recorded(market, path, configs.venue(market.connector_name)) for market, path in files.items()}
    rules = {market.connector_name: _rules(configs.venue(market.connector_name), settings, fee) for market in markets}
    quote = markets[own].instrument.quote if own is not None and own in markets else next(iter(markets.values())).instrument.quote
    return BacktestJob([(loaded.spec, loaded.config)], markets, rules, _opening(balances, quote, settings), settings.risk)


def _own_market(config: ControllerConfigBase) -> Market | None:
    """The market that a file without a name is for; None when there are several."""
    connector_name, pair = getattr(config, "connector_name", None), getattr(config, "trading_pair", None)
    if connector_name and pair:
        return Market(connector_name, pair)
    markets = sorted(config.markets())
    return markets[0] if len(markets) == 1 else None


def _files(data: Sequence[str], own: Market | None) -> dict[Market, Path]:
    if not data:
        raise UserError("a backtest needs recorded candles: add --data FILE (CSV or CSV.gz with ts_ms,open,high,low,close,volume)")
    files: dict[Market, Path] = {}
    for item in data:
        found = _PREFIXED.match(item)
        market = Market(found["connector"], found["pair"].upper()) if found else own
        if market is None:
            raise UserError("this config trades several markets: name each file's market as --data CONNECTOR:PAIR=FILE")
        if market in files:
            raise UserError(f"two files were given for {market}; each market takes one")
        path = Path(found["file"] if found else item)
        if not path.is_file():
            raise UserError(f"can't find the data file {path.name} ({item})")
        files[market] = path
    return files


def _recorded(market: Market, path: Path, venue: VenueSpec) -> RecordedMarket:
    table = read_candles(path)
    if market.trading_pair in venue.instruments:
        return RecordedMarket(venue.instrument(market.trading_pair), table, "conf/connectors")
    return RecordedMarket(inferred_instrument(market, table, venue), table, "inferred from the data's decimals")


def inferred_instrument(market: Market, table: CandleTable, venue: VenueSpec) -> Instrument:
    """An instrument with the rules that the recording suggests, for a pair that the venue's file does not have."""
    split_pair(market.trading_pair)
    return Instrument(market, venue.instrument_kind, table.tick_size, table.lot_size)


def _rules(venue: VenueSpec, settings: Settings, fee: Decimal | None) -> PaperRules:
    fees = FeeModel(venue.fees.maker, venue.fees.taker, venue.fees.from_received)
    if fee is not None:
        fees = replace(fees, maker=fee, taker=fee)
    simulated = settings.backtest
    return PaperRules(
        venue.instrument_kind,
        fees,
        ConstantLatency(int(simulated.latency_ms * 1_000_000)),
        QUEUES[simulated.queue],
        simulated.slippage,
        venue.maintenance,
    )


def _opening(balances: Sequence[str], quote: str, settings: Settings) -> dict[str, Decimal]:
    opening: dict[str, Decimal] = {}
    for item in balances:
        asset, equals, amount = item.partition("=")
        try:
            value = Decimal(amount)
        except ArithmeticError:
            value = Decimal("NaN")
        if not equals or not asset or not value.is_finite() or value < 0:
            raise UserError(f"expected --balance ASSET=AMOUNT (for example USDT=5000), found {item!r}")
        opening[asset.upper()] = value
    return opening or {quote: settings.backtest.balance}


# ---- the page ------------------------------------------------------------------------------------------------------
def page_of(result: dict[str, Any], name: str, origin: str = "") -> str:
    """A result as a page for the terminal; `origin` is file and hash of a controller of the home."""
    summary = result["summary"]
    quote = summary["quote"]
    lines = [f"Backtest of {name}", *([f"  controller {origin}"] if origin else []), ""]
    for market in result["data"]:
        span = f"{_day(market['from_ms'])} to {_day(market['to_ms'])}"
        lines.append(f"  {market['connector_name']}:{market['trading_pair']}  {market['candles']} candles of {market['interval_s']} s, {span}")
        rules = f"tick {market['tick_size']}, lot {market['lot_size']}, smallest order {market['min_notional']} {quote}"
        lines.append(f"    trading rules from {market['rules_from']}: {rules}")
    if "several_markets" in result["assumptions"]:
        lines.append(f"  {result['assumptions']['several_markets']}")
    sharpe = "undefined" if summary["sharpe"] is None else f"{summary['sharpe']:.2f}"
    rows = [
        ("Net PnL", f"{_money(summary['net_pnl_quote'])} {quote} ({_money(summary['net_pnl_pct'])} % of {summary['opening_equity']})"),
        ("Fees", f"{_money(summary['fees_quote'])} {quote}"),
        ("Volume", f"{_money(summary['volume_quote'])} {quote}"),
        ("Trades", f"{summary['trades']} of {summary['executors']} executors, {summary['fills']} fills ({summary['maker_fills']} as maker)"),
        ("Win rate", "-" if summary["win_rate"] is None else f"{float(summary['win_rate']) * 100:.1f} %"),
        ("Profit factor", "-" if summary["profit_factor"] is None else f"{float(summary['profit_factor']):.2f}"),
        ("Max drawdown", f"{summary['max_drawdown_quote']:.2f} {quote} ({summary['max_drawdown_pct']:.2f} %)"),
        ("Sharpe", f"{sharpe} ({summary['sharpe_basis']})"),
        ("Closed by", ", ".join(f"{kind} {count}" for kind, count in summary["close_types"].items()) or "-"),
    ]
    lines += ["", *(f"  {label:<14}{value}" for label, value in rows)]
    if result["faults"]:
        lines += ["", *(f"  FAULT {fault}" for fault in result["faults"][:10])]
    return "\n".join(lines)


def _money(text: str | None) -> str:
    return "unknown" if text is None else f"{float(text):,.2f}"


def _day(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
