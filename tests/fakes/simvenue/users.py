"""Account events: on spot to sockets that proved their key, on futures to whoever listens to a listen key."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from tests.fakes.simvenue import views_futures, views_spot
from tests.fakes.simvenue.account import Account
from tests.fakes.simvenue.sessions import Session
from tests.fakes.simvenue.stops import Algo
from tests.fakes.simvenue.values import ZERO, Execution, Order, PublicTrade

if TYPE_CHECKING:
    from tests.fakes.simvenue.venue import SimVenue

KEY_NS = 60 * 60 * 1_000_000_000


class Users(Protocol):
    """What streams and sessions need of it; it is also a listener of the engine."""

    def order_changed(self, order: Order, what: str, execution: Execution | None, reason: str = "") -> None: ...

    def account_changed(self, account: Account, assets: Iterable[str], positions: Iterable[tuple[str, str]], why: str) -> None: ...

    def algo_changed(self, algo: Algo) -> None: ...

    def settings_changed(self, account: Account, symbol: str) -> None: ...

    def traded(self, trade: PublicTrade) -> None: ...

    def knows(self, name: str) -> bool:
        """Whether a stream's name is (or starts with) a listen key."""

    def listen(self, name: str, session: Session) -> bool: ...

    def leave(self, name: str, session: Session) -> None: ...

    def attach(self, key: str, session: Session) -> None: ...

    def detach(self, key: str, session: Session) -> None: ...

    def expire(self, key: str) -> None:
        """End the user streams of an account from the venue's side, as an expired token does."""

    def key_of(self, account: Account) -> str: ...

    def living_key(self, account: Account) -> str | None: ...

    def renew(self, key: str) -> None: ...

    def drop(self, key: str, *, silently: bool = False) -> None: ...


class SpotUsers:
    """Events of spot accounts."""

    def __init__(self, venue: SimVenue) -> None:
        self._venue = venue
        self._sessions: dict[str, dict[int, Session]] = {}

    def knows(self, name: str) -> bool:
        return False

    def listen(self, name: str, session: Session) -> bool:
        return False

    def leave(self, name: str, session: Session) -> None:
        """Nothing was held."""

    def key_of(self, account: Account) -> str:
        raise NotImplementedError("spot has no listen keys")

    def living_key(self, account: Account) -> str | None:
        return None

    def renew(self, key: str) -> None:
        """Spot has no listen keys."""

    def drop(self, key: str, *, silently: bool = False) -> None:
        """Spot has no listen keys."""

    def attach(self, key: str, session: Session) -> None:
        self._sessions.setdefault(key, {})[session.number] = session

    def detach(self, key: str, session: Session) -> None:
        self._sessions.get(key, {}).pop(session.number, None)

    def expire(self, key: str) -> None:
        for session in list(self._sessions.get(key, {}).values()):
            session.expire()  # type: ignore[attr-defined]

    def _send(self, key: str, data: dict[str, Any]) -> None:
        body = orjson.dumps(data)
        for session in list(self._sessions.get(key, {}).values()):
            session.told(key, body)

    def order_changed(self, order: Order, what: str, execution: Execution | None, reason: str = "") -> None:
        if self._sessions.get(order.account):
            market = self._venue.engine.markets[order.symbol]
            now = self._venue.ms(self._venue.engine.now_ns)
            self._send(order.account, views_spot.order_event(order, market, what, execution, reason, now, self._venue.ms))

    def account_changed(self, account: Account, assets: Iterable[str], positions: Iterable[tuple[str, str]], why: str) -> None:
        if not self._sessions.get(account.key):
            return
        now = self._venue.ms(self._venue.engine.now_ns)
        assets = tuple(assets)
        if why in ("DEPOSIT", "WITHDRAW"):
            delta = account.journal[-1].delta
            self._send(account.key, {"e": "balanceUpdate", "E": now, "a": assets[0], "d": views_spot.text(delta), "T": now})
        rows = [{"a": a, "f": views_spot.text(account.free(a)), "l": views_spot.text(account.locked.get(a, ZERO))} for a in assets]
        self._send(account.key, {"e": "outboundAccountPosition", "E": now, "u": now, "B": rows})

    def algo_changed(self, algo: Algo) -> None:
        """There are none on spot."""

    def settings_changed(self, account: Account, symbol: str) -> None:
        """There are none on spot."""

    def traded(self, trade: PublicTrade) -> None:
        """Not ours."""


class FuturesUsers:
    """Events of futures accounts. A listen key lives for an hour after it was last asked for; a key's stream may be narrowed: `key@EVENT`."""

    def __init__(self, venue: SimVenue) -> None:
        self._venue = venue
        self._keys: dict[str, tuple[str, int]] = {}
        """Listen key -> account, end of life."""
        self._listeners: dict[str, dict[tuple[int, str], Session]] = {}

    # ---- listen keys -----------------------------------------------------------------------------------------------------
    def key_of(self, account: Account) -> str:
        """The account's key, new or renewed."""
        now = self._venue.engine.now_ns
        for key, (owner, until) in self._keys.items():
            if owner == account.key and until > now:
                self.renew(key)
                return key
        key = self._venue.new_listen_key()
        self._keys[key] = (account.key, now + KEY_NS)
        self._watch(key)
        return key

    def living_key(self, account: Account) -> str | None:
        now = self._venue.engine.now_ns
        return next((key for key, (owner, until) in self._keys.items() if owner == account.key and until > now), None)

    def renew(self, key: str) -> None:
        owner, _ = self._keys[key]
        self._keys[key] = (owner, self._venue.engine.now_ns + KEY_NS)

    def _watch(self, key: str) -> None:
        def look() -> None:
            held = self._keys.get(key)
            if held is None:
                return
            if held[1] <= self._venue.engine.now_ns:
                self.drop(key)
            else:
                self._venue.at(held[1], look)

        self._venue.at(self._keys[key][1], look)

    def drop(self, key: str, *, silently: bool = False) -> None:
        """The key is dead: its listeners hear of it and then nothing more."""
        if self._keys.pop(key, None) is None:
            return
        if not silently:
            now = self._venue.ms(self._venue.engine.now_ns)
            self._to(key, {"e": "listenKeyExpired", "E": now, "listenKey": key})
        self._listeners.pop(key, None)

    def expire(self, key: str) -> None:
        for listen_key in [name for name, (owner, _) in self._keys.items() if owner == key]:
            self.drop(listen_key)

    def knows(self, name: str) -> bool:
        return name.partition("@")[0] in self._keys

    def listen(self, name: str, session: Session) -> bool:
        key, _, event = name.partition("@")
        if key not in self._keys:
            return False
        self._listeners.setdefault(key, {})[session.number, event] = session
        return True

    def leave(self, name: str, session: Session) -> None:
        key, _, event = name.partition("@")
        self._listeners.get(key, {}).pop((session.number, event), None)

    def attach(self, key: str, session: Session) -> None:
        """Futures have listen keys."""

    def detach(self, key: str, session: Session) -> None:
        """Futures have listen keys."""

    # ---- events ----------------------------------------------------------------------------------------------------------
    def _to(self, key: str, data: dict[str, Any]) -> None:
        listeners = self._listeners.get(key)
        if listeners:
            body = orjson.dumps(data)
            for (_, event), session in list(listeners.items()):
                if not event or event == data["e"] or data["e"] == "listenKeyExpired":
                    session.told(key, body)

    def _send(self, account: str, data: dict[str, Any]) -> None:
        for key, (owner, _) in list(self._keys.items()):
            if owner == account:
                self._to(key, data)

    def _is_heard(self, account: str) -> bool:
        return any(self._listeners.get(key) for key, (owner, _) in self._keys.items() if owner == account)

    def order_changed(self, order: Order, what: str, execution: Execution | None, reason: str = "") -> None:
        if self._is_heard(order.account):
            engine = self._venue.engine
            self._send(order.account, views_futures.order_event(order, engine.markets[order.symbol], what, execution, self._venue.ms, engine.now_ns))
            if execution is not None and what == "TRADE":
                self._send(order.account, views_futures.lite_event(order, engine.markets[order.symbol], execution, self._venue.ms, engine.now_ns))

    def account_changed(self, account: Account, assets: Iterable[str], positions: Iterable[tuple[str, str]], why: str) -> None:
        if self._is_heard(account.key):
            self._send(account.key, views_futures.account_event(self._venue.engine, account, assets, positions, why, self._venue.ms))

    def algo_changed(self, algo: Algo) -> None:
        if self._is_heard(algo.account):
            engine = self._venue.engine
            self._send(algo.account, views_futures.algo_event(algo, engine.markets[algo.ask.symbol], self._venue.ms, engine.now_ns))

    def settings_changed(self, account: Account, symbol: str) -> None:
        now = self._venue.ms(self._venue.engine.now_ns)
        data: dict[str, Any] = {"e": "ACCOUNT_CONFIG_UPDATE", "E": now, "T": now}
        if symbol:
            data["ac"] = {"s": symbol, "l": account.leverage_of(symbol)}
        else:
            data["ai"] = {"j": False}
        self._send(account.key, data)

    def traded(self, trade: PublicTrade) -> None:
        """Not ours."""
