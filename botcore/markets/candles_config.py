"""`CandlesConfig`: candles that a controller asks for."""

from __future__ import annotations

from pydantic import BaseModel


class CandlesConfig(BaseModel):
    """Candles that a controller needs before it may decide."""

    connector: str
    trading_pair: str
    interval: str = "1m"
    max_records: int = 500
