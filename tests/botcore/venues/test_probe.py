"""What a venue says of a key before it is taken, asked of an exchange in a box."""

from __future__ import annotations

import time
from random import Random
from urllib.parse import urlsplit

import pytest

from botcore.venues.catalog import dialect
from botcore.venues.dialect import Credentials
from botcore.venues.port import HttpRequest, Lane, Socket
from botcore.venues.probe import Probe, Prober
from botcore.venues.wire import NoReply, Reply
from tests.fakes.simvenue.venue import SimVenue
from tests.support.binance_wire import spec

KEYS = Credentials("key", "secret")


class Box:
    """The network: one exchange in a box, whose clock is `skew_ms` ahead of this machine's."""

    def __init__(self, kind: str, skew_ms: int = 0) -> None:
        self.skew_ms = skew_ms
        self.venue = SimVenue(kind, lambda: time.time_ns() + skew_ms * 1_000_000, still=True)  # type: ignore[arg-type]
        self.asked: list[HttpRequest] = []
        self.is_away = False

    async def request(self, request: HttpRequest, lane: Lane, timeout_s: float) -> Reply | NoReply:
        if self.is_away:
            return NoReply("no connection to the venue", left=False)
        self.asked.append(request)
        target = urlsplit(request.url)
        answer = self.venue.handle(request.method, f"{target.path}?{target.query}", dict(request.headers), request.body)
        return Reply(answer.status, {key.lower(): value for key, value in answer.headers.items()}, answer.body, 0, 0)

    def renew(self, lane: Lane) -> None:
        """Nothing is kept."""

    async def connect(self, url: str, timeout_s: float) -> Socket:
        raise NotImplementedError

    async def close(self) -> None:
        """Nothing is open."""


async def probe(box: Box, name: str = "binance", keys: Credentials = KEYS, rights_at: str | None = None) -> Probe:
    found = spec(name)
    assert found.live is not None
    there = spec(rights_at) if rights_at else None
    other = (dialect(there, {}), there.live) if there is not None and there.live is not None else None
    wall_ms = lambda: time.time_ns() // 1_000_000  # noqa: E731
    return await Prober(dialect(found, {}), found.live, keys, box, time.time_ns, wall_ms, Random(1), other).look()


async def test_a_key_that_only_trades_is_taken_and_nothing_is_changed() -> None:
    box = Box("spot")
    found = await probe(box)
    assert (found.can_trade, found.can_withdraw, found.can_transfer, found.refusal) == (True, False, False, "")
    assert {request.method for request in box.asked} == {"GET"}


async def test_s21_a_key_that_may_withdraw_is_refused() -> None:
    box = Box("spot")
    box.venue.engine.accounts["key"].can_withdraw = True
    assert "may withdraw" in (await probe(box)).refusal


async def test_a_key_that_may_not_trade_is_refused() -> None:
    box = Box("spot")
    box.venue.engine.accounts["key"].can_trade = False
    assert "may not trade" in (await probe(box)).refusal


async def test_a_key_without_an_address_is_advised_to_have_one() -> None:
    box = Box("spot")
    box.venue.engine.accounts["key"].is_restricted_to_addresses = False
    assert any("restrict the key" in text for text in (await probe(box)).advice)
    box.venue.engine.accounts["key"].is_restricted_to_addresses = True
    assert not any("restrict the key" in text for text in (await probe(box)).advice)


@pytest.mark.parametrize("keys", [Credentials("key", "wrong-secret-123"), Credentials("no-such-key-123", "secret")])
async def test_what_the_venue_has_against_a_key_is_told_in_its_words_without_the_key(keys: Credentials) -> None:
    found = await probe(Box("spot"), keys=keys)
    assert found.refusal.startswith("the venue says: ") and "-" in found.refusal
    assert "wrong-secret-123" not in found.refusal and "no-such-key-123" not in found.refusal


async def test_a_clock_that_is_off_is_told_and_does_not_matter_to_the_signature() -> None:
    found = await probe(Box("spot", skew_ms=90_000))
    assert found.refusal == "" and found.offset_ms == pytest.approx(90_000, abs=2_000)
    assert any("s behind the venue's" in text for text in found.advice)


async def test_a_venue_that_is_away_is_no_verdict_on_the_key() -> None:
    box = Box("spot")
    box.is_away = True
    assert "could not be read" in (await probe(box)).refusal


async def test_futures_tell_the_mode_here_and_the_rights_of_the_key_elsewhere() -> None:
    box = Box("futures")
    box.venue.engine.accounts["key"].is_hedge = True
    found = await probe(box, "binance_perpetual")
    assert (found.can_trade, found.can_withdraw, found.is_hedge) == (True, None, True)
    assert any("does not say whether this key may withdraw" in text for text in found.advice)
    box.venue.engine.accounts["key"].can_withdraw = True
    assert "may withdraw" in (await probe(box, "binance_perpetual", rights_at="binance")).refusal
    assert spec("binance_perpetual").live.rights_at == "binance"  # type: ignore[union-attr]
