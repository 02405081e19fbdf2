"""Whether bytes are a whole PNG: what importers store unread and learners then see as a broken picture."""

from __future__ import annotations

import struct
import zlib

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def png_size(content: bytes) -> tuple[int, int]:
    """Return width and height in pixels.

    Parameters
    ----------
    content : bytes
        The file.

    Raises
    ------
    ValueError
        If it is no PNG, is cut short, or a part's check sum is wrong.
    """
    if not content.startswith(_SIGNATURE):
        raise ValueError("no PNG")
    place, kinds, size = len(_SIGNATURE), [], (0, 0)
    while place < len(content):
        kind, body, place = _part(content, place)
        kinds.append(kind)
        if kind == b"IHDR":
            size = struct.unpack(">II", body[:8])
    if kinds[:1] != [b"IHDR"] or b"IDAT" not in kinds or kinds[-1] != b"IEND" or 0 in size:
        raise ValueError("an incomplete PNG")
    return size


def _part(content: bytes, place: int) -> tuple[bytes, bytes, int]:
    try:
        (length,) = struct.unpack_from(">I", content, place)
        (check,) = struct.unpack_from(">I", content, place + 8 + length)
    except struct.error:
        raise ValueError("a PNG that is cut short") from None
    part = content[place + 4 : place + 8 + length]
    if zlib.crc32(part) != check:
        raise ValueError("a PNG with a wrong check sum")
    return part[:4], part[4:], place + 12 + length
