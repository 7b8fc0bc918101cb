"""From a command to its card over 100,000 ended executors, and the same over few: the real process over loopback HTTP, results, history and accounts."""

from __future__ import annotations

import asyncio
import random
import tempfile
from decimal import Decimal
from pathlib import Path
from time import time_ns

from sqlalchemy import func, select

from benchmarks.bench_chat import QUIET, answer_ms, quantile
from botcore.recorder import tables
from botcore.recorder.sqlite_file import Write, open_engine, write_rows
from condor.home import find_home
from condor.settings import Environment, Settings
from condor.users import Actor, Role
from condor.wiring import Program, wall_clock
from tests.support.instance import Instance

OWNER = Actor(1, "You", Role.OWNER, "local", 1)
COMMANDS = {
    "pnl": "/pnl text",
    "pnl_all": "/pnl all text",
    "history": "/history",
    "portfolio": "/portfolio",
    "report": "/report",
}
MANY, FEW = 100_000, 1_000
BOTS, DAYS, ROUNDS = 20, 100, 20
DAY_NS = 86_400 * 1_000_000_000


def run(many: int = MANY, few: int = FEW, rounds: int = ROUNDS) -> dict[str, float]:
    """p95 in milliseconds of each card (aim: at most 50 over the many), and how little it grows with what has been (the more the better)."""
    with tempfile.TemporaryDirectory() as folder:
        small = _measured(Path(folder) / "few", few, rounds)
        large = _measured(Path(folder) / "many", many, rounds)
    found: dict[str, float] = {}
    for name in COMMANDS:
        few_ms, many_ms = (quantile(times[name], 0.95) for times in (small, large))
        found |= {f"{name}.p50_ms": quantile(large[name], 0.5), f"{name}.p95_ms": many_ms, f"{name}.few_to_many.ratio": few_ms / many_ms}
    return found


def _measured(home: Path, executors: int, rounds: int) -> dict[str, list[float]]:
    asyncio.run(_seeded(home, executors))
    instance = Instance(home, QUIET).start()
    try:
        person = instance.person()
        for command in COMMANDS.values():
            person.send(command)
        return {name: [answer_ms(person, command) for _ in range(rounds)] for name, command in COMMANDS.items()}
    finally:
        instance.kill()


async def _seeded(home: Path, executors: int) -> None:
    """A home with some bots that have traded for a hundred days and are stopped."""
    settings = Settings.model_validate({"clock": {"tick_size": 0.25}})
    program = Program(find_home(home), settings, Environment(http="127.0.0.1:0"), wall_clock())
    await program.start()
    try:
        for number in range(BOTS):
            draft = await program.services.drafts.begin(OWNER, "pmm_simple")
            await program.services.bots.start(OWNER, "pmm_simple", draft.answers, lambda connection: None, f"Bot {number}")
        for view in program.services.bots.running():
            await program.services.bots.stop(OWNER, view.bot_id, lambda connection: None, keep_position=False)
        for _ in range(600):
            if not program.services.bots.running():
                break
            await asyncio.sleep(0.05)
        bots = [view.bot_id for view in await program.services.bots.all(OWNER)]
    finally:
        await program.close()
    _fill(home / "data" / "condor.db", bots, executors)


def _fill(database: Path, bots: list[str], count: int) -> None:
    """Ended executors with results as pmm_simple has them, and sums of bots that agree with them."""
    rng, now_ns = random.Random(7), time_ns()
    sums = dict.fromkeys(bots, Decimal(0))
    rows = []
    for number in range(count):
        bot, result = rng.choice(bots), Decimal(rng.randint(-500_000, 600_000)).scaleb(-6)
        sums[bot] += result
        at_ns = now_ns - int(DAYS * DAY_NS * (1 - (number + 1) / count)) - 60_000_000_000
        rows.append(_row(f"seeded-{number}", bot, result, at_ns, rng))
    engine = open_engine(database)
    try:
        with engine.begin() as connection:
            write_rows(connection, [Write(tables.executors, row) for row in rows])
            for bot, total in sums.items():
                tally = connection.execute(select(tables.tallies).where(tables.tallies.c.bot_id == bot)).first()
                values = dict(tally._mapping) if tally is not None else _tally(bot)
                values["realized_quote"] = format(Decimal(str(values["realized_quote"])) + total, "f")
                write_rows(connection, [Write(tables.tallies, values)])
            found = connection.execute(select(func.count()).select_from(tables.executors)).scalar_one()
            assert found >= count
    finally:
        engine.dispose()


def _row(executor_id: str, bot_id: str, result: Decimal, at_ns: int, rng: random.Random) -> dict[str, object]:
    price = Decimal(rng.randint(6_000_000, 6_400_000)).scaleb(-2)
    config = (
        '{"type":"position_executor","connector_name":"binance_perpetual","trading_pair":"BTC-USDT","side":"BUY","amount":"0.0016","entry_price":"'
        f'{price}","leverage":1,"level_id":"buy_0","triple_barrier_config":{{"stop_loss":"0.03","take_profit":"0.02","time_limit":2700}}}}'
    )
    return {
        "executor_id": executor_id, "account": "paper", "bot_id": bot_id, "controller_id": "main", "type": "position_executor",
        "status": "TERMINATED", "close_type": rng.choice(("TAKE_PROFIT", "STOP_LOSS", "TIME_LIMIT", "EARLY_STOP")), "reason": "",
        "connector_name": "binance_perpetual", "trading_pair": "BTC-USDT", "side": "BUY", "exposure_base": "0", "entry_price": f"{price}",
        "exit_price": f"{price}", "net_pnl_quote": format(result, "f"), "net_pnl_pct": "0.001", "fees_quote": "0.0401", "volume_quote": "200.25",
        "config": config, "state": "{}", "created_ns": at_ns - 600_000_000_000, "close_ns": at_ns,
    }  # fmt: skip


def _tally(bot_id: str) -> dict[str, object]:
    sums = {"realized_quote": "0", "volume_quote": "0", "fees_quote": "0", "closed": 0, "winning": 0, "close_types": "{}"}
    return {"bot_id": bot_id, "controller_id": "main", "asset": "USDT", **sums}
