"""Pictures: drawn by a process of their own, which begins with the first one and never holds up the program."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from condor.localchat.files import image_size
from condor.pictures.artist import Artist, CannotDraw
from condor.pictures.drawings import THEMES, CandleChart, DayBars, Drawing, Level, Mark, Picture, Pie, ResultCurve, decode, encode, key_of
from condor.pictures.parts import head
from condor.pictures.theme import DPI, HEIGHT_IN, SMALL, WIDTH_IN
from condor.services.pictures import PictureService

CANDLES = tuple((1_790_000_000_000 + place * 60_000, 100.0 + place, 103.0 + place, 98.0 + place, 101.0 + place) for place in range(30))
PICTURES: tuple[Picture, ...] = (
    ResultCurve("Result · 7d", "USDT", (1_790_000_000_000, 1_790_000_600_000, 1_790_001_000_000), (0.0, 4.0, -2.5)),
    DayBars("By day", "USDT", ("01 Nov", "02 Nov"), (3.0, -1.5)),
    CandleChart(
        "BTC-USDT $x_1$ <b>", CANDLES, (Mark(1_790_000_300_000, 105.0, "buy"),), (Level(110.0, "profit", "take profit"), Level(104.0, "grid"))
    ),
    Pie("Portfolio", "USDT", (("USDT", 80.0), ("BTC", 20.0))),
)
EDGES: tuple[Picture, ...] = (
    ResultCurve("nothing yet", "USDT", (), ()),
    ResultCurve("one", "USDT", (1_790_000_000_000,), (0.0,)),
    DayBars("no day", "USDT", (), ()),
    CandleChart("flat", ((1_790_000_000_000, 5.0, 5.0, 5.0, 5.0),)),
    Pie("empty", "USDT", ()),
    Pie("many", "USDT", tuple((f"COIN{number}", 1e-9 * (number + 1)) for number in range(12))),
)


@pytest.mark.parametrize("picture", [*PICTURES, *EDGES], ids=lambda picture: picture.title)
def test_drawings_travel_as_bytes_that_say_all(picture: Picture) -> None:
    drawing = Drawing(picture, "light")
    assert decode(encode(drawing)) == drawing
    assert key_of(drawing) == key_of(decode(encode(drawing))) != key_of(Drawing(picture, "dark"))


@pytest.mark.parametrize(
    ("title", "value"),
    [
        ("BTC-USDT · Binance USD-M futures · 15m", "64,529.7"),
        ("1000PEPE-USDT · Coinbase Advanced Trade · 15m", "0.0123456"),
        ("Result · 7d", "+123,456,789.12 USDT"),
        ("x" * 200, "-123,456,789,012.12 USDT"),
        ("BTC-USDT · 1h", "64,529.7"),
    ],
)
def test_a_title_and_its_outcome_never_cover_each_other(title: str, value: str) -> None:
    figure = Figure(figsize=(WIDTH_IN, HEIGHT_IN), dpi=DPI)
    FigureCanvasAgg(figure)
    head(figure, title, value, "#000000")
    outcome, words = figure.texts
    assert words.get_window_extent().x1 < outcome.get_window_extent().x0 and words.get_fontsize() >= SMALL
    shown = words.get_text()
    assert shown == title or ("…" in shown and shown[0] == title[0] and shown[-1] == title[-1]), "beginning and end stay"
    assert shown == title or len(title) > 40


def environment_of(pid: int | None) -> str:
    """What a process was given, where the system shows it."""
    file = Path(f"/proc/{pid}/environ")
    return file.read_text() if file.is_file() else ""


async def test_every_picture_is_drawn_in_both_themes_by_one_process_that_begins_with_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONDOR_VENUE_BINANCE_SECRET", "for nobody else")
    artist = Artist(tmp_path / "matplotlib")
    service = PictureService(artist)
    assert artist.pid is None
    try:
        drawn: dict[str, list[bytes]] = {}
        for theme in THEMES:
            drawn[theme] = [await service.draw(Drawing(picture, theme)) for picture in (*PICTURES, *EDGES)]
            assert all(image_size(picture) == (1080, 760) and len(picture) < 60_000 for picture in drawn[theme])
        first = artist.pid
        assert all(dark != light for dark, light in zip(*drawn.values(), strict=True))
        assert await service.draw(Drawing(PICTURES[0], "dark")) is drawn["dark"][0], "the same content is drawn once"
        assert artist.pid == first is not None
        assert service.shed() == sum(len(picture) for pictures in drawn.values() for picture in pictures) and service.shed() == 0
        with pytest.raises(CannotDraw, match="drawing has failed"):
            await artist.draw(b'{"kind": "Pie", "theme": "dark", "values": {}}')
        assert await artist.draw(encode(Drawing(PICTURES[3], "dark"))) == drawn["dark"][3], "it goes on after a fault"
        assert "CONDOR" not in environment_of(first)
    finally:
        await service.close()
    assert artist.pid is None
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)


async def test_a_drawing_that_takes_too_long_costs_its_process_and_nothing_else(tmp_path: Path) -> None:
    artist = Artist(tmp_path, (sys.executable, "-c", "import time; time.sleep(60)"), limit_s=0.1)
    with pytest.raises(CannotDraw, match="not drawn within"):
        await artist.draw(b"{}")
    assert artist.pid is None


async def test_a_process_that_dies_is_followed_by_another(tmp_path: Path) -> None:
    script = "import sys, struct; sys.stdin.buffer.read(6); sys.stdout.buffer.write(struct.pack('>BI', 1, 2) + b'ok'); sys.stdout.flush(); sys.stdin.buffer.read(6)"
    artist = Artist(tmp_path, (sys.executable, "-c", script), limit_s=20)
    try:
        assert await artist.draw(b"{}") == b"ok"
        with pytest.raises(CannotDraw, match="has ended"):
            await artist.draw(b"{}")
        assert await artist.draw(b"{}") == b"ok"
    finally:
        await artist.close()


async def test_an_idle_process_leaves(tmp_path: Path) -> None:
    script = "import sys, struct; sys.stdin.buffer.read(6); sys.stdout.buffer.write(struct.pack('>BI', 1, 2) + b'ok'); sys.stdout.flush(); sys.stdin.buffer.read(6)"
    artist = Artist(tmp_path, (sys.executable, "-c", script), limit_s=20, idle_s=0.01)
    assert await artist.draw(b"{}") == b"ok"
    await asyncio.sleep(0.05)
    assert artist.pid is None


async def test_too_many_at_once_are_refused(tmp_path: Path) -> None:
    artist = Artist(tmp_path, (sys.executable, "-c", "import time; time.sleep(60)"), limit_s=0.05)
    answers = await asyncio.gather(*(artist.draw(b"{}") for _ in range(17)), return_exceptions=True)
    assert ["too many" in str(answer) for answer in answers] == [False] * 16 + [True]


def test_the_program_itself_never_loads_the_drawing_library() -> None:
    code = "import sys, condor.wiring; print([name for name in ('matplotlib', 'PIL') if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).resolve().parents[2])
    assert found.stdout.strip() == "[]"
