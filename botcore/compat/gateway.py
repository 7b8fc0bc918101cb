"""`GatewayHttpClient` of a home without a Gateway: it can be had, and each of its calls says that no Gateway is configured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botcore.model.errors import UserError


class GatewayMissing(UserError):
    """Something was asked of a Gateway, and there is none."""

    def __init__(self, call: str) -> None:
        super().__init__(f"no Gateway is configured: {call} needs one (CONDOR_GATEWAY_URL)")


class GatewayHttpClient:
    """Client of the Gateway middleware."""

    @classmethod
    def get_instance(cls, *_unused: Any, **_ignored: Any) -> GatewayHttpClient:
        """A client; there is nothing in it to share."""
        return cls()

    @property
    def base_url(self) -> str:
        raise GatewayMissing("base_url")

    async def ping_gateway(self) -> bool:
        """False: nobody answers."""
        return False

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)

        async def call(*_unused: Any, **_ignored: Any) -> Any:
            raise GatewayMissing(name)

        return call


def parse_provider(provider: str, default_trading_type: str = "router") -> tuple[str, str]:
    """`dex/type` in its two parts; the type may be left out."""
    name, _, kind = provider.partition("/")
    return name, kind or default_trading_type
