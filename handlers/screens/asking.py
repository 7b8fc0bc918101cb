"""Cards that ask before somebody is let in, shut out, or given another role; `handlers.confirm` does the rest."""

from __future__ import annotations

from condor.services.confirms import Frozen
from handlers.html import Safe, bold, card
from handlers.view import Button, View, show


def asked(text: Safe, answer: Button, back: Button, frozen: Frozen) -> View:
    """A question with one answer, and harmless rows enough that it never stands where the tapped button stood."""
    return View(text, ((back,), (answer,), (show("👥 Users", "users"),)), frozen=frozen)


def gone(why: str, screen: str) -> View:
    """There is nothing to ask any more."""
    return View(card([bold(why)]), ((show("◀ Back", screen),),), gone=why)
