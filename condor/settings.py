"""Settings: `conf/condor.yml` (shipped defaults, overridden key by key by the home's file) and the environment."""

from __future__ import annotations

import os
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from botcore.core.config import ConfigModel
from botcore.model.errors import ConfigError
from botcore.risk.limits import RiskLimits
from condor.alerts.address import check_address
from condor.home import Home
from condor.yaml_file import YamlFile, read_yaml, validate

Positive = Annotated[Decimal, Field(gt=0)]
NotNegative = Annotated[Decimal, Field(ge=0)]
Queue = Literal["back", "touch", "through"]


class ClockSettings(ConfigModel):
    tick_size: Annotated[float, Field(ge=0.05, le=60)] = 1.0


class ReplayEntry(ConfigModel):
    """One recorded market; file names are relative to the home."""

    connector: str
    pair: str
    files: Annotated[list[str], Field(min_length=1)]
    warmup: Annotated[int, Field(ge=0)] = 300


class MarketSettings(ConfigModel):
    source: Literal["synthetic", "replay"] = "synthetic"
    speed: Annotated[float, Field(gt=0, le=10_000)] = 1
    seed: Annotated[int, Field(ge=0)] = 7
    connector: str = "binance_perpetual"
    pairs: list[str] = ["BTC-USDT", "ETH-USDT", "SOL-USDT"]
    replay: list[ReplayEntry] = []

    @model_validator(mode="after")
    def _replay_has_files(self) -> MarketSettings:
        if self.source == "replay" and not self.replay:
            raise ValueError("source: replay needs at least one entry under replay, found none")
        return self


class PaperSettings(ConfigModel):
    balances: Annotated[dict[str, NotNegative], Field(min_length=1)] = {"USDT": Decimal(10000)}
    latency_ms: NotNegative = Decimal(50)
    queue: Queue = "back"
    slippage: Annotated[Decimal, Field(ge=0, lt=1)] = Decimal(0)


class BacktestSettings(ConfigModel):
    balance: Positive = Decimal(10000)
    latency_ms: NotNegative = Decimal(0)
    queue: Queue = "touch"
    slippage: Annotated[Decimal, Field(ge=0, lt=1)] = Decimal(0)


class RuntimeSettings(ConfigModel):
    """What keeps one part, or one shortage, from taking the rest down, and others out of its memory; times in s, 0 turns the limit of steps off."""

    step_budget: Annotated[float, Field(ge=0, le=600)] = 2.0
    step_hard: Annotated[float, Field(gt=0, le=3600)] = 10.0
    memory_soft_mb: Annotated[int, Field(ge=0)] | None = None
    debuggers: bool = False


class AlertSettings(ConfigModel):
    """What is told at all. `liquidation_distance` is a fraction of the price: 0.05 tells of a liquidation that is 5 % away; 0 never does."""

    min_pnl_quote: NotNegative = Decimal(0)
    unfilled: bool = False
    liquidation_distance: Annotated[Decimal, Field(ge=0, lt=1)] = Decimal("0.05")


class AccessSettings(ConfigModel):
    """What the bot does in a group that no owner has allowed; the owner is told either way."""

    unknown_groups: Literal["mute", "leave"] = "leave"


class Settings(ConfigModel):
    """The whole of `conf/condor.yml`."""

    clock: ClockSettings = ClockSettings()
    market: MarketSettings = MarketSettings()
    paper: PaperSettings = PaperSettings()
    backtest: BacktestSettings = BacktestSettings()
    risk: RiskLimits = RiskLimits()
    runtime: RuntimeSettings = RuntimeSettings()
    alerts: AlertSettings = AlertSettings()
    access: AccessSettings = AccessSettings()
    log_level: Literal["debug", "info", "warning", "error"] = "info"


class Environment(BaseSettings):
    """The environment variables; none of them is ever printed."""

    model_config = SettingsConfigDict(env_prefix="CONDOR_", extra="ignore")

    telegram_token: SecretStr | None = None
    telegram_api: str = "https://api.telegram.org"
    chat: Literal["local", "telegram", "both"] | None = None
    http: str = "127.0.0.1:8765"
    db_url: str | None = None
    alert_webhook: SecretStr | None = None
    alert_webhook_secret: SecretStr | None = None

    @property
    def secrets(self) -> list[str]:
        """What must never be written anywhere."""
        found = (self.telegram_token, self.alert_webhook, self.alert_webhook_secret)
        return [text.get_secret_value() for text in found if text is not None]

    @property
    def chats(self) -> set[str]:
        """`local`, `telegram` or both: what was asked for, else telegram when there is a token."""
        if self.chat is not None:
            return {"local", "telegram"} if self.chat == "both" else {self.chat}
        return {"telegram"} if self.telegram_token is not None else {"local"}


def load_settings(home: Home) -> Settings:
    """Settings of a home.

    Raises
    ------
    ConfigError, ConfigErrors
        If a file is broken or a key does not hold; file, line and field are named.
    """
    shipped = read_yaml(home.shipped / "condor.yml")
    own_path = home.conf / "condor.yml"
    if not own_path.is_file() or own_path == home.shipped / "condor.yml":
        return validate(Settings, shipped)
    own = read_yaml(own_path)
    if not isinstance(own.data, dict):
        raise ConfigError("expected a mapping of settings", file=own.name, line=1)
    merged = _merged(shipped.data, own.data)
    return validate(Settings, YamlFile(own.name, merged, own.lines))


def load_environment() -> Environment:
    """The environment.

    Raises
    ------
    ConfigError
        If a variable does not hold, or one asks for what is not there yet.
    """
    from pydantic import ValidationError

    try:
        environment = Environment()
    except ValidationError as error:
        item = error.errors()[0]
        name = "CONDOR_" + str(item["loc"][0]).upper()
        raise ConfigError(f"{name}: {str(item['msg'])[0].lower()}{str(item['msg'])[1:]}, found {os.environ.get(name, '')!r}") from None
    if environment.db_url is not None:
        raise ConfigError("CONDOR_DB_URL: only the SQLite file in the home is supported in this version; unset it")
    if "telegram" in environment.chats and environment.telegram_token is None:
        raise ConfigError("CONDOR_CHAT asks for Telegram, but CONDOR_TELEGRAM_TOKEN is not set; put the bot's token there")
    if environment.alert_webhook is not None:
        secret = environment.alert_webhook_secret
        check_address(environment.alert_webhook.get_secret_value(), "" if secret is None else secret.get_secret_value())
    # no child process inherits it
    for name in ("CONDOR_TELEGRAM_TOKEN", "CONDOR_ALERT_WEBHOOK_SECRET"):
        os.environ.pop(name, None)
    return environment


def _merged(base: Any, own: Any) -> Any:
    """`own` over `base`, mappings key by key; balances are replaced as a whole."""
    if not (isinstance(base, dict) and isinstance(own, dict)):
        return own
    return base | {key: value if key == "balances" else _merged(base.get(key), value) for key, value in own.items()}
