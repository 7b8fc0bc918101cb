"""`Dialect`: what makes a venue that venue. Pure functions from values to calls and from bytes to values; it never sends, waits or looks at a clock.

Every method that reads takes what came as it came and raises `Unreadable` when it is not what the venue's manual promises: a write is UNKNOWN then, a read keeps what
was known. No other exception leaves a dialect, whatever the bytes are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

import numpy as np

from botcore.markets.funding import FundingInfo
from botcore.model.enums import TradeType
from botcore.model.instrument import Instrument
from botcore.model.market_events import BarClosed, TradeTick
from botcore.model.order import Fill
from botcore.model.secret import Secret
from botcore.orders.tracker import Order
from botcore.venues.account_news import AccountNews, BalancesTold, FundingPaid, PositionTold
from botcore.venues.port import HttpRequest
from botcore.venues.wire import Call, OrderReport, Outcome, Reply


class Unreadable(ValueError):
    """A message that is not what the venue promises; the text names the field and what was found."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Key and secret of an account. Neither is shown by anything that this may be put into; plain texts are wrapped."""

    key: Secret
    secret: Secret

    def __init__(self, key: Secret | str, secret: Secret | str) -> None:
        # frozen: only here is it written
        object.__setattr__(self, "key", key if isinstance(key, Secret) else Secret(key))
        object.__setattr__(self, "secret", secret if isinstance(secret, Secret) else Secret(secret))

    def __repr__(self) -> str:
        return "Credentials(***)"

    def hidden_in(self, text: str) -> str:
        """The text without key and secret, if a venue has put them there."""
        for known in (self.secret, self.key):
            value = known.reveal()
            if len(value) >= LEAST_HIDDEN and value in text:
                text = text.replace(value, str(known))
        return text


LEAST_HIDDEN = 8
"""Shorter texts are no keys of any venue, and would be found everywhere."""


class Channel(Enum):
    """What can be subscribed to of a market."""

    BOOK = "book"
    TRADES = "trades"
    TICKER = "ticker"
    CANDLES = "candles"


@dataclass(frozen=True, slots=True)
class Subscription:
    """One thing that a market stream is asked for."""

    channel: Channel
    trading_pair: str
    interval: str = ""


class Heard(Enum):
    """What a message of a market stream is, told without reading all of it."""

    BOOK = "book"
    TRADE = "trade"
    TICKER = "ticker"
    CANDLE = "candle"
    ACK = "ack"
    FAREWELL = "farewell"
    """The venue says that it will close this socket."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Peek:
    """Kind of a message, the pair that it is about ('' for none) and, for an acknowledgement, which request it answers and whether it was granted."""

    heard: Heard
    trading_pair: str = ""
    request_id: int = 0
    granted: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """Best bid and ask from a ticker stream; `ts_ns` is 0 where the venue does not say when."""

    trading_pair: str
    bid_ticks: int
    bid_lots: int
    ask_ticks: int
    ask_lots: int
    update_id: int
    ts_ns: int


@dataclass(frozen=True, slots=True)
class UserStream:
    """How to listen to an account.

    Parameters
    ----------
    url : str
        Where to connect; with a listen key in it where the venue works that way.
    opening : tuple of bytes
        Messages to send once connected, each answered by an acknowledgement with its place (1-based) as request id.
    renew : Call, optional
        To be sent every `renew_s` while the stream is open.
    """

    url: str = field(repr=False)
    opening: tuple[bytes, ...] = field(default=(), repr=False)
    renew: Call | None = field(default=None, repr=False)
    renew_s: float = 0.0


@dataclass(frozen=True, slots=True)
class AccountRights:
    """What a key may do, as the venue says; None where it does not say.

    Parameters
    ----------
    can_transfer : bool, optional
        Whether it may move funds to other accounts of the same owner.
    """

    can_trade: bool
    can_withdraw: bool | None
    ip_restricted: bool | None
    can_transfer: bool | None = None


class StopDialect(Protocol):
    """Stop-market orders that rest at the venue and only reduce (`stop_on_venue`). Once triggered, such a stop is an order under the same client id."""

    def create_call(self, instrument: Instrument, side: TradeType, lots: int, trigger_ticks: int, client_order_id: str, position_side: str) -> Call:
        """`side` is the order's own (SELL protects a long position); `position_side` is `net` on a one-way account, else `long` or `short`."""

    def cancel_call(self, client_order_id: str) -> Call: ...

    def query_call(self, client_order_id: str) -> Call: ...

    def open_call(self, trading_pair: str) -> Call:
        """Complete list for one pair; all pairs when ''."""

    def report(self, call: Call, reply: Reply) -> OrderReport | None:
        """The stop in an accepted reply; None where it says only that a cancel was done."""

    def reports(self, reply: Reply) -> list[OrderReport]: ...


class Dialect(Protocol):
    """One venue. Instruments are given by whoever calls: a dialect keeps no state but what its spec and `learn` gave it."""

    # ---- names ---------------------------------------------------------------------------------------------------------
    def symbol(self, trading_pair: str) -> str:
        """The venue's name of a pair."""

    def learn(self, instruments: Mapping[str, Instrument]) -> None:
        """Know the instruments (by pair); replies that name another symbol are `Unreadable` or, in streams, passed over."""

    # ---- the outside of a call ---------------------------------------------------------------------------------------
    def request(self, call: Call, credentials: Credentials | None, timestamp_ms: int) -> HttpRequest:
        """The call as it goes out: address, key header, validity window, timestamp and signature as `call.access` demands."""

    def outcome(self, call: Call, reply: Reply) -> Outcome:
        """What a reply says of its call. Never raises: what can't be read is UNKNOWN. Only codes in the spec's table are refusals."""

    def used_weight(self, reply: Reply) -> Mapping[str, int]:
        """What the venue says was used of its limits, by the names in the spec; empty when it does not say."""

    # ---- time, rules ---------------------------------------------------------------------------------------------------
    def time_call(self) -> Call: ...

    def server_time_ms(self, reply: Reply) -> int: ...

    def rules_call(self) -> Call: ...

    def instruments(self, reply: Reply, connector_name: str) -> dict[str, Instrument]:
        """All pairs that can be traded now. Pairs whose rules can't be read are left out, the others stay."""

    # ---- orders --------------------------------------------------------------------------------------------------------
    def create_call(self, order: Order, hedge: bool = False) -> Call:
        """`hedge`: the account holds long and short positions side by side, so the order must say which it is about."""

    def cancel_call(self, order: Order) -> Call:
        """By client order id, always: it is known before the venue's own."""

    def query_call(self, order: Order) -> Call: ...

    def query_id_call(self, trading_pair: str, exchange_order_id: str) -> Call:
        """By the venue's own id, for an order that we only know from an execution; `order_report` of the reply says whose it is."""

    def open_orders_call(self, trading_pair: str) -> Call:
        """Complete list for one pair; all pairs when '' (costs more)."""

    def trades_call(self, trading_pair: str, from_id: int | None, since_ms: int | None) -> Call:
        """Executions of the account in one pair, oldest first: from a trade id on, or since a time (venue's clock), or the latest.

        By time, a reply is complete for `trades_window_ms` from `since_ms` on and says nothing of later: ask for the next window, or better by id.
        """

    @property
    def trades_window_ms(self) -> int:
        """How far a question by time reaches."""

    @property
    def trades_page(self) -> int:
        """Length of a full page of executions: a reply of that length is followed by another question."""

    def order_report(self, call: Call, reply: Reply) -> OrderReport:
        """The order in an accepted reply to create, cancel or query; Unreadable when it is about another order (R22)."""

    def order_reports(self, reply: Reply) -> list[OrderReport]: ...

    def fills(self, reply: Reply, trading_pair: str) -> list[Fill]:
        """Executions with their trade ids. `client_order_id` is '' where the venue does not give it; then `order_ids` tells the venue's own id of each."""

    def fill_order_ids(self, reply: Reply) -> list[str]:
        """The venue's order id of each execution in a trades reply, in the same order as `fills`."""

    @property
    def stops(self) -> StopDialect | None:
        """None where no stop can rest at the venue."""

    # ---- account -------------------------------------------------------------------------------------------------------
    def balances_call(self) -> Call: ...

    def balances(self, reply: Reply, ts_ns: int) -> BalancesTold: ...

    def positions_call(self) -> Call | None:
        """None on spot."""

    def positions(self, reply: Reply, ts_ns: int) -> list[PositionTold]:
        """Complete: pairs that it does not name are flat."""

    def funding_call(self, since_ms: int) -> Call | None:
        """Funding payments from a time of the venue on, oldest first; None where there are none."""

    def funding(self, reply: Reply) -> list[FundingPaid]:
        """Payments with their pair and id; those of pairs that are not ours to trade are left out."""

    def traded_call(self, since_ms: int) -> Call | None:
        """What was paid for executions in all pairs from a time of the venue on, oldest first; None where a venue tells that pair by pair only."""

    def traded(self, reply: Reply) -> list[tuple[str, int]]:
        """(pair, ms) of each row; the pair is '' where it is not ours to trade."""

    def settings_calls(self, trading_pair: str, leverage: int, hedge: bool | None) -> Sequence[Call]:
        """Calls that set leverage and position mode (None leaves it as it is); "no need to change" counts as done in `outcome`."""

    def mode_call(self) -> Call | None: ...

    def is_hedge(self, reply: Reply) -> bool: ...

    def rights_call(self) -> Call | None: ...

    def rights(self, reply: Reply) -> AccountRights: ...

    # ---- streams -------------------------------------------------------------------------------------------------------
    def market_url(self, channel: Channel = Channel.BOOK) -> str:
        """Where a channel is heard: channels of one address can share a socket, channels of different addresses need one each."""

    def subscribe(self, request_id: int, wanted: Sequence[Subscription]) -> bytes: ...

    def unsubscribe(self, request_id: int, unwanted: Sequence[Subscription]) -> bytes: ...

    def peek(self, message: bytes) -> Peek:
        """Cheap: it looks at the head of the message. Never raises; what it does not know is OTHER."""

    def trade(self, message: bytes) -> TradeTick: ...

    def quote(self, message: bytes) -> Quote: ...

    def candle(self, message: bytes) -> BarClosed | None:
        """None while the candle is still open."""

    def candles_call(self, trading_pair: str, interval_s: int, end_ms: int | None, limit: int) -> Call:
        """Candles that opened before `end_ms` (now when None), the latest `limit` of them."""

    def candles(self, reply: Reply) -> np.ndarray:
        """float64 [n, 6]: open time (s), open, high, low, close, volume; oldest first, the last one may still be open."""

    def depth_call(self, trading_pair: str) -> Call:
        """Snapshot of the book, as deep as the spec says."""

    def funding_rate_call(self, trading_pair: str) -> Call | None:
        """Mark price, index price and the next funding payment of one perpetual, or of all when ''; None where nobody pays funding."""

    def funding_rates(self, reply: Reply) -> Mapping[str, FundingInfo | Unreadable]:
        """By pair, with the venue's time of each; a row that can't be read leaves the others as they are. Pairs that are not ours to trade are left out."""

    def user_key_call(self) -> Call | None:
        """Call whose reply holds a listen key; None where the venue has none."""

    def user_stream(self, key_reply: Reply | None, credentials: Credentials, timestamp_ms: int) -> UserStream: ...

    def user_news(self, message: bytes) -> list[AccountNews]:
        """What a message of the user stream says; empty for acknowledgements and for what does not concern us. Order reports carry the executions that came with
        them, with their own trade ids; a FILLED report without its execution is possible."""
