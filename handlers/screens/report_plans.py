"""Reports that come by themselves: each day or each week, as a file in this chat."""

from __future__ import annotations

from typing import Any

from condor.alerts.localtime import DAYS, minute_of_day, time_text
from condor.errors import UserError
from condor.services.report_plans import EVERY, WEEKLY, ReportPlan
from condor.services.reports import FORMS
from handlers import words
from handlers.alerts_own import local_text
from handlers.context import Args, Context
from handlers.html import bold, card, italic, line, quote
from handlers.registry import action, screen
from handlers.view import Button, Outcome, Show, View, show

MORNING = 9 * 60
USAGE = "/report daily 09:00 [csv|html] [paper|live] [changes], /report weekly mon 09:00 ..., /report [daily|weekly] off"


async def plan_typed(ctx: Context, arguments: list[str]) -> Show:
    """`daily 09:00 csv changes`, `weekly mon html live`, `daily off`, `off`; UserError names what can't be one of these words."""
    said = [argument.lower() for argument in arguments]
    if said[-1] == "off":
        if len(said) > 2:
            raise UserError(f"expected {USAGE}, found {' '.join(arguments)!r}")
        if not await ctx.services.data.plans.end(ctx.actor, "" if said[0] == "off" else said[0], ctx.claim):
            raise UserError("no such report comes by itself here")
        return Show("report_plans")
    every, modes = said[0], ctx.services.data.results.modes()
    if every not in EVERY:
        raise UserError(f"expected {USAGE}, found {' '.join(arguments)!r}")
    found: dict[str, Any] = {"form": FORMS[0], "mode": modes[0], "at": MORNING, "weekday": 0, "changes": False}
    for word in said[1:]:
        name, value = _read(word, every, modes)
        found[name] = value
    await ctx.services.data.plans.plan(
        ctx.actor,
        every,
        found["form"],
        found["mode"],
        found["at"],
        ctx.claim,
        weekday=found["weekday"],
        only_changes=found["changes"],
    )
    return Show("report_plans")


def _read(word: str, every: str, modes: tuple[str, ...]) -> tuple[str, str | int | bool]:
    """What one word says: the form, the mode, the day of the week, that only changes count, or else the time of the day."""
    if word in FORMS:
        return "form", word
    if word in modes:
        return "mode", word
    if word in ("changes", "change"):
        return "changes", True
    if every == WEEKLY and word[:3] in DAYS and word.isalpha():
        return "weekday", DAYS.index(word[:3])
    return "at", minute_of_day(word)


@screen("report_plans")
async def report_plans(ctx: Context, args: Args) -> View:
    """What comes by itself, and ways to change it. Asked for a `mode`, its buttons plan reports of that; otherwise a plan keeps the one that it has."""
    plans = {plan.every: plan for plan in await ctx.services.data.plans.all(ctx.actor)}
    zone = (await ctx.services.alerts.view(ctx.actor)).wishes.prefs.zone
    blocks: list[object] = [bold("📄 Reports that come by themselves")]
    blocks += [_plan_line(plan, zone) for plan in plans.values()] or [quote("None. A report is a file with all results of its day, or week.")]
    blocks.append(italic("Typed: /report daily 09:00 html, /report weekly mon 08:00 csv changes, /report off"))
    mode = str(args.get("mode", ""))
    rows: list[tuple[Button, ...]] = []
    for every in EVERY:
        plan = plans.get(every)
        rows.append(tuple(_form_button(every, form, mode, plan) for form in FORMS))
        if plan is not None:
            changes = Button(f"{'● ' if plan.only_changes else ''}if changed", "plan_changes", {"every": every, "mode": mode})
            rows.append((changes, Button(f"✖ No {every}", "end_plan", {"every": every, "mode": mode})))
    now = {"mode": mode} if mode else {}
    last = (show("📄 Report now", "report", **now), show("⚙️ Settings", "settings"), show("◀ Home", "home"))
    return View(card(blocks), (*rows, last))


def _plan_line(plan: ReportPlan, zone: str) -> object:
    day = f" on {DAYS[plan.weekday].capitalize()}" if plan.weekday >= 0 else ""
    when = ", only when something has ended" if plan.only_changes else ""
    said = f"{day} at {time_text(plan.at_minute)} {zone}: {plan.form.upper()} of {words.MODES.get(plan.mode, plan.mode)}{when}"
    return line("• ", bold(plan.every), said, f" · next {local_text(plan.next_ms, zone)}")


def _form_button(every: str, form: str, mode: str, plan: ReportPlan | None) -> Button:
    is_now = plan is not None and plan.form == form and mode in ("", plan.mode)
    return Button(f"{'● ' if is_now else ''}{every} {form.upper()}", "plan_report", {"every": every, "form": form, "mode": mode})


@action("plan_report")
async def plan_report(ctx: Context, args: Args) -> Outcome:
    """One of them, as it was and at the hour that it had, or at nine."""
    every = str(args["every"])
    now = await _now(ctx, every)
    at, day, changes = (now.at_minute, now.weekday, now.only_changes) if now is not None else (MORNING, 0, False)
    mode = str(args["mode"]) or (ctx.services.data.results.modes()[0] if now is None else now.mode)
    await ctx.services.data.plans.plan(ctx.actor, every, str(args["form"]), mode, at, ctx.claim, weekday=max(0, day), only_changes=changes)
    return _shown(args, "It comes by itself from now on")


@action("plan_changes")
async def plan_changes(ctx: Context, args: Args) -> Outcome:
    """Only when something has ended, or always."""
    now = await _now(ctx, str(args["every"]))
    if now is None:
        raise UserError("no such report comes by itself here any more")
    await ctx.services.data.plans.plan(
        ctx.actor, now.every, now.form, now.mode, now.at_minute, ctx.claim, weekday=max(0, now.weekday), only_changes=not now.only_changes
    )
    return _shown(args, "Always" if now.only_changes else "Only when something has ended")


@action("end_plan")
async def end_plan(ctx: Context, args: Args) -> Outcome:
    await ctx.services.data.plans.end(ctx.actor, str(args["every"]), ctx.claim)
    return _shown(args, "It does not come any more")


def _shown(args: Args, toast: str) -> Show:
    """The card again, of what it was asked for."""
    return Show("report_plans", {"mode": args.get("mode", "")}, toast=toast)


async def _now(ctx: Context, every: str) -> ReportPlan | None:
    return next((plan for plan in await ctx.services.data.plans.all(ctx.actor) if plan.every == every), None)
