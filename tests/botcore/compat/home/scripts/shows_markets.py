# in the dialect of the oldest scripts: it only shows what its markets look like, and finds its connectors by what they are called for people
from hummingbot.strategy.script_strategy_base import ScriptStrategyBase


class ShowsMarkets(ScriptStrategyBase):
    markets = {"binance_paper_trade": {"ETH-USDT"}}

    def format_status(self) -> str:
        if not self.ready_to_trade:
            return "not ready"
        pairs = self.get_market_trading_pair_tuples()
        prices = self.market_status_data_frame(pairs)
        prices["Exchange"] = prices.apply(lambda row: row["Exchange"].replace("_PaperTrade", "_paper_trade"), axis=1)
        prices["Volume"] = prices.apply(lambda row: self.volume(row, 0.01), axis=1)
        return "\n".join([prices.to_string(index=False), self.wallet_balance_data_frame(pairs).to_string(index=False)])

    def volume(self, row, share):
        return self.connectors[row["Exchange"]].get_volume_for_price(row["Market"], share > 0, row["Mid Price"] * (1 + share)).result_volume
