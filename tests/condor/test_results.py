"""Results by time: they are the sums of bots, whatever made them; what is not known is "?" and named."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

import numpy as np
import pytest
from sqlalchemy import Connection, create_engine

from botcore.orchestrator.reporting import Rates
from botcore.recorder import tables
from condor.errors import UserError
from condor.result_views import ResultRow
from condor.services.charts import MOST_POINTS, curve_of, resampled, thinned, windowed
from condor.services.reports import ReportService, csv_of
from condor.services.result_sums import summed
from condor.store.results import close_types, netted, result_rows
from tests.support.result_rows import executor, put, tally

D = Decimal
DAY_NS = 86_400 * 1_000_000_000
ZERO = D(0)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    engine = create_engine(f"sqlite:///{tmp_path / 'records.db'}")
    tables.metadata.create_all(engine)
    with engine.connect() as opened:
        yield opened
    engine.dispose()


def fill(trade: str, ts_ns: int, side: str, amount: str, price: str, fee: str, asset: str = "USDT", executor_id: str = "H") -> dict[str, Any]:
    return {
        "account": "paper", "connector_name": "kraken", "trading_pair": "BTC-USDT", "trade_id": trade, "client_order_id": trade, "bot_id": "b",
        "controller_id": "main", "executor_id": executor_id, "trade_type": side, "price": price, "amount": amount, "fee_amount": fee,
        "fee_asset": asset, "fee_quote": fee if asset == "USDT" else str(D(fee) * D(price)), "is_maker": True, "ts_ns": ts_ns,
    }  # fmt: skip


def hold(gross: str, fees: str, updated_ns: int = 50) -> dict[str, Any]:
    return {
        "account": "paper", "bot_id": "b", "controller_id": "main", "connector_name": "kraken", "trading_pair": "BTC-USDT", "bucket": "net",
        "net_amount_base": "0", "cost_quote": "0", "breakeven_price": "0", "realized_gross": gross, "fees_in_pnl": fees, "cum_fees_quote": fees,
        "volume_quote": "0", "unpriced": False, "updated_ns": updated_ns,
    }  # fmt: skip


def funding(ts_ns: int, quote: str | None, bot_id: str = "b") -> dict[str, Any]:
    return {
        "account": "paper", "connector_name": "kraken", "trading_pair": "BTC-USDT", "funding_id": f"f{ts_ns}", "bot_id": bot_id,
        "controller_id": "main", "asset": "USDT", "amount": "1", "amount_quote": quote, "ts_ns": ts_ns,
    }  # fmt: skip


# ---- rows ----------------------------------------------------------------------------------------------------------
def test_ended_executors_count_when_they_have_ended_each_in_its_asset(connection: Connection) -> None:
    put(
        connection,
        tables.executors,
        executor("A", 20, "3"),
        executor("B", 10, "-1", "STOP_LOSS", "BTC-EUR"),
        executor("L", 5, "9", account="live") | {"bot_id": "real"},
    )
    put(connection, tables.tallies, tally("3"), tally("-1", "EUR"), tally("9") | {"bot_id": "real"})
    rows = result_rows(connection, "paper")
    assert [(row.executor_id, row.asset, row.result) for row in rows] == [("B", "EUR", D(-1)), ("A", "USDT", D(3))]
    assert [(row.executor_id, row.result) for row in result_rows(connection, "live")] == [("L", D(9))]
    assert close_types(connection) == [("TAKE_PROFIT", 2), ("STOP_LOSS", 1)]


def test_a_position_that_was_kept_counts_when_it_was_traded(connection: Connection) -> None:
    put(connection, tables.executors, executor("H", 30, "0", "POSITION_HOLD"), executor("G", 60, "0", "POSITION_HOLD"))
    put(
        connection,
        tables.fills,
        fill("1", 10, "BUY", "1", "100", "0.1"),
        fill("2", 20, "BUY", "1", "200", "0.2"),
        fill("3", 40, "SELL", "0.5", "170", "0.3", executor_id="G"),
    )
    put(connection, tables.holds, hold("10", "0.6"))
    rows = [(row.at_ns, row.kind, row.result) for row in result_rows(connection, "paper") if row.result]
    assert rows == [(10, "hold", D("-0.1")), (20, "hold", D("-0.2")), (40, "hold", D("9.7"))]


def test_what_stands_in_the_sums_and_has_no_time_of_its_own_is_not_lost(connection: Connection) -> None:
    put(connection, tables.executors, executor("A", 20, "3"))
    put(connection, tables.tallies, tally("5"))
    put(connection, tables.holds, hold("7", "1", updated_ns=90))
    rows = result_rows(connection, "paper")
    assert [(row.at_ns, row.kind, row.result) for row in rows] == [(20, "executor", D(3)), (90, "other", D(8))]


def test_funding_counts_when_it_was_paid_and_nobodys_is_no_bots(connection: Connection) -> None:
    put(connection, tables.funding, funding(5, "-0.25"), funding(6, None), funding(7, "100", bot_id=""))
    assert [(row.at_ns, row.result) for row in result_rows(connection, "paper")] == [(5, D("-0.25")), (6, None)]


@pytest.mark.parametrize(
    ("held", "cost", "amount", "paid", "after", "realized"),
    [
        (0, 0, 2, 200, (2, 200), 0),
        (2, 200, 1, 130, (3, 330), 0),
        (3, 330, -1, -120, (2, 220), 10),
        (2, 220, -2, -200, (0, 0), -20),
        (1, 100, -3, -330, (-2, -220), 10),
        (-2, -220, 1, 100, (-1, -110), 10),
        (-1, -110, 2, 240, (1, 120), -10),
    ],
)
def test_average_cost(held: int, cost: int, amount: int, paid: int, after: tuple[int, int], realized: int) -> None:
    assert netted(D(held), D(cost), D(amount), D(paid)) == ((D(after[0]), D(after[1])), D(realized))


# ---- sums ----------------------------------------------------------------------------------------------------------
def row(at_ns: int, result: str | None, asset: str = "USDT", bot: str = "b", kind: str = "executor") -> ResultRow:
    return ResultRow(
        at_ns, kind, bot, "main", f"E{at_ns}", "kraken", f"BTC-{asset}", "TAKE_PROFIT", asset, None if result is None else D(result), D("0.1"), D(10)
    )


def view_of(rows: list[ResultRow], rates: dict[str, str] | None = None, opened: dict[str, Decimal | None] | None = None) -> Any:
    known = {name: D(value) for name, value in (rates or {}).items()}
    return summed("paper", "all", (-1, 100), rows, opened or {}, Rates("USDT", lambda asset, quote: known.get(asset)))


def test_several_assets_are_converted_and_an_unknown_rate_is_a_question_mark_with_a_name() -> None:
    rows = [row(1, "10"), row(2, "5", "EUR")]
    known = view_of(rows, {"EUR": "1.1"})
    assert (known.result, known.unpriced) == (D("15.5"), ())
    unknown = view_of(rows)
    assert (unknown.result, unknown.fees, unknown.unpriced) == (None, None, ("EUR",))
    assert unknown.by_asset == (("EUR", D(5)), ("USDT", D(10)))
    assert view_of([row(1, "1"), row(2, None)]).result is None
    assert view_of([row(1, "1"), row(2, None)]).unpriced == ("USDT",)


def test_the_sums_of_a_time() -> None:
    rows = [row(1, "10"), row(2, "-4"), row(3, "-3", bot="c"), row(DAY_NS * 2, "1", kind="funding"), row(DAY_NS * 2 + 1, "5")]
    view = view_of(rows, opened={"USDT": D("0.5")})
    assert (view.result, view.funding, view.opened) == (D(9), D(1), D("0.5"))
    assert (view.closed, view.winning, view.profit_factor, view.worst_drop) == (4, 2, D(15) / 7, D(-7))
    assert view.by_bot == (("b", D(12)), ("c", D(-3)))
    assert view.curve == ((1, D(10)), (2, D(6)), (3, D(3)), (DAY_NS * 2, D(4)), (DAY_NS * 2 + 1, D(9)))
    assert view.by_day == (("1970-01-01", D(3)), ("1970-01-02", ZERO), ("1970-01-03", D(6)))
    empty = view_of([])
    assert (empty.result, empty.worst_drop, empty.profit_factor, empty.by_day) == (ZERO, None, None, ())


def test_a_spreadsheet_calculates_nothing_out_of_a_name() -> None:
    text = csv_of(view_of([row(1, "-4.25", bot="=HYPERLINK(1)")]))
    assert "'=HYPERLINK(1)" in text and ",-4.25," in text


@pytest.mark.parametrize("form", ["csv", "html"])
async def test_a_report_that_no_chat_takes_is_refused_in_words(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    view = view_of([row(1, "3")])
    given = {"of": AsyncMock(return_value=view), "draw": AsyncMock(return_value=b"")}
    service: Any = ReportService(SimpleNamespace(of=given["of"]), SimpleNamespace(draw=given["draw"]))  # type: ignore[arg-type]
    file = await service.make(None, "paper", "7d", form)
    monkeypatch.setattr("condor.services.reports.MAX_FILE", len(file.content) - 1)
    with pytest.raises(UserError, match="larger than what a chat takes"):
        await service.make(None, "paper", "7d", form)


# ---- pictures ------------------------------------------------------------------------------------------------------
def test_a_long_curve_is_thinned_and_keeps_its_worst_moment() -> None:
    rows = [row(number, "1") for number in range(1, 3000)]
    rows[1700] = row(1701, "-500")
    rows[1701] = row(1702, "500")
    picture = curve_of(view_of(rows))
    assert len(picture.values) <= MOST_POINTS + 2
    assert 1200.0 in picture.values
    assert picture.values[0] == 0 and picture.values[-1] == 2997.0
    assert thinned([(1, 2.0)]) == [(1, 2.0)]


def test_the_curve_stays_the_same_while_nothing_happens() -> None:
    hour_ns, now_ns = 3600 * 1_000_000_000, 1_795_000_000 * 1_000_000_000
    rows = [row(now_ns - hour_ns, "3")]

    def drawn(period_ns: int, until_ns: int) -> Any:
        return curve_of(summed("paper", "7d", (until_ns - period_ns, until_ns), rows, {}, Rates("USDT", lambda asset, quote: None)))

    for period_ns in (DAY_NS, 7 * DAY_NS):
        assert drawn(period_ns, now_ns) == drawn(period_ns, now_ns + 5 * 1_000_000_000)
        assert drawn(period_ns, now_ns) != drawn(period_ns, now_ns + hour_ns)
        assert list(drawn(period_ns, now_ns).at_ms) == sorted(drawn(period_ns, now_ns).at_ms)


def test_candles_are_put_together_and_cut_to_a_life() -> None:
    minutes = np.array([(at * 60, 1.0 + at, 3.0 + at, float(at), 2.0 + at, 1.0) for at in range(10)])
    assert resampled(minutes, 300) == ((0, 1.0, 7.0, 0.0, 6.0), (300_000, 6.0, 12.0, 5.0, 11.0))
    many = np.array([(at * 60, 1.0, 1.0, 1.0, 1.0, 1.0) for at in range(1000)])
    shown = windowed(many, 500 * 60, 510 * 60, 60)
    assert 40 < len(shown) <= 50 and shown[0, 0] < 500 * 60 and shown[-1, 0] > 510 * 60
    assert len(windowed(many, 2000 * 60, 2001 * 60, 60)) == 1, "what is newer than the last candle shows that one"
