"""What an account holds, read by asking and heard from its stream."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Protocol

from botcore.model.enums import PositionMode
from botcore.venues.account_news import BalancesTold, PositionTold, SettingsTold
from botcore.venues.caller import Answer, Caller
from botcore.venues.dialect import AccountRights, Dialect, Unreadable
from botcore.venues.wire import NoReply


class AccountSink(Protocol):
    """What is known of an account; the connector's part reads it."""

    mode: PositionMode
    leverage: dict[str, int]

    def set_balances(self, totals: dict[str, tuple[Decimal, Decimal]], *, complete: bool, free_known: bool = True, ts_ns: int = 0) -> None: ...

    def set_positions(self, lots: dict[tuple[str, str], int], told_ns: int) -> None:
        """All positions; (pair, side) that are not named are flat."""

    def set_position(self, trading_pair: str, side: str, lots: int, told_ns: int) -> None: ...

    def set_liquidations(self, prices: dict[tuple[str, str], Decimal], told_ns: int) -> None:
        """Where the venue would liquidate which position; those that are not named are far from it, or the venue does not say."""

    def totals(self) -> dict[str, Decimal]:
        """Asset -> total, as the venue said last."""

    def forget(self) -> None: ...


class AccountReader:
    """See the module.

    Parameters
    ----------
    account : callable
        The sink; asked for each time, for it belongs to a connector that is made later.
    """

    def __init__(self, dialect: Dialect, caller: Caller, account: Callable[[], AccountSink]) -> None:
        self._dialect = dialect
        self._caller = caller
        self._account = account

    async def read(self) -> str | None:
        """Read mode, balances and positions; why that failed, as one phrase, or None.

        Positions may be old by the time they are here, like everything that is read; fills alone move what executors hold.
        """
        for step in (self._mode, self.read_balances, self._positions):
            try:
                problem = await step()
            except Unreadable as error:
                problem = str(error)
            if problem is not None:
                return problem
        return None

    async def _mode(self) -> str | None:
        call = self._dialect.mode_call()
        if call is None:
            return None
        answer = await self._caller.call(call)
        if isinstance(answer.reply, NoReply) or not answer.is_accepted:
            return _why("the position mode", answer)
        self._account().mode = PositionMode.HEDGE if self._dialect.is_hedge(answer.reply) else PositionMode.ONEWAY
        return None

    async def read_balances(self) -> str | None:
        """Read balances only; raises Unreadable."""
        answer = await self._caller.call(self._dialect.balances_call())
        if isinstance(answer.reply, NoReply) or not answer.is_accepted:
            return _why("the balances", answer)
        self.hear_balances(self._dialect.balances(answer.reply, answer.sent_ns), answer.sent_ns)
        return None

    async def _positions(self) -> str | None:
        call = self._dialect.positions_call()
        if call is None:
            return None
        answer = await self._caller.call(call)
        if isinstance(answer.reply, NoReply) or not answer.is_accepted:
            return _why("the positions", answer)
        told = self._dialect.positions(answer.reply, answer.sent_ns)
        self._account().set_positions({(position.trading_pair, position.side): position.lots for position in told}, answer.sent_ns)
        prices = {(each.trading_pair, each.side): each.liquidation_price for each in told if each.liquidation_price is not None}
        self._account().set_liquidations(prices, answer.sent_ns)
        return None

    # ---- from the stream -------------------------------------------------------------------------------------------
    def hear_balances(self, told: BalancesTold, heard_ns: int) -> None:
        """`heard_ns` is by our clock: when it was asked for, or when the stream brought it."""
        self._account().set_balances(told.balances, complete=told.complete, free_known=told.free_known, ts_ns=heard_ns)

    def hear_position(self, told: PositionTold, received_ns: int) -> None:
        self._account().set_position(told.trading_pair, told.side, told.lots, received_ns)

    def hear_settings(self, told: SettingsTold) -> None:
        account = self._account()
        if told.leverage is not None and told.trading_pair:
            account.leverage[told.trading_pair] = told.leverage
        if told.hedge is not None:
            account.mode = PositionMode.HEDGE if told.hedge else PositionMode.ONEWAY

    # ---- the key ---------------------------------------------------------------------------------------------------
    async def rights(self) -> AccountRights | str:
        """What the key may do; a phrase when that can't be found out."""
        call = self._dialect.rights_call()
        if call is None:
            return "this venue does not say what a key may do"
        answer = await self._caller.call(call)
        if isinstance(answer.reply, NoReply) or not answer.is_accepted:
            return _why("the key's rights", answer)
        try:
            return self._dialect.rights(answer.reply)
        except Unreadable as error:
            return str(error)


def _why(what: str, answer: Answer) -> str:
    return f"{what} could not be read: {answer.outcome.text or 'no answer'}"
