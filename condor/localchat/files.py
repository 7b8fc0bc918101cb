"""Files: how large they may be, what a message tells of one, and how large a picture is."""

from __future__ import annotations

import mimetypes
import struct
from dataclasses import dataclass
from typing import Any

from condor.localchat.errors import bad_request

MAX_FILE = 50 * 1024 * 1024
MAX_PHOTO = 10 * 1024 * 1024
MAX_DOWNLOAD = 20 * 1024 * 1024
MAX_SIDES = 10_000
MAX_SIDE_RATIO = 20


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file that came with a request."""

    name: str
    content: bytes

    @property
    def mime(self) -> str:
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"


def uploaded(name: str, content: bytes) -> UploadedFile:
    """A file under a name that can be stored; bytes that are no UTF-8 come as halves of characters."""
    return UploadedFile(name.encode(errors="replace").decode(), content)


def photo_part(file_id: str, content: bytes) -> dict[str, Any]:
    """What a message holds of a photo.

    Raises
    ------
    BotApiError
        If it is neither a PNG nor a JPEG.
    """
    width, height = image_size(content)
    size = {"file_id": file_id, "file_unique_id": file_id[-16:], "width": width, "height": height, "file_size": len(content)}
    return {"photo": [size]}


def document_part(file_id: str, file: UploadedFile) -> dict[str, Any]:
    """What a message holds of any other file."""
    document = {
        "file_id": file_id,
        "file_unique_id": file_id[-16:],
        "file_name": file.name,
        "mime_type": file.mime,
        "file_size": len(file.content),
    }
    return {"document": document}


def image_size(content: bytes) -> tuple[int, int]:
    """Width and height of a PNG or JPEG.

    Raises
    ------
    BotApiError
        If it is neither.
    """
    if content[:8] == b"\x89PNG\r\n\x1a\n" and len(content) >= 24:
        width, height = struct.unpack(">II", content[16:24])
        return int(width), int(height)
    if content[:2] == b"\xff\xd8":
        position = 2
        while position + 9 < len(content):
            if content[position + 1] == 0xFF:
                # a marker may stand behind any number of these
                position += 1
                continue
            marker, length = content[position + 1], struct.unpack(">H", content[position + 2 : position + 4])[0]
            if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
                height, width = struct.unpack(">HH", content[position + 5 : position + 9])
                return int(width), int(height)
            position += 2 + length
    raise bad_request("IMAGE_PROCESS_FAILED")
