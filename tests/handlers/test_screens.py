"""Every screen that can be reached: each button has a route, each card fits a message, is valid HTML and has a way back."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from botcore.orders.shortages import Shortage
from condor.errors import UserError
from condor.localchat.entities import parse_html, utf16_length
from condor.users import Actor, Role
from condor.wiring import Program
from handlers.args import Given
from handlers.context import Context
from handlers.html import Safe, card, clip, esc, line, pairs, table
from handlers.processor import is_urgent_button
from handlers.registry import Registry
from handlers.screens.closing import closed_words
from handlers.view import Button, Show, Toast, show
from tests.handlers.crawler import OF_PEOPLE, check, context, crawl
from tests.support.people import NASTY
from tests.support.programs import OWNER
from tests.support.user_code import HOME


async def running_bot(program: Program, title: str = "") -> str:
    draft = await program.services.drafts.begin(OWNER, "pmm_simple")
    view = await program.services.bots.start(OWNER, draft.controller_name, draft.answers, lambda connection: None, title)
    return view.bot_id


async def test_every_reachable_screen_is_sound(program: Program, registry: Registry) -> None:
    await running_bot(program, NASTY)
    for _ in range(200):
        if (await program.services.history.page(OWNER)).rows:
            break
        await asyncio.sleep(0.1)
    drafts = [await program.services.drafts.begin(OWNER, name) for name, _ in program.services.drafts.controllers()]
    reviewed = await program.services.drafts.go((await program.services.drafts.begin(OWNER, "pmm_simple")).draft_id, 99)
    start: list[tuple[str, dict[str, Any]]] = [
        ("home", {}),
        ("alert", {"key": 1}),
        ("alert", {"key": 99_999}),
        ("draft", {"draft": reviewed.draft_id}),
        *(("draft", {"draft": draft.draft_id}) for draft in drafts),
        ("caps", {}),
        *(("limits_ask", {"role": "trader", "field": "max_order", "said": said}) for said in ("2k", "off")),
        ("keys", {}),
        ("keys_page", {}),
        ("codes", {}),
        ("codes_page", {}),
        ("ask_codes_all", {"to": True}),
        ("ask_codes_off", {"front": "local", "user": 1}),
        ("step_up", {"screen": "keys", "args": {}}),
        ("which", {"text": NASTY, "asked": [[draft.draft_id, ""] for draft in drafts[:3]]}),
        ("trial", {"draft": reviewed.draft_id}),
        ("trade_order", {"id": "gone"}),
        ("cancel", {"orders": ["gone"]}),
        ("cancel_which", {"all": True}),
        ("cancelled", {"what": NASTY}),
        ("close_hold", {"bot": "gone", "market": "binance:BTC-USDT"}),
        ("file_faults", {"name": NASTY, "rows": [[3, NASTY, NASTY, NASTY]] * 30, "count": 30}),
        *(("key_pasted", {"is_gone": gone, "is_group": group}) for gone in (True, False) for group in (True, False)),
    ]
    seen = await crawl(program, registry, start)
    # no account with real money is connected here, and nobody has been let in
    assert seen | {
        "release",
        "resume",
        "stop_which",
        "halt",
        "live_draft",
        "again",
        "code",
        "panic_release",
        "missing",
        "give_up",
        "caps_of",
        "caps_field",
        "caps_ask",
        "caps_release",
        "caps_go_on",
    } | OF_PEOPLE >= set(registry.screens)
    stale = await registry.actions["show"].act(context(program, registry), {"screen": "bot", "args": {"bot": "gone"}})
    assert isinstance(stale, Show)
    check(await registry.screens["bot"].render(context(program, registry), stale.args), registry, "a bot that is gone")


async def test_o18_missing_coins_are_a_card_with_a_way_out_for_the_owner(program: Program, registry: Registry) -> None:
    await running_bot(program)
    connector = next(iter(program._host.runtime.connectors.values()))
    holders = tuple((NASTY, "main", f"E{number}", Decimal(number)) for number in range(9, 0, -1))
    connector.shortages.proven["BTC"] = Shortage("BTC", Decimal("45.0"), Decimal("40.00000001"), holders)
    seen = await crawl(program, registry, [("status", {})], most=3)
    assert {"missing", "give_up"} <= seen and len(seen) > 20
    ctx = context(program, registry)
    asked = await registry.screens["give_up"].render(ctx, {"connector": connector.name, "asset": "BTC"})
    (button,) = [button for row in asked.rows for button in row if button.action == "give_up"]
    assert button.confirm and "4.99999999 BTC" in button.text
    viewer = await registry.screens["missing"].render(context(program, registry, Actor(9, "V", Role.VIEWER, "telegram", 9)), {})
    assert "and 3 more" in viewer.text and not [button for row in viewer.rows for button in row if "gone" in button.text]
    connector.shortages.settle("BTC")
    gone = await registry.screens["give_up"].render(ctx, {"connector": connector.name, "asset": "BTC"})
    assert "Nothing of BTC is missing" in gone.text
    status = await registry.screens["status"].render(ctx, {})
    assert not [button for row in status.rows for button in row if "Missing" in button.text]


async def test_a_file_of_the_home_is_shown_by_its_hash_and_approved_by_the_owner_only(program: Program, registry: Registry, tmp_path: Path) -> None:
    file = tmp_path / "controllers" / "generic" / "quick_quotes.py"
    file.parent.mkdir(parents=True)
    shutil.copy(HOME / "controllers/generic/quick_quotes.py", file)
    ctx = context(program, registry)
    shown = await registry.commands["new"].run(ctx, ["quick_quotes"])
    assert shown.screen == "code"
    (digest,) = (found.digest for found in program.services.code.files() if found.name == "quick_quotes")
    view = await registry.screens["code"].render(ctx, shown.args)
    check(view, registry, "code")
    assert digest[:12] in view.text and "generic/quick_quotes.py" in view.text
    trader = Actor(2, "Other", Role.TRADER, "local", 1)
    theirs = await registry.screens["code"].render(context(program, registry, trader), shown.args)
    assert [button.action for row in theirs.rows for button in row] == ["show"]
    (approve,) = (button for row in view.rows for button in row if button.action == "approve_code")
    file.write_text(file.read_text() + "# another\n")
    with pytest.raises(UserError, match="has changed since it was shown"):
        await registry.actions["approve_code"].act(ctx, approve.args)
    again = await registry.screens["code"].render(ctx, shown.args)
    (approve,) = (button for row in again.rows for button in row if button.action == "approve_code")
    begun = await registry.actions["approve_code"].act(ctx, approve.args)
    assert isinstance(begun, Show) and begun.screen == "draft"
    check(await registry.screens["draft"].render(ctx, begun.args), registry, "draft of the home's")
    assert (await registry.commands["new"].run(ctx, ["quick_quotes"])).screen == "draft", "it is asked once"
    check(await registry.screens["code"].render(ctx, shown.args), registry, "code that is approved")
    check(await registry.screens["code"].render(ctx, {"controller": "gone"}), registry, "code that is gone")


async def test_viewing_any_screen_changes_nothing_at_the_venue(program: Program, registry: Registry) -> None:
    bot_id = await running_bot(program)
    host = program._host
    host.tick = lambda: None  # type: ignore[method-assign]
    before = {name: connector.tracker.open_count for name, connector in host.runtime.connectors.items()}
    serial = host.runtime.ids.executor_id()
    for name in registry.screens:
        args = {"bot": bot_id, "draft": (await program.services.drafts.begin(OWNER, "pmm_simple")).draft_id, "id": "x", "from": "home"}
        args |= {"controller": (await program.services.bots.configs(OWNER, bot_id))[0].controller_id, "field": "stop_loss", "changes": {}}
        with suppress(UserError):
            # some are of what is not there, such as accounts with real money
            await registry.screens[name].render(context(program, registry), Given(args))
    after = {name: connector.tracker.open_count for name, connector in host.runtime.connectors.items()}
    assert after == before
    # no id was given out in between: nothing was created or sent
    assert int(host.runtime.ids.executor_id().rpartition("-")[2]) == int(serial.rpartition("-")[2]) + 1


async def test_wizard_keeps_what_does_not_hold_off_and_offers_both_readings(program: Program, registry: Registry) -> None:
    ctx = context(program, registry)
    draft = await program.services.drafts.begin(OWNER, "pmm_simple")
    outcome = await registry.actions["answer"].act(ctx, {"draft": draft.draft_id, "field": "take_profit", "text": "0.1"})
    assert isinstance(outcome, Show)
    view = await registry.screens["draft"].render(ctx, {**outcome.args, "field": "take_profit"})
    labels = [button.text for row in view.rows for button in row]
    assert labels[:2] == ["0.1%", "10%"]
    assert (await program.services.drafts.draft(draft.draft_id)).answers == draft.answers
    for text in ("abc", "-1%", "nan", "1e9"):
        outcome = await registry.actions["answer"].act(ctx, {"draft": draft.draft_id, "field": "take_profit", "text": text})
        assert isinstance(outcome, Show)
        assert outcome.args["problem"], text
    pair = await registry.actions["answer"].act(ctx, {"draft": draft.draft_id, "field": "trading_pair", "text": "BTC-UDST"})
    assert isinstance(pair, Show)
    assert "BTC-USDT" in pair.args["readings"]


async def test_review_refuses_positions_below_the_venues_smallest_order(program: Program, registry: Registry) -> None:
    ctx = context(program, registry)
    draft = await program.services.drafts.begin(OWNER, "pmm_simple")
    await program.services.drafts.answer(OWNER, draft.draft_id, "total_amount_quote", "4")
    await program.services.drafts.go(draft.draft_id, 99)
    view = await registry.screens["draft"].render(ctx, {"draft": draft.draft_id})
    assert "below the smallest order" in view.text
    assert "start_draft" not in {button.action for row in view.rows for button in row}


async def test_a_viewer_sees_and_can_not_act(program: Program, registry: Registry) -> None:
    viewer = Actor(9, "V", Role.VIEWER, "telegram", 9)
    assert {name for name, item in registry.commands.items() if item.role <= Role.VIEWER} >= {
        "start",
        "bots",
        "status",
        "executors",
        "history",
        "help",
    }
    for name in (
        "reset_paper",
        "start_draft",
        "stop_bot",
        "halt",
        "release",
        "start_again",
        "start_again_live",
        "start_live",
        "pause_bots",
        "resume_bots",
        "close_executor",
        "apply_edit",
        "rename",
        "panic_freeze",
        "panic_flatten",
        "panic_release",
        "give_up",
    ):
        assert registry.actions[name].role > Role.VIEWER
    view = await registry.screens["help"].render(context(program, registry, viewer), {})
    assert "/stop" not in view.text


async def test_help_says_that_no_real_money_is_at_stake_only_where_that_is_so(registry: Registry) -> None:
    modes = ("paper",)
    services: Any = SimpleNamespace(data=SimpleNamespace(results=SimpleNamespace(modes=lambda: modes)))
    ctx = Context(services, registry, OWNER, lambda connection: None, lambda: 0)
    assert "no real money is at stake" in (await registry.screens["help"].render(ctx, {})).text
    modes = ("live", "paper")
    text = (await registry.screens["help"].render(ctx, {})).text
    assert "no real money" not in text and "Real money is at stake" in text


async def test_s32_what_an_executor_has_earned_is_said_in_its_own_asset(registry: Registry) -> None:
    ended = {"a": ("TAKE_PROFIT", Decimal("2.1"), "USDT", 14.0), "b": ("STOP_LOSS", Decimal("-0.5"), "BTC", 14.0), "c": ("FAILED", None, "BTC", 14.0)}

    async def found(actor: Actor, executor_id: str) -> Any:
        return ended[executor_id]

    services: Any = SimpleNamespace(exits=SimpleNamespace(ended=found))
    told = [await closed_words(Context(services, registry, OWNER, lambda connection: None, lambda: 0), executor_id) for executor_id in ended]
    assert told == [
        "already closed 14s ago (TAKE_PROFIT +$2.10)",
        "already closed 14s ago (STOP_LOSS -0.50 BTC)",
        "already closed 14s ago (FAILED ?)",
    ]


def test_t6_names_are_escaped_and_long_cards_are_cut_between_blocks() -> None:
    assert esc("<b>&") == "&lt;b&gt;&amp;"
    assert line("a<", Safe("<b>x</b>")) == "a&lt;<b>x</b>"
    text = card([Safe(f"<b>{'x' * 90}</b>") for _ in range(100)])
    assert utf16_length(parse_html(text)[0]) <= 4096
    assert "more than fits" in text
    assert max(len(row) for row in parse_html(pairs([("n" * 50, "v" * 50)]))[0].split("\n")) <= 38
    assert max(len(row) for row in parse_html(table(["a", "b"], [["x" * 60, "1"]]))[0].split("\n")) <= 38
    assert clip("word " * 20, 10) == "word word…"
    assert isinstance(Toast("x"), Toast)


def test_s38_every_button_of_the_panic_card_and_to_it_takes_the_urgent_lane() -> None:
    leave, stop, link, other = (
        show("◀", "home"),
        Button("🛑", "panic_freeze"),
        Button("🛑 Panic", "open", {"screen": "panic", "args": {}}),
        show("b", "bot"),
    )
    assert is_urgent_button("panic", leave) and is_urgent_button("panic", stop)
    assert is_urgent_button("home", link) and is_urgent_button("status", show("🛑", "panic"))
    assert not is_urgent_button("home", other) and not is_urgent_button("home", Button("x", "kill", {"screen": "panic"}))
