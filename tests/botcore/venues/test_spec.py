"""Venue files: all that we ship hold, and what does not hold is refused with the field."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from botcore.data.synthetic import SyntheticFeed
from botcore.data.synthetic_model import SyntheticParams
from botcore.model.enums import InstrumentKind, TradeType
from botcore.model.errors import ConfigError
from botcore.model.market_events import BookSnapshot
from botcore.venues.spec import InstrumentSpec, VenueSpec

CONF = Path(__file__).resolve().parents[3] / "conf"
FILES = sorted((CONF / "connectors").glob("*.yml"))
PAIRS: dict[str, dict[str, Any]] = yaml.safe_load((CONF / "instruments.yml").read_text())


def spec(**values: Any) -> VenueSpec:
    return VenueSpec(**{"name": "venue", "kind": "spot", **values})


# ---- what we ship --------------------------------------------------------------------------------------------------
def test_seventeen_venues_are_shipped() -> None:
    assert len(FILES) == 17


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_shipped_file_holds(path: Path) -> None:
    found = VenueSpec(**yaml.safe_load(path.read_text()))
    assert found.name == path.stem, "the file is called as the connector"
    assert found.title
    assert found.instrument_kind is (InstrumentKind.LINEAR_PERPETUAL if path.stem.endswith("_perpetual") else InstrumentKind.SPOT)
    assert abs(found.fees.maker) < Decimal("0.01") and 0 <= found.fees.taker < Decimal("0.02")
    assert found.fees.maker <= found.fees.taker
    assert not (found.fees.from_received and found.instrument_kind is InstrumentKind.LINEAR_PERPETUAL), "a perpetual pays its fee in quote"


@pytest.mark.parametrize("pair", PAIRS)
def test_every_shipped_pair_makes_an_instrument_that_can_be_traded(pair: str) -> None:
    made = spec(instruments=PAIRS).instrument(pair)
    price = Decimal(str(PAIRS[pair]["paper_price"]))
    ticks = made.price_ticks(price, TradeType.BUY)
    assert made.price(ticks) == price, "the synthetic market starts on the grid"
    assert ticks >= 500, "a tick is at most 0.2 % of the price"
    assert made.amount(1) * price <= 2 * max(made.min_notional, Decimal(1)), "one lot is not a fortune"
    enough = made.lots(made.min_notional * 2 / price)
    assert made.refusal(max(1, enough), ticks) is None


@pytest.mark.parametrize("pair", PAIRS)
def test_every_shipped_pair_has_a_synthetic_market_near_its_price(pair: str) -> None:
    made = spec(instruments=PAIRS).instrument(pair)
    price = float(PAIRS[pair]["paper_price"])
    book = SyntheticFeed(made, Decimal(str(PAIRS[pair]["paper_price"])), SyntheticParams(), 1, 10**18).pop()
    assert isinstance(book, BookSnapshot)
    bid, ask = book.bids[0][0] * made.tick, book.asks[0][0] * made.tick
    assert 0 < bid < ask and abs(bid / price - 1) < 0.005 and abs(ask / price - 1) < 0.005
    assert all(ticks >= 1 and lots >= 1 for ticks, lots in [*book.bids, *book.asks])


# ---- reading -------------------------------------------------------------------------------------------------------
def test_an_instrument_carries_the_venues_rules() -> None:
    rules = {"tick_size": 0.1, "lot_size": "0.001", "min_amount": 0.002, "min_notional": 5, "max_amount": 10, "max_significant_digits": 5}
    made = spec(kind="perpetual", instruments={"ETH-USDT": rules}).instrument("ETH-USDT")
    assert str(made.market) == "venue:ETH-USDT" and made.is_perpetual
    assert (made.tick_size, made.lot_size, made.min_amount, made.min_notional) == (Decimal("0.1"), Decimal("0.001"), Decimal("0.002"), 5)
    assert (made.max_amount, made.max_significant_digits, made.min_lots) == (10, 5, 2)


def test_an_unknown_pair_names_the_nearest() -> None:
    venue = spec(instruments={"ETH-USDT": {"tick_size": 1, "lot_size": 1}})
    with pytest.raises(ConfigError, match=r"venue has no pair 'ETH-USDC' in conf/connectors/venue\.yml, did you mean ETH-USDT\?"):
        venue.instrument("ETH-USDC")
    with pytest.raises(ConfigError, match="it has ETH-USDT"):
        venue.instrument("XXX-YYY")


def test_defaults() -> None:
    made = spec()
    assert made.fees.maker == made.fees.taker == Decimal("0.001") and not made.fees.from_received
    assert made.maintenance == Decimal("0.005") and made.instruments == {}


def test_a_makers_rebate_is_a_negative_fee() -> None:
    assert spec(fees={"maker": -0.0001}).fees.maker == Decimal("-0.0001")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": "Binance"}, "name"),
        ({"name": "a-b"}, "name"),
        ({"name": ""}, "name"),
        ({"kind": "future"}, "kind"),
        ({"fees": {"taker": -0.001}}, "fees.taker"),
        ({"fees": {"taker": "NaN"}}, "fees.taker"),
        ({"fees": {"take": 0.001}}, "fees.take"),
        ({"maintenance": 1}, "maintenance"),
        ({"instruments": {"A-B": {"tick_size": 0, "lot_size": 1}}}, "instruments.A-B.tick_size"),
        ({"instruments": {"A-B": {"tick_size": 1}}}, "instruments.A-B.lot_size"),
        ({"instruments": {"A-B": {"tick_size": 1, "lot_size": 1, "min_amount": -1}}}, "instruments.A-B.min_amount"),
        ({"instruments": {"A-B": {"tick_size": True, "lot_size": 1}}}, "instruments.A-B.tick_size"),
        ({"rest_url": "x"}, "rest_url"),
    ],
)
def test_what_does_not_hold_names_its_field(values: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as found:
        spec(**values)
    assert ".".join(str(part) for part in found.value.errors()[0]["loc"]) == field


def test_a_yaml_float_is_exact() -> None:
    assert InstrumentSpec(tick_size=0.00000001, lot_size=0.1).tick_size == Decimal("0.00000001")
