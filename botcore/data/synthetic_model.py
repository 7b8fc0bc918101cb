"""How a synthetic price moves: stochastic volatility, jumps, and a slow pull home.

The log price takes normal steps whose volatility follows an Ornstein-Uhlenbeck process in logs (the log-normal stochastic volatility model, S. Taylor,
Modelling Financial Time Series, 1986, ch. 3), so calm and wild spells alternate and returns have fat tails. Jumps come at a small rate. The pull towards the start
price keeps a demo that runs for weeks within sight of where it began.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass

import numpy as np

DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class SyntheticParams:
    """A market's character.

    Parameters
    ----------
    volatility : float
        Typical standard deviation of the log price per square root of a second.
    clustering : float
        Standard deviation of the log volatility.
    calm_s : float
        Time constant in which the volatility returns to normal, seconds.
    jumps_per_hour, jump_size : float
        Rate and typical size (fraction) of jumps.
    home_s : float
        Time constant of the pull towards the start price, seconds.
    spread : float
        Typical spread as a fraction of the price.
    trades_per_s : float
        Typical rate of public trades.
    trade_quote, level_quote : float
        Typical size of a trade and of a book level, in quote.
    levels : int
        Levels a side.
    """

    volatility: float = 0.00035
    clustering: float = 0.5
    calm_s: float = 300.0
    jumps_per_hour: float = 4.0
    jump_size: float = 0.004
    home_s: float = 14_400.0
    spread: float = 0.00015
    trades_per_s: float = 1.5
    trade_quote: float = 400.0
    level_quote: float = 8_000.0
    levels: int = 20


def stream(seed: int, name: str, part: int) -> np.random.Generator:
    """Random numbers of one part of one market, the same on every machine and in every process."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, zlib.crc32(name.encode()), part])))


@dataclass(slots=True)
class PriceProcess:
    """The process, step by step.

    Attributes
    ----------
    log_price : float
        Relative to the start price.
    log_vol : float
        Relative to the typical volatility.
    """

    params: SyntheticParams
    log_price: float = 0.0
    log_vol: float = 0.0

    def step(self, dt_s: float, normals: tuple[float, float, float], uniform: float) -> float:
        """Move by `dt_s` seconds; returns the log return.

        Parameters
        ----------
        normals : three standard normal numbers
            For the price, the volatility and the size of a jump.
        uniform : float
            Decides whether it jumps.
        """
        params = self.params
        decay = dt_s / params.calm_s
        self.log_vol += -decay * self.log_vol + params.clustering * math.sqrt(2 * decay) * normals[1]
        moved = params.volatility * math.exp(self.log_vol - params.clustering**2) * math.sqrt(dt_s) * normals[0]
        moved -= self.log_price * dt_s / params.home_s
        if uniform < params.jumps_per_hour * dt_s / 3600:
            moved += params.jump_size * normals[2]
        self.log_price += moved
        return moved


def history(params: SyntheticParams, seed: int, name: str, start_s: int, start_price: float, days: int = 45) -> np.ndarray:
    """One-minute candles that end at the start of the market with its start price.

    Returns
    -------
    float64 [days * 1440, 6]
        Open time (s), open, high, low, close, volume; the last bar ends at the full minute at or before `start_s`.
    """
    per_minute = 12
    bars = days * 1440
    random = stream(seed, name, 1)
    steps, dt_s = bars * per_minute, 60.0 / per_minute
    log_vol = _clustered(random.standard_normal(steps), dt_s / params.calm_s, params.clustering)
    returns = params.volatility * np.exp(log_vol - params.clustering**2) * math.sqrt(dt_s) * random.standard_normal(steps)
    jumps = random.random(steps) < params.jumps_per_hour * dt_s / 3600
    returns += jumps * params.jump_size * random.standard_normal(steps)
    path = _pulled(returns, dt_s / params.home_s)
    prices = start_price * np.exp(path - path[-1])
    closes = prices.reshape(bars, per_minute)
    opens = np.concatenate((prices[:1], closes[:-1, -1]))
    end_s = start_s // 60 * 60
    block = np.empty((bars, 6))
    block[:, 0] = end_s - 60.0 * np.arange(bars, 0, -1)
    block[:, 1] = opens
    block[:, 2] = np.maximum(closes.max(axis=1), opens)
    block[:, 3] = np.minimum(closes.min(axis=1), opens)
    block[:, 4] = closes[:, -1]
    activity = np.exp(log_vol.reshape(bars, per_minute).mean(axis=1))
    block[:, 5] = params.trade_quote * params.trades_per_s * 60 * activity * random.lognormal(0.0, 0.4, bars) / block[:, 4]
    return block


def _clustered(normals: np.ndarray, decay: float, deviation: float) -> np.ndarray:
    """An Ornstein-Uhlenbeck path: x[i] = (1 - decay) x[i-1] + deviation sqrt(2 decay) normals[i]."""
    scale = deviation * math.sqrt(2 * decay)
    return _filtered(normals * scale, 1 - decay)


def _pulled(returns: np.ndarray, decay: float) -> np.ndarray:
    """A path of returns that is pulled back to 0: x[i] = (1 - decay) x[i-1] + returns[i]."""
    return _filtered(returns, 1 - decay)


def _filtered(values: np.ndarray, keep: float, block: int = 512) -> np.ndarray:
    """First-order recursion x[i] = keep x[i-1] + values[i], block by block so that no power of `keep` runs out of range."""
    result = np.empty_like(values)
    last = 0.0
    powers = keep ** np.arange(1, block + 1)
    for start in range(0, len(values), block):
        piece = values[start : start + block]
        own = powers[: len(piece)]
        result[start : start + len(piece)] = own * (last + np.cumsum(piece / own))
        last = float(result[start + len(piece) - 1])
    return result
