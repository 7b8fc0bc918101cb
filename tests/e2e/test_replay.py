"""Paper trading over recorded data: candles at many times the speed, and a Binance depth and trade capture."""

from __future__ import annotations

from pathlib import Path

from tests.support.data import recorded, zigzag
from tests.support.instance import Instance, condor


def started(home: Path, settings: str) -> Instance:
    return Instance(home, settings).start()


def test_recorded_candles_are_traded_and_the_chat_says_that_it_is_a_replay(tmp_path: Path) -> None:
    data = zigzag(tmp_path / "btc.csv", 2000)
    settings = f"""clock: {{tick_size: 0.25}}
market:
  source: replay
  speed: 240
  replay:
    - {{connector: binance_perpetual, pair: BTC-USDT, files: [{data}], warmup: 100}}
"""
    instance = started(tmp_path / "home", settings)
    try:
        person = instance.person()
        assert "replay of recorded data, x240" in person.send("/start", "Paper trading")["text"]
        person.start_bot()
        person.wait_text(" closed · ", timeout_s=60)
        # an unknown market is refused by name, and what runs keeps running
        refused = person.send("/new", "Which strategy?")
        person.tap("pmm_simple", refused)
        assert "ETH-USDT" not in str(person.seen[refused["message_id"]]["buttons"])
        instance.kill()
        instance.start()
        assert "1 running of 1" in instance.person().send("/bots", "running of")["text"]
        # the books belong to this recording: another market is refused, until they are forgotten
        instance.stop()
        (instance.home / "conf" / "condor.yml").write_text("market: {speed: 2}\n")
        other = condor("run", "--home", str(instance.home), CONDOR_HTTP="127.0.0.1:0")
        assert other.returncode == 2
        assert "belong to another market" in other.stderr
        assert "stop these bots first" in condor("reset-paper", "--home", str(instance.home)).stderr
    finally:
        instance.kill()


def test_a_binance_capture_is_replayed_with_its_book(tmp_path: Path) -> None:
    files = [recorded("captures/cryptofeed_BINANCE_FUTURES.ws.1.0.xz"), recorded("captures/cryptofeed_BINANCE_FUTURES.http.0.0.xz")]
    settings = f"""clock: {{tick_size: 0.25}}
market:
  source: replay
  speed: 1
  replay:
    - {{connector: binance_perpetual, pair: SUSHI-USDT, files: ["{files[0]}", "{files[1]}"]}}
"""
    instance = started(tmp_path / "home", settings)
    try:
        person = instance.person()
        person.until(lambda: "SUSHI-USDT" in person.send("/status", "📊")["text"], "the market")
        person.until(lambda: " ok" in person.send("/status", "📊")["text"], "a book that can be trusted", 20)
    finally:
        instance.kill()
