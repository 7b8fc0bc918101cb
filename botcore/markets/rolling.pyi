"""The newest samples of a series with their mean and variance, right to the last digit however long it runs."""

import numpy as np
from typing_extensions import Self, disjoint_base

__pyx_capi__: dict[str, object]
"""What Cython exports to Cython."""

LARGEST: float
"""Magnitude beyond which a sample is refused: squares of what is smaller can be summed without overflow."""

@disjoint_base
class RingBuffer:
    """The newest `length` samples.

    A sample that is no finite number, or beyond `LARGEST`, is not taken and counted in `refused`, so that one bad quote does not poison every value
    after it. Adding is O(1) on average over `length` samples. Not pickled and not copied.

    Raises
    ------
    ValueError
        If the length is below 1.
    """

    def __new__(cls, length: int) -> Self: ...
    @property
    def length(self) -> int:
        """Samples that are kept at most; when it is set, the newest ones stay."""
    @length.setter
    def length(self, value: int) -> None: ...
    @property
    def refused(self) -> int: ...
    def __len__(self) -> int: ...
    def add_value(self, value: float) -> bool:
        """Take a sample; False when it was refused."""
    def clear(self) -> None: ...
    def get_last_value(self) -> float:
        """The newest sample; NaN when there is none."""
    def get_as_numpy_array(self) -> np.ndarray:
        """A copy, float64 [len], oldest first."""
    @property
    def is_empty(self) -> bool: ...
    @property
    def is_full(self) -> bool: ...
    @property
    def mean_value(self) -> float:
        """NaN when there is no sample."""
    @property
    def variance(self) -> float:
        """Population variance; NaN when there is no sample."""
    @property
    def std_dev(self) -> float:
        """Population standard deviation; NaN when there is no sample."""
    def variance_with(self, ddof: int) -> float:
        """Sum of squared distances from the mean over (count - ddof); NaN while there are not more samples than `ddof`."""
