"""V2 checkpoints (tensor bundles): `<prefix>.index` lists what lies where in `<prefix>.data-00000-of-00001`.

Key "" holds a BundleHeaderProto, every other key a BundleEntryProto {dtype, shape, shard_id, offset, size, crc32c,
slices}. Keys that start with NUL are slices of partitioned variables; their parent has `slices` and no data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from stat import S_ISREG

from scopeview.errors import DamagedError
from scopeview.model.dtypes import dtype_name
from scopeview.model.model import Damage
from scopeview.model.variables import Part, StoredSlice, Variable
from scopeview.readers.checkpoint import table
from scopeview.readers.checkpoint.bundle_entry import BundleEntry, decode_bundle_entry
from scopeview.readers.checkpoint.slices import FULL, slice_key
from scopeview.readers.checksums import masked_crc32c
from scopeview.readers.protobuf.decode import DecodeError, parse
from scopeview.readers.protobuf.wire import Buffer, WireError, varint
from scopeview.readers.storage import opened, status
from scopeview.readers.undecodable import text_of_bytes

LARGEST_BLANK = 1 << 16

V1_START = b"\x0a"
"""First byte of a V1 checkpoint's SavedTensorSlices, whose field 1 is a message; it is a number in a V2 header."""


@dataclass
class Bundle:
    """The entries of an index, decoded."""

    shard_count: int
    producer: int | None
    entries: dict[bytes, BundleEntry | None] = field(default_factory=dict)
    """What lies where, by key; None for an entry that cannot be decoded."""
    notes: list[str] = field(default_factory=list)


def read_bundle(buffer: Buffer, path: str) -> Bundle | None:
    """Decode an index, or return None if the table is not a V2 index (a V1 checkpoint is a table too).

    Raises:
        DamagedError: the table has no entries at all.
    """
    notes: list[str] = []
    found = table.entries(buffer, notes)
    first = next(found, None)
    if first is None:
        reason = "; ".join(notes) or "it was closed before anything was written"
        raise DamagedError(f"{path} is a checkpoint table without any readable entry: {reason}")
    if first.key != b"" or first.value[:1] == V1_START:
        return None
    bundle = bundle_of_header(first.value, notes)
    for entry in found:
        try:
            bundle.entries[entry.key] = decode_bundle_entry(entry.value)
        except DecodeError:
            bundle.entries[entry.key] = None
            notes.append(f"the entry of {_text(entry.key)[:200]!r} is damaged: its dtype and shape are unknown")
    return bundle


def bundle_of_header(raw: bytes, notes: list[str]) -> Bundle:
    """Return a bundle without entries from the header of an index; one that is damaged is noted."""
    try:
        header = parse("BundleHeaderProto", raw)
    except DecodeError:
        notes.append("the header of the index is damaged; one shard is assumed")
        return Bundle(1, None, notes=notes)
    return Bundle(max(1, header.num_shards), header.version.producer, notes=notes)


def bundle_variables(bundle: Bundle) -> list[Variable]:
    """Return one variable per key, with the slices of partitioned ones as parts; names are the keys."""
    return [_variable(key, entry, bundle) for key, entry in bundle.entries.items() if not key.startswith(b"\0")]


def _variable(key: bytes, entry: BundleEntry | None, bundle: Bundle) -> Variable:
    name = _text(key)
    if entry is None:
        return Variable(
            name,
            "checkpoint",
            None,
            "unknown",
            checkpoint_keys=(name,),
            note="its entry is damaged",
        )
    if entry.shape.problem:
        bundle.notes.append(f"the entry of {name[:200]!r} has {entry.shape.problem}")
    parts = _parts(key, entry, bundle) if entry.slices else ()
    return Variable(
        name=name,
        kind="partitioned" if parts else "checkpoint",
        shape=entry.shape.sizes,
        dtype=dtype_name(entry.dtype),
        checkpoint_keys=(name,),
        parts=parts,
        stored=None if parts else _stored(entry),
    )


def _stored(entry: BundleEntry) -> StoredSlice:
    is_blank = entry.crc32c in blank_checksums(entry.size, dtype_name(entry.dtype))
    return StoredSlice(entry.shard_id, entry.offset, entry.size, entry.crc32c, is_blank)


@lru_cache(maxsize=4096)
def blank_checksums(size: int, dtype: str) -> tuple[int, ...]:
    """Return the checksums of so many bytes of zeros and, for floats, of ones: what fresh variables hold.

    Only of up to 64 kB, which biases and scales have; larger weights are random at first.
    """
    if not 0 < size <= LARGEST_BLANK:
        return ()
    one = {"float32": b"\0\0\x80\x3f", "float64": b"\0\0\0\0\0\0\xf0\x3f", "bfloat16": b"\x80\x3f"}.get(dtype)
    blanks = [bytes(size)] + ([one * (size // len(one))] if one else [])
    return tuple(masked_crc32c(blank) for blank in blanks)


def _parts(key: bytes, entry: BundleEntry, bundle: Bundle) -> tuple[Part, ...]:
    parts = []
    for number, piece in enumerate(entry.slices):
        extents = [(e.start, e.length if e.HasField("length") else FULL) for e in piece.extent]
        stored = bundle.entries.get(slice_key(key, extents))
        if stored is None:
            bundle.notes.append(f"slice {number} of {_text(key)[:200]!r} has no readable entry in the index")
        shape = tuple(
            size if length == FULL else length for (_, length), size in zip(extents, entry.shape.lengths, strict=False)
        )
        parts.append(
            Part(
                f"{_text(key)}/part_{number}",
                tuple(start for start, _ in extents),
                shape,
                _stored(stored) if stored is not None else None,
            )
        )
    return tuple(sorted(parts, key=lambda part: part.offset))


def _text(key: bytes) -> str:
    return text_of_bytes(key)


def shard_path(prefix: Path, shard: int, count: int) -> Path:
    """Return the path of a data shard."""
    return prefix.with_name(f"{prefix.name}.data-{shard:05d}-of-{count:05d}")


def check_shards(prefix: Path, bundle: Bundle) -> tuple[Damage, ...]:
    """Return which shards are missing, or shorter than the index says."""
    needed: dict[int, int] = {}
    for entry in bundle.entries.values():
        if entry is not None and not entry.slices:
            needed[entry.shard_id] = max(needed.get(entry.shard_id, 0), entry.offset + entry.size)
    return check_shard_sizes(prefix, bundle.shard_count, needed)


def check_shard_sizes(prefix: Path, count: int, needed: Mapping[int, int]) -> tuple[Damage, ...]:
    """Return which of so many shards are missing, or shorter than the bytes that are needed of each."""
    found = []
    for shard, size in sorted(needed.items()):
        path = shard_path(prefix, shard, count)
        shard_file = status(path)
        if shard_file is None or not S_ISREG(shard_file.st_mode):
            missing = f"data shard {path.name} is missing: names and shapes are known, values are not"
            found.append(Damage("shard", path.name, missing))
        elif shard_file.st_size < size:
            has = f"it has {shard_file.st_size:,} bytes, the index needs {size:,}"
            found.append(Damage("shard", path.name, f"data shard {path.name} is truncated: {has}"))
    return tuple(found)


def read_string(prefix: Path, bundle: Bundle, key: bytes) -> bytes | None:
    """Return the value of a scalar string entry from its shard, or None if it cannot be read.

    Layout of a string tensor: the length of each element (varint), a checksum of the lengths (u32), the bytes.
    """
    entry = bundle.entries.get(key)
    if entry is None:
        return None
    try:
        with opened(shard_path(prefix, entry.shard_id, bundle.shard_count)) as shard:
            shard.seek(entry.offset)
            raw = shard.read(min(entry.size, 1 << 30))
        length, start = varint(raw, 0)
    except (OSError, ValueError, OverflowError, WireError):
        return None
    content = raw[start + 4 : start + 4 + length]
    return content if len(content) == length else None
