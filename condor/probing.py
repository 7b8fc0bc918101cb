"""Probes of keys over the real network: with which dialects, at which addresses."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from random import Random

from botcore.model.errors import ConfigError
from botcore.venues.aiohttp_port import AiohttpPort
from botcore.venues.catalog import dialect
from botcore.venues.dialect import Credentials, Dialect
from botcore.venues.live_spec import LiveSpec
from botcore.venues.port import Port
from botcore.venues.probe import Probe, Prober
from botcore.venues.spec import VenueSpec
from condor.accounts import addresses_of
from condor.configs import Configs


class Probes:
    """Asks a venue about a key.

    Parameters
    ----------
    port : callable, optional
        Makes the network; each probe has its own, and lets go of it.
    environment : mapping, optional
        Where replaced addresses stand; the process's own by default.
    """

    def __init__(
        self, configs: Configs, port: Callable[[], Port] = lambda: AiohttpPort(time.time_ns), environment: Mapping[str, str] | None = None
    ) -> None:
        self._configs = configs
        self._port = port
        self._environment = environment

    async def look(self, venue: str, credentials: Credentials) -> Probe:
        """What the venue says of this key.

        Raises
        ------
        ConfigError
            If nothing is traded live there.
        """
        spec = self._configs.venue(venue)
        if spec.live is None:
            raise ConfigError(f"{spec.title or venue} can be traded on paper only in this version")
        port = self._port()
        wall_ms = lambda: time.time_ns() // 1_000_000  # noqa: E731
        try:
            spoken = dialect(spec, addresses_of(venue, self._environment))
            return await Prober(spoken, spec.live, credentials, port, time.time_ns, wall_ms, Random(), self._rights_at(spec)).look()
        finally:
            await port.close()

    def _rights_at(self, spec: VenueSpec) -> tuple[Dialect, LiveSpec] | None:
        """Who tells what the key may do. A key that was given for a replaced address is shown to no other one."""
        live = spec.live
        if live is None or live.rights_at is None:
            return None
        there = addresses_of(live.rights_at, self._environment)
        if addresses_of(spec.name, self._environment) and not there:
            return None
        other = self._configs.venue(live.rights_at)
        return (dialect(other, there), other.live) if other.live is not None else None


def refuse_unknown(configs: Configs, venue: str) -> VenueSpec:
    """The spec of a venue where real money can be traded; ConfigError for any other name."""
    can = [name for name in configs.venues if configs.venue(name).live is not None]
    if venue not in can:
        raise ConfigError(f"no account can be connected at {venue!r}; there is {', '.join(can)}")
    return configs.venue(venue)
