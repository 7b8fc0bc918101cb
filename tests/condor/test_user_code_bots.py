"""A bot with a controller of the home in a whole program: approval through the service, wizard, start, and a start after the file has changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from botcore.model.errors import UserError
from botcore.model.instrument import Market
from condor.approvals import ApprovalNeeded
from condor.stand_in import AbsentConfig
from tests.support import programs
from tests.support.programs import OWNER
from tests.support.user_code import HOME, write
from tests.support.waiting import until


@pytest.fixture
def home(tmp_path: Path) -> Path:
    write(tmp_path, "generic/one_of_each.py", (HOME / "controllers/generic/one_of_each.py").read_text())
    return tmp_path


async def test_a_controller_of_the_home_is_approved_asked_started_and_watched_when_its_file_has_changed(home: Path) -> None:
    async with programs.running(home) as program:
        services = program.services
        with pytest.raises(ApprovalNeeded, match="is code that the owner has not approved yet"):
            await services.drafts.begin(OWNER, "one_of_each")
        shown = next(view for view in services.code.files() if view.name == "one_of_each")
        await services.code.approve(OWNER, "one_of_each", shown.digest)
        draft = await services.drafts.begin(OWNER, "one_of_each")
        for name, text in (("connector_name", "binance_perpetual"), ("trading_pair", "ETH-USDT"), ("kind", "limit"), ("leverage", "1")):
            draft = await services.drafts.answer(OWNER, draft.draft_id, name, text)
        review = await services.drafts.review(draft.draft_id)
        assert review.faults == ()
        assert dict(review.estimates)["positions at once"] == "1"
        view = await services.drafts.start(OWNER, draft.draft_id, lambda _: None)
        bot = program._manager.running[view.bot_id].strategy
        await until(lambda: bool(bot.orchestrator.running))
        assert not [seat.fault for seat in bot.seats if seat.fault]
    file = home / "controllers" / "generic" / "one_of_each.py"
    file.write_text(file.read_text() + "\n# changed\n")
    async with programs.running(home) as program:
        assert not program._manager.broken
        (running,) = program._manager.running.values()
        strategy = running.strategy
        assert [executor.config.type for executor in strategy.orchestrator.running] == ["order_executor"], "what it had is watched"
        assert "has not approved yet" in strategy.seats[0].fault


def test_markets_of_a_config_without_its_model() -> None:
    values = {
        "controller_name": "gone",
        "maker_connector": "binance",
        "maker_trading_pair": "ETH-USDT",
        "pair_2": {"connector_name": "bybit_perpetual", "trading_pair": "ETH-USDT"},
        "leverage": 3,
        "whatever": [1, 2],
    }
    config = AbsentConfig.model_validate(values)
    assert config.markets() == {Market("binance", "ETH-USDT"), Market("bybit_perpetual", "ETH-USDT")}
    assert list(config.perpetual_settings()) == [Market("bybit_perpetual", "ETH-USDT")]


async def test_a_script_of_the_home_is_listed_approved_asked_and_started_by_the_wizard(tmp_path: Path) -> None:
    write(tmp_path, "../scripts/one_way.py", (HOME / "scripts/one_way.py").read_text())
    write(tmp_path, "../scripts/_notes.py", "# StrategyV2Base\n")
    async with programs.running(tmp_path) as program:
        services = program.services
        assert ("scripts.one_way", "of this home, scripts/one_way.py") in services.drafts.controllers()
        assert [view.name for view in services.code.files()] == ["scripts.one_way"]
        with pytest.raises(ApprovalNeeded):
            await services.drafts.begin(OWNER, "scripts.one_way")
        await services.code.approve(OWNER, "scripts.one_way", services.code.files()[0].digest)
        draft = await services.drafts.begin(OWNER, "scripts.one_way")
        for name, text in (("amount", "0.25"), ("leverage", "2")):
            draft = await services.drafts.answer(OWNER, draft.draft_id, name, text)
        review = await services.drafts.review(draft.draft_id)
        assert review.faults == () and ("leverage", "leverage", "2") in (*review.answers, *review.advanced)
        assert (review.live, review.estimates) == (None, (("orders and worst case", "only the script knows"),))
        with pytest.raises(UserError, match="with real money in a terminal"):
            await services.drafts.start(OWNER, draft.draft_id, lambda _: None, "live")
        view = await services.drafts.start(OWNER, draft.draft_id, lambda _: None)
        (controller,) = program._manager.running[view.bot_id].strategy.controllers
        assert controller.config.markets() == {Market("binance_perpetual", "ETH-USDT")}
        assert (controller.config.settings.leverage, str(controller.config.settings.amount)) == (2, "0.25")
        assert view.controllers == ("scripts.one_way",)


async def test_a_script_that_only_runs_controllers_is_no_bot_of_the_wizard(tmp_path: Path) -> None:
    text = "from hummingbot.strategy.strategy_v2_base import StrategyV2Base\n\n\nclass Plain(StrategyV2Base):\n    pass\n"
    write(tmp_path, "../scripts/plain.py", text)
    async with programs.running(tmp_path) as program:
        code = program.services.code
        await code.approve(OWNER, "scripts.plain", code.files()[0].digest)
        with pytest.raises(UserError, match="decides nothing by itself"):
            await program.services.drafts.begin(OWNER, "scripts.plain")
