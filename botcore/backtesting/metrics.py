"""Figures of an equity curve. All of them look at marked-to-market equity, never at the sum of trades."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
DAILY_FROM_MS = 30 * DAY_MS


@dataclass(frozen=True, slots=True)
class Sharpe:
    """Annualised mean over standard deviation of returns; `value` is None when it is not defined."""

    value: float | None
    basis: str


@dataclass(frozen=True, slots=True)
class Drawdown:
    """Largest fall from a peak, in quote and as a fraction of that peak."""

    quote: float
    ratio: float


def drawdown(equity: np.ndarray) -> Drawdown:
    """Largest drawdown of a curve.

    Parameters
    ----------
    equity : float64 [n]
        In time order.
    """
    if len(equity) == 0:
        return Drawdown(0.0, 0.0)
    peaks = np.maximum.accumulate(equity)
    falls = peaks - equity
    worst = int(np.argmax(falls))
    ratios = np.divide(falls, peaks, out=np.zeros_like(falls), where=peaks > 0)
    return Drawdown(float(falls[worst]), float(ratios.max()))


def sharpe(times_ms: np.ndarray, equity: np.ndarray) -> Sharpe:
    """Sharpe ratio with a risk-free rate of zero (W. F. Sharpe, The Sharpe Ratio, 1994).

    Daily returns at 00:00 UTC times sqrt(365); under 30 days of data hourly returns times sqrt(8760). Undefined (None) with fewer than
    two returns or when they do not vary.

    Parameters
    ----------
    times_ms : int64 [n]
    equity : float64 [n]
        Marked to market at these times.
    """
    span_ms = int(times_ms[-1] - times_ms[0]) if len(times_ms) else 0
    daily = span_ms >= DAILY_FROM_MS
    step_ms, periods, basis = (DAY_MS, 365, "daily, 00:00 UTC") if daily else (HOUR_MS, 8760, "hourly, under 30 days of data")
    marks = sampled(times_ms, equity, step_ms)
    returns = np.diff(marks) / marks[:-1] if len(marks) > 2 and (marks > 0).all() else np.empty(0)
    if len(returns) < 2:
        return Sharpe(None, basis)
    deviation = float(returns.std(ddof=1))
    if deviation <= 1e-15:
        return Sharpe(None, basis)
    return Sharpe(float(returns.mean()) / deviation * math.sqrt(periods), basis)


def sampled(times_ms: np.ndarray, equity: np.ndarray, step_ms: int) -> np.ndarray:
    """Equity as it stood at every full step of UTC inside the curve: float64 [number of steps]."""
    if len(times_ms) == 0:
        return np.empty(0)
    first = -(-int(times_ms[0]) // step_ms) * step_ms
    boundaries = np.arange(first, int(times_ms[-1]) + 1, step_ms)
    positions = np.searchsorted(times_ms, boundaries, side="right") - 1
    return np.asarray(equity[positions[positions >= 0]])
