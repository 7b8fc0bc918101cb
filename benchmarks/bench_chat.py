"""From a command to its answer on the local chat: the real process over loopback HTTP, idle and with 20 bots and 1,000 executors at work; and what updates leave
behind in memory."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from time import perf_counter

from condor.home import find_home
from condor.settings import Environment, Settings
from condor.users import Actor, Role
from condor.wiring import Program, wall_clock
from tests.support.instance import Instance, Person

OWNER = Actor(1, "You", Role.OWNER, "local", 1)
BOTS, LEVELS = 20, 50
COMMANDS = ("/start", "/bots", "/status", "/executors", "/history", "/help")
ROUNDS = 25
QUIET = "market: {speed: 1}\n"
UPDATES, WARM_UP = 100_000, 5_000


def run() -> dict[str, float]:
    """Milliseconds from sending a command to its card (aim: p95 at most 50 with everything at work)."""
    with tempfile.TemporaryDirectory() as folder:
        idle = _measured(Path(folder) / "idle")
        home = Path(folder) / "busy"
        executors = asyncio.run(_seeded(home))
        busy = _measured(home)
    found = {"executors": float(executors)}
    for name, times in (("idle", idle), ("busy", busy)):
        found |= {f"{name}.p50_ms": quantile(times, 0.5), f"{name}.p95_ms": quantile(times, 0.95)}
    return found | {"idle_to_busy.ratio": quantile(idle, 0.95) / quantile(busy, 0.95)}


def run_updates(updates: int = UPDATES) -> dict[str, float]:
    """Growth of the process over so many lines and taps, in MB (aim: none that goes on); minutes."""
    with tempfile.TemporaryDirectory() as folder:
        instance = Instance(Path(folder) / "home", QUIET).start()
        try:
            person = instance.person()
            _speak(person, WARM_UP)
            begin = _resident_mb(instance.pid)
            _speak(person, updates // 2)
            half = _resident_mb(instance.pid)
            _speak(person, updates - updates // 2)
            return {"updates": float(updates), "grown_first_half_mb": half - begin, "grown_second_half_mb": _resident_mb(instance.pid) - half}
        finally:
            instance.kill()


def _measured(home: Path) -> list[float]:
    instance = Instance(home, QUIET).start()
    try:
        person = instance.person()
        for command in COMMANDS:
            person.send(command)
        return [_answer_ms(person, command) for _ in range(ROUNDS) for command in COMMANDS]
    finally:
        instance.kill()


def _answer_ms(person: Person, command: str) -> float:
    begin = perf_counter()
    person.send(command)
    return (perf_counter() - begin) * 1000


async def _seeded(home: Path) -> int:
    """A home with so many bots whose orders all rest far from the market; how many executors they have."""
    program = Program(find_home(home), Settings.model_validate({"clock": {"tick_size": 0.25}}), Environment(http="127.0.0.1:0"), wall_clock())
    await program.start()
    try:
        spreads = ",".join(str(0.2 + number / 100) for number in range(LEVELS))
        for number in range(BOTS):
            draft = await program.services.drafts.begin(OWNER, "pmm_simple")
            values = {
                **draft.answers,
                "buy_spreads": spreads,
                "sell_spreads": "",
                "total_amount_quote": "400",
                "executor_refresh_time": "86400",
            }
            await program.services.bots.start(OWNER, "pmm_simple", values, lambda connection: None, f"Bot {number}")
        for _ in range(600):
            count = sum(len(bot.strategy.orchestrator.running) for bot in program._manager.running.values())
            if count >= BOTS * LEVELS:
                break
            await asyncio.sleep(0.1)
        return count
    finally:
        await program.close()


def _speak(person: Person, updates: int) -> None:
    """Lines and taps in turn."""
    for number in range(updates):
        if number % 2:
            person.tap("Status")
        else:
            person.send("/start")
        if number % 1000 == 999:
            # what the person remembers is not the process's
            person.seen = {message_id: person.seen[message_id] for message_id in sorted(person.seen)[-20:]}
            person.answers.clear()


def _resident_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("this system does not say how much memory a process has")


def quantile(times: list[float], part: float) -> float:
    """The time below which such a part of them lies."""
    return sorted(times)[min(len(times) - 1, int(len(times) * part))]
