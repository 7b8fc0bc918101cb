"""The Binance dialect: spot and USD-M futures. Pure functions; what is data stands in conf/connectors/binance*.yml."""
