"""`Secret`: a text that nothing shows by accident. Only `reveal()` gives it out, at the places that sign with it or encrypt it."""

from __future__ import annotations

from hmac import compare_digest
from typing import Final, NoReturn

MASK: Final = "***"


class Secret:
    """See the module.

    repr, str, format and containers of it give `***`; json, orjson and pickle refuse it; a copy is the same object. It compares with another secret only, in a time
    that says nothing of either.

    Parameters
    ----------
    text : str
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself: never to be kept, logged or shown."""
        return self._text

    @property
    def masked(self) -> str:
        """What a person recognises it by: its last four characters, if it is long enough that they give nothing away."""
        return f"…{self._text[-4:]}" if len(self._text) >= 20 else MASK

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and compare_digest(self._text.encode(), other._text.encode())

    # whoever puts it into a set or a table of names is about to lose it
    __hash__ = None  # type: ignore[assignment]

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret can't be pickled")
