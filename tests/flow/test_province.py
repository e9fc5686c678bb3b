"""The pipeline recovers what the simulator knows, through all the dirt."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from jobs.lakehouse.delta import content_of, read
from jobs.lakehouse.job import LAYERS, jobs_of
from jobs.lakehouse.lake import Lake
from jobs.lakehouse.table import DIRECT
from tests.flow.province import World

ID_NUMBER = re.compile(r"\b\d{17}[\dXx]\b|\b\d{15}\b")


def test_for_every_file_rows_read_are_accepted_quarantined_or_duplicate(world: World) -> None:
    ledger = world.table("ops.delivery")
    broken = world.ask(
        "select file from d where status <> 'refused' "
        "and rows_read <> rows_accepted + rows_quarantined + rows_duplicate",
        d=ledger,
    )
    assert broken == [] and ledger.num_rows > 100
    accepted = dict(world.ask("select feed, sum(rows_accepted) from d group by 1", d=ledger))
    for feed, rows in accepted.items():
        assert world.table(f"bronze.{feed}", ["_row_id"]).num_rows == rows


def test_row_ids_lead_to_the_delivered_line(world: World) -> None:
    """Each bronze row's id minus its file's first is the row number that the truth has for it."""
    lost = world.ask(
        f"""
        with b as (select l._row_id, d.file, l._row_id - d.first_row_id as row
                   from l join d on d.status = 'accepted' and d.rows_read > 0
                    and l._row_id between d.first_row_id and d.first_row_id + d.rows_read - 1)
        select count(*) from b left join {world.truth("record")} t on t.file = b.file and t.row = b.row
        where t.person is null
        """,
        l=world.table("vault.person_link", ["_row_id"]),
        d=world.table("ops.delivery"),
    )
    assert lost == [(0,)]


def test_linkage_puts_no_two_people_together_and_few_apart(world: World) -> None:
    """First rung, exact ID numbers: two people's records never meet; a person is split only where no ID links."""
    pairs = world.ask(
        f"""
        with b as (select l.person_id, t.person
                   from l join d on d.status = 'accepted'
                    and l._row_id between d.first_row_id and d.first_row_id + d.rows_read - 1
                   join {world.truth("record")} t on t.file = d.file and t.row = l._row_id - d.first_row_id),
             n as (select person_id, person, count(*) n from b group by all),
             pair as (select sum(n * (n - 1) / 2) both_same from n),
             guessed as (select sum(n * (n - 1) / 2) linked from (select sum(n) n from n group by person_id)),
             true_ as (select sum(n * (n - 1) / 2) same from (select sum(n) n from n group by person))
        select both_same / linked as precision, both_same / same as recall from pair, guessed, true_
        """,
        l=world.table("vault.person_link", ["_row_id", "person_id"]),
        d=world.table("ops.delivery"),
    )
    precision, recall = pairs[0]
    assert precision > 0.995, precision  # type: ignore[operator]
    assert recall > 0.9, recall  # type: ignore[operator]


def test_keys_are_unique_in_every_table(world: World) -> None:
    for job in jobs_of(LAYERS):
        table = job.writes
        if table.key:
            keys = world.table(table.name, list(table.key))
            columns = ", ".join(f'"{c}"' for c in table.key)
            doubled = world.ask(f"select {columns} from k group by all having count(*) > 1 limit 1", k=keys)
            assert doubled == [], table.name


def test_recorded_hashes_are_those_of_the_tables(world: World, spark: object) -> None:
    """What appends and merges summed up is what reading the whole table gives."""
    lake, recorded = Lake(world.root, buckets=4), world.hashes()
    for job in jobs_of(["silver", "gold"]):
        rows = read(spark, lake, job.writes, _version(world, job.writes.name))  # type: ignore[arg-type]
        assert content_of(rows, job.writes.column_names).hash == recorded[job.writes.name], job.writes.name


def test_no_direct_identifier_leaves_the_vault(world: World) -> None:
    """Neither a declared one nor an ID number in any text, file, log or column statistics outside the inner zones."""
    for job in jobs_of(LAYERS):
        if job.writes.zone not in ("vault", "bronze", "landing"):
            assert job.writes.sensitivity < DIRECT, job.writes.name
            table = world.table(job.writes.name)
            for name in table.column_names:
                if str(table.schema.field(name).type) == "string":
                    texts = set(filter(None, table[name].to_pylist()))
                    assert not [t for t in texts if ID_NUMBER.search(t)], f"{job.writes.name}.{name}"
    logs = [p for p in Path(world.root).rglob("_delta_log/*.json") if p.parts[-4] not in ("landing",)]
    for path in logs:
        assert not re.search(r"379\d{14}[\dX]", path.read_text()), path


def test_deaths_are_those_that_happened(world: World) -> None:
    """Every death of a resident that a certificate or the register told of by the end of the deliveries, none twice.

    The truth says which deaths have no certificate, and when the register hears of them, if ever.
    """
    (dead,) = world.ask("select count(*) from d", d=world.table("silver.death"))[0]
    (true,) = world.ask(
        f"""
        with never as (select person from {world.truth("undelivered")} where feed = 'death_certificate'
                       intersect
                       select person from {world.truth("undelivered")} where feed = 'resident_register'
                        and kind = 'home_death' and (known is null or known > date '2023-03-31'))
        select count(distinct person) from {world.truth("event")}
        where kind = 'death' and date <= date '2023-03-31' and person not in (select person from never)
        """
    )[0]
    assert 0.9 * true <= dead <= 1.05 * true, (dead, true)  # type: ignore[operator]


def test_visits_are_those_that_happened(world: World) -> None:
    """Outpatient visits of 2022 in the province: one a person, institution, department and day, so a few true ones fall
    together. What the truth lists as outside the province was never delivered."""
    (found,) = world.ask(
        "select sum(numerator) from m where measure = 'outpatient_visits' and period = '2022' and level = 'province' "
        "and sex = 'all' and age_band = 'all'",
        m=world.table("gold.measure"),
    )[0]
    (true,) = world.ask(
        f"""
        select count(*) filter (kind = 'outpatient_visit')
             - (select count(*) from {world.truth("undelivered")}
                where kind = 'care_elsewhere' and feed = 'outpatient_visit' and year(date) = 2022)
        from {world.truth("event")} where year(date) = 2022
        """
    )[0]
    assert 0.95 * true <= found <= true, (found, true)  # type: ignore[operator]


def test_person_time_is_that_of_the_true_residents(world: World) -> None:
    """Person-years of 2022 within two per cent of the residents alive in its middle."""
    rows = world.ask(
        "select person_years from m where measure = 'all_cause_mortality' and period = '2022' and level = 'province' "
        "and sex = 'all' and age_band = 'all'",
        m=world.table("gold.measure"),
    )
    (register,) = world.ask(
        "select sum(persons) from p where source = 'register' and year = 2022 and level = 'province' "
        "and sex = 'all' and age_band = 'all'",
        p=world.table("gold.population"),
    )[0]
    assert rows[0][0] == pytest.approx(register, rel=0.02)  # type: ignore[arg-type]


def test_released_numbers_hide_small_counts(world: World) -> None:
    released = world.table("release.measure")
    shown = "status = 'shown'"
    assert world.ask(
        f"select count(*) from r where {shown} and (numerator % 5 <> 0 or numerator between 1 and 10)", r=released
    ) == [(0,)]
    assert world.ask(
        f"select count(*) from r where not ({shown}) and (numerator is not null or rate is not null)", r=released
    ) == [(0,)]
    assert {r["demo"] for r in world.table("release.approval").to_pylist()} == {True}
    assert world.table("release.approval").num_rows == 2


def test_a_second_run_has_nothing_to_do(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert world.request("pipeline") == 0
    assert "tables were up to date" in capsys.readouterr().out


@pytest.mark.faults  # minutes long: one of the proofs of `make faults`
def test_a_day_more_gives_what_making_everything_anew_gives(world: World, tmp_path: Path) -> None:
    """One more day is received and followed, a file of visits taken back with it; then silver, gold and release are
    thrown away and made from bronze."""
    daily = world.copied(tmp_path / "daily")
    daily.simulate("simulate.backload_from=null", "simulate.start=2023-04-01", "simulate.end=2023-04-01")
    file, rows = world.ask(
        "select file, rows_accepted from d where feed = 'outpatient_visit' and status = 'accepted' "
        "and period_start = date '2023-02-01' order by 2 desc limit 1",
        d=world.table("ops.delivery"),
    )[0]
    daily.take_back(str(file), "2023-04-02")
    before = visits_of_2023(daily), visits_sent(daily)
    assert daily.request("receive") == 0
    assert daily.request("pipeline") == 0
    came = visits_sent(daily) - before[1]  # accepted, the withdrawn file's own still among them
    left = visits_of_2023(daily)
    # of a file's rows, a third are of people who are on no register yet, or of other years
    assert before[0] - rows <= left <= before[0] + came - 0.5 * rows < before[0]  # type: ignore[operator]
    followed = daily.hashes()
    runs = sorted(daily.table("ops.run").to_pylist(), key=lambda r: r["started_at"])
    modes = {r["job"]: r["mode"] for r in runs if r["mode"]}
    assert {modes[t] for t in ("silver.condition_occurrence", "silver.visit_occurrence", "vault.person_link")} == {
        "change"
    }
    anew = daily.copied(tmp_path / "anew")
    for zone in ("vault", "silver", "gold", "release", "ops/run", "ops/run_io"):
        shutil.rmtree(Path(anew.root) / zone)
    assert anew.request("pipeline") == 0
    made = anew.hashes()
    # The logs hold one decision more for every change of mind, the state one contribution: what they lead to counts.
    logs = {"vault.person_history", "silver.visit_history", "gold.measure_state"}
    differ = [t for t in made if made[t] != followed[t] and t not in logs and not t.startswith("bronze.")]
    assert differ == []


def visits_of_2023(world: World) -> int:
    """Outpatient visits in the province, as the measure counts them."""
    (counted,) = world.ask(
        "select sum(numerator) from m where measure = 'outpatient_visits' and period = '2023' and level = 'province' "
        "and sex = 'all' and age_band = 'all'",
        m=world.table("gold.measure"),
    )[0]
    return int(counted)  # type: ignore[call-overload,no-any-return]


def visits_sent(world: World) -> int:
    """Rows of outpatient visits that were ever accepted."""
    (sent,) = world.ask(
        "select sum(rows_accepted) from d where feed = 'outpatient_visit'", d=world.table("ops.delivery")
    )[0]
    return int(sent)  # type: ignore[call-overload,no-any-return]


def _version(world: World, name: str) -> int:
    rows = world.table("ops.run_io", where=f"direction = 'out' and \"table\" = '{name}'").to_pylist()
    return max(r["version"] for r in rows)
