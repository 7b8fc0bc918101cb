"""What a test makes the matching engine do: fills that come at a bad moment, and events that no order caused."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase
from random import Random
from typing import TYPE_CHECKING

from tests.fakes.simvenue.account import Account
from tests.fakes.simvenue.values import Execution, Order

if TYPE_CHECKING:
    from tests.fakes.simvenue.engine import Engine

ON_NEW = frozenset({"partial_then_cancel", "overfill", "slip", "fill_at_once"})
ON_CANCEL = frozenset({"fill_on_cancel"})
AFTER_CANCEL = frozenset({"late_fill"})
AFTER_FILL = frozenset({"filled_before_trades"})
KINDS = ON_NEW | ON_CANCEL | AFTER_CANCEL | AFTER_FILL
SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class MatchRule:
    """One thing that happens to orders which it fits.

    Parameters
    ----------
    kind : str
        `partial_then_cancel`: `fraction` fills at once, the venue cancels the rest. `fill_at_once`: all of it, at its own price. `overfill`: all of it and
        `extra_lots` more. `slip`: all of it at a price worse by `fraction`. `fill_on_cancel`: the cancel comes too late. `late_fill`: `fraction` of it fills
        `delay_s` after it was canceled. `filled_before_trades`: the order says so at once, executions are shown and streamed `delay_s` later.
    client, symbol : str
        Patterns (`*`); `side` is BUY, SELL or ''.
    times : int
        How often, -1 for ever.
    """

    kind: str
    symbol: str = "*"
    side: str = ""
    client: str = "*"
    p: float = 1.0
    times: int = 1
    fraction: float = 0.5
    delay_s: float = 5.0
    extra_lots: int = 1

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no such rule: {self.kind}; there are {', '.join(sorted(KINDS))}")

    def fits(self, order: Order) -> bool:
        return (
            order.origin == "user"
            and (not self.side or self.side == order.side)
            and (self.symbol == "*" or fnmatchcase(order.symbol, self.symbol))
            and (self.client == "*" or fnmatchcase(order.client_id, self.client))
        )


class Script:
    """The rules in force."""

    def __init__(self, seed: int = 0) -> None:
        self._rules: list[list[MatchRule | int]] = []
        self._random = Random(seed)
        self.done: list[tuple[str, int]] = []
        """(kind, order id) of what was played."""

    def seed(self, seed: int) -> None:
        self._random.seed(seed)

    def add(self, rule: MatchRule) -> None:
        self._rules.append([rule, rule.times])

    def clear(self) -> None:
        self._rules.clear()

    def _next(self, kinds: frozenset[str], order: Order) -> MatchRule | None:
        for held in self._rules:
            rule, left = held
            assert isinstance(rule, MatchRule) and isinstance(left, int)
            if rule.kind in kinds and left and rule.fits(order) and (rule.p >= 1 or self._random.random() < rule.p):
                held[1] = left - 1 if left > 0 else left
                self.done.append((rule.kind, order.id))
                return rule
        return None

    # ---- where the engine asks -----------------------------------------------------------------------------------------
    def on_new(self, order: Order) -> MatchRule | None:
        return self._next(ON_NEW, order) if self._rules else None

    def play(self, engine: Engine, order: Order, rule: MatchRule) -> None:
        """Fill a new order by the rule instead of the book."""
        ticks = order.ticks or self._touch(engine, order)
        lots = order.lots
        if rule.kind == "partial_then_cancel":
            lots = max(1, int(order.lots * rule.fraction))
        elif rule.kind == "overfill":
            lots = order.lots + rule.extra_lots
        elif rule.kind == "slip":
            ticks = int(ticks * (1 + rule.fraction if order.side == "BUY" else 1 - rule.fraction))
        self._fill(engine, order, ticks, lots)
        if order.is_open:
            engine.end(order, "EXPIRED", "EXCHANGE")

    def on_cancel(self, engine: Engine, order: Order) -> bool:
        if not self._rules or self._next(ON_CANCEL, order) is None:
            return False
        return self._fill(engine, order, order.ticks or self._touch(engine, order), order.left)

    def after_cancel(self, engine: Engine, order: Order) -> None:
        rule = self._next(AFTER_CANCEL, order) if self._rules else None
        if rule is not None:
            lots = max(1, int(order.left * rule.fraction))
            due = engine.now_ns + int(rule.delay_s * SECOND)
            engine.later(due, lambda: self._fill(engine, order, order.ticks or self._touch(engine, order), lots))

    def after_fill(self, engine: Engine, order: Order, execution: Execution) -> None:
        rule = self._next(AFTER_FILL, order) if self._rules else None
        if rule is not None:
            execution.visible_ns = engine.now_ns + int(rule.delay_s * SECOND)

    def _touch(self, engine: Engine, order: Order) -> int:
        book = engine.books[order.symbol]
        best = (book.asks if order.side == "BUY" else book.bids).best()
        return best or engine.last[order.symbol]

    def _fill(self, engine: Engine, order: Order, ticks: int, lots: int) -> bool:
        """A fill that did not come from the book, printed on the tape like any other. False when there is nothing left that it could close (hedge mode)."""
        if order.ask.closes_side:
            lots = min(lots, abs(engine.accounts[order.account].position(order.symbol, order.ask.position_side).lots))
            if not lots:
                return False
        book = engine.books[order.symbol]
        resting = book.holds(order)
        if resting:
            book.reduce(order, min(lots, order.left))
        trade_id = engine.print_trade(order.symbol, ticks, lots, buyer_is_maker=order.side == "BUY" and resting)
        engine.fill(order, trade_id, ticks, lots, is_maker=resting)
        engine.stops.drop_order(order)
        engine.stops.run()
        return True


# ---- events that no order caused -----------------------------------------------------------------------------------------
def liquidate(
    engine: Engine, account: Account, symbol: str, *, fraction: float = 1.0, adl: bool = False, price: Decimal | None = None, settles: bool = False
) -> list[Order]:
    """The venue closes (part of) a position by itself, at the mark price unless another is given; open orders of the symbol are canceled first, but for an ADL."""
    if not adl:
        for order in list(account.open_of(symbol)):
            engine.end(order, "CANCELED")
    return _close(engine, account, symbol, fraction, "adl" if adl else "settlement" if settles else "liquidation", price)


def close_elsewhere(engine: Engine, account: Account, symbol: str, *, fraction: float = 1.0) -> list[Order]:
    """The person closes a position by hand in the venue's own screens."""
    return _close(engine, account, symbol, fraction, "elsewhere")


def _close(engine: Engine, account: Account, symbol: str, fraction: float, origin: str, price: Decimal | None = None) -> list[Order]:
    names = {"liquidation": "autoclose-", "adl": "adl_autoclose", "settlement": "settlement_autoclose-", "elsewhere": "web_"}
    market = engine.market(symbol)
    done: list[Order] = []
    for (name, side), position in list(account.positions.items()):
        lots = max(1, int(abs(position.lots) * fraction)) if position.lots else 0
        if name != symbol or not lots:
            continue
        ticks = int((price or engine.mark(symbol)) / market.tick)
        closing = "SELL" if position.lots > 0 else "BUY"
        client = f"{names[origin]}{engine.now_ns // 1_000_000}{side}"
        what = "TRADE" if origin == "elsewhere" else "CALCULATED"
        done.append(engine.outside(account, symbol, closing, lots, ticks, client, origin, what=what, position_side=side))
    return done


def trade_elsewhere(engine: Engine, account: Account, symbol: str, side: str, lots: int, position_side: str = "BOTH") -> Order:
    """The person trades by hand."""
    ticks = int((engine.middle(symbol) or Decimal(1)) / engine.market(symbol).tick)
    client = f"web_{engine.now_ns // 1_000_000}{side}"
    return engine.outside(account, symbol, side, lots, ticks, client, "elsewhere", position_side=position_side)


def cancel_elsewhere(engine: Engine, order: Order) -> None:
    """The person cancels an order by hand."""
    if order.is_open:
        order.cancel_id = f"web_{engine.now_ns // 1_000_000}"
        engine.end(order, "CANCELED")


def pay_funding(engine: Engine, symbol: str, rate: Decimal) -> None:
    """Longs pay shorts the rate of the position's worth at the mark price."""
    market = engine.market(symbol)
    for account in engine.accounts.values():
        for (name, side), position in account.positions.items():
            if name == symbol and position.lots:
                amount = -(engine.mark(symbol) * market.amount(position.lots) * rate).quantize(Decimal("0.00000001"))
                account.post(engine.now_ns, market.quote, amount, "funding", symbol, f"funding-{engine.now_ns}-{side}")
                engine.tell_account(account, (market.quote,), ((symbol, side),), "FUNDING_FEE")


def transfer(engine: Engine, account: Account, asset: str, delta: Decimal) -> None:
    """Money comes or goes from outside."""
    account.post(engine.now_ns, asset, delta, "transfer", "", f"transfer-{engine.now_ns}")
    engine.tell_account(account, (asset,), (), "DEPOSIT" if delta > 0 else "WITHDRAW")


def bust(engine: Engine, account: Account, execution: Execution) -> None:
    """The venue takes a trade back: compensating entries, and the execution leaves the lists. The order's own numbers stay as they were told."""
    order, market = execution.order, engine.markets[execution.order.symbol]
    execution.is_busted = True
    touched: dict[str, None] = {}
    if engine.kind == "futures":
        signed = -execution.lots if order.side == "BUY" else execution.lots
        realized = account.position(order.symbol, order.ask.position_side).apply(signed, execution.ticks, market, engine.now_ns)
        account.post(engine.now_ns, market.quote, realized + execution.commission, "bust", order.symbol, str(execution.id))
        touched[market.quote] = None
    else:
        ref = str(execution.id)
        for entry in [e for e in account.journal if e.ref == ref and e.symbol == order.symbol]:
            account.post(engine.now_ns, entry.asset, -entry.delta, "bust", order.symbol, ref)
            touched[entry.asset] = None
    positions = ((order.symbol, order.ask.position_side),) if engine.kind == "futures" else ()
    engine.tell_account(account, tuple(touched), positions, "ADJUSTMENT")
