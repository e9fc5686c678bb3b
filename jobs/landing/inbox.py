"""What lies in the inbox: every file with its place, size and time, found without opening one."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from jobs.landing.manifest import SUFFIX

UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".crdownload", ".swp")
PLACE = "<institution>/<feed>/<YYYY-MM-DD>/<file>"


@dataclass(frozen=True, order=True)
class Found:
    """A file in the inbox. ``problem`` says why it can't be looked into, empty where it can.

    ``file`` is relative to the inbox with ``/`` between folders. The order of ``Found`` is the order of receiving:
    by day of delivery, sender, feed, file.
    """

    delivered_on: date | None
    sender: str
    feed: str
    file: str
    bytes: int = 0
    modified_ns: int = 0
    problem: str = ""


def deliveries(inbox: Path) -> list[Found]:
    """Files of ``<institution>/<feed>/<date>/`` folders, in the order of receiving; those elsewhere have a problem.

    Names that open with a dot are the file system's own and are passed over; links are never followed out of the
    inbox, nor into folders.
    """
    found = [_delivery(name, entry, problem) for name, entry, problem in _walk(inbox, inbox.resolve(), "")]
    with_manifest = _settle_manifests(found)
    return sorted(with_manifest, key=_order)


def flat_folder(inbox: Path, sender: str, feed_prefix: str, delivered_on: date | None) -> list[Found]:
    """The CSV files of one folder, each a feed of its own (``feed_prefix`` + name), all from one sender."""
    found = []
    for name, entry, problem in _walk(inbox, inbox.resolve(), ""):
        if problem or ("/" not in name and name.lower().endswith(".csv")):
            feed = f"{feed_prefix}{Path(name).stem.lower()}"
            found.append(_found(name, entry, problem, delivered_on=delivered_on, sender=sender, feed=feed))
    return sorted(found, key=_order)


def _walk(folder: Path, inbox: Path, prefix: str) -> Iterator[tuple[str, os.DirEntry[str], str]]:
    """Every file below a folder: name relative to the inbox, entry, and what is wrong with the way to it."""
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda e: e.name):
            name = f"{prefix}{entry.name}"
            if entry.name.startswith("."):
                continue
            if entry.is_symlink() and not Path(os.path.realpath(entry.path)).is_relative_to(inbox):
                yield name, entry, "the path climbs out of the inbox: it is a link to somewhere else"
            elif entry.is_symlink() and entry.is_dir():
                yield name, entry, "a linked folder is not followed; deliver into a real one"
            elif entry.is_dir():
                yield from _walk(Path(entry.path), inbox, f"{name}/")
            else:
                regular = entry.is_file()
                yield name, entry, "" if regular else "not a regular file (a broken link, a pipe or a device)"


def _delivery(name: str, entry: os.DirEntry[str], problem: str) -> Found:
    """A file with sender, feed and day read from its folders."""
    parts = name.split("/")
    sender, feed, day = (*parts[:-1], "", "", "")[:3]
    delivered_on = _day(day)
    if not problem and len(parts) != 4:
        problem = f"not in its place, {PLACE}"
    elif not problem and delivered_on is None:
        problem = f"the folder {day!r} is no date; a delivery lies in {PLACE}"
    elif not problem and name.lower().endswith(UNFINISHED):
        problem = "only half copied, by its name; deliver under the final name when it is complete"
    return _found(name, entry, problem, delivered_on=delivered_on, sender=sender, feed=feed)


def _found(
    name: str, entry: os.DirEntry[str], problem: str, *, delivered_on: date | None, sender: str, feed: str
) -> Found:
    """A file with its size and time; an unspeakable name is written with escapes."""
    status = entry.stat(follow_symlinks=not problem)
    readable = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in name)
    if readable != name and not problem:
        problem = "its name holds characters that can't be written; rename it"
    size = status.st_size if stat.S_ISREG(status.st_mode) else 0
    return Found(delivered_on, sender, feed, readable, size, status.st_mtime_ns, problem)


def _settle_manifests(found: list[Found]) -> Iterator[Found]:
    """Files without their manifests: a manifest on its own, or a file on its own, has that as its problem."""
    manifests = {f.file.removesuffix(SUFFIX): f for f in found if f.file.endswith(SUFFIX)}
    files = {f.file for f in found if not f.file.endswith(SUFFIX)}
    for f in found:
        if f.file.endswith(SUFFIX):
            if f.file.removesuffix(SUFFIX) not in files:
                missing = f.problem or "half copied: the manifest is there and its file is not"
                yield Found(f.delivered_on, f.sender, f.feed, f.file, f.bytes, f.modified_ns, missing)
        else:
            manifest = manifests.get(f.file)
            lacking = "no manifest" if manifest is None else manifest.problem and f"its manifest: {manifest.problem}"
            problem = f.problem or (f"{lacking} ({f.file.split('/')[-1]}{SUFFIX})" if lacking else "")
            yield Found(f.delivered_on, f.sender, f.feed, f.file, f.bytes, f.modified_ns, problem)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


def _order(found: Found) -> tuple[date, str, str, str]:
    return (found.delivered_on or date.max, found.sender, found.feed, found.file)
