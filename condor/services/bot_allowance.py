"""What the limits of a role mean for bots: somebody who may hold so much by hand lets no bot of his hold more."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from botcore.controllers.manual import NAME as MANUAL
from botcore.model.instrument import Market, quote_of
from condor.errors import UserError
from condor.hosts import Hosts
from condor.services.purse import Purse
from condor.services.role_limits import RoleLimits
from condor.services.sizes import main_market, quotes_of
from condor.users import Actor


class BotAllowance:
    """See the module."""

    def __init__(self, hosts: Hosts, purse: Purse, limits: RoleLimits) -> None:
        self._hosts = hosts
        self._purse = purse
        self._limits = limits

    async def refuse(self, actor: Actor, configs: Sequence[Any], mode: str, before: Sequence[Any] = ()) -> None:
        """UserError where the controllers of a bot may hold more together than this person's role allows; what was allowed `before` may be made smaller.

        Orders by hand are looked at one by one, by whoever takes them.
        """
        allowed = await self._limits.of(actor.role)
        if allowed.max_position is None:
            return
        wanted = self._size(configs, mode)
        if wanted is not None and before and (was := self._size(before, mode)) is not None and wanted <= was:
            return
        refusal = allowed.position_refusal(wanted)
        if refusal:
            raise UserError(refusal)

    def _size(self, configs: Sequence[Any], mode: str) -> Decimal | None:
        """Value of all positions that they may open at once; None where something has no price or no rate yet."""
        total = Decimal(0)
        for config in configs:
            market = main_market(config)
            if config.controller_name == MANUAL or market is None:
                continue
            quotes, rate = self._quotes(config, market, mode), self._purse.limit_rate(mode, quote_of(market.trading_pair))
            if not quotes or rate is None:
                return None
            total += sum(quotes, Decimal(0)) * rate
        return total

    def _quotes(self, config: Any, market: Market, mode: str) -> list[Decimal]:
        found = quotes_of(config, self._purse.mid(market, mode))
        if not found:
            # only a price could tell: by the next try there is one
            self._hosts.of(mode).runtime.open_market(market)
        return found
