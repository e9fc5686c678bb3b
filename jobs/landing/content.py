"""Deliveries as received: each file's bytes, kept once under their SHA-256, so that a rebuild can replay them."""

from __future__ import annotations

import os

import pyarrow as pa
from pyarrow import fs


def keep(root: str, sha256: str, data: bytes) -> None:
    """Write the bytes, compressed, where they are not there yet. All or nothing: written aside, then renamed."""
    store, path = _place(root, sha256)
    if store.get_file_info(path).type != fs.FileType.NotFound:
        return
    draft = f"{path}.{os.getpid()}.tmp"
    packed = pa.compress(data, codec="zstd", asbytes=True)
    try:
        _write(store, draft, packed)
    except FileNotFoundError:  # the first file of its folder
        store.create_dir(path.rsplit("/", 1)[0], recursive=True)
        _write(store, draft, packed)
    store.move(draft, path)


def fetch(root: str, sha256: str) -> bytes:
    """The bytes kept under a SHA-256. Raises ``FileNotFoundError``."""
    store, path = _place(root, sha256)
    with store.open_input_stream(path, compression="zstd") as kept:
        return bytes(kept.read())


def _write(store: fs.FileSystem, path: str, packed: bytes) -> None:
    with store.open_output_stream(path, compression=None) as out:
        out.write(packed)


def _place(root: str, sha256: str) -> tuple[fs.FileSystem, str]:
    """File system and path: ``<lake.root>/landing/content/<first two digits>/<sha256>.zst``."""
    try:
        store, base = fs.FileSystem.from_uri(root)
    except pa.ArrowInvalid:  # a plain path, of which not every one is a valid address
        store, base = fs.LocalFileSystem(), root
    return store, f"{base.rstrip('/')}/landing/content/{sha256[:2]}/{sha256}.zst"
