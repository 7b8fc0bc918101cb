"""Live accounts as people see them: how their session stands, how old what is known is, and which orders nobody knows."""

from __future__ import annotations

from decimal import Decimal

from botcore.connectors.live.exchange import ExchangeConnector
from botcore.model.order import OrderState
from condor.live_host import LiveHost
from condor.views import DoubtView, VenueView


def venue_views(live: LiveHost | None) -> tuple[VenueView, ...]:
    """Every live account, by name."""
    if live is None:
        return ()
    now_ns = live.clock.now_ns
    views = []
    for name, account in live.accounts.items():
        session = account.session.view()
        views.append(
            VenueView(
                name,
                live.title(name),
                session.stage.value,
                account.connector.closed_reason(),
                max(0, now_ns - session.since_ns) / 1e9,
                session.user_age_s,
                session.clock_offset_ms,
                session.queued,
                session.resting_until_ms,
                session.books,
                _doubts(account.connector, now_ns),
                tuple((asset, total) for asset, total in account.connector.account.totals().items() if total),
            )
        )
    return tuple(views)


def _doubts(connector: ExchangeConnector, now_ns: int) -> tuple[DoubtView, ...]:
    """Orders in state UNKNOWN, oldest first."""
    views = []
    for order in connector.tracker.open_orders():
        if order.state is OrderState.UNKNOWN:
            request = order.request
            amount: Decimal = request.instrument.amount(order.lots)
            age_s = max(0, now_ns - order.created_ns) / 1e9
            doing = connector.doing_about(order.client_order_id, now_ns)
            views.append(DoubtView(order.client_order_id, request.instrument.market.trading_pair, request.trade_type.name, amount, age_s, doing))
    return tuple(views)
