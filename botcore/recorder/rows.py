"""How a record becomes a row and back, and nothing else."""

from __future__ import annotations

import json
from dataclasses import fields
from decimal import Decimal
from typing import Any

from botcore.model.order import Fill, OrderRequest
from botcore.model.records import DrawdownRecord, ExecutorRecord, FundingRecord, HoldRecord, LegRecord, TallyRecord
from botcore.orders.tracker import Order
from botcore.recorder.tables import PAPER

LEGS = "legs"


def text(value: Decimal) -> str:
    """Plain decimal text without exponent or trailing zeros, so that equal amounts are equal texts; zero is "0"."""
    if not value:
        return "0"
    plain = format(value, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def maybe_text(value: Decimal | None) -> str | None:
    return None if value is None or value.is_nan() else text(value)


def to_json(value: Any) -> str:
    """Compact JSON with sorted keys; Decimals as text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)


def intent_of(client_order_id: str) -> str:
    """The intent that a client order id was made for: the id without its attempt."""
    return client_order_id.rpartition("-")[0]


def intent_row(order: Order, account: str = PAPER) -> dict[str, Any]:
    request = order.request
    market = request.instrument.market
    return {
        "intent_id": intent_of(order.client_order_id),
        "account": account,
        "bot_id": request.bot_id,
        "controller_id": request.controller_id,
        "executor_id": request.executor_id,
        "connector_name": market.connector_name,
        "trading_pair": market.trading_pair,
        "trade_type": request.trade_type.name,
        "order_type": request.order_type.name,
        "purpose": request.purpose.value,
        "position_action": request.position_action.name,
        "amount": text(request.instrument.amount(request.lots)),
        "price": None if request.price_ticks is None else text(request.instrument.price(request.price_ticks)),
        "created_ns": order.created_ns,
    }


def order_row(order: Order, account: str = PAPER) -> dict[str, Any]:
    instrument = order.instrument
    return {
        "client_order_id": order.client_order_id,
        "account": account,
        "intent_id": intent_of(order.client_order_id),
        "exchange_order_id": order.exchange_order_id,
        "connector_name": instrument.market.connector_name,
        "executor_id": order.request.executor_id,
        "state": order.state.name,
        "filled_amount": text(instrument.amount(order.filled_lots)),
        "average_price": maybe_text(order.average_price),
        "reason": order.reason,
        "created_ns": order.created_ns,
        "updated_ns": order.updated_ns,
    }


def fill_row(fill: Fill, request: OrderRequest, account: str = PAPER) -> dict[str, Any]:
    market, fee = fill.instrument.market, fill.fee
    return {
        "account": account,
        "connector_name": market.connector_name,
        "trading_pair": market.trading_pair,
        "trade_id": fill.trade_id,
        "client_order_id": fill.client_order_id,
        "bot_id": request.bot_id,
        "controller_id": request.controller_id,
        "executor_id": request.executor_id,
        "trade_type": fill.trade_type.name,
        "price": text(fill.price),
        "amount": text(fill.amount),
        "fee_amount": text(fee.amount),
        "fee_asset": fee.asset,
        "fee_quote": maybe_text(fee.in_quote),
        "is_maker": fill.is_maker,
        "ts_ns": fill.ts_ns,
    }


def record_row(record: ExecutorRecord | HoldRecord | TallyRecord | DrawdownRecord | FundingRecord | LegRecord) -> dict[str, Any]:
    """Columns of a record: Decimals as text, mappings as JSON, the rest as it is. Legs are rows of their own."""
    return {field.name: _column(getattr(record, field.name)) for field in fields(record) if field.name != LEGS}


def leg_rows(record: ExecutorRecord, bot_id: str, account: str = PAPER) -> list[dict[str, Any]]:
    """Rows of the legs of an executor; none for one of a single market."""
    common = {
        "executor_id": record.executor_id,
        "account": account,
        "bot_id": bot_id,
        "controller_id": record.controller_id,
        "status": record.status,
        "close_type": record.close_type,
    }
    return [common | {"number": number} | record_row(leg) for number, leg in enumerate(record.legs)]


def _column(value: Any) -> Any:
    if isinstance(value, Decimal):
        return text(value)
    return to_json(value) if isinstance(value, dict) else value


def read_record(kind: type[Any], row: Any) -> Any:
    """The record of a row: the reverse of `record_row`, by the record's own field types."""
    values = {}
    for field in fields(kind):
        if field.name == LEGS:
            continue
        value = getattr(row, field.name)
        if value is not None and "Decimal" in str(field.type):
            value = Decimal(value)
        elif str(field.type).startswith("dict"):
            value = json.loads(value)
        values[field.name] = value
    return kind(**values)
