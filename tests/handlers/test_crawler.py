"""Every screen of a system that has everything at once. Numbers in names are those of telegram.md section 7."""

from __future__ import annotations

import asyncio
import html
import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
from telegram import Bot
from telegram.request import HTTPXRequest

from condor.store.bots import BotRow, ConfigRow, add_bot
from condor.store.people import ALLOWED, GroupRow, put_group
from condor.tickets import read_ticket
from condor.users import Actor, Role
from condor.views import DoubtView, ExitLine, StatusView, VenueView
from handlers.app import build_registry
from handlers.args import Given
from handlers.html import Safe, columns
from handlers.present import Presenter
from handlers.view import Button, View
from handlers.words import amount, money
from tests.fakes.telegram import TOKEN, Telegram
from tests.handlers.crawler import crawl_of, faults_of
from tests.support.house import House
from tests.support.people import NASTY, seed_people
from tests.support.programs import OWNER

NAMES = [NASTY, "مرحبا بالعالم " * 14, "日本語のボット" * 28, "🦅" * 200, "a", "x" * 200]
HUGE, TINY = "123456789012345678.123456789", "0.000000000123"

here = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def seeded(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """120 bots with impossible names, executors with impossible numbers, a venue that is down, prices that nobody knows; time stands still."""
    async with House(tmp_path_factory.mktemp("house")) as house:
        services = house.program.services
        draft = await services.drafts.begin(OWNER, "pmm_simple")
        for name in NAMES[:4]:
            await services.bots.start(OWNER, "pmm_simple", draft.answers, lambda connection: None, name)
        await house.row_of("SELECT 1 FROM executors WHERE status = 'TERMINATED' AND close_type IN ('TAKE_PROFIT', 'STOP_LOSS') LIMIT 1")
        house.freeze()
        await asyncio.sleep(0.3)
        await asyncio.wrap_future(house.program._journal.run(lambda connection: _years_of_use(connection, draft.answers)))
        await services.pauses.pause(OWNER, ("pmm-btc-1", "pmm-btc-2"), lambda connection: None)
        _fail(house)
        yield house


def _years_of_use(connection: Any, answers: dict[str, Any]) -> None:
    config = ConfigRow("main", 1, "pmm_simple", {**answers, "id": "main"})
    for number in range(116):
        title = NAMES[number % len(NAMES)]
        add_bot(
            connection, BotRow(f"old-{number}-" + "y" * 40, title, "paper", "paper", "stopped", False, 1, 1_700_000_000_000 + number, 1), [config]
        )
    sums = [(HUGE, HUGE), (f"-{HUGE}", TINY), (TINY, None), (None, HUGE)]
    for number, (net, fees) in enumerate(sums):
        connection.exec_driver_sql(
            "UPDATE executors SET net_pnl_quote = ?, fees_quote = ?, volume_quote = ? WHERE executor_id = "
            "(SELECT executor_id FROM executors WHERE status = 'TERMINATED' ORDER BY executor_id LIMIT 1 OFFSET ?)",
            (net, fees or "0", HUGE, number),
        )


def _fail(house: House) -> None:
    """A venue that is down, and sums that nobody knows."""
    overview = house.program.services.overview
    status, portfolio = overview.status, overview.portfolio
    doubts = tuple(DoubtView("c" * 36, "BTC-USDT", "BUY", Decimal(TINY), 1e9, "asking the venue " * 20) for _ in range(9))
    venue = VenueView(
        "binance",
        NASTY,
        "down",
        NASTY,
        1e7,
        None,
        None,
        10**9,
        1_790_000_000_000,
        (("BTC-USDT", "broken", None),),
        doubts,
        (("USDT", Decimal(HUGE)),),
    )

    def incomplete(actor: Actor) -> Any:
        found = portfolio(actor)
        accounts = tuple(
            replace(
                account, title=NASTY, is_complete=False, assets=tuple(replace(asset, total=Decimal(HUGE), value=None) for asset in account.assets)
            )
            for account in found.accounts
        )
        return replace(found, is_complete=False, deposited=None, equity=Decimal(HUGE), accounts=accounts, unpriced=("BTC",))

    def failing(actor: Actor) -> StatusView:
        found = status(actor)
        markets = tuple(replace(market, mid=None, state="stale") for market in found.markets)
        return replace(
            found,
            halted=NASTY,
            trouble=NASTY * 3,
            venues=(venue, venue),
            markets=markets,
            portfolio=incomplete(actor),
            part_faults=(NASTY, "<b>" * 90),
        )

    overview.status, overview.portfolio = failing, incomplete  # type: ignore[method-assign]


@here
async def test_s63_every_screen_has_routes_a_way_back_valid_text_and_fits_a_phone(seeded: House) -> None:
    registry = seeded.program._fronts[0]._registry
    services = seeded.program.services
    await seed_people(seeded.program, OWNER, NASTY)
    executors = services.bots.executors(OWNER)
    draft = await services.drafts.begin(OWNER, "pmm_simple")
    reviewed = await services.drafts.go((await services.drafts.begin(OWNER, "pmm_simple")).draft_id, 99)
    crawl = crawl_of(seeded, registry)
    start: list[tuple[str, dict[str, Any]]] = [
        ("home", {}),
        *(
            (name, {})
            for name in ("help", "status", "bots", "executors", "history", "accounts", "new", "panic", "stop_which", "missing", "halt", "release")
        ),
        *(
            (name, {})
            for name in ("alerts", "settings", "portfolio", "pnl", "positions", "orders", "logs", "users", "invites", "door", "audit", "whoami")
        ),
        *((name, {}) for name in ("keys", "keys_page", "codes", "codes_page", "caps", "prices", "cancel_which")),
        ("ask_codes_all", {"to": True}),
        ("ask_codes_off", {"front": "local", "user": 1}),
        *await _by_hand(seeded),
        ("step_up", {"screen": "keys", "args": {}}),
        ("which", {"text": NASTY, "asked": [[draft.draft_id, ""], [reviewed.draft_id, ""]]}),
        ("trial", {"draft": reviewed.draft_id}),
        ("draft_chart", {"draft": draft.draft_id}),
        *(("limits_field", {"role": "trader", "field": field}) for field in ("max_order", "max_position", "gone")),
        *(("limits_ask", {"role": "trader", "field": "max_position", "said": said}) for said in ("2k", "999999999.123456789", "off")),
        ("file_faults", {"name": NASTY, "rows": [[3, NASTY, NASTY, NASTY]] * 30, "count": 30}),
        *(("key_pasted", {"is_gone": gone, "is_group": group}) for gone in (True, False) for group in (True, False)),
        *(("alert", {"key": key}) for key in (1, 99_999)),
        ("draft", {"draft": draft.draft_id}),
        ("draft", {"draft": reviewed.draft_id}),
        ("bots", {"picking": True, "offset": 8}),
        ("stop", {"bots": [bot.bot_id for bot in services.bots.running()]}),
        ("pause", {"bots": []}),
        ("resume", {"bots": []}),
        ("bot", {"bot": "gone"}),
        ("executor", {"id": "gone"}),
        ("close", {"id": "gone"}),
        *(("close_hold", {"bot": bot, "market": f"binance:{NASTY}"}) for bot in ("gone", "pmm-btc-1")),
        *(("close", {"id": item.executor_id}) for item in executors[:2]),
        ("edit_apply", {"bot": "pmm-btc-1", "controller": _controller(seeded), "changes": {"stop_loss": "9%", "take_profit": "off"}}),
        ("edit_apply", {"bot": "pmm-btc-1", "controller": _controller(seeded), "changes": {"trading_pair": "x"}}),
        ("edit_field", {"bot": "pmm-btc-1", "controller": _controller(seeded), "changes": {}, "field": "stop_loss", "problem": NASTY * 5}),
    ]
    await crawl.visit(start)
    assert not crawl.faults, "\n".join(crawl.faults)
    assert crawl.dead_ends() == []
    moving = {node: view for node, view in crawl.views.items() if view.is_live}
    assert {name for name, _ in moving} >= {"bot", "executors", "executor", "orders", "trade_order"}
    # what stands still after a while says that Refresh lets it move again
    assert not [node for node, view in moving.items() if not any("🔄 Refresh" in button.text for row in view.rows for button in row)]
    unseen = set(registry.screens) - {name for name, _ in crawl.views}
    # these need an account with real money, a file of the home, somebody who was let in, or a running panic
    live = {"live_draft", "give_up", "caps_of", "caps_field", "caps_ask", "caps_release", "caps_go_on"}
    people = {"user", "ask_role", "ask_remove", "ask_leave", "invite", "ask_end"}
    assert unseen <= {"again", "code", "panic_release"} | live | people, unseen


async def _by_hand(house: House) -> list[tuple[str, dict[str, Any]]]:
    """Cards of orders by hand: questions with nonsense in them, a preview that is refused, one that is not, an order that works, one that there never was."""
    manual = house.program.services.manual
    lines = (
        "",
        "on binance",
        "binance:eth-usdt",
        "buy eth-usdt",
        "buy 1 eth-usdt limit",
        "buy 1000 eth-usdt",
        "buy 1 eth-usdt",
        "sell 5% eth-usdt at +1% maker",
    )
    tickets = [await manual.settled(OWNER, read_ticket(line.split(), manual.pairs(OWNER))) for line in lines]
    order = await manual.place(
        OWNER, await manual.settled(OWNER, read_ticket(["buy", "0.01", "btc", "at", "-20%"], manual.pairs(OWNER))), lambda connection: None
    )
    asked: list[tuple[str, dict[str, Any]]] = [("trade", {"ticket": item.values()}) for item in tickets]
    asked += [("trade", {"ticket": tickets[0].values(), "problem": NASTY * 5, "readings": [NASTY, "x"]})]
    asked += [("trade_order", {"id": name}) for name in (order.order_id, "t-gone")]
    asked += [("cancel", {"orders": orders}) for orders in ([order.order_id], ["t-gone"])]
    return [*asked, ("cancelled", {"what": NASTY})]


def _controller(house: House) -> str:
    return str(house.program._manager.running["pmm-btc-1"].strategy.controllers[0].id)


@here
async def test_s33_drawing_every_screen_100_times_changes_nothing(seeded: House) -> None:
    registry = seeded.program._fronts[0]._registry
    crawl = crawl_of(seeded, registry)
    crawl.most = 1
    await crawl.visit([("home", {}), ("status", {}), ("stop", {"bot": "pmm-btc-3"}), ("pause", {"bot": "pmm-btc-3"})])
    assert len(crawl.views) > 15
    journal, mine, writes = seeded.program._journal, asyncio.current_task(), []
    run, commit = journal.run, journal.commit

    def spied(name: str, call: Any) -> Any:
        def made(*args: Any, **kwargs: Any) -> Any:
            if asyncio.current_task() is mine:
                writes.append(name)
            return call(*args, **kwargs)

        return made

    before = _world(seeded)
    journal.run, journal.commit = spied("run", run), spied("commit", commit)  # type: ignore[method-assign]
    try:
        for name, args in crawl.views:
            # the list of 120 bots is one read for all of them: it is drawn as often as the others together need
            for _ in range(100 if name != "bots" else 20):
                await registry.screens[name].render(crawl.context(None, (name, args)), Given(json.loads(args)))
    finally:
        journal.run, journal.commit = run, commit  # type: ignore[method-assign]
    assert writes == []
    assert _world(seeded) == before


@here
async def test_s33_opening_cards_over_http_writes_cards_and_their_buttons_and_nothing_else(seeded: House) -> None:
    await seeded.send("/start", "Condor")
    before, world = _records(seeded), _world(seeded)
    for command in ("/start", "/bots", "/bots pmm-btc-3", "/stop pmm-btc-3", "/pause all", "/executors", "/history", "/help", "/edit pmm-btc-3"):
        card = await seeded.send(command)
        assert seeded.labels(card)
    assert _records(seeded) == before
    assert _world(seeded) == world


def _world(house: House) -> list[Any]:
    """Orders, settings and the counter of ids: nothing can be created, sent or cancelled without a trace here."""
    runtime = house.program._host.runtime
    orders = [
        (order.client_order_id, order.state, order.cancel_asked, order.filled_lots)
        for connector in runtime.connectors.values()
        for order in connector.tracker.open_orders()
    ]
    pauses = {bot_id: bot.strategy.orchestrator.pause_reason for bot_id, bot in house.program._manager.running.items()}
    return [orders, pauses, runtime.ids.serial]


OF_CARDS = {"panels", "tokens", "confirms", "expected_texts"}
OF_ALERTS = {"outbox", "cursors", "alert_threads", "alert_repeats"}
"""What bots that trade meanwhile have to tell."""


def _records(house: House) -> dict[str, list[Any]]:
    """Every row of every table that is not about cards."""
    names = [name for (name,) in house.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    rows = {name: house.rows(f'SELECT * FROM "{name}"') for name in names if name not in OF_CARDS | OF_ALERTS}
    # each write of a card counts as a commit
    return rows | {"runtime": [row for row in rows["runtime"] if row[0] != "commits"]}


GROUP = -700
SUM = re.compile(r"(?<![\w.,-])[$+-]?\d[\d,]*\.\d{2,}(?!\s?%|\d)")
"""What reads as a sum, whatever it is."""


@here
async def test_no_screen_shows_a_sum_in_a_group_from_which_they_are_hidden(seeded: House) -> None:
    registry, services = seeded.program._fronts[0]._registry, seeded.program.services
    actor = Actor(OWNER.user_id, "You", Role.OWNER, "telegram", GROUP)
    draft = await services.drafts.go((await services.drafts.begin(OWNER, "pmm_simple")).draft_id, 99)
    crawl = crawl_of(seeded, registry, actor)
    crawl.most = 4
    names = ("home", "portfolio", "pnl", "positions", "orders", "history", "executors", "bots", "status", "accounts", "caps", "panic", "audit", "new")
    closes = [("close", {"id": item.executor_id}) for item in services.bots.executors(OWNER)[:2]]
    chosen = [("stop", {"bot": "pmm-btc-3"}), ("pause", {"bots": []}), ("edit", {"bot": "pmm-btc-3"}), ("draft", {"draft": draft.draft_id})]
    await crawl.visit([*((name, {}) for name in names), *chosen, *closes])
    group = GroupRow("telegram", GROUP, "Desk", ALLOWED, 1, "You", 1, hides_sums=True)
    await asyncio.wrap_future(seeded.program._journal.run(lambda connection: put_group(connection, group)))
    known = _sums(seeded)
    assert "123,456,789,012,345,678.12" in known and any(each.startswith(("9,99", "10,0")) for each in known)
    plain = [text for view in crawl.views.values() if not view.is_public for text in _texts(view.text, [b.text for row in view.rows for b in row])]
    assert sum(any(each in text for each in known) for text in plain) > 5, "they would be seen otherwise"
    async with Telegram().served() as telegram:
        async with Bot(TOKEN, base_url=f"{telegram.root}/bot", request=HTTPXRequest(httpx_kwargs={"trust_env": False})) as bot:
            presenter = Presenter(bot, services.panels, partial(services.groups.manners, "telegram"))
            for (name, args), view in crawl.views.items():
                await presenter.put(services.panels.fresh(actor, name, json.loads(args)), view, actor)
        sent = telegram.told(GROUP)
    assert len(sent) == len(crawl.views) > 60 and all(message.is_protected for message in sent)
    public = {view.text for view in crawl.views.values() if view.is_public}
    for message in sent:
        if message.text in public:
            continue
        for text in _texts(message.text, message.labels):
            assert not SUM.search(text), text
            assert not [each for each in known if re.search(rf"(?<![\d.,]){re.escape(each)}(?![\d%]|\s%)", text)], text
    assert any("•••" in message.text for message in sent) and any(re.search(r"\d %", message.text) for message in sent)


def _texts(text: str, names: list[str]) -> list[str]:
    """All that is read of a card, without the numbers of people, times and codes."""
    shown = re.sub(r"<code>-?\d+</code>", "", text)
    return [html.unescape(re.sub(r"<[^>]+>", "", shown)), *names]


def _sums(house: House) -> set[str]:
    """Every sum of the system in every way in which one is written: what accounts hold, what executors made, paid and traded, what configs spend."""
    values: set[Decimal] = {Decimal(HUGE), Decimal(TINY)}
    portfolio = house.program.services.overview.portfolio(OWNER)
    for account in portfolio.accounts:
        values |= {asset.total for asset in account.assets} | {account.equity or Decimal(0)}
    values.add(Decimal(10_000))
    for row in house.rows("SELECT net_pnl_quote, fees_quote, volume_quote FROM executors"):
        values |= {Decimal(text) for text in row if text}
    written = {money(value) for value in values} | {money(value, signed=True) for value in values} | {amount(value) for value in values}
    return {text for text in written if len(text.strip("+-0.,")) > 2}


def test_the_crawler_finds_what_is_wrong() -> None:
    registry = build_registry()
    bad = View(
        Safe("<pre>" + "x" * 39 + "</pre>"),
        ((Button("a" * 65, "nowhere"), Button("Stop", "stop_bot", {}), Button("x", "show", {"screen": "nowhere", "args": {}})),),
    )
    found = " ".join(faults_of(bad, registry))
    for words in ("39 columns", "the label", "no route nowhere", "stop_bot acts without asking", "no screen nowhere"):
        assert words in found
    assert columns("日本") == 4 and columns("ab") == 2
    assert ExitLine("b", "m", Decimal(1), None, None, "USDT").price is None
