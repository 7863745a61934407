"""Build `sample_graphs/broken/`, damaged, hostile and foreign files: `python sample_graphs/build_broken.py`.

Needs protobuf and numpy only; some files are cut from the samples in `artifacts/`. What each must lead to stands in
`broken/manifest.toml`.
"""

from __future__ import annotations

import argparse
import io
import struct
import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import google_crc32c  # noqa: E402

from tests.messages import message  # noqa: E402

ARTIFACTS = HERE / "artifacts"
MAGIC = 0xDB4775248B80FB57


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE / "broken")
    build(parser.parse_args().out)


def build(folder: Path) -> None:
    """Write every broken file into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in {**graphs(), **cut_files(), **foreign(), **tables()}.items():
        (folder / name).write_bytes(content)
    folders(folder)


def graphs() -> dict[str, bytes]:
    """Graphs that are well-formed protobuf and hostile, or damaged in single nodes."""
    return {
        "hostile_names.pb": graph_of(*((name, "NoOp", ()) for name in HOSTILE_NAMES)),
        "deep_nesting.pb": graph_of(("/".join(["d"] * 3000), "NoOp", ())),
        "dangling.pb": graph_of(("a", "Const", ()), ("b", "AddV2", ("a", "gone:2", "^missing")), ("a", "Const", ())),
        "cycle.pb": graph_of(("a", "Identity", ("b",)), ("b", "Identity", ("a",)), ("c", "Identity", ("c",))),
        "not_utf8.pb": graph_of(("good", "NoOp", ())) + field(1, field(1, b"caf\xe9/x") + field(2, b"NoOp")),
    }


HOSTILE_NAMES = (
    "<img src=x onerror=alert(1)>",
    "quote'\"`/back\\slash",
    "../../etc/passwd",
    "//empty//segments/",
    "\u202eright/\u200fto/left",
    "emoji/\U0001f9e0/\u0301combining",
    "\x1b[31mred\x1b[0m/bell\x07/nul\x00/new\nline",
    "long/" + "x" * 10_000,
    "constructor/__proto__/length",
    "{{ template }}/{% raw %}/[bold]markup[/bold]",
)


def graph_of(*nodes: tuple[str, str, tuple[str, ...]]) -> bytes:
    graph = message("GraphDef")()
    for name, op, inputs in nodes:
        graph.node.add(name=name, op=op, input=inputs)
    return bytes(graph.SerializeToString())


def cut_files() -> dict[str, bytes]:
    """Samples that end too early, or whose bytes were changed on the way."""
    meta = (ARTIFACTS / "m17_gan.meta").read_bytes()
    text = (ARTIFACTS / "m02_nested_scopes.pbtxt").read_bytes()
    text_meta = (ARTIFACTS / "m16_auto_reuse.meta").read_bytes()
    frozen = (ARTIFACTS / "m30_frozen_ref.pb").read_bytes()
    events = next((ARTIFACTS / "m29_logdir" / "v1").iterdir()).read_bytes()
    saved_model = (ARTIFACTS / "m29_module" / "saved_model.pb").read_bytes()
    index = (ARTIFACTS / "m33_original.ckpt.index").read_bytes()
    return {
        "empty.pb": b"",
        "truncated.meta": meta[: len(meta) * 6 // 10],
        "truncated.pb": frozen[: len(frozen) // 2],
        "truncated.pbtxt": text[: len(text) * 2 // 3],
        "truncated_text.meta": text_meta[: len(text_meta) * 3 // 4],
        "truncated_saved_model.pb": saved_model[: len(saved_model) // 2],
        "truncated.tfevents": events[: len(events) - 9],
        "flipped.tfevents": events[:60] + bytes([events[60] ^ 0xFF]) + events[61:],
        "as_text.meta": meta.decode("utf-8", "replace").encode(),
        "cut.index": index[: len(index) - 60],
        "flipped.index": index[:40] + bytes([index[40] ^ 0x01]) + index[41:],
    }


def foreign() -> dict[str, bytes]:
    """First bytes of files that are not TensorFlow's, under names that promise they are."""
    return {
        "photo.pb": b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(40),
        "weights.h5": b"\x89HDF\r\n\x1a\n" + bytes(40),
        "model.tflite": b"\x1c\x00\x00\x00TFL3" + bytes(40),
        "model.onnx": b"\x08\x07" + field(2, b"pytorch") + field(7, field(2, b"main_graph")),
        "pointer.pb": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n",
        "model.cpb": bytes.fromhex("83af70d10d884a3f") + bytes(56),
        "prose.pbtxt": b"this is not a graph, only a file that says it is\n",
        "other.pbtxt": b'feed { id { node_name: "x" } }\nfetch { id { node_name: "y" } }\n',
        "page.meta": b"<!DOCTYPE html><html><body>404</body></html>",
        "archive.keras": keras_archive(),
        "fingerprint.pb": b"\x08\xf7\xd1\xa5\x8e\x93\xc4\xba\xd0\x12\x10\x05\x18\x06\x20\x07\x28\x08\x3a\x02\x08\x01",
    }


def keras_archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in ("metadata.json", "config.json", "model.weights.h5"):
            archive.writestr(zipfile.ZipInfo(name), b"{}")
    return out.getvalue()


def tables() -> dict[str, bytes]:
    """Checkpoint indexes that are malformed in one way each; TensorFlow's reader aborts on some of them."""
    good = table([(b"", header()), (b"w", entry())])
    return {
        "bad_magic.index": good[:-8] + bytes(8),
        "short.index": good[-20:],
        "bad_header.index": table([(b"", b"\xff\xff\xff"), (b"w", entry())]),
        "not_a_proto.index": table([(b"", header()), (b"v", entry()), (b"w", b"\xff\xff\xff\xff")]),
        "negative_size.index": table([(b"", header()), (b"w", entry(sizes=(-5, 3)))]),
        "huge_sizes.index": table([(b"", header()), (b"w", entry(sizes=(2**62, 2**62)))]),
        "unknown_dtype.index": table([(b"", header()), (b"w", entry(dtype=77))]),
        "float_without_data.index": table([(b"", header()), (b"w", entry(sizes=(1 << 40,), size=1 << 42))]),
        "empty_table.index": table([]),
        "no_header.index": table([(b"w", entry())]),
        "many_restarts.index": table([(b"", header()), (b"w", entry())], restarts=1 << 30),
        "far_handle.index": table([(b"", header()), (b"w", entry())], index_offset=1 << 60),
        "shared_too_long.index": table([(b"", header()), (b"w", entry())], shared=200),
        "unknown_compression.index": table([(b"", header()), (b"w", entry())], compression=9),
        "broken_snappy.index": table([(b"", header()), (b"w", entry())], compression=1),
    }


def header() -> bytes:
    return bytes(message("BundleHeaderProto")(num_shards=1).SerializeToString())


def entry(*, sizes: tuple[int, ...] = (2, 3), dtype: int = 1, size: int = 24) -> bytes:
    proto = message("BundleEntryProto")(dtype=dtype, size=size)
    for length in sizes:
        proto.shape.dim.add(size=length)
    return bytes(proto.SerializeToString())


def table(
    entries: list[tuple[bytes, bytes]],
    *,
    restarts: int = 1,
    shared: int = 0,
    index_offset: int | None = None,
    compression: int = 0,
) -> bytes:
    """Write a table of one block; every argument but the first is a way to break it."""
    body = b"".join(
        varint(shared if number else 0) + varint(len(key)) + varint(len(value)) + key + value
        for number, (key, value) in enumerate(entries)
    )
    data = block(body, restarts, compression)
    last_key = entries[-1][0] if entries else b""
    handle = varint(0) + varint(len(data) - 5)
    index = block(varint(0) + varint(len(last_key)) + varint(len(handle)) + last_key + handle)
    meta = block(b"")
    position = len(data)
    footer = varint(position) + varint(len(meta) - 5)
    footer += varint(position + len(meta) if index_offset is None else index_offset) + varint(len(index) - 5)
    return data + meta + index + footer.ljust(40, b"\0") + struct.pack("<Q", MAGIC)


def block(body: bytes, restarts: int = 1, compression: int = 0) -> bytes:
    content = body + struct.pack("<II", 0, restarts) + bytes([compression])
    crc = google_crc32c.value(content)
    return content + struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def field(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def folders(folder: Path) -> None:
    """Folders: a state file that is stale, one that names nothing, shards that are missing or short, nothing at all."""
    index = (ARTIFACTS / "m33_original.ckpt.index").read_bytes()
    shard = (ARTIFACTS / "m33_original.ckpt.data-00000-of-00001").read_bytes()
    files = {
        "moved/checkpoint": b'model_checkpoint_path: "/elsewhere/train/model.ckpt-7"\n',
        "moved/model.ckpt-7.index": index,
        "moved/model.ckpt-7.data-00000-of-00001": shard,
        "stale/checkpoint": b'model_checkpoint_path: "model.ckpt-9"\n',
        "br[1]/model.ckpt.index": index,
        "br[1]/model.ckpt.data-00000-of-00001": shard[:20],
        "nothing/notes.txt": b"nothing of TensorFlow here\n",
    }
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


if __name__ == "__main__":
    main()
