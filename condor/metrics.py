"""Numbers for Prometheus, on the loopback port."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from condor import __version__


class Metrics:
    """See the module; every program has a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        Gauge("condor_info", "Version of the program.", ["version"], registry=self.registry).labels(__version__).set(1)
        self.tick_seconds = Histogram(
            "condor_tick_seconds", "Time that one tick took.", buckets=(0.001, 0.002, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2), registry=self.registry
        )
        self.running_bots = Gauge("condor_running_bots", "Bots that run.", registry=self.registry)
        self.executors = Gauge("condor_executors", "Executors that have not ended.", registry=self.registry)
        self.part_faults = Counter("condor_part_faults", "Parts of the runtime that a fault of their own has stopped.", registry=self.registry)
        self.log_drops = Gauge("condor_log_lines_dropped", "Lines that a full disk or a stuck pipe did not take.", registry=self.registry)
