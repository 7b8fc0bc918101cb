"""`LinearRegression` for homes without scikit-learn: ordinary least squares over numpy."""

from __future__ import annotations

from typing import Any

import numpy as np


class LinearRegression:
    """Least squares with an intercept; arguments and attributes are called as in `sklearn.linear_model`.

    Attributes
    ----------
    coef_ : float64 [features], or [targets, features] where `y` has two dimensions
    intercept_ : float, or float64 [targets]
    """

    def __init__(self, *, fit_intercept: bool = True, **_unused: Any) -> None:
        self.fit_intercept = fit_intercept
        self.coef_: Any = None
        self.intercept_: Any = None

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> LinearRegression:
        """Fit to samples, float64 [n, features], and their targets, [n] or [n, targets].

        Raises
        ------
        ValueError
            If the shapes do not agree, or a value is not finite.
        """
        samples, targets = _samples(X), np.asarray(y, dtype=float)
        if len(samples) != len(targets):
            raise ValueError(f"expected as many targets as samples, found {len(samples)} and {len(targets)}")
        if not np.isfinite(targets).all():
            raise ValueError("expected finite targets, found NaN or infinity")
        weights = np.ones(len(samples)) if sample_weight is None else np.broadcast_to(np.asarray(sample_weight, dtype=float), (len(samples),))
        center = np.average(samples, axis=0, weights=weights) if self.fit_intercept else np.zeros(samples.shape[1])
        middle = np.average(targets, axis=0, weights=weights) if self.fit_intercept else np.zeros(targets.shape[1:])
        root = np.sqrt(weights)
        left = (samples - center) * root[:, None]
        right = (targets - middle) * (root if targets.ndim == 1 else root[:, None])
        found = np.linalg.lstsq(left, right, rcond=None)[0]
        self.coef_ = found if targets.ndim == 1 else found.T
        self.intercept_ = middle - center @ found if self.fit_intercept else 0.0
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Targets of samples; RuntimeError before a fit."""
        if self.coef_ is None:
            raise RuntimeError("this LinearRegression is not fitted yet; call fit first")
        return np.asarray(_samples(X) @ np.asarray(self.coef_).T + self.intercept_)

    def score(self, X: Any, y: Any) -> float:
        """Share of the variance that the fit explains: 1 at best, averaged over targets."""
        targets = np.asarray(y, dtype=float)
        missed = ((targets - self.predict(X)) ** 2).sum(axis=0)
        spread = ((targets - targets.mean(axis=0)) ** 2).sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            scores = np.where(spread > 0, 1 - missed / spread, np.where(missed > 0, 0.0, 1.0))
        return float(np.mean(scores))


def _samples(given: Any) -> np.ndarray:
    samples = np.asarray(given, dtype=float)
    if samples.ndim != 2:
        raise ValueError(f"expected samples with two dimensions [n, features], found {samples.ndim}; reshape(-1, 1) makes one feature")
    if not np.isfinite(samples).all():
        raise ValueError("expected finite samples, found NaN or infinity")
    return samples
