"""What controllers written for Hummingbot get when they `import pandas_ta`: the behaviour of release 0.3.14b, which most of them were written against.

It is pandas-ta-classic, whose results and column names are those (docs/decisions/0014), with two answers put right: `ichimoku` gives the visible rows and the
projected span as two frames, and `bbands` that is asked with `lower_std` and `upper_std`, as newer files do, names its columns as the newer release does
(`BBP_100_2.0_2.0`). Importing this module registers `DataFrame.ta`; only the loader of users' controllers does so.
"""

from __future__ import annotations

import warnings
from typing import Any

import pandas as pd
import pandas_ta_classic as _classic

version = "0.3.14b0"


def bbands(close: Any, length: Any = None, std: Any = None, *args: Any, lower_std: Any = None, upper_std: Any = None, **kwargs: Any) -> Any:
    """Bollinger bands: `BBL`, `BBM`, `BBU`, `BBB` (width in percent of the middle), `BBP` (%B); one width for both bands or one each."""
    if lower_std is None and upper_std is None:
        return _classic.bbands(close, length, std, *args, **kwargs)
    below, above = (float(2.0 if width is None else width) for width in (lower_std, upper_std))
    low, high = (_classic.bbands(close, length, width, *args, **kwargs) for width in (below, above))
    if low is None or high is None:
        return None
    lower, middle, upper = low.iloc[:, 0], low.iloc[:, 1], high.iloc[:, 2]
    across = _classic.non_zero_range(upper, lower)
    ending = f"{str(low.columns[0]).rsplit('_', 1)[0].removeprefix('BBL')}_{below}_{above}"
    bands = {"BBL": lower, "BBM": middle, "BBU": upper, "BBB": 100 * across / middle, "BBP": _classic.non_zero_range(close, lower) / across}
    return pd.DataFrame({name + ending: values for name, values in bands.items()})


class AnalysisIndicators(_classic.AnalysisIndicators):  # type: ignore[misc]
    """Accessor `DataFrame.ta`."""

    def bbands(self, length: Any = None, std: Any = None, mamode: Any = None, offset: Any = None, **kwargs: Any) -> Any:
        close = self._get_column(kwargs.pop("close", "close"))
        return self._post_process(bbands(close, length, std, mamode=mamode, offset=offset, **kwargs), **kwargs)

    def ichimoku(
        self, tenkan: Any = None, kijun: Any = None, senkou: Any = None, include_chikou: bool = True, offset: Any = None, **kwargs: Any
    ) -> Any:
        """(rows of the frame, rows of the periods to come); (None, None) where the frame is too short."""
        columns = [self._get_column(kwargs.pop(name, name)) for name in ("high", "low", "close")]
        visible, span = ichimoku(*columns, tenkan, kijun, senkou, include_chikou, offset, **kwargs)
        return (None, None) if visible is None else (self._post_process(visible, **kwargs), span)


def ichimoku(*args: Any, **kwargs: Any) -> Any:
    """(rows of the frame, rows of the periods to come)."""
    return _classic.ichimoku(*args, **{**kwargs, "as_dataframe": False})


with warnings.catch_warnings():
    # pandas warns that an accessor of that name is there already: it is the one that is replaced here
    warnings.simplefilter("ignore", UserWarning)
    pd.api.extensions.register_dataframe_accessor("ta")(AnalysisIndicators)


def __getattr__(name: str) -> Any:
    return getattr(_classic, name)


def __dir__() -> list[str]:
    return sorted({*dir(_classic), *globals()})
