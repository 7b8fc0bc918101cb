"""The command line. Every command takes `--home`; a mistake is one clear sentence and exit code 2."""

from __future__ import annotations

import json
import sys
import time
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from botcore.model.errors import UserError
from condor import __version__
from condor.home import Home, find_home

if TYPE_CHECKING:
    # a command loads what it needs and no more: `condor version` must not wait for the program
    from condor.store.soundness import EarlyCheck
    from condor.wiring import Program

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
    configs = Configs(place, time.time_ns() // 1_000_000)
    loaded = configs.load(_config_file(config, place))
    job = build_job(loaded, data or [], configs, load_settings(place), fee=_rate(fee), balances=balance or [])
    run = run_backtest(job)
    result = result_of(job, run)
    if output is not None:
        _write(output, json.dumps(result, sort_keys=True, separators=(",", ":")) + "\n")
    print(page_of(result, loaded.name, loaded.spec.origin))
    if run.faults:
        raise typer.Exit(1)


# ---- the program ---------------------------------------------------------------------------------------------------
@app.command()
def run(home: HomeOption = None) -> None:
    """Start Condor; prints `ready <url>` when the chat answers."""
    from condor.store.soundness import EarlyCheck

    place = find_home(home)
    # records of millions of orders take longer to check than the program takes to load
    check = EarlyCheck(place.database)
    from condor.logs import Speaker
    from condor.running import run_until_signal

    run_until_signal(_program(place, check), Speaker().say)


def _program(place: Home, check: EarlyCheck) -> Program:
    """The whole program on a home, with the vault's passphrase if somebody gives it."""
    from condor.closed_memory import close_memory
    from condor.passphrase import at_start
    from condor.settings import load_environment, load_settings
    from condor.vault import Vault
    from condor.wiring import Program, wall_clock

    settings = load_settings(place)
    if not settings.runtime.debuggers:
        close_memory()
    passphrase = at_start(Vault(place.vault), lambda text: print(f"condor: {text}", file=sys.stderr))
    return Program(place, settings, load_environment(), wall_clock(), check, passphrase)


@app.command()
def start(
    conf: Annotated[str, typer.Option("--conf", metavar="FILE", help="The script's config: a YAML file, or one of conf/scripts.")],
    script: Annotated[str, typer.Option("--script", metavar="NAME", help="The script, with or without .py.")] = "v2_with_controllers",
    live: Annotated[bool, typer.Option("--live", help="With real money, at the accounts whose keys were given.")] = False,
    home: HomeOption = None,
) -> None:
    """Start a bot of a script, or of the controllers that its config names, in the instance that runs on this home, else with a new one; on paper unless --live."""
    from condor.configs import Configs
    from condor.control.commands import start_there
    from condor.hosts import LIVE, PAPER
    from condor.logs import Speaker
    from condor.running import run_until_signal
    from condor.scripts import WithBot, read_plan
    from condor.store.soundness import EarlyCheck

    place = find_home(home)
    now_ms = time.time_ns() // 1_000_000
    plan = read_plan(place, Configs(place, now_ms), script, conf)
    mode = LIVE if live else PAPER
    if start_there(place, plan, mode, print):
        return
    run_until_signal(WithBot(_program(place, EarlyCheck(place.database)), plan, mode), Speaker().say)


@app.command()
def link(home: HomeOption = None) -> None:
    """Print a fresh address of the running instance's page."""
    from condor.control.commands import link as fresh_link

    print(fresh_link(find_home(home)))


@app.command()
def stop(
    bot: Annotated[
        str | None, typer.Argument(metavar="[BOT]", help="A bot; without one the whole instance ends, and bots go on with the next start.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave what the bot holds as it is, instead of closing it at market.")] = False,
    home: HomeOption = None,
) -> None:
    """Stop a bot and close what it holds, or end the instance that runs on this home."""
    from condor.control.commands import stop as stop_there

    if keep and bot is None:
        raise UserError("--keep is for a bot: name it")
    stop_there(find_home(home), bot, print, keep=keep)


@app.command()
def status(home: HomeOption = None) -> None:
    """Say how the instance that runs on this home stands; exit code 1 when nothing runs."""
    from condor.control.commands import status as status_there

    if not status_there(find_home(home), print):
        raise typer.Exit(1)


@app.command()
def panic(
    flatten: Annotated[bool, typer.Option("--flatten", help="Close what bots hold, too, at market.")] = False,
    home: HomeOption = None,
) -> None:
    """Stop everything: no bot opens anything, every order is canceled, stops too; positions stay if they are not closed. Until the owner releases it in the chat."""
    from condor.panic.command import panic as stop_everything

    if not stop_everything(find_home(home), flatten=flatten, say=print):
        raise typer.Exit(1)


# ---- keys ------------------------------------------------------------------------------------------------------------
@app.command()
def connect(
    venue: Annotated[str, typer.Argument(metavar="VENUE", help="Such as binance or binance_perpetual.")],
    home: HomeOption = None,
) -> None:
    """Store the keys of an account in the vault: asked for without showing them, tried out first, refused if they may withdraw."""
    from condor.keys_command import connect as connect_account

    connect_account(find_home(home), venue, print)


@app.command()
def keys(
    show: Annotated[bool, typer.Option("--show", help="With the ends of the keys; asks for the passphrase.")] = False,
    remove: Annotated[str | None, typer.Option("--remove", metavar="VENUE", help="Take a venue's keys out of the vault.")] = None,
    passphrase: Annotated[bool, typer.Option("--passphrase", help="Change the vault's passphrase.")] = False,
    home: HomeOption = None,
) -> None:
    """List the venues whose keys are in the vault, remove some, or change its passphrase."""
    from condor.keys_command import change_passphrase, list_keys, remove_keys

    place = find_home(home)
    if sum((show, remove is not None, passphrase)) > 1:
        raise UserError("expected one of --show, --remove VENUE and --passphrase")
    if remove is not None:
        remove_keys(place, remove, print)
    elif passphrase:
        change_passphrase(place, print)
    else:
        list_keys(place, print, show=show)


@app.command()
def doctor(home: HomeOption = None) -> None:
    """Look whether everything that a start needs is in order."""
    from condor.doctor import examine

    findings = list(examine(find_home(home)))
    for finding in findings:
        print(f"{'ok  ' if finding.is_ok else 'FAIL'} {finding.name}: {finding.text}")
    if not all(finding.is_ok for finding in findings):
        raise typer.Exit(1)


@app.command()
def verify(home: HomeOption = None) -> None:
    """Check the databases of a home: the files themselves, and whether their rows agree."""
    from condor.store.verify import quarantined
    from condor.store.verify import verify as verify_home

    place = find_home(home)
    found = list(verify_home(place))
    if not found:
        print("nothing to verify: this home has no database yet")
    for database in found:
        print(f"{database.name}: {'sound' if not database.faults else f'{len(database.faults)} faults'} (looked at: {', '.join(database.checked)})")
        for fault in database.faults:
            print(f"  {fault}")
    for name in quarantined(place):
        print(f"in quarantine since it was found damaged: {name}")
    if any(database.faults for database in found):
        raise typer.Exit(1)


@app.command()
def export(
    target: Annotated[Path, typer.Argument(metavar="FOLDER|FILE.zip", help="Where to write; a folder that is empty or new, or a new .zip file.")],
    form: Annotated[str, typer.Option("--format", metavar="jsonl|csv", help="JSON lines, or CSV for spreadsheets.")] = "jsonl",
    home: HomeOption = None,
) -> None:
    """Write bots, configs, executors, orders, fills and holds as files; also while an instance runs."""
    from condor.store.export import export as export_home

    if form not in ("jsonl", "csv"):
        raise UserError(f"expected --format jsonl or csv, found {form!r}")
    for name, count in export_home(find_home(home), target, "csv" if form == "csv" else "jsonl").items():
        print(f"{name}: {count} rows")


@app.command()
def create(
    controller_config: Annotated[str | None, typer.Option("--controller-config", metavar="NAME", help="Controller to configure.")] = None,
    script_config: Annotated[str | None, typer.Option("--script-config", metavar="NAME", help="Script to configure.")] = None,
    given: Annotated[list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="An answer that is not asked for; repeatable.")] = None,
    defaults: Annotated[bool, typer.Option("--defaults", help="Ask nothing: take the defaults for what is not set.")] = False,
    home: HomeOption = None,
) -> None:
    """Answer the questions of a controller or a script and write its config to conf/controllers or conf/scripts of the home."""
    from condor.create import create_config, create_script_config
    from condor.forms import Question

    if (script_config is None) is (controller_config is None):
        raise UserError("expected --controller-config NAME or --script-config NAME; `condor create --controller-config pmm_simple` is an example")

    def ask(question: Question, current: str) -> str:
        offered = f" ({', '.join(question.choices or question.suggestions)})" if question.choices or question.suggestions else ""
        return input(f"{question.prompt}{offered} [{current}] ")

    create, name = (create_config, controller_config) if controller_config is not None else (create_script_config, script_config or "")
    path = create(find_home(home), name, None if defaults else ask, given or [], print)
    print(f"wrote {path}")


@app.command()
def sim(
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Which run.")],
    long: Annotated[bool, typer.Option("--long", help="10 to 60 simulated minutes instead of 3.")] = False,
    log: Annotated[bool, typer.Option("--log", help="Print every event.")] = False,
) -> None:
    """Replay one seed of the simulation; its last line is the hash of all that happened."""
    import subprocess

    checkout = Path(__file__).parents[1]
    if not (checkout / "tests" / "simulation").is_dir():
        raise UserError("the simulation is part of the checkout, and this is an installed package without tests/")
    command = [sys.executable, "-m", "tests.simulation", "--seed", str(seed), *(["--long"] if long else []), *(["--log"] if log else [])]
    raise typer.Exit(subprocess.run(command, cwd=checkout, check=False).returncode)


@app.command("reset-paper")
def reset_paper(home: HomeOption = None) -> None:
    """Forget the paper accounts of a home that nobody runs: balances, open orders, the market's position."""
    from condor.running import forget_paper

    forget_paper(find_home(home))
    print("the paper accounts start anew at the next run")


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
    except (KeyboardInterrupt, EOFError):
        print("condor: interrupted, nothing was changed", file=sys.stderr)
        sys.exit(2)
