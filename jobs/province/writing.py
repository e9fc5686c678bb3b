"""From rows to files: text of each file and block by the maker, whole files with their manifests by the writer.

A file is written under another name and renamed, its manifest last: what has a manifest is complete. A repeat finds
files that are already there and leaves them.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.province.defects import DEFECT, Defect, defect_table
from jobs.province.draws import Draws, Ints, text_key
from jobs.province.file_body import file_body
from jobs.province.recording import Batch
from jobs.province.schedule import Period
from jobs.province.wire import Field, Wire

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
_JSON = json.JSONEncoder(ensure_ascii=False)
TAKEN_BACK_WITHIN = 20  # days
HELD = 1_000_000  # rows about whom is noted in memory before it is written


@dataclass(frozen=True)
class Feed:
    """What the writer needs of a contract: version and fields."""

    version: str
    columns: tuple[Field, ...]

    @property
    def header(self) -> tuple[str, ...]:
        """The fields' names."""
        return tuple(f.name for f in self.columns)


@dataclass(frozen=True)
class Desk:
    """Everything a writer needs: where to, what the senders are called and how they send."""

    out: Path
    truth: Path
    window: str
    senders: tuple[str, ...]
    wires: Mapping[tuple[str, str], Wire]  # by sender and feed
    periods: tuple[Period, ...]
    feeds: Mapping[str, Feed]
    seed: int
    rows_per_file: int
    file_repeated: float
    file_withdrawn: float


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
    for (sender, feed, period), texts, persons, defects in _by_file(batches, desk.rows_per_file):
        if shard != (sender, feed):
            if writer:
                yield writer.done()
            shard, writer = (sender, feed), _Shard(desk, sender, feed)
        assert writer
        writer.file(period, texts, persons, defects)
    if writer:
        yield writer.done()


def _by_file(
    batches: Iterator[pa.RecordBatch], most: int
) -> Iterator[tuple[tuple[int, str, int], list[bytes], list[bytes], list[bytes]]]:
    """Gather the chunks of each file, named by sender, feed and period.

    A file is full with the chunk that brings it to ``most`` rows, so memory holds one file, however large the province.
    """
    now: tuple[int, str, int] | None = None
    texts: list[bytes] = []
    persons: list[bytes] = []
    defects: list[bytes] = []
    rows = 0
    for batch in batches:
        columns = (batch.column(n).to_pylist() for n in ("sender", "feed", "period", "text", "persons", "defects"))
        for sender, feed, period, text, person, marks in zip(*columns, strict=True):
            of = (sender, feed, period)
            if of != now or rows >= most:
                if now:
                    yield now, texts, persons, defects
                now, texts, persons, defects, rows = of, [], [], [], 0
            texts.append(text)
            persons.append(person)
            defects.append(marks)
            rows += len(person) // 8
    if now:
        yield now, texts, persons, defects


class _Shard:
    """All files of one sender and feed, and the truth about their rows."""

    def __init__(self, desk: Desk, sender: int, feed: str) -> None:
        self.desk, self.sender, self.feed = desk, sender, feed
        self.wire = desk.wires[desk.senders[sender], feed]
        self.files = self.rows = self.bytes = self.held = 0
        self.about: list[tuple[str, Ints, Ints]] = []
        self.stems = _stems(desk, sender, feed)
        self.sent = [0] * len(self.stems)
        draws, keys = Draws(desk.seed), np.array([text_key(s) for s in self.stems], np.uint64)
        self.twice = draws.happens(desk.file_repeated, "file repeated", keys)
        self.wrong = draws.happens(desk.file_withdrawn, "file withdrawn", keys)
        self.taken_back_after = 1 + draws.whole(TAKEN_BACK_WITHIN, "file withdrawn after", keys)
        name = f"{desk.senders[sender]}-{feed}.parquet"
        self.paths = [desk.truth / table / desk.window / name for table in ("record", "defect")]
        self.parts = [p.with_name(f".{name}.part") for p in self.paths]
        for path in self.paths:
            path.parent.mkdir(parents=True, exist_ok=True)
        self.truth, self.defects = (pq.ParquetWriter(p, s) for p, s in zip(self.parts, (RECORD, DEFECT), strict=True))

    def file(self, period: int, texts: list[bytes], persons: list[bytes], defects: list[bytes]) -> None:
        """Write one file of a period's, who its rows are about and what is wrong with them.

        Some are sent twice. Of some the rows are first sent under wrong record numbers; that file is taken back.
        """
        lines = b"".join(texts)
        who, marks = (np.frombuffer(b"".join(x), np.int64) for x in (persons, defects))
        if self.wrong[period] and len(who):
            self._take_back(period, *self._send(period, _renumbered(lines), who, marks | Defect.FILE_WITHDRAWN.bit))
        self._send(period, lines, who, marks)
        if self.twice[period] and len(who):
            self._send(period, lines, who, marks | Defect.FILE_REPEATED.bit)

    def _send(self, period: int, lines: bytes, who: Ints, marks: Ints) -> tuple[str, bytes]:
        """Write a file of these rows, numbered as its period's are sent, and note it in the truth: name, content."""
        desk, when = self.desk, self.desk.periods[period]
        body = file_body(self.wire, desk.feeds[self.feed].columns, lines, when.delivered)
        self.sent[period] += 1
        number = f"_{self.sent[period]:02}" if self.sent[period] > 1 else ""
        name = f"{self.stems[period]}{number}.{self.wire.format}"
        _put(f"{desk.out}/{name}", body, _manifest(desk, self.sender, self.feed, when, body, len(who), self.wire))
        self.about.append((name, who, marks))
        self.held += len(who)
        if self.held > HELD:
            self._record()
        self.files, self.rows, self.bytes = self.files + 1, self.rows + len(who), self.bytes + len(body)
        return name, body

    def _take_back(self, period: int, sent_as: str, body: bytes) -> None:
        """Send, some days after, an empty file of the same name whose manifest names this content as withdrawn."""
        desk, when = self.desk, self.desk.periods[period]
        sent, after = Path(sent_as), timedelta(int(self.taken_back_after[period]))
        name = sent.parents[1] / str(when.delivered + after) / sent.name
        withdraws = hashlib.sha256(body).hexdigest()
        _put(f"{desk.out}/{name}", b"", _manifest(desk, self.sender, self.feed, when, b"", 0, self.wire, withdraws))
        self.files += 1

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


def _stems(desk: Desk, sender: int, feed: str) -> list[str]:
    """The name below the inbox of each period's file, without its ending."""
    folder, name = f"{desk.senders[sender]}/{feed}", f"{feed}_{{0.start:%Y%m%d}}_{{0.end:%Y%m%d}}"
    return [f"{folder}/{p.delivered}/{name.format(p)}" for p in desk.periods]


def _renumbered(lines: bytes) -> bytes:
    """The same rows under other record numbers, which every feed has in its first column."""
    text = io.StringIO()
    rows = csv.reader(io.StringIO(lines.decode(), newline=""))
    csv.writer(text, lineterminator="\n").writerows([f"X{number}", *rest] for number, *rest in rows)
    return text.getvalue().encode()


def _manifest(
    desk: Desk, sender: int, feed: str, period: Period, body: bytes, rows: int, wire: Wire, withdraws: str | None = None
) -> bytes:
    content = {
        "sender": desk.senders[sender],
        "feed": feed,
        "contract_version": desk.feeds[feed].version,
        "period": {"start": str(period.start), "end": str(period.end)},
        "rows": rows,
        "sha256": hashlib.sha256(body).hexdigest(),
        "format": wire.format,
        **({"encoding": wire.encoding} if wire.encoding else {}),
        **({"withdraws": withdraws} if withdraws else {}),
        "synthetic": True,
    }
    return f"{_laid_out(content)}\n".encode()


def _laid_out(value: Any, depth: int = 1) -> str:
    """JSON a line a field: what ``json.dumps(indent=1)`` makes, which leaves the fast encoder for one in Python."""
    if not isinstance(value, dict):
        return _JSON.encode(value)
    line = "\n" + " " * depth
    return (
        "{"
        + ",".join(f"{line}{_JSON.encode(k)}: {_laid_out(v, depth + 1)}" for k, v in value.items())
        + line[:-1]
        + "}"
    )


def _put(path: str, body: bytes, manifest: bytes) -> None:
    """Write file, then manifest; leave them if the same are there. Paths are text: a run writes many small files."""
    folder, name = os.path.split(path)
    if not os.path.isdir(folder):
        os.makedirs(folder, exist_ok=True)
    elif _there(path, body, manifest):
        return
    for target, content in ((name, body), (f"{name}.manifest.json", manifest)):
        part = f"{folder}/.{target}.part"
        with open(part, "wb") as file:
            file.write(content)
        os.replace(part, f"{folder}/{target}")


def _there(path: str, body: bytes, manifest: bytes) -> bool:
    """Whether a file of this size lies there with this manifest, which holds its hash."""
    try:
        with open(f"{path}.manifest.json", "rb") as file:
            return file.read() == manifest and os.path.getsize(path) == len(body)
    except FileNotFoundError:
        return False
