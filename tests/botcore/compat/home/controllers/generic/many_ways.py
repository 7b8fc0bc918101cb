"""Waits for its prices in each of the ways that asyncio has; decides nothing."""

import asyncio
import time
from typing import List

from hummingbot.core.data_type.common import MarketDict, PriceType
from hummingbot.strategy_v2.controllers import ControllerBase, ControllerConfigBase
from hummingbot.strategy_v2.models.executor_actions import ExecutorAction


class ManyWaysConfig(ControllerConfigBase):
    controller_name: str = "many_ways"
    connector_name: str = "binance_perpetual"
    trading_pair: str = "ETH-USDT"
    way: str = "wait"

    def update_markets(self, markets: MarketDict) -> MarketDict:
        return markets.add_or_update(self.connector_name, self.trading_pair)


class ManyWays(ControllerBase):
    def __init__(self, config: ManyWaysConfig, *args, **kwargs):
        super().__init__(config, *args, **kwargs)
        self.config = config
        self.limit = asyncio.Semaphore(2)

    def look(self, which: PriceType) -> float:
        return float(self.market_data_provider.get_price_by_type(self.config.connector_name, self.config.trading_pair, which))

    async def price(self, which: PriceType) -> float:
        async with self.limit:
            await asyncio.sleep(0)
            return self.look(which)

    async def broken(self) -> float:
        raise LookupError("nobody knows the price")

    async def update_processed_data(self):
        self.processed_data["at"] = time.monotonic()
        self.processed_data["prices"] = sorted(await getattr(self, self.config.way)())

    def both(self) -> List:
        return [self.price(PriceType.BestBid), self.price(PriceType.BestAsk)]

    async def wait(self):
        done, pending = await asyncio.wait([asyncio.create_task(item) for item in self.both()], timeout=5, return_when=asyncio.ALL_COMPLETED)
        assert not pending
        return [task.result() for task in done]

    async def as_completed(self):
        return [await item for item in asyncio.as_completed(self.both(), timeout=5)]

    async def timeout(self):
        async with asyncio.timeout(3) as limit:
            found = await asyncio.gather(*self.both())
        assert not limit.expired()
        return found

    async def in_executor(self):
        loop = asyncio.get_running_loop()
        return [await loop.run_in_executor(None, self.look, which) for which in (PriceType.BestBid, PriceType.BestAsk)]

    async def in_threads(self):
        return [await asyncio.to_thread(self.look, which) for which in (PriceType.BestBid, PriceType.BestAsk)]

    async def group(self):
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(item) for item in self.both()]
        return [task.result() for task in tasks]

    async def shielded(self):
        return [await asyncio.wait_for(asyncio.shield(item), timeout=1) for item in self.both()]

    async def queue(self):
        found: asyncio.Queue = asyncio.Queue()
        for item in self.both():
            found.put_nowait(await item)
        return [await found.get(), await found.get()]

    async def errors_are_kept(self):
        done, _ = await asyncio.wait([asyncio.ensure_future(self.broken())])
        assert isinstance(done.pop().exception(), LookupError)
        return [await item for item in self.both()]

    async def naps(self):
        await asyncio.sleep(1)

    async def naps_in_a_group(self):
        async with asyncio.TaskGroup() as group:
            group.create_task(self.naps())

    async def empty_queue(self):
        return await asyncio.Queue().get()

    async def never_set(self):
        return await asyncio.Event().wait()

    async def future(self):
        return await asyncio.get_running_loop().create_future()

    async def later(self):
        asyncio.get_event_loop().call_later(5, self.look, PriceType.BestBid)

    def determine_executor_actions(self) -> List[ExecutorAction]:
        return []
