"""Telling open pages that something new is in the lake: one look at the Delta versions for all of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from jobs.serving.source import DELIVERY, RELEASE, Source


@dataclass
class Live:
    """Looks every ``seconds`` whether a receipt or a release was added, and sends it to every open page.

    Looking costs one listing of two Delta logs, and nothing while no page is open.
    """

    source: Source
    seconds: float
    _pages: set[asyncio.Queue[dict[str, str]]] = field(default_factory=set)

    async def watch(self) -> None:
        """Look for ever; the first look is what later ones are compared with."""
        seen = await asyncio.to_thread(self.source.versions)
        while True:
            await asyncio.sleep(self.seconds)
            if self._pages:
                now = await asyncio.to_thread(self.source.versions)
                for event in await asyncio.to_thread(self._news, seen, now):
                    for page in self._pages:
                        page.put_nowait(event)
                seen = now

    def _news(self, seen: dict[str, int | None], now: dict[str, int | None]) -> list[dict[str, str]]:
        """What to send: the counters after a receipt, the new version after a release."""
        news = []
        if now[DELIVERY] != seen[DELIVERY]:
            news.append(event("counters", self.source.counters()))
        if now[RELEASE] != seen[RELEASE]:
            news.append(event("release", {"version": now[RELEASE]}))
        return news

    async def page(self) -> AsyncIterator[dict[str, str]]:
        """The events for one page: the counters at once, then whatever comes, until it is closed."""
        queue: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        self._pages.add(queue)
        try:
            yield event("counters", await asyncio.to_thread(self.source.counters))
            while True:
                yield await queue.get()
        finally:
            self._pages.discard(queue)


def event(name: str, data: Any) -> dict[str, str]:
    """A server-sent event with JSON data."""
    return {"event": name, "data": json.dumps(data, ensure_ascii=False)}
