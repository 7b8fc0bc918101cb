"""Accounts with real money: which ones there are, and their keys, taken from the environment once and then removed from it."""

from __future__ import annotations

import os
import re
from collections.abc import MutableMapping
from dataclasses import dataclass

from botcore.model.errors import ConfigError, nearest
from botcore.venues.dialect import Credentials
from botcore.venues.spec import VenueSpec
from condor.configs import Configs

PREFIX = "CONDOR_VENUE_"
NAMED = re.compile(r"^CONDOR_VENUE_([A-Z0-9_]+)_(KEY|SECRET|REST|WS)$")


@dataclass(frozen=True, slots=True)
class AccountPlan:
    """One account to connect.

    Parameters
    ----------
    addresses : dict
        The variables of the environment that replace the spec's addresses.
    """

    spec: VenueSpec
    credentials: Credentials
    addresses: dict[str, str]


def take_accounts(configs: Configs, environment: MutableMapping[str, str] | None = None) -> list[AccountPlan]:
    """Accounts whose key and secret stand in the environment; both are removed from it, so that no child process inherits them.

    Raises
    ------
    ConfigError
        If a venue is not known or can't be traded live here, or half of a pair is missing.
    """
    source = os.environ if environment is None else environment
    found: dict[str, dict[str, str]] = {}
    for name in list(source):
        match = NAMED.match(name)
        if match is not None:
            value = source.pop(name) if match[2] in ("KEY", "SECRET") else source[name]
            found.setdefault(match[1].lower(), {})[match[2].lower()] = value.strip()
    return [_plan(configs, name, values) for name, values in sorted(found.items()) if values.keys() & {"key", "secret"}]


def _plan(configs: Configs, name: str, values: dict[str, str]) -> AccountPlan:
    variable = f"{PREFIX}{name.upper()}"
    if name not in configs.venues:
        raise ConfigError(f"{variable}_KEY names no venue that is known here{nearest(name, configs.venues)}")
    spec = configs.venue(name)
    if spec.live is None:
        can = [other for other in configs.venues if configs.venue(other).live is not None]
        raise ConfigError(f"{variable}_KEY: {spec.title or name} can be traded on paper only in this version; live: {', '.join(can) or 'none'}")
    for half, other in (("key", "secret"), ("secret", "key")):
        if values.get(other) and not values.get(half):
            raise ConfigError(f"{variable}_{half.upper()} is not set while {variable}_{other.upper()} is; set both or none")
    if not values.get("key"):
        raise ConfigError(f"{variable}_KEY and {variable}_SECRET are empty; set both or none")
    return AccountPlan(
        spec, Credentials(values["key"], values["secret"]), {f"{variable}_{kind.upper()}": values[kind] for kind in ("rest", "ws") if kind in values}
    )
