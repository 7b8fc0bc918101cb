"""Accounts with real money: which ones there are, and their keys, from the environment (taken once and then removed from it) or from the vault."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field

from botcore.model.errors import ConfigError, nearest
from botcore.model.secret import Secret
from botcore.venues.dialect import Credentials
from botcore.venues.spec import VenueSpec
from condor.authenticators import SEAL
from condor.configs import Configs
from condor.vault import Vault, VaultLocked

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
    source: str = "environment"


@dataclass(frozen=True, slots=True)
class Stored:
    """What the vault gave at a start.

    Parameters
    ----------
    trouble : str
        Why it gave nothing, though there is one; empty when it opened, or there is none.
    totp : Secret, optional
        Of an authenticator that is for everybody who has none of their own: an earlier version set up one for the whole home.
    codes_key : Secret, optional
        That seals everybody's own.
    """

    keys: dict[str, Credentials] = field(default_factory=dict)
    totp: Secret | None = None
    trouble: str = ""
    codes_key: Secret | None = None


TOTP = ("totp", "secret")


def open_vault(vault: Vault, passphrase: Secret | None) -> Stored:
    """The keys in the vault; whatever is wrong is a sentence, and everything else runs without them."""
    if not vault.exists:
        return Stored()
    if passphrase is None:
        return Stored(
            trouble="the vault is locked, so its accounts are not connected: start with its passphrase (CONDOR_PASSPHRASE_FD, or a terminal)"
        )
    try:
        held = vault.open(passphrase)
    except VaultLocked as error:
        return Stored(trouble=f"{error}; its accounts are not connected")
    venues = sorted({owner for owner, part in held if part == "key" and (owner, "secret") in held})
    return Stored({name: Credentials(held[name, "key"], held[name, "secret"]) for name in venues}, held.get(TOTP), codes_key=held.get(SEAL))


def with_stored(configs: Configs, plans: list[AccountPlan], stored: Stored, environment: Mapping[str, str] | None = None) -> list[AccountPlan]:
    """Accounts of the environment, and those of the vault that it does not name; what is stored for a venue that can't be traded here is passed over."""
    named = {plan.spec.name for plan in plans}
    found = list(plans)
    for name, credentials in stored.keys.items():
        if name not in named and name in configs.venues and configs.venue(name).live is not None:
            found.append(AccountPlan(configs.venue(name), credentials, addresses_of(name, environment), "vault"))
    return sorted(found, key=lambda plan: plan.spec.name)


def addresses_of(name: str, environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables that replace a venue's addresses."""
    source = os.environ if environment is None else environment
    variables = [f"{PREFIX}{name.upper()}_{kind}" for kind in ("REST", "WS")]
    return {variable: source[variable].strip() for variable in variables if variable in source}


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
