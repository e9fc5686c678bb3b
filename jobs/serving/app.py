"""The pages and JSON endpoints of the big screen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from sse_starlette import EventSourceResponse
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jobs.serving.live import Live
from jobs.serving.panels import PANELS, SEX_TITLES
from jobs.serving.source import ROW_KEYS, Absent, Source

HERE = Path(__file__).parent
TEMPLATES = Jinja2Templates(HERE / "templates")

SECURITY = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class SecurityHeaders:
    """Adds the headers above to every answer, and forbids keeping any but static files."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message["headers"]}
                extra = dict(SECURITY)
                if not scope["path"].startswith("/static/") and b"cache-control" not in given:
                    extra["Cache-Control"] = "no-store"
                message["headers"] = [
                    *message["headers"],
                    *((k.lower().encode(), v.encode()) for k, v in extra.items()),
                ]
            await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)


def answer(ask: Callable[[Source, Request], Any]) -> Callable[[Request], Any]:
    """A JSON endpoint from a question to the source, asked off the event loop. ``Absent`` becomes 404."""

    async def endpoint(request: Request) -> JSONResponse:
        try:
            return JSONResponse(await run_in_threadpool(ask, request.app.state.source, request))
        except Absent as error:
            raise HTTPException(404, str(error)) from error

    return endpoint


async def first_page(request: Request) -> Response:
    """The big screen, or in plain words what to run where nothing is released yet."""
    source: Source = request.app.state.source
    if not await run_in_threadpool(source.has_release):
        return TEMPLATES.TemplateResponse(request, "empty.html", {"province": source.province}, status_code=503)
    screen = await run_in_threadpool(source.screen)
    return TEMPLATES.TemplateResponse(request, "screen.html", {"screen": screen, "panels": PANELS})


async def tables(request: Request) -> Response:
    """The same numbers as tables, for readers without scripts, with a screen reader, or in doubt."""
    source: Source = request.app.state.source
    if not await run_in_threadpool(source.has_release):
        return TEMPLATES.TemplateResponse(request, "empty.html", {"province": source.province}, status_code=503)
    shown = {
        "screen": await run_in_threadpool(source.screen),
        "panels": await run_in_threadpool(source.panels),
        "counters": await run_in_threadpool(source.counters),
        "sexes": SEX_TITLES,
    }
    return TEMPLATES.TemplateResponse(request, "tables.html", shown)


async def events(request: Request) -> EventSourceResponse:
    """The live stream: ``counters`` after a receipt, ``release`` after a release."""
    live: Live = request.app.state.live
    return EventSourceResponse(live.page(), ping=15)


async def plain_error(request: Request, error: Exception) -> JSONResponse:
    """An error as JSON with one sentence."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = error.detail if isinstance(error, HTTPException) else "something went wrong; see the server's log"
    return JSONResponse({"error": detail}, status_code=status)


def map_file(province_code: str) -> Path:
    """The province's map. Raises ``FileNotFoundError`` naming the file that is missing."""
    path = HERE / "static" / "maps" / f"{province_code}.geojson"
    if not path.exists():
        raise FileNotFoundError(f"no map of the province: {path}")
    return path


def make_app(source: Source, hosts: Sequence[str], poll_seconds: float) -> Starlette:
    """The application over one lake. ``hosts``: the names it answers to; ``poll_seconds``: between looks for news."""
    live = Live(source, poll_seconds)

    @asynccontextmanager
    async def watching(_: Starlette) -> AsyncIterator[None]:
        watcher = asyncio.create_task(live.watch())
        yield
        watcher.cancel()
        with suppress(asyncio.CancelledError):
            await watcher

    async def the_map(_: Request) -> FileResponse:
        return FileResponse(map_file(source.province.code), media_type="application/geo+json")

    app = Starlette(
        routes=[
            Route("/", first_page),
            Route("/tables", tables),
            Route("/api/screen", answer(lambda source, _: source.screen())),
            Route("/api/panel/{name}", answer(lambda source, request: source.panel(request.path_params["name"]))),
            Route("/api/counters", answer(lambda source, _: source.counters())),
            Route("/api/trace", answer(lambda source, request: source.trace(named(request)))),
            Route("/api/map", the_map),
            Route("/api/events", events),
            Mount("/static", StaticFiles(directory=HERE / "static")),
        ],
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts)),
            Middleware(GZipMiddleware, minimum_size=1_000),
        ],
        exception_handlers={HTTPException: plain_error, Exception: plain_error},
        lifespan=watching,
    )
    app.state.source = source
    app.state.live = live
    return app


def named(request: Request) -> dict[str, str]:
    """The query's values of the keys of a released row."""
    return {key: request.query_params[key] for key in ROW_KEYS if key in request.query_params}
