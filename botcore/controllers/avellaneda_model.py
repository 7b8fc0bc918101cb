"""The quotes of M. Avellaneda and S. Stoikov, High-frequency trading in a limit order book, Quantitative Finance 8(3), 2008, 217-224, and what they need to know.

Everything is relative: prices are fractions of the mid, inventory q counts in orders, money in orders' worth. That is the paper's model in other units (one
"share" is one order, one unit of money what an order costs), so its equations hold as they stand, on every pair:

    dS = sigma dW                                                  section 2.1: the mid is a Brownian motion without drift
    lambda(delta) = A exp(-kappa delta)                            section 2.5: how often an order at distance delta is reached (kappa is the paper's k)
    r = s - q gamma sigma^2 (T - t)                                eq. (29), reservation price
    ask - bid = gamma sigma^2 (T - t) + 2/gamma ln(1 + gamma/kappa)   eq. (30), optimal spread, around r and whatever q is

The tests run the simulation of section 3.3 with these quotes and find the paper's tables 1 to 3. gamma counts for an order's worth of money, sigma for a root of a
second, T - t in seconds, kappa for a fraction of the mid: gamma/kappa and q gamma sigma^2 (T - t) have no unit. The paper says nothing of how gamma is chosen, nor of
orders of several sizes: `aversion` and `shape` (eta) are ours.

sigma and kappa are estimated from closed candles: sigma^2 is the mean squared log return over its seconds; kappa is the likeliest one for the distances that the
highs and lows of the candles reached from their opens (a limit order of that depth would have been reached), which are exponential where lambda is as above. A longer
candle reaches farther: kappa is that of an order that stands for about a candle.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from botcore.markets.indicators import TradingIntensityIndicator

NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Estimates:
    """What the candles say.

    Parameters
    ----------
    sigma : float
        Standard deviation of the mid, a fraction for each root of a second; NaN or 0 where it is not known.
    kappa : float
        Decay of the arrivals, for each fraction of the mid: 2000 means e times fewer for 0.05 % more; NaN where it is not known.
    """

    sigma: float
    kappa: float

    @property
    def are_known(self) -> bool:
        return self.sigma > 0 and self.kappa > 0 and math.isfinite(self.sigma) and math.isfinite(self.kappa)


@dataclass(frozen=True, slots=True)
class Quotes:
    """Fractions of the mid from it: the reservation price (below 0: the maker would rather sell), and the half spread around it."""

    reservation: float
    half_spread: float

    @property
    def bid(self) -> float:
        return self.reservation - self.half_spread

    @property
    def ask(self) -> float:
        return self.reservation + self.half_spread


def volatility(closes: np.ndarray, interval_s: float) -> float:
    """sigma from closes (float64 [n > 1], oldest first) that are `interval_s` apart."""
    steps = np.diff(np.log(closes))
    return math.sqrt(float(np.mean(steps * steps)) / interval_s)


def intensity(rows: np.ndarray, interval_s: float) -> float:
    """kappa from candles (float64 [n, 6], oldest first); NaN where none of them moved."""
    reached = TradingIntensityIndicator(len(rows))
    for opened, high, low in rows[:, 1:4].tolist():
        reached.add_trade(1.0, high / opened)
        reached.add_trade(1.0, low / opened)
        reached.add_sample(interval_s)
    return reached.current_value[1]


def aversion(risk_factor: float, estimates: Estimates, most: float, horizon_s: float) -> float:
    """gamma at which a full inventory (`most` orders) moves the reservation price by `risk_factor` times 1/kappa.

    1/kappa is the half spread of a maker who fears no risk, the limit of eq. (30): with a factor of 1 and full, one side is quoted at the mid and the other
    twice as far away.
    """
    return risk_factor / (estimates.kappa * most * estimates.sigma**2 * horizon_s)


def shape(most: float) -> float:
    """eta at which an order that adds to a full inventory would be 1/`most` of a plain one: exp(-eta) = 1/most."""
    return math.log(max(most, 1.0))


def quotes(q: float, gamma: float, estimates: Estimates, left_s: float) -> Quotes:
    """Equations (29) and (30) with `left_s` = T - t seconds; gamma above 0."""
    risk = gamma * estimates.sigma**2 * left_s
    return Quotes(-q * risk, (risk + 2 / gamma * math.log1p(gamma / estimates.kappa)) / 2)
