"""Numbers as the venue writes them. Levels come again and again, and to write one costs more than all else about it: each is written once and kept."""

from __future__ import annotations

from decimal import Decimal

from tests.fakes.simvenue.values import Market

MOST_TEXTS = 50_000
SPOT_PLACES = 8


class Texts(dict[int, str]):
    """Count of steps -> text.

    Parameters
    ----------
    step : Decimal
        A tick or a lot.
    places : int
        Digits after the point.

    Raises
    ------
    ValueError
        If they are too few to write a step exactly.
    """

    def __init__(self, step: Decimal, places: int) -> None:
        super().__init__()
        self._step = int(step.scaleb(places))
        if self._step != step.scaleb(places):
            raise ValueError(f"{step} has more than {places} places")
        self._places = places
        self._one = 10**places

    def __missing__(self, count: int) -> str:
        if len(self) >= MOST_TEXTS:
            self.clear()
        whole, rest = divmod(count * self._step, self._one)
        text = self[count] = f"{whole}.{rest:0{self._places}d}" if self._places else str(whole)
        return text


class MarketTexts:
    """Prices and amounts of a market; a change of its rules changes neither tick nor lot."""

    def __init__(self, market: Market, *, is_spot: bool) -> None:
        self.prices = Texts(market.tick, SPOT_PLACES if is_spot else market.price_places)
        self.amounts = Texts(market.lot, SPOT_PLACES if is_spot else market.amount_places)

    def levels(self, levels: list[tuple[int, int]]) -> list[list[str]]:
        """Levels as [price, amount]."""
        prices, amounts = self.prices, self.amounts
        return [[prices[ticks], amounts[lots]] for ticks, lots in levels]
