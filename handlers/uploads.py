"""Files that a person sends: fetched from the Bot API, small ones only."""

from __future__ import annotations

from telegram import Bot, Message

from condor.errors import UserError

MAX_BYTES = 1 << 20
SUFFIXES = (".yml", ".yaml")


async def fetched(bot: Bot, message: Message) -> tuple[str, bytes]:
    """(name, content) of a message's YAML file.

    Raises
    ------
    UserError
        If it is none, or too large.
    """
    document = message.document
    if document is None:
        raise UserError("only YAML files of controllers can be read here (.yml); /help lists what can be done")
    name = (document.file_name or "file")[:100]
    if not name.lower().endswith(SUFFIXES):
        raise UserError(f"expected a controller's YAML file (.yml), found {name!r}")
    if (document.file_size or 0) > MAX_BYTES:
        raise UserError(f"expected a file of at most {MAX_BYTES} bytes, found {document.file_size}")
    file = await bot.get_file(document.file_id)
    content = bytes(await file.download_as_bytearray())
    if len(content) > MAX_BYTES:
        raise UserError(f"expected a file of at most {MAX_BYTES} bytes, found {len(content)}")
    return name, content
