"""`condor` with one controller more, `hostile_v1`: makes a market until the file in HOSTILE says how it misbehaves. Run as `python -m tests.support.hostile_program`."""

from __future__ import annotations

import collections
import itertools
import os
import time
from pathlib import Path
from typing import Any

import condor.configs
from botcore.controllers.catalog import ControllerSpec, shipped_controllers
from botcore.controllers.pmm_simple import PMMSimpleConfig, PMMSimpleController
from condor.cli import main

ORDERS = Path(os.environ["HOSTILE"])


class HostileConfig(PMMSimpleConfig):
    controller_name: str = "hostile_v1"


class Hostile(PMMSimpleController):
    def update_processed_data(self) -> Any:
        how = ORDERS.read_text() if ORDERS.exists() else ""
        if how == "loop":
            while True:
                time.sleep(0.01)
        if how == "swallow":
            while True:
                try:
                    time.sleep(0.01)
                except BaseException:
                    continue
        if how == "native":
            collections.deque(itertools.repeat(0), maxlen=0)
        return super().update_processed_data()


def controllers() -> dict[str, ControllerSpec]:
    return {"hostile_v1": ControllerSpec("hostile_v1", "market_making", HostileConfig, Hostile, "Misbehaves"), **shipped_controllers()}


if __name__ == "__main__":
    condor.configs.shipped_controllers = controllers
    main()
