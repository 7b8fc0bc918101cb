"""The command line. Every command takes `--home`; a mistake is one clear sentence and exit code 2."""

from __future__ import annotations

import json
import sys
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer

from botcore.model.errors import UserError
from condor import __version__
from condor.home import Home, find_home

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help="Condor: trading bots, run from a chat.")

HomeOption = Annotated[Path | None, typer.Option("--home", metavar="DIR", help="Folder for everything that Condor writes.")]


@app.command()
def version() -> None:
    """Print the version."""
    print(f"condor {__version__}")


@app.command()
def backtest(
    config: Annotated[Path, typer.Argument(metavar="CONFIG.yml", help="A controller's config.")],
    data: Annotated[list[str] | None, typer.Option("--data", metavar="[CONNECTOR:PAIR=]FILE", help="Recorded candles; repeatable.")] = None,
    output: Annotated[Path | None, typer.Option("--json", metavar="OUT", help="Write the whole result here.")] = None,
    fee: Annotated[str | None, typer.Option("--fee", metavar="RATE", help="Fee of makers and takers, as a fraction.")] = None,
    balance: Annotated[list[str] | None, typer.Option("--balance", metavar="ASSET=AMOUNT", help="Opening balance; repeatable.")] = None,
    home: HomeOption = None,
) -> None:
    """Run a controller over recorded candles."""
    from botcore.backtesting.engine import run_backtest
    from botcore.backtesting.result import result_of
    from condor.backtests import build_job, page_of
    from condor.configs import Configs
    from condor.settings import load_settings

    place = find_home(home)
    configs = Configs(place)
    loaded = configs.load(_config_file(config, place))
    job = build_job(loaded, data or [], configs, load_settings(place), fee=_rate(fee), balances=balance or [])
    run = run_backtest(job)
    result = result_of(job, run)
    if output is not None:
        _write(output, json.dumps(result, sort_keys=True, separators=(",", ":")) + "\n")
    print(page_of(result, loaded.name))
    if run.faults:
        raise typer.Exit(1)


def _config_file(path: Path, home: Home) -> Path:
    """The file itself, or one of that name among the controllers' configs."""
    if path.is_file():
        return path
    found = home.conf_file("controllers", path.name if path.suffix else f"{path.name}.yml")
    if found is None:
        raise UserError(
            f"can't find the config {path}; name a YAML file, or one of conf/controllers: {', '.join(home.conf_files('controllers')) or 'none'}"
        )
    return found


def _rate(text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        rate = Decimal(text)
    except InvalidOperation:
        rate = Decimal("NaN")
    if not rate.is_finite() or not 0 <= rate < 1:
        raise UserError(f"expected --fee as a fraction between 0 and 1 (0.0002 is 2 bp), found {text!r}")
    return rate


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"can't write {path}: {error.strerror}") from None


def main() -> None:
    """Entry of the command: turns a person's mistake into one sentence and exit code 2."""
    try:
        app()
    except UserError as error:
        print(f"condor: {error}", file=sys.stderr)
        sys.exit(2)
