"""Zip archives whose bytes depend on their content only."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

IMS_MANIFEST = "imsmanifest.xml"
"""Name of the manifest of an IMS content package, which QTI and SCORM use."""
_DATE = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip archive can store, so that no clock is read."""
_FILE_MODE = 0o100644
_UNIX = 3


def packed(files: Mapping[str, bytes], *, first: str = "") -> bytes:
    """Return a zip archive, its entries sorted by name.

    Parameters
    ----------
    files : mapping of str to bytes
        Content by name within the archive.
    first : str, optional
        The entry to put before all others.

    Examples
    --------
    >>> packed({"b": b"2", "a": b"1"}) == packed({"a": b"1", "b": b"2"})
    True
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(files, key=lambda name: (name != first, name)):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.compress_type = zipfile.ZIP_STORED if name.endswith(".png") else zipfile.ZIP_DEFLATED
            entry.create_system, entry.external_attr = _UNIX, _FILE_MODE << 16
            archive.writestr(entry, files[name])
    return buffer.getvalue()
