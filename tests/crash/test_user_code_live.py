"""Files written for Hummingbot, dropped into a home and traded with real money by a real process: a controller and a script, at SimVenue."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from tests.crash.world import PERP, World
from tests.support.instance import condor
from tests.support.user_code import HOME

CONTROLLER = "id: quotes\ncontroller_name: quick_quotes\ncontroller_type: generic\nconnector_name: binance_perpetual\ntrading_pair: ETH-USDT\n"
RUNS_IT = "controllers_config: [quotes.yml]\nmax_controller_drawdown_quote: 5000\n"
SCRIPT = "exchange: binance_perpetual\ntrading_pair: ETH-USDT\norder_amount: 0.05\nspread: 0.0002\nrefresh_s: 2\n"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    home = tmp_path / "home"
    shutil.copytree(HOME, home, ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in (("controllers/quotes", CONTROLLER), ("scripts/runs", RUNS_IT), ("scripts/by_hand", SCRIPT)):
        path = home / "conf" / f"{name}.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    with closing(World(home, 11, connectors=[PERP])) as found:
        yield found


def is_accounted(world: World) -> bool:
    """No order is left, and what stands at the venue is what the home says that it holds."""
    standing = world.at(PERP)
    held = sum(Decimal(amount) for (amount,) in world.condor.rows("SELECT net_amount_base FROM v_holds"))
    return not standing.open_ids() and standing.net() == held


@pytest.mark.parametrize(
    ("script", "conf", "kind"), [("v2_with_controllers", "runs", "position_executor"), ("two_quotes", "by_hand", "order_executor")]
)
def test_a_file_of_the_home_trades_with_real_money_and_leaves_nothing(world: World, script: str, conf: str, kind: str) -> None:
    world.condor.verb = ("start", "--script", script, "--conf", conf, "--live")
    world.condor.start()
    ((bot_id, mode),) = world.condor.rows("SELECT bot_id, mode FROM bots")
    assert mode == "live"
    world.wait(lambda: len(list(world.at(PERP).trades())) >= 3, "fills at the venue", 30)
    assert {row[0] for row in world.condor.rows("SELECT DISTINCT type FROM v_executors")} == {kind}
    assert world.condor.rows("SELECT kind, payload FROM facts WHERE kind LIKE '%fault%'") == []
    world.stop_bot(world.condor.person(), bot_id)
    world.wait(lambda: world.state_of(bot_id) == "stopped", "the bot to stop", 30)
    world.wait(lambda: is_accounted(world), "nothing left at the venue but holds", 10)
    if kind == "position_executor":
        assert not world.at(PERP).held(), "what executors had is closed"
    assert world.condor.stop() == 0
    done = condor("verify", "--home", str(world.condor.home))
    assert done.returncode == 0, done.stdout + done.stderr
