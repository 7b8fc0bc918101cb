"""The pages of `condor.services.once` as HTML: a form without scripts, for this machine's browser only."""

from __future__ import annotations

import secrets
from base64 import b64encode
from html import escape

from aiohttp import web

from condor.errors import UserError
from condor.services.once import Form, FormField, NotOpen, OncePages

COOKIE = "condor_once"
MAX_FORM = 64 * 1024
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:30rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}"
    "h1{font-size:1.3rem}label{display:block;margin:1rem 0 .2rem;font-weight:600}small{display:block;color:#57606a}"
    "input,select{width:100%;box-sizing:border-box;font:inherit;padding:.5rem;border:1px solid #8c959f;border-radius:6px;background:#fff;color:inherit}"
    "button{margin-top:1.4rem;font:inherit;font-weight:600;padding:.6rem 1.2rem;border:0;border-radius:6px;background:#1f6feb;color:#fff}"
    ".bad{background:#ffebe9;border:1px solid #cf222e;padding:.6rem;border-radius:6px}.good{background:#dafbe1;border:1px solid #1a7f37;padding:.6rem;border-radius:6px;"
    "white-space:pre-line}img{width:14rem;height:14rem;background:#fff;padding:.5rem}"
    "@media(prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}small{color:#9da7b3}input,select{background:#161b22;border-color:#6e7681}"
    ".bad{background:#490202}.good{background:#04260f}}"
)


class OnceApi:
    """Routes of `/once/...`; the web surface has checked the host, and the origin where one is named, before."""

    def __init__(self, pages: OncePages) -> None:
        self._pages = pages

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/once/{token}", self._show, allow_head=False), web.post("/once/{token}", self._take)]

    async def _show(self, request: web.Request) -> web.Response:
        token = request.match_info["token"]
        try:
            form, visitor = self._pages.visit(token, request.cookies.get(COOKIE, ""))
        except NotOpen as error:
            return _page("This page is over", f'<p class="bad">{escape(str(error))}</p>', status=410)
        response = _page(form.title, _form(form))
        response.set_cookie(COOKIE, visitor, path=f"/once/{token}", httponly=True, samesite="Strict", max_age=900)
        return response

    async def _take(self, request: web.Request) -> web.Response:
        # every browser says where a form comes from; what does not is no browser
        if not _is_own(request):
            return _page("Refused", '<p class="bad">This form must be sent from its own page.</p>', status=403)
        token, visitor = request.match_info["token"], request.cookies.get(COOKIE, "")
        if (request.content_length or 0) > MAX_FORM or request.content_type != "application/x-www-form-urlencoded":
            return _page("Refused", '<p class="bad">That is no form of this page.</p>', status=400)
        sent = await request.post()
        values = {name: value for name, value in sent.items() if isinstance(value, str)}
        try:
            said = await self._pages.send(token, visitor, values)
        except NotOpen as error:
            return _page("This page is over", f'<p class="bad">{escape(str(error))}</p>', status=410)
        except UserError as error:
            form, _ = self._pages.visit(token, visitor)
            return _page(form.title, _form(form, str(error), values), status=422)
        return _page("Done", f'<p class="good">{escape(said)}</p><p>This page is used up; you may close it.</p>')


def _is_own(request: web.Request) -> bool:
    """Whether a request says that it comes from a page of ours; that its host is ours was checked before."""
    return request.headers.get("Origin") == f"http://{request.host}"


def _form(form: Form, problem: str = "", values: dict[str, str] | None = None) -> str:
    parts = [f"<p>{escape(text)}</p>" for text in form.words]
    if problem:
        parts.append(f'<p class="bad" role="alert">{escape(problem)}</p>')
    if form.picture:
        parts.append(f'<img alt="QR code" src="data:image/svg+xml;base64,{b64encode(form.picture.encode()).decode()}">')
    questions = "".join(_field(one, (values or {}).get(one.name, "")) for one in form.fields)
    parts.append(f'<form method="post" autocomplete="off">{questions}<button type="submit">{escape(form.button)}</button></form>')
    return "".join(parts)


def _field(one: FormField, value: str) -> str:
    # nothing that was typed is sent back
    label = f'<label for="{one.name}">{escape(one.label)}</label>'
    hint = f"<small>{escape(one.hint)}</small>" if one.hint else ""
    common = f'id="{one.name}" name="{one.name}" required'
    if one.kind == "choice":
        options = "".join(f"<option{' selected' if choice == value else ''}>{escape(choice)}</option>" for choice in one.choices)
        return f"{label}<select {common}>{options}</select>{hint}"
    if one.kind == "text":
        return f'{label}<input {common} type="text" spellcheck="false" autocomplete="off">{hint}'
    if one.kind == "code":
        return f'{label}<input {common} type="text" inputmode="numeric" pattern="[0-9 ]*" autocomplete="one-time-code">{hint}'
    return f'{label}<input {common} type="password" autocomplete="off">{hint}'


def _page(title: str, body: str, status: int = 200) -> web.Response:
    nonce = secrets.token_urlsafe(12)
    headers = {
        "Content-Security-Policy": (
            f"default-src 'none'; style-src 'nonce-{nonce}'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ),
        "X-Content-Type-Options": "nosniff",
        # not no-referrer: a form sent under that names no origin
        "Referrer-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
    text = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<title>{escape(title)}</title><style nonce="{nonce}">{STYLE}</style><main><h1>{escape(title)}</h1>{body}</main></html>'
    )
    return web.Response(text=text, status=status, content_type="text/html", headers=headers)
