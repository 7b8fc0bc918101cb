"""`GatewayHttpClient` of a home without a Gateway: it can be had, and each of its calls says that no Gateway is configured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from botcore.model.errors import UserError

CHAINS: Final = frozenset({"solana", "ethereum", "cosmos", "cardano", "tezos", "xrpl"})
EXCHANGES: Final = frozenset(
    {
        *("0x", "balancer", "curve", "jupiter", "maverick", "meteora", "minswap", "orca", "osmosis"),
        *("pancakeswap", "quickswap", "raydium", "sundaeswap", "sushiswap", "traderjoe", "uniswap"),
    }
)


def is_of_gateway(connector_name: str) -> bool:
    """Whether a connector's name is that of a network or an exchange that only the Gateway middleware reaches."""
    parts = connector_name.replace("/", "_").replace("-", "_").split("_")
    return bool(CHAINS & set(parts)) or parts[0] in EXCHANGES


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
