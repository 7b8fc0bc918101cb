"""`Shortages`: assets of which a spot account has less than the records of its bots hold. Passive: whoever compares the two writes it, whoever sends orders reads it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

ZERO = Decimal(0)
Holder = tuple[str, str, str, Decimal]
"""(bot, controller, executor, base that it holds by the records); no executor where it is a hold, no bot where it is nobody's."""


def plain(amount: Decimal) -> str:
    """An amount in digits, without zeros at its end."""
    return format(amount.normalize(), "f")


@dataclass(frozen=True, slots=True)
class Shortage:
    """An asset that is missing.

    Parameters
    ----------
    held : Decimal
        What bots hold by the records, less what they have paid of it for others.
    there : Decimal
        What the account has, free and locked.
    holders : tuple of Holder
        Those whose exits will not find all that they hold, largest first.
    """

    asset: str
    held: Decimal
    there: Decimal
    holders: tuple[Holder, ...] = ()

    @property
    def missing(self) -> Decimal:
        return self.held - self.there

    def __str__(self) -> str:
        return f"the account has {plain(self.there)} {self.asset}, the bots' records hold {plain(self.held)}"


class Shortages:
    """See the module.

    Attributes
    ----------
    proven : dict of str to Shortage
        By asset: no order or execution of ours can explain it any more.
    doubted : dict of str to str
        Asset -> why it is being looked after: entries wait meanwhile.
    refused : dict of str to int
        Assets of which the venue has refused an exit for want of them, and when: exits are cut to what is known to be there.
    """

    __slots__ = ("doubted", "proven", "refused")

    def __init__(self) -> None:
        self.proven: dict[str, Shortage] = {}
        self.doubted: dict[str, str] = {}
        self.refused: dict[str, int] = {}

    def __bool__(self) -> bool:
        return bool(self.proven or self.doubted or self.refused)

    def refusal(self, asset: str) -> str | None:
        """Why nothing more of this asset may be traded into; None while it may."""
        found = self.proven.get(asset)
        return self.doubted.get(asset) if found is None else str(found)

    def cuts(self, asset: str) -> bool:
        """Whether exits are cut to what the account has."""
        return asset in self.proven or asset in self.refused

    def settle(self, asset: str) -> None:
        """The account has all that the records hold."""
        self.proven.pop(asset, None)
        self.doubted.pop(asset, None)

    def allow(self, asset: str, true_at_ns: int) -> None:
        """As it was at this time, all that the records hold was there and free: what was refused before that says nothing any more."""
        if true_at_ns > self.refused.get(asset, true_at_ns):
            del self.refused[asset]
