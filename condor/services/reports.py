"""Results as files: CSV for a spreadsheet, HTML to read. Their sums are those of the card, for they are made of the same rows."""

from __future__ import annotations

import asyncio
import base64
import csv
import html
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal

from condor.errors import UserError
from condor.pictures.drawings import Drawing
from condor.result_views import MAX_FILE, FileView, ResultRow, ResultsView
from condor.services.charts import MODES, curve_of
from condor.services.pictures import PictureService
from condor.services.results import ResultsService
from condor.store.export import safe_cell
from condor.users import Actor

COLUMNS = ("time_utc", "kind", "bot", "controller", "executor", "venue", "pair", "close_type", "result", "fees", "volume", "asset")
FORMS = ("csv", "html")
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#16202a}"
    "table{border-collapse:collapse;width:100%;font-size:14px}td,th{padding:.25rem .5rem;border-bottom:1px solid #dbe2e8;text-align:left}"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}img{max-width:100%}.wide{overflow-x:auto}"
)


class ReportService:
    """See the module."""

    def __init__(self, results: ResultsService, pictures: PictureService) -> None:
        self._results = results
        self._pictures = pictures

    async def make(
        self, actor: Actor, mode: str, period: str, form: str, until_ns: int | None = None, *, patience_s: float | None = None
    ) -> FileView:
        """A report of a time; UserError for a form that is none and for a file that no chat takes. `patience_s` is how long its curve may take: it is left out then."""
        if form not in FORMS:
            raise UserError(f"expected csv or html, found {form!r}")
        view = await self._results.of(actor, mode, period, until_ns)
        name = f"condor-{mode}-{period}-{_time(view.until_ns)[:10]}.{form}"
        content = (csv_of(view) if form == "csv" else html_of(view, await self._curve(view, patience_s))).encode()
        if len(content) > MAX_FILE:
            raise UserError("this report is larger than what a chat takes: ask for a shorter time, or use `condor export`")
        return FileView(name, content)

    async def _curve(self, view: ResultsView, patience_s: float | None) -> bytes | None:
        """The curve; a report without it is still a report."""
        try:
            async with asyncio.timeout(patience_s):
                return await self._pictures.draw(Drawing(curve_of(view), "light"))
        except (UserError, TimeoutError):
            return None


def csv_of(view: ResultsView) -> str:
    """A line for each thing that was earned, exact; the column `result` adds up, asset by asset, to what the card shows."""
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow(COLUMNS)
    writer.writerows([safe_cell(value) for value in _values(row)] for row in view.rows)
    return target.getvalue()


def _values(row: ResultRow) -> tuple[str, ...]:
    result = "" if row.result is None else format(row.result, "f")
    return (
        _time(row.at_ns), row.kind, row.bot_id, row.controller_id, row.executor_id, row.connector_name, row.trading_pair, row.close_type, result,
        format(row.fees, "f"), format(row.volume, "f"), row.asset,
    )  # fmt: skip


def html_of(view: ResultsView, curve: bytes | None) -> str:
    """A page that stands alone: no script, nothing from elsewhere."""
    title = f"Condor: results, {view.period}, {MODES[view.mode]}"
    sums = [
        ("Result", view.result), ("of it funding", view.funding), ("Open now, not in it", view.opened), ("Fees paid", view.fees),
        ("Volume", view.volume), ("Worst drop", view.worst_drop),
    ]  # fmt: skip
    picture = f'<img alt="result over time" src="data:image/png;base64,{base64.b64encode(curve).decode()}">' if curve is not None else ""
    parts = [
        f"<h1>{html.escape(title)}</h1><p>{_time(view.since_ns) if view.since_ns else 'everything'} to {_time(view.until_ns)} UTC</p>",
        _table(("", view.asset), [(name, _money(value)) for name, value in sums], 1),
        _unknown(view),
        picture,
        "<h2>By asset</h2>" + _table(("asset", "result"), [(asset, _money(value)) for asset, value in view.by_asset], 1),
        "<h2>By bot</h2>" + _table(("bot", view.asset), [(bot, _money(value)) for bot, value in view.by_bot], 1),
        "<h2>By day</h2>" + _table(("day", view.asset), [(day, _money(value)) for day, value in reversed(view.by_day)], 1),
        f'<h2>Everything</h2><div class="wide">{_table(COLUMNS, [_values(row) for row in reversed(view.rows)], 8)}</div>',
    ]
    head = f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title><style>{STYLE}</style></head>'
    return f"{head}<body>{''.join(parts)}</body></html>\n"


def _unknown(view: ResultsView) -> str:
    if not view.unpriced:
        return ""
    return f"<p>What {html.escape(' and '.join(view.unpriced))} is worth in {html.escape(view.asset)} is not known now; sums that need it are ?</p>"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]], numbers_from: int) -> str:
    def line(cells: Sequence[str], tag: str) -> str:
        shown = [f"<{tag}{' class=n' if at >= numbers_from else ''}>{html.escape(cell)}</{tag}>" for at, cell in enumerate(cells)]
        return f"<tr>{''.join(shown)}</tr>"

    return f"<table>{line(header, 'th')}{''.join(line(row, 'td') for row in rows)}</table>"


def _money(value: Decimal | None) -> str:
    return "?" if value is None else f"{value.quantize(Decimal('0.01'), ROUND_HALF_EVEN):,f}"


def _time(at_ns: int) -> str:
    return datetime.fromtimestamp(at_ns / 1e9, UTC).strftime("%Y-%m-%d %H:%M:%S")
