"""What the reader hands on of an account's positions."""

from __future__ import annotations

import json
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from botcore.connectors.live.account import Account
from botcore.venues.account_reader import AccountReader
from botcore.venues.caller import Answer
from botcore.venues.wire import Outcome, Reply, Verdict
from tests.support.binance_wire import futures

RISK = {"symbol": "BTCUSDT", "positionSide": "BOTH", "positionAmt": "-0.012", "entryPrice": "50000.5", "updateTime": 1}


async def read(account: Account, rows: list[dict[str, Any]], sent_ns: int) -> str | None:
    async def call(_: Any) -> Answer:
        return Answer(Outcome(Verdict.ACCEPTED), Reply(200, {}, json.dumps(rows).encode(), sent_ns, sent_ns), sent_ns)

    return await AccountReader(futures(), SimpleNamespace(call=call), lambda: account)._positions()  # type: ignore[arg-type]


async def test_where_positions_are_liquidated_is_what_the_last_list_says() -> None:
    account = Account(Decimal("0.0005"))
    assert await read(account, [{**RISK, "liquidationPrice": "52110.5"}, {**RISK, "symbol": "ETHUSDT", "liquidationPrice": "0"}], 1) is None
    assert account.liquidations() == {("BTC-USDT", "net"): Decimal("52110.5")}
    assert await read(account, [{**RISK, "liquidationPrice": "53000"}], 2) is None
    assert account.liquidations() == {("BTC-USDT", "net"): Decimal(53000)}
    # closed since, by word of the stream: it is no position that could be liquidated
    account.set_position("BTC-USDT", "net", 0, 3)
    assert account.liquidations() == {}
