"""PNG files read chunk by chunk: whether they are complete, and whether they carry text.

Importers of teaching software store a picture unread, and learners then see a broken one.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
TEXT_CHUNKS = (b"tEXt", b"zTXt", b"iTXt", b"tIME", b"eXIf")


def png_size(content: bytes) -> tuple[int, int]:
    """Return width and height in pixels.

    Parameters
    ----------
    content : bytes
        The file.

    Raises
    ------
    ValueError
        If it is not a PNG, is cut short, or a chunk has a wrong checksum.
    """
    if not content.startswith(_SIGNATURE):
        raise ValueError("not a PNG")
    kinds, size = [], (0, 0)
    for kind, body in _chunks(content):
        kinds.append(kind)
        if kind == b"IHDR":
            size = struct.unpack(">II", body[:8])
    if kinds[:1] != [b"IHDR"] or b"IDAT" not in kinds or kinds[-1] != b"IEND" or 0 in size:
        raise ValueError("an incomplete PNG")
    return size


def text_chunks(content: bytes) -> list[str]:
    """Return the kinds of chunks that carry text, a time or other metadata.

    Raises
    ------
    ValueError
        If the file is cut short, or a chunk has a wrong checksum.
    """
    return [kind.decode() for kind, _ in _chunks(content) if kind in TEXT_CHUNKS]


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and content of each chunk."""
    start = len(_SIGNATURE)
    while start < len(content):
        try:
            (length,) = struct.unpack_from(">I", content, start)
            (checksum,) = struct.unpack_from(">I", content, start + 8 + length)
        except struct.error:
            raise ValueError("a PNG that is cut short") from None
        chunk = content[start + 4 : start + 8 + length]
        if zlib.crc32(chunk) != checksum:
            raise ValueError("a PNG with a wrong checksum")
        yield chunk[:4], chunk[4:]
        start += length + 12
