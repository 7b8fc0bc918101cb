"""Where a file's home has its folders, under the names that files ask for (`hummingbot.data_path`, `hummingbot.client.settings`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def home_names(root: str) -> dict[str, Any]:
    """Functions of `hummingbot` itself that name folders; `data_path` is a folder for what files write."""
    home = Path(root)

    def root_path() -> Path:
        return home

    def prefix_path() -> str:
        return str(home)

    def data_path() -> str:
        return str(home / "data")

    return {made.__name__: made for made in (root_path, prefix_path, data_path)}


def settings_names(root: str) -> dict[str, Any]:
    """Folders of `hummingbot.client.settings`."""
    home = Path(root)
    return {
        "CONF_DIR_PATH": home / "conf",
        "CONTROLLERS_CONF_DIR_PATH": home / "conf" / "controllers",
        "SCRIPT_STRATEGY_CONF_DIR_PATH": home / "conf" / "scripts",
        "CONTROLLERS_PATH": home / "controllers",
        "CONTROLLERS_MODULE": "controllers",
        "SCRIPT_STRATEGIES_PATH": home / "scripts",
        "SCRIPT_STRATEGIES_MODULE": "scripts",
        "DEFAULT_LOG_FILE_PATH": home / "logs",
    }
