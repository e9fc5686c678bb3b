"""``job=serve``: the big screen on one address until it is told to end."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Mapping

import uvicorn
from omegaconf import DictConfig

from jobs.codes.places import read_places
from jobs.lakehouse.errors import Refused
from jobs.lakehouse.main import Context
from jobs.serving.app import make_app, map_file
from jobs.serving.source import Province, Source
from jobs.tables.bronze import CONTRACTS

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


class Announcing(uvicorn.Server):
    """A server that prints its address, and nothing else, once it answers."""

    address = ""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to answer, then say where."""
        await super().startup(sockets)
        if self.started:
            print(self.address, flush=True)


def main(context: Context) -> int:
    """Serve until SIGTERM or Ctrl-C, then end with 0. Raises ``Refused`` where the address can't be had."""
    settings = context.settings
    source = Source(context.lake.root, province_of(settings), feed_titles())
    host, port = str(settings.serve.host), int(settings.serve.port)
    app = make_app(source, allowed_hosts(host), float(settings.serve.poll_seconds))
    listening = listen(host, port)
    # Open pages hold a stream each; they get this long to end.
    server = Announcing(
        uvicorn.Config(app, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=2)
    )
    server.address = f"http://{host}:{listening.getsockname()[1]}"
    # uvicorn ends well on these signals and then raises them once more for whoever else listens: nobody does.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    server.run(sockets=[listening])
    return 0


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to the address (port 0: any free one). Raises ``Refused`` in words if it is taken or not ours."""
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
    except OSError as error:
        made.close()
        raise Refused(f"serve.host={host} serve.port={port}: {error.strerror}; choose another serve.port") from error
    return made


def allowed_hosts(host: str) -> list[str]:
    """The names a browser may call the server by: others are refused, lest a rebound name open it to a foreign page."""
    return ["*"] if host in ("0.0.0.0", "::") else [host, *LOOPBACK]


def province_of(settings: DictConfig) -> Province:
    """The province of the settings, with the cities of its map and its official residents (census, place file)."""
    province = settings.province
    code = str(province.code)
    features = json.loads(map_file(code).read_text(encoding="utf-8"))["features"]
    cities = {f["properties"]["code"]: (f["properties"]["name"], f["properties"]["name_en"]) for f in features}
    places = {p.code: p.population_2020 for p in read_places(str(province.places))}
    return Province(code, str(province.name_zh), str(province.name_en), cities, places.get(code))


def feed_titles() -> Mapping[str, tuple[str, str]]:
    """Each feed's Chinese and English title, from its contract."""
    return {feed: (contract.title_zh, contract.title_en) for feed, contract in CONTRACTS.items()}
