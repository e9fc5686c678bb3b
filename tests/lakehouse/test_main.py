"""The command line: what is refused before anything starts, and with which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.lakehouse.errors import Refused
from jobs.lakehouse.main import main
from jobs.lakehouse.session import _flat
from jobs.lakehouse.settings import load, parse


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["job=golden"],
            "unknown job golden; give job=<name>[,<name>...] with some of: calibrate, gold, identity, model",
        ),
        (["lake.root=x"], "no job; give job="),
        (["job=receive,golden"], "unknown job golden"),
        (["job=gold", "gold.ends=2024-12-31"], "no setting gold.ends (did you mean gold.end?); valid settings: "),
        (["job=gold", "end=2024-12-31"], "end: give the full name: "),
        (["job=gold", "gold=2024"], "gold is a group of settings; give one of: gold."),
        (["job=gold", "lake.buckets=many"], "lake.buckets=many: must be a whole number"),
        (["job=gold", "province=atlantis"], "province=atlantis: no such province; there are: shandong"),
        (["job=gold", "verbose"], "'verbose' is no setting"),
        (["job=receive,pipeline", "receive.inboxes=x"], "no setting receive.inboxes (did you mean receive.inbox?)"),
        (["job=pipeline", "gold.ends=2024-12-31"], "no setting gold.ends"),
    ],
)
def test_a_mistake_is_refused_in_one_line_that_names_what_there_is(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main([*arguments, f"lake.root={tmp_path / 'lake'}"] if "lake.root=x" not in arguments else arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"refused: {said}") and error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_the_first_of_several_jobs_does_not_start_where_the_second_is_mistyped(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    places = [
        f"simulate.out={tmp_path / 'inbox'}",
        f"simulate.truth={tmp_path / 'truth'}",
        f"lake.root={tmp_path}/lake",
    ]
    assert main(["job=simulate,receive", "receive.batch_file=1", *places]) == 2
    assert "did you mean receive.batch_files" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_any_setting_of_sparks_own_is_passed_on() -> None:
    given = parse(["spark.conf.spark.sql.shuffle.partitions=7", "spark.conf.spark.eventLog.enabled=true"])
    conf = _flat(load("gold", given).spark.conf)
    assert conf["spark.sql.shuffle.partitions"] == "7"
    assert conf["spark.eventLog.enabled"].lower() == "true"
    assert conf["spark.default.parallelism"] == "2"  # as conf/env/local.yaml has it


@pytest.mark.parametrize("value", ["/数据/湖 一", "/a=b/{c}", "/a,b", "/it's"])
def test_a_path_stays_as_it_was_typed(value: str) -> None:
    assert load("gold", parse([f"lake.root={value}"])).lake.root == value


def test_a_number_where_text_is_wanted_is_no_mistake_but_text_for_a_number_is() -> None:
    assert load("serve", parse(["serve.port=8001"])).serve.port == 8001
    with pytest.raises(Refused, match=r"serve\.port=high: must be a whole number"):
        load("serve", parse(["serve.port=high"]))
