"""Controllers of two markets: what they decide, that none of the known defects of their references is here, and what the wizard makes of them."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from botcore.controllers.arbitrage_controller import ArbitrageController, ArbitrageControllerConfig
from botcore.controllers.catalog import shipped_controllers
from botcore.controllers.hedge_asset import HedgeAssetConfig, HedgeAssetController
from botcore.controllers.stat_arb import StatArb, StatArbConfig, spread_of
from botcore.controllers.xemm_multiple_levels import XEMMMultipleLevels, XEMMMultipleLevelsConfig
from botcore.executors.data_types import ConnectorPair
from botcore.executors.info import ExecutorInfo
from botcore.model.actions import CreateExecutorAction, StopExecutorAction
from botcore.model.enums import CloseType, PositionAction, RunnableStatus, TradeType
from botcore.model.instrument import Market
from botcore.orchestrator.holds import PositionSummary
from tests.support.bench import D, instrument
from tests.support.cointegrated import synthetic_closes
from tests.support.two_venues import HERE, THERE, TwoVenues

BUY, SELL = TradeType.BUY, TradeType.SELL
FIRST, SECOND = (ConnectorPair(connector_name=name, trading_pair="ETH-USDT") for name in (HERE, THERE))


class Seat:
    """A controller in front of two markets; what it asks for is taken in and ends when the test says so."""

    def __init__(self, controller_class: Any, config: Any, bench: TwoVenues | None = None) -> None:
        self.bench = bench or TwoVenues(100, 100)
        self.controller = controller_class(config, self.bench.market_data)
        self.infos: list[ExecutorInfo] = []
        self.holds: list[PositionSummary] = []

    def step(self) -> list[Any]:
        return list(self.controller.step(self.infos, self.holds))

    def taken(self, actions: list[Any]) -> list[ExecutorInfo]:
        """Executors of the actions that create one."""
        made = []
        for action in actions:
            if isinstance(action, CreateExecutorAction):
                info = ExecutorInfo(action.executor_config, f"x-{len(self.infos)}", "main", self.bench.clock.now_ns)
                info.status = RunnableStatus.RUNNING
                self.infos.append(info)
                made.append(info)
        return made

    def end(self, info: ExecutorInfo, close_type: CloseType = CloseType.COMPLETED, fills: bool = True) -> None:
        info.status, info.close_type, info.close_ns, info.has_fills = RunnableStatus.TERMINATED, close_type, self.bench.clock.now_ns, fills

    def wait(self, seconds: float) -> None:
        self.bench.clock.tick(self.bench.clock.now_ns + int(seconds * 10**9))
        self.bench.prices(100, 100)

    def hold(self, name: str, amount: Any, pnl: Any = 0, pair: str = "ETH-USDT") -> None:
        side = BUY if D(amount) > 0 else SELL
        self.holds.append(PositionSummary(name, pair, side, D(amount), D(100), D(0), D(0), D(0), None if pnl is None else D(pnl)))


# ---- arbitrage -------------------------------------------------------------------------------------------------------
def arbitrage(**changes: Any) -> ArbitrageControllerConfig:
    values: dict[str, Any] = {"exchange_pair_1": "here:ETH-USDT", "exchange_pair_2": THERE + ":eth-usdt", "total_amount_quote": D(250)}
    return ArbitrageControllerConfig(**(values | changes))


def directions(actions: list[Any]) -> list[str]:
    return [action.executor_config.buying_market.connector_name for action in actions]


def test_defaults_of_the_reference() -> None:
    config = ArbitrageControllerConfig()
    assert (config.min_profitability, config.delay_between_executors, config.max_executors_imbalance) == (D("0.01"), 10, 1)
    assert (config.rate_connector, config.quote_conversion_asset, config.exchange_pair_1.trading_pair) == ("binance", "USDT", "PENGU-USDT")


def test_arbitrage_watches_both_directions_once() -> None:
    seat = Seat(ArbitrageController, arbitrage())
    actions = seat.step()
    assert directions(actions) == [HERE, THERE]
    assert {action.executor_config.order_amount for action in actions} == {D("2.5")}, "250 USDT at 100"
    seat.taken(actions)
    assert seat.step() == []


def test_arbitrage_keeps_its_directions_in_balance_and_pauses() -> None:
    seat = Seat(ArbitrageController, arbitrage())
    first, second = seat.taken(seat.step())
    seat.end(first)
    seat.wait(9.9)
    assert seat.step() == []
    seat.wait(0.2)
    assert seat.step() == [], "one trade more this way than the other: only the way back is watched, and it is already"
    seat.end(second)
    seat.wait(10)
    assert directions(seat.step()) == [HERE, THERE], "balanced again"


def test_arbitrage_does_not_count_what_came_to_nothing() -> None:
    seat = Seat(ArbitrageController, arbitrage())
    first, _ = seat.taken(seat.step())
    seat.end(first, CloseType.INSUFFICIENT_BALANCE, fills=False)
    seat.wait(10)
    assert directions(seat.step()) == [HERE] and seat.controller.processed_data["imbalance"] == 0


def test_arbitrage_without_a_price_creates_nothing() -> None:
    bench = TwoVenues(100, 100)
    for of in bench.instruments:
        bench.states[of.market].book.clear()
    assert Seat(ArbitrageController, arbitrage(), bench).step() == []
    with pytest.raises(ValidationError, match="two different markets"):
        arbitrage(exchange_pair_2="here:ETH-USDT")
    with pytest.raises(ValidationError, match="CONNECTOR:PAIR"):
        arbitrage(exchange_pair_2="somewhere")


# ---- xemm ------------------------------------------------------------------------------------------------------------
def xemm(**changes: Any) -> XEMMMultipleLevelsConfig:
    where = {"maker_connector": HERE, "maker_trading_pair": "ETH-USDT", "taker_connector": THERE, "taker_trading_pair": "ETH-USDT"}
    return XEMMMultipleLevelsConfig(**(where | changes))


def levels(actions: list[Any]) -> list[str]:
    return [action.executor_config.level_id for action in actions]


def test_xemm_levels_are_read_as_the_reference_writes_them() -> None:
    config = xemm(buy_levels_targets_amount="0.003,10-0.006,20-0.009,30")
    assert config.buy_levels_targets_amount == XEMMMultipleLevelsConfig().buy_levels_targets_amount == config.sell_levels_targets_amount
    assert (config.min_profitability, config.max_profitability, config.max_executors_imbalance) == (D("0.002"), D("0.01"), 1)
    with pytest.raises(ValidationError, match="every target between"):
        xemm(buy_levels_targets_amount="0.02,10")
    with pytest.raises(ValidationError, match="target,amount"):
        xemm(buy_levels_targets_amount="0.003")


@pytest.mark.parametrize(("pair", "asked"), [("ETH-USDT", []), ("ETH-EUR", [f"{HERE}:EUR-USDT"])])
def test_xemm_asks_for_the_rate_between_two_quote_assets(pair: str, asked: list[str]) -> None:
    seat = Seat(XEMMMultipleLevels, xemm(taker_trading_pair=pair))
    assert list(seat.bench.market_data.rate_troubles) == asked, "it is not to be had on this bench, and that is told"


def test_xemm_every_level_lives_for_itself() -> None:
    """The reference blocks all levels of a side as soon as one of them is active."""
    seat = Seat(XEMMMultipleLevels, xemm())
    actions = seat.step()
    assert levels(actions) == ["buy_0", "buy_1", "buy_2", "sell_0", "sell_1", "sell_2"]
    assert [action.executor_config.order_amount for action in actions[:3]] == [D("0.1"), D("0.2"), D("0.3")], "quote over the mid"
    assert (actions[3].executor_config.buying_market, actions[3].executor_config.maker_side) == (SECOND, SELL)
    infos = seat.taken(actions)
    assert seat.step() == []
    seat.end(infos[4])
    assert seat.step() == [], "what has just been taken must be there again first"
    seat.wait(1)
    seat.infos.remove(infos[4])
    assert levels(seat.step()) == ["sell_1"]


def test_xemm_imbalance_stops_the_side_that_is_ahead() -> None:
    seat = Seat(XEMMMultipleLevels, xemm())
    infos = seat.taken(seat.step())
    seat.end(infos[0])
    seat.end(infos[3], CloseType.FAILED, fills=False)
    seat.wait(10)
    assert levels(seat.step()) == ["sell_0"]


# ---- hedge -----------------------------------------------------------------------------------------------------------
def hedge(**changes: Any) -> HedgeAssetConfig:
    values = {"spot_connector_name": HERE, "spot_trading_pair": "ETH-USDT", "hedge_connector_name": THERE, "hedge_trading_pair": "ETH-USDT"}
    return HedgeAssetConfig(**(values | {"hedge_ratio": D("0.5")} | changes))


class Hedging(Seat):
    def __init__(self, balance: Any = 4, **changes: Any) -> None:
        super().__init__(HedgeAssetController, hedge(**changes))
        self.balance = D(balance)
        self.bench.market_data._balance = lambda name, asset: (self.balance, self.balance)


def test_hedge_opens_what_is_missing() -> None:
    seat = Hedging()
    (action,) = seat.step()
    config = action.executor_config
    assert (config.side, config.amount, config.position_action, config.connector_name) == (SELL, 2, PositionAction.OPEN, THERE)
    seat.taken([action])
    seat.wait(100)
    assert seat.step() == [], "an order under way is part of the hedge: it is not sent again"


def test_hedge_closes_no_more_than_there_is() -> None:
    seat = Hedging(balance=2)
    seat.hold(THERE, -3)
    (action,) = seat.step()
    assert (action.executor_config.side, action.executor_config.amount, action.executor_config.position_action) == (BUY, 2, PositionAction.CLOSE)
    gone = Hedging(hedge_ratio=D(0))
    gone.hold(THERE, -3)
    assert gone.step()[0].executor_config.amount == 3


def test_hedge_waits_for_its_cooldown_and_its_smallest_size() -> None:
    seat = Hedging(cooldown_time=10)
    (info,) = seat.taken(seat.step())
    seat.end(info)
    seat.wait(10)
    assert seat.step() == [], "more than the cooldown has to pass"
    seat.wait(0.1)
    assert len(seat.step()) == 1
    seat.hold(THERE, "-1.95")
    assert seat.step() == [], "0.05 at 100 is less than 10"


def test_hedge_of_what_is_not_known_does_nothing() -> None:
    seat = Hedging(balance="NaN")
    assert seat.step() == []
    blind = Hedging()
    blind.bench.states[blind.bench.here.market].book.clear()
    assert blind.step() == []
    assert HedgeAssetConfig().total_amount_quote == 0 and HedgeAssetConfig().leverage == 20


# ---- statistical arbitrage ---------------------------------------------------------------------------------------------
def test_spread_is_that_of_numpy_s_least_squares() -> None:
    dominant, hedged = synthetic_closes(11, 400)
    for end in range(300, 400):
        x, y = dominant[end - 300 : end], hedged[end - 300 : end]
        cum_x, cum_y = (np.cumprod(np.diff(each) / each[:-1] + 1) for each in (x, y))
        cum_x, cum_y = cum_x / cum_x[0], cum_y / cum_y[0]
        beta, alpha = np.polyfit(cum_x, cum_y, 1)
        spread = (cum_y - alpha - beta * cum_x) / (alpha + beta * cum_x) * 100
        found = spread_of(x, y)
        assert found is not None
        assert found == pytest.approx((spread[-1], (spread[-1] - spread.mean()) / spread.std()), abs=1e-6)


def test_prices_that_do_not_move_have_no_spread() -> None:
    assert spread_of(np.full(50, 7.0), np.full(50, 3.0)) is None
    assert spread_of(np.arange(1.0, 51), np.arange(1.0, 51)) is None


class Pairs(Seat):
    """Two pairs of one venue at 100; the z score is the test's."""

    def __init__(self, z_score: float = 3.0, **changes: Any) -> None:
        values: dict[str, Any] = {
            "connector_pair_dominant": f"{HERE}:ETH-USDT",
            "connector_pair_hedge": f"{THERE}:ETH-USDT",
            "total_amount_quote": D(100),
        }
        super().__init__(StatArb, StatArbConfig(**(values | changes)))
        self.z_score = z_score
        self.controller._spread = lambda: (0.1, self.z_score)
        self.controller.get_candles_config = list


def quoted(actions: list[Any]) -> list[tuple[str, TradeType]]:
    return [(a.executor_config.connector_name, a.executor_config.side) for a in actions if isinstance(a, CreateExecutorAction)]


def test_stat_arb_buys_the_one_that_lags_and_sells_the_one_that_leads() -> None:
    assert quoted(Pairs(2.1).step()) == [(HERE, BUY), (THERE, SELL)]
    assert quoted(Pairs(-2.1).step()) == [(HERE, SELL), (THERE, BUY)]
    assert Pairs(1.9).step() == []
    (bought, sold) = (action.executor_config for action in Pairs().step())
    assert (bought.entry_price, sold.entry_price, bought.amount) == (D("99.99"), D("100.01"), D("0.1"))
    assert bought.triple_barrier_config.take_profit == D("0.0008") and bought.triple_barrier_config.stop_loss is None


def test_stat_arb_ladders_up_to_its_limits_and_refreshes() -> None:
    seat = Pairs()
    seat.taken(seat.step())
    second = seat.step()
    assert second[0].executor_config.entry_price == D("99.99") * D("0.9999"), "behind the one that rests already"
    seat.taken(second)
    assert seat.step() == [], "two of a leg"
    seat.wait(10)
    assert [type(action) for action in seat.step()] == [StopExecutorAction] * 4


def test_stat_arb_a_leg_that_is_ahead_waits_for_the_other() -> None:
    seat = Pairs()
    seat.hold(THERE, "-0.2")
    assert quoted(seat.step()) == [(HERE, BUY)], "also when the other has nothing at all"


@pytest.mark.parametrize("pnl", ["0.21", "-1.01"])
def test_stat_arb_closes_both_once_and_only_what_is_active_is_stopped(pnl: str) -> None:
    """The reference sends its closing orders again with every step, and stops executors that have ended."""
    seat = Pairs()
    done, live = seat.taken(seat.step())
    seat.end(done)
    seat.hold(HERE, "0.1", pnl)
    seat.hold(THERE, "-0.1", 0)
    actions = seat.step()
    assert [action.executor_id for action in actions if isinstance(action, StopExecutorAction)] == [live.id]
    closers = [action.executor_config for action in actions if isinstance(action, CreateExecutorAction)]
    assert [(config.side, config.amount, config.position_action) for config in closers] == [
        (SELL, D("0.1"), PositionAction.CLOSE),
        (BUY, D("0.1"), PositionAction.CLOSE),
    ]
    seat.taken(actions)
    live.status = RunnableStatus.SHUTTING_DOWN
    for _ in range(5):
        seat.wait(1)
        assert seat.step() == []


def test_stat_arb_an_opposite_signal_closes_what_stands_against_it() -> None:
    seat = Pairs(-3)
    seat.hold(HERE, "0.1")
    assert quoted(seat.step())[0] == (HERE, SELL)
    assert seat.step()[0].executor_config.position_action is PositionAction.CLOSE


def test_stat_arb_what_earlier_rounds_earned_does_not_close_this_one() -> None:
    """The reference judges the pair by all that its holds ever earned: after one good round every new position is closed at once."""
    seat = Pairs(0)
    seat.hold(HERE, "0.1")
    seat.hold(THERE, "-0.1")
    seat.holds = [dataclasses.replace(hold, realized_pnl_quote=D(50)) for hold in seat.holds]
    assert seat.step() == []


def test_stat_arb_decides_nothing_while_a_mark_is_not_known() -> None:
    seat = Pairs()
    seat.hold(HERE, "0.1", None)
    assert seat.step() == []


# ---- all of them -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["arbitrage_controller", "xemm_multiple_levels", "hedge_asset", "stat_arb"])
def test_it_is_shipped_with_its_two_markets(name: str) -> None:
    spec = shipped_controllers()[name]
    config = spec.config_class(controller_name=name)
    assert spec.kind == config.controller_type == "generic" and len(config.markets()) == 2
    assert all(isinstance(market, Market) for market in config.markets())
    assert instrument() is not None
