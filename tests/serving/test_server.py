"""``job=serve`` as a process: one address, JSON answers, plain words where something is missing, a clean end."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from tests.serving.conftest import CHECKOUT, Serve
from tests.serving.literal_lake import MEASURE, release_rows, write


def get(address: str) -> dict:
    """The JSON at an address."""
    with urlopen(address, timeout=10) as answer:
        return json.load(answer)


def refused(address: str, **headers: str) -> tuple[int, str]:
    """Status and text of an answer that is an error."""
    try:
        with urlopen(Request(address, headers=headers), timeout=10) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


def test_it_prints_one_loopback_address_answers_and_ends_on_sigterm_with_0(serve: Serve, lake_folder: Path):
    begun = time.monotonic()
    process, address = serve(lake_folder)
    assert time.monotonic() - begun < 60
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", address)

    told = get(f"{address}/api/screen")
    assert told["province"] == {"code": "370000", "zh": "山东省", "en": "Shandong"}
    # 101,527,453 residents by the census of 2020, 20,000 in the lake.
    assert (told["one_in"], told["demo"], told["cities"]) == (5_000, True, 16)
    assert len(get(f"{address}/api/panel/map_visits")["cells"]) == 16
    counted = get(f"{address}/api/counters")
    assert (counted["institutions"], counted["deliveries"], counted["refused"]) == (64, 96, 1)

    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    assert not children.exists() or children.read_text() == ""  # no Java: nothing here needs Spark

    keys = {"measure": "outpatient_visits", "period": "2025", "level": "province"}
    query = urlencode({**keys, "place_code": "370000", "sex": "all", "age_band": "all"})
    walked = get(f"{address}/api/trace?{query}")
    assert (walked["steps"][0]["run"]["run_id"], walked["files"]) == ("run-release-1", 32)

    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "", "")


def test_an_open_live_stream_does_not_keep_it_from_ending(serve: Serve, lake_folder: Path):
    process, address = serve(lake_folder)
    connection = HTTPConnection(address.removeprefix("http://"), timeout=10)
    connection.request("GET", "/api/events")
    stream = connection.getresponse()
    assert stream.readline().startswith(b"event: counters")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 0


def test_wrong_questions_are_answered_in_words(running: str):
    status, text = refused(f"{running}/api/panel/nonsense")
    assert status == 404
    assert "there is no panel nonsense; there are: map_visits" in text
    assert refused(f"{running}/api/trace?measure=outpatient_visits")[0] == 404
    # A page of another site that made its name point here is not answered.
    assert refused(f"{running}/api/counters", Host="evil.example") == (400, "Invalid host header")
    assert refused(f"{running}/static/../command.py")[0] == 404


def test_answers_carry_security_headers_and_no_outside_source(running: str):
    with urlopen(running, timeout=10) as answer:
        headers, page = answer.headers, answer.read().decode()
    assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert (headers["x-content-type-options"], headers["x-frame-options"]) == ("nosniff", "DENY")
    assert headers["cache-control"] == "no-store"
    assert "模拟数据,约为每 5,000 名居民 1 人" in page
    assert "simulated, about 1 in 5,000 residents" in page
    assert not re.findall(r"(?:src|href)=\"(?:https?:)?//", page)


def test_without_a_release_the_page_says_what_to_run_and_with_one_it_appears(serve: Serve, tmp_path: Path):
    _, address = serve(tmp_path / "lake")
    status, page = refused(address)
    assert status == 503
    assert "make run" in page
    assert "还没有可以展示的数字" in page
    assert get(f"{address}/api/counters")["records"] == 0
    assert refused(f"{address}/api/panel/map_visits") == (404, '{"error":"nothing is released yet"}')
    write(tmp_path / "lake", MEASURE, list(release_rows()), mode="overwrite")
    assert get(f"{address}/api/screen")["release_id"] == "R-2026-001"
    shutil.rmtree(tmp_path / "lake" / "release")
    assert refused(f"{address}/api/screen") == (404, '{"error":"nothing is released yet"}')


def test_the_tables_hold_the_same_numbers_without_scripts(running: str):
    with urlopen(f"{running}/tables", timeout=10) as answer:
        page = answer.read().decode()
    assert page.count("<table>") == 1 + len(get(f"{running}/api/screen")["panels"])
    shown = get(f"{running}/api/panel/map_visits")["cells"][0]
    assert f"<td>{shown['value']:,.2f}</td>" in page


def test_a_port_in_use_is_refused_with_the_setting_to_change(running: str, tmp_path: Path):
    port = running.rsplit(":", 1)[1]
    command = [sys.executable, "-m", "jobs", "job=serve", f"lake.root={tmp_path}", f"serve.port={port}"]
    ended = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert f"serve.port={port}: Address already in use; choose another serve.port" in ended.stderr
