"""The paper exchange: matching and a ledger of its own, as a venue has. It knows orders and money, no bots."""
