"""The request: settings that are refused, and what a report says."""

from __future__ import annotations

import pytest
from omegaconf import OmegaConf

from jobs.lakehouse.errors import Refused
from jobs.landing.command import settings_from
from jobs.landing.examine import Verdict
from jobs.landing.inbox import Found
from jobs.landing.receipt import settle
from jobs.landing.report import Report, print_report

DEFAULTS = OmegaConf.load("conf/job/receive.yaml").receive
DEFAULTS.inbox = "inbox"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "fhir"}, "receive.format=fhir: allowed: deliveries, synthea"),
        ({"delivered_on": "2024-02-02"}, "is for receive.format=synthea"),
        ({"format": "synthea", "delivered_on": "2024-02-30"}, "must be YYYY-MM-DD"),
        ({"batch_files": 0}, "receive.batch_files=0: must be above 0"),
    ],
)
def test_settings_that_make_no_sense_are_refused_by_name(changes, message):
    with pytest.raises(Refused) as refused:
        settings_from(OmegaConf.merge(DEFAULTS, changes))
    assert message in str(refused.value)


def test_the_defaults_are_good_and_the_inbox_becomes_an_absolute_path():
    settings = settings_from(DEFAULTS)
    assert settings.inbox.startswith("/")
    assert settings.delivered_on is None


def entries(*reasons: str):
    files = [Found(None, "A", "lab", f"A/lab/x/{i}.csv", problem=r) for i, r in enumerate(reasons)]
    return settle([(f, Verdict(f.file, f.problem, None, "sha")) for f in files], {}, 1)


def test_a_report_names_each_refused_file_on_a_line_up_to_twenty(capsys):
    report = Report(entries(*["no manifest"] * 23), [], unchanged=4)
    print_report(report, "received", 110)
    lines = capsys.readouterr().out.splitlines()
    assert sum(line == "refused A/lab/x/5.csv: no manifest" for line in lines) == 1
    assert sum(line.startswith("refused ") for line in lines) == 20
    assert "... and 3 more refused files: see ops.delivery" in lines
    assert "4 files were received before and have not changed" in lines
    assert not report.all_refused


def test_a_request_fails_as_a_whole_only_when_every_file_was_refused():
    assert Report(entries("x", "y"), [], 0).all_refused
    assert Report([], entries("x"), 0).all_refused
    assert not Report(entries("x"), [], 1).all_refused
    assert not Report([], [], 0).all_refused
    assert Report([], [], 0).lines() == ["there are no files in the inbox"]
