"""Deterministic simulation: the real program's parts in one seeded loop of virtual time, against a venue whose ledger is the judge."""
