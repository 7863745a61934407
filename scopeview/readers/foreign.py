"""Names for what no reader opens, so that a refusal says what the file is and what to do."""

from __future__ import annotations

_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG", "a PNG picture"),
    (0, b"\xff\xd8\xff", "a JPEG picture"),
    (0, b"GIF8", "a GIF picture"),
    (0, b"%PDF", "a PDF document"),
    (0, b"\x93NUMPY", "a NumPy array"),
    (0, b"BZh", "a bzip2 archive; unpack it first"),
    (0, b"\xfd7zXZ\x00", "an xz archive; unpack it first"),
    (0, b"7z\xbc\xaf", "a 7-Zip archive; unpack it first"),
    (257, b"ustar", "a tar archive; unpack it first"),
    (0, b"\x7fELF", "an executable or library"),
    (0, b"SQLite format 3", "an SQLite database"),
    (0, b"GGUF", "a GGUF model"),
    (
        0,
        b"\x83\xafp\xd1\x0d\x88J?",
        "a chunked proto (.cpb, Riegeli records), which only newer savers write; "
        "save the model below 2 GB or as text to look at it",
    ),
)

_TEXT: tuple[tuple[bytes, str], ...] = (
    (b"version https://git-lfs.github.com/spec/", "a pointer of Git LFS, not the file itself; run: git lfs pull"),
    (b"fileFormatVersion: ", "a Unity asset description (YAML), not TensorFlow's .meta"),
    (b"<!DOCTYPE", "an HTML page; perhaps a download that failed"),
    (b"<html", "an HTML page; perhaps a download that failed"),
    (b"<?xml", "an XML document"),
)

_REPLACEMENT = b"\xef\xbf\xbd"


def foreign_name(head: bytes) -> str | None:
    """Say what a file is from magic bytes that no message of TensorFlow starts with, or return None."""
    for offset, magic, name in _MAGIC:
        if head.startswith(magic, offset):
            return name
    if head.startswith(b"PK\x03\x04"):
        return "a zip archive; unpack it first"
    if head[:1] == b"\x80" and head[1:2] in b"\x02\x03\x04\x05":
        return "a Python pickle, which is not opened because that runs code"
    return None


def foreign_text_name(head: bytes) -> str | None:
    """Say what a text is, for content that is no message of TensorFlow, or return None if nothing known fits."""
    for start, name in _TEXT:
        if head.lstrip().startswith(start):
            return name
    if head.count(_REPLACEMENT) > 2 and b"\0" not in head[:1]:
        return (
            "binary data that was once saved as text: it holds U+FFFD replacement characters, and the bytes they "
            "stand for are lost; fetch the file again in binary mode"
        )
    return _json_name(head)


def _json_name(head: bytes) -> str | None:
    text = head.lstrip()
    if not text.startswith((b"{", b"[")):
        return None
    import json

    try:
        json.loads(text)
    except ValueError:
        return "JSON" if b'":' in text else None
    except RecursionError:  # brackets, nested deeper than any JSON that means something
        return "brackets, nested thousands deep"
    return "JSON"
