"""Which dialect a connector speaks, and addresses that a person puts in place of the venue's own (`CONDOR_VENUE_<NAME>_REST`, `..._WS`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import SplitResult, urlsplit, urlunsplit

from botcore.model.errors import ConfigError, nearest
from botcore.venues.binance.futures import BinanceFutures
from botcore.venues.binance.spot import BinanceSpot
from botcore.venues.dialect import Dialect
from botcore.venues.live_spec import Addresses
from botcore.venues.spec import VenueSpec

DIALECTS: Final[Mapping[str, Callable[[VenueSpec], Dialect]]] = {"binance": BinanceSpot, "binance_perpetual": BinanceFutures}


def dialect(spec: VenueSpec, environment: Mapping[str, str]) -> Dialect:
    """The dialect of a venue, at the addresses of its file or those that the environment puts in their place.

    Raises
    ------
    ConfigError
        If nobody wrote a dialect for this venue, or an address is malformed.
    """
    make = DIALECTS.get(spec.name)
    if make is None:
        raise ConfigError(
            f"no live trading at {spec.name!r} yet: there is {', '.join(DIALECTS)}{nearest(spec.name, DIALECTS)}", field="connector_name"
        )
    return make(with_addresses(spec, environment))


def with_addresses(spec: VenueSpec, environment: Mapping[str, str]) -> VenueSpec:
    """The spec with the addresses that the environment names: REST replaces the whole base, WS scheme and host of both streams (their paths stay).

    Raises
    ------
    ConfigError
        If one is malformed.
    """
    if spec.live is None:
        return spec
    own = spec.live.addresses
    name = f"CONDOR_VENUE_{spec.name.upper()}"
    rest, streams = environment.get(f"{name}_REST", "").strip(), environment.get(f"{name}_WS", "").strip()
    if rest:
        found = _address(f"{name}_REST", rest, ("https", "http"))
        own = Addresses(rest=urlunsplit(found).rstrip("/"), market_ws=own.market_ws, user_ws=own.user_ws)
    if streams:
        found = _address(f"{name}_WS", streams, ("wss", "ws"))
        if found.path.strip("/"):
            raise ConfigError(f"{name}_WS: expected scheme and host without a path (for example ws://127.0.0.1:8080), found {streams!r}")
        own = Addresses(rest=own.rest, market_ws=_moved(own.market_ws, found), user_ws=_moved(own.user_ws, found))
    return spec.model_copy(update={"live": spec.live.model_copy(update={"addresses": own})})


def _address(name: str, written: str, schemes: tuple[str, str]) -> SplitResult:
    try:
        found = urlsplit(written)
        valid = found.scheme in schemes and bool(found.hostname) and found.port != 0
    except ValueError:
        valid = False
    if not valid or found.query or found.fragment or found.username or any(char.isspace() for char in written):
        shown = "one with a user name" if "@" in written else repr(written)
        raise ConfigError(f"{name}: expected an address such as {schemes[1]}://127.0.0.1:8080, found {shown}")
    return found


def _moved(address: str, host: SplitResult) -> str:
    return urlunsplit(urlsplit(address)._replace(scheme=host.scheme, netloc=host.netloc))
