"""Where a lake is, which key opens it, and the lease that makes one writer of many."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from jobs.lakehouse.errors import Refused
from jobs.lakehouse.table import Table


@dataclass(frozen=True)
class Lake:
    """A lake's place and shape. ``root`` is an absolute path or any Hadoop address."""

    root: str
    buckets: int = 16
    key_file: str | None = None
    lease_wait: int = 60
    _key: list[bytes] = field(default_factory=list, repr=False, compare=False)

    @property
    def is_local(self) -> bool:
        """Whether the root is a plain folder of this machine."""
        return "://" not in self.root

    def uri(self, table: Table | str) -> str:
        """Where a table lies: ``<root>/<zone>/<table>``."""
        name = table if isinstance(table, str) else table.name
        return f"{self.root}/{name.replace('.', '/', 1)}"

    @property
    def key(self) -> bytes:
        """The master key, 32 bytes, from ``LAKE_KEY`` or the key file; made for a new local lake.

        Raises ``Refused`` where an existing lake's key is missing, or is not the one that the lake was made with.
        """
        if not self._key:
            self._key.append(_load_key(self))
        return self._key[0]

    def __getstate__(self) -> dict[str, Any]:
        raise TypeError("a lake holds the master key and never travels to workers; send its root or tables instead")


def _load_key(lake: Lake) -> bytes:
    path = Path(lake.key_file or f"{lake.root}.key")
    text = os.environ.get("LAKE_KEY", "").strip()
    source = "LAKE_KEY"
    if not text and path.exists():
        text, source = path.read_text().strip(), str(path)
    mark = Path(lake.root) / ".lake.json" if lake.is_local else None
    if not text:
        if mark is None or mark.exists():
            raise Refused(f"no key for the lake {lake.root}: set LAKE_KEY (64 hex digits) or put the key into {path}")
        text, source = secrets.token_hex(32), str(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(text + "\n")
            out.flush()
            os.fsync(out.fileno())
        print(f"made the lake's master key: {path} (mode 0600; keep a copy: without it no pseudonym can be made again)")
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise Refused(f"the key in {source} must be 64 hex digits")
    if mark is not None:
        _check_mark(lake, mark, key)
    return key


def _check_mark(lake: Lake, mark: Path, key: bytes) -> None:
    """Compare with the key's fingerprint and bucket count that the lake was made with; write them on a new lake."""
    print_of_key = hmac.new(key, b"lake key check", hashlib.sha256).hexdigest()
    if mark.exists():
        made = json.loads(mark.read_text())
        if made["key_check"] != print_of_key:
            raise Refused(f"the key given is not the one that the lake {lake.root} was made with")
        if made["buckets"] != lake.buckets:
            raise Refused(f"lake.buckets={lake.buckets}: the lake {lake.root} was made with {made['buckets']}")
        return
    mark.parent.mkdir(parents=True, exist_ok=True)
    draft = mark.with_suffix(f".{os.getpid()}.tmp")
    draft.write_text(json.dumps({"key_check": print_of_key, "buckets": lake.buckets}))
    draft.rename(mark)


class Lease:
    """The one writer's hold on a local lake: a POSIX lock that the JVM, which commits, takes and keeps until it ends.

    A lock of the JVM outlives a killed Python by as long as the JVM can still commit. Shared storage needs a lock with
    fencing instead, which is not built: a job on such a root says so and trusts its scheduler to start one at a time.
    """

    def __init__(self, lake: Lake) -> None:
        self.lake = lake

    def take(self, spark: SparkSession) -> None:
        """Take the lease or wait up to ``lake.lease_wait`` seconds. Raises ``Refused`` naming the holder."""
        if not self.lake.is_local:
            print(f"note: {self.lake.root} is shared storage; make sure that one writer runs at a time")
            return
        path = Path(self.lake.root) / ".lease"
        path.parent.mkdir(parents=True, exist_ok=True)
        jvm: Any = spark.sparkContext._jvm
        held = jvm.java.lang.System.getProperty("lake.lease")
        if held == str(path):
            return
        channel = jvm.java.io.RandomAccessFile(str(path), "rw").getChannel()
        deadline, said = time.monotonic() + self.lake.lease_wait, False
        while (lock := channel.tryLock()) is None:
            busy = f"another job is writing to {self.lake.root} ({_holder(path)})"
            if time.monotonic() >= deadline:
                raise Refused(f"{busy}: wait until it ends, or raise lake.lease_wait")
            if not said:
                print(f"{busy}; waiting up to {self.lake.lease_wait} s", flush=True)
                said = True
            time.sleep(0.5)
        path.with_suffix(".holder").write_text(f"process {os.getpid()} since {time.strftime('%Y-%m-%d %H:%M:%S')}")
        jvm.java.lang.System.setProperty("lake.lease", str(path))
        _HELD.append((channel, lock))


_HELD: list[Any] = []


def _holder(path: Path) -> str:
    holder = path.with_suffix(".holder")
    return holder.read_text() if holder.exists() else "unknown process"
