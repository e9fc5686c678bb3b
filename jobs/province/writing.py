"""From rows to files: text of each file and block by the maker, whole files with their manifests by the writer.

A file is written under another name and renamed, its manifest last: what has a manifest is complete. A repeat finds
files that are already there and leaves them.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.province.defects import DEFECT, defect_table
from jobs.province.draws import Draws
from jobs.province.recording import Batch
from jobs.province.schedule import Period

CHUNK = pa.schema(
    [
        ("sender", pa.int32()),
        ("feed", pa.string()),
        ("period", pa.int32()),
        ("part", pa.int64()),
        ("text", pa.binary()),
        ("persons", pa.binary()),
        ("defects", pa.binary()),
    ]
)
WRITTEN = pa.schema([("feed", pa.string()), ("files", pa.int64()), ("rows", pa.int64()), ("bytes", pa.int64())])
RECORD = pa.schema([("file", pa.dictionary(pa.int32(), pa.string())), ("row", pa.int64()), ("person", pa.int64())])
HELD = 1_000_000  # rows about whom is noted in memory before it is written


@dataclass(frozen=True)
class Feed:
    """What the writer needs of a contract: version and header."""

    version: str
    header: tuple[str, ...]


@dataclass(frozen=True)
class Desk:
    """Everything a writer needs: where to, what the senders are called and how they encode."""

    out: Path
    truth: Path
    window: str
    senders: tuple[str, ...]
    gb18030: tuple[bool, ...]
    periods: tuple[Period, ...]
    feeds: Mapping[str, Feed]
    seed: int
    file_repeated: float


def chunks(batch: Batch, part: int) -> pa.RecordBatch:
    """The lines of each file in a batch as one row: text in UTF-8 with line ends, person of each line."""
    lines = pc.binary_join_element_wise(
        *batch.columns[:-1], pc.binary_join_element_wise(batch.columns[-1], "\n", ""), ",", null_handling="replace"
    )
    lines = pa.concat_arrays([lines]) if lines.offset else lines
    new = np.ones(len(lines), bool)
    new[1:] = (batch.sender[1:] != batch.sender[:-1]) | (batch.period[1:] != batch.period[:-1])
    first = np.flatnonzero(new)
    bounds = np.append(first, len(lines))
    _, offsets, data = lines.buffers()
    starts = np.frombuffer(offsets, np.int32, len(lines) + 1)[bounds]
    persons, defects = (pa.py_buffer(x.astype(np.int64).tobytes()) for x in (batch.person, batch.defects))
    binary = (
        pa.Array.from_buffers(pa.binary(), len(first), [None, pa.py_buffer(o.astype(np.int32).tobytes()), b])
        for o, b in ((starts, data), (bounds * 8, persons), (bounds * 8, defects))
    )
    return pa.RecordBatch.from_arrays(
        [
            pa.array(batch.sender[first], pa.int32()),
            pa.array([batch.feed] * len(first), pa.string()),
            pa.array(batch.period[first], pa.int32()),
            pa.array(np.full(len(first), part)),
            *binary,
        ],
        schema=CHUNK,
    )


def write_files(desk: Desk, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Write the files of chunks that come ordered by sender, feed, period and part; yields counts by feed."""
    shard: tuple[int, str] | None = None
    writer: _Shard | None = None
    for sender, feed, period, texts, persons, defects in _by_file(batches):
        if shard != (sender, feed):
            if writer:
                yield writer.done()
            shard, writer = (sender, feed), _Shard(desk, sender, feed)
        assert writer
        writer.file(period, texts, persons, defects)
    if writer:
        yield writer.done()


def _by_file(
    batches: Iterator[pa.RecordBatch],
) -> Iterator[tuple[int, str, int, list[bytes], list[bytes], list[bytes]]]:
    """Gather the chunks of each file."""
    now: tuple[int, str, int] | None = None
    texts: list[bytes] = []
    persons: list[bytes] = []
    defects: list[bytes] = []
    for batch in batches:
        columns = (batch.column(n).to_pylist() for n in ("sender", "feed", "period", "text", "persons", "defects"))
        for sender, feed, period, text, person, marks in zip(*columns, strict=True):
            if (sender, feed, period) != now:
                if now:
                    yield *now, texts, persons, defects
                now, texts, persons, defects = (sender, feed, period), [], [], []
            texts.append(text)
            persons.append(person)
            defects.append(marks)
    if now:
        yield *now, texts, persons, defects


class _Shard:
    """All files of one sender and feed, and the truth about their rows."""

    def __init__(self, desk: Desk, sender: int, feed: str) -> None:
        self.desk, self.sender, self.feed = desk, sender, feed
        self.files = self.rows = self.bytes = self.held = 0
        self.about: list[tuple[str, np.ndarray, np.ndarray]] = []
        name = f"{desk.senders[sender]}-{feed}.parquet"
        self.paths = [desk.truth / table / desk.window / name for table in ("record", "defect")]
        self.parts = [p.with_name(f".{name}.part") for p in self.paths]
        for path in self.paths:
            path.parent.mkdir(parents=True, exist_ok=True)
        self.truth, self.defects = (pq.ParquetWriter(p, s) for p, s in zip(self.parts, (RECORD, DEFECT), strict=True))

    def file(self, period: int, texts: list[bytes], persons: list[bytes], defects: list[bytes]) -> None:
        """Write one file (two, if it is sent twice), who its rows are about and what is wrong with them."""
        desk, about = self.desk, self.desk.feeds[self.feed]
        encoding = "gb18030" if desk.gb18030[self.sender] else "utf-8"
        body = (",".join(about.header) + "\n").encode() + b"".join(texts)
        if encoding == "gb18030":
            body = body.decode().encode(encoding)
        who, marks = (np.frombuffer(b"".join(x), np.int64) for x in (persons, defects))
        for path in self._paths(period):
            manifest = _manifest(desk, self.sender, self.feed, desk.periods[period], body, len(who), encoding)
            _put(path, body, manifest)
            name = path.relative_to(desk.out).as_posix()
            self.about.append((name, who, marks))
            self.held += len(who)
            if self.held > HELD:
                self._record()
            self.files, self.rows, self.bytes = self.files + 1, self.rows + len(who), self.bytes + len(body)

    def _record(self) -> None:
        """Write who the rows of the files so far are about, and their defects."""
        sizes = [len(who) for _, who, _ in self.about]
        files = pa.array([name for name, _, _ in self.about], pa.string())
        which = pa.array(np.repeat(np.arange(len(sizes), dtype=np.int32), sizes))
        rows = np.concatenate([np.arange(n) for n in sizes]) if sizes else np.zeros(0, np.int64)
        nothing = [np.zeros(0, np.int64)]
        persons, marks = (np.concatenate(nothing + [about[n] for about in self.about]) for n in (1, 2))
        file = pa.DictionaryArray.from_arrays(which, files)
        self.truth.write_table(pa.table([file, pa.array(rows), pa.array(persons)], schema=RECORD))
        self.defects.write_table(defect_table(self.feed, file, rows, marks))
        self.about, self.held = [], 0

    def _paths(self, period: int) -> list[Path]:
        desk, when = self.desk, self.desk.periods[period]
        folder = desk.out / desk.senders[self.sender] / self.feed / str(when.delivered)
        name = f"{self.feed}_{when.start:%Y%m%d}_{when.end:%Y%m%d}"
        key = int.from_bytes(
            hashlib.blake2b(f"{folder.relative_to(desk.out)}/{name}".encode(), digest_size=8).digest(), "big"
        )
        twice = Draws(desk.seed).uniform("file repeated", np.uint64(key)) < desk.file_repeated
        return [folder / f"{name}.csv", *([folder / f"{name}_resent.csv"] if twice else [])]

    def done(self) -> pa.RecordBatch:
        """Close the truth about this sender and feed."""
        self._record()
        for writer, part, path in zip((self.truth, self.defects), self.parts, self.paths, strict=True):
            writer.close()
            os.replace(part, path)
        counts = ([self.feed], [self.files], [self.rows], [self.bytes])
        return pa.RecordBatch.from_arrays(
            [pa.array(c, f.type) for c, f in zip(counts, WRITTEN, strict=True)], schema=WRITTEN
        )


def _manifest(desk: Desk, sender: int, feed: str, period: Period, body: bytes, rows: int, encoding: str) -> bytes:
    content = {
        "sender": desk.senders[sender],
        "feed": feed,
        "contract_version": desk.feeds[feed].version,
        "period": {"start": str(period.start), "end": str(period.end)},
        "rows": rows,
        "sha256": hashlib.sha256(body).hexdigest(),
        "format": "csv",
        "encoding": encoding,
        "synthetic": True,
    }
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def _put(path: Path, body: bytes, manifest: bytes) -> None:
    """Write file, then manifest; leave them if the same are there."""
    beside = path.with_name(f"{path.name}.manifest.json")
    if not path.parent.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
    elif beside.is_file() and path.is_file() and beside.read_bytes() == manifest and path.stat().st_size == len(body):
        return
    for target, content in ((path, body), (beside, manifest)):
        part = target.with_name(f".{target.name}.part")
        part.write_bytes(content)
        os.replace(part, target)
