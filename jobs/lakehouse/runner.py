"""Running jobs: what is stale, on which versions, in which mode; then write, and record what was done."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from omegaconf import DictConfig, OmegaConf
from py4j.protocol import Py4JJavaError
from pyspark.sql import DataFrame, SparkSession

from jobs.lakehouse import change, delta
from jobs.lakehouse.conform import conform
from jobs.lakehouse.delta import Commit, Content
from jobs.lakehouse.errors import Refused
from jobs.lakehouse.job import Job, Pinned, Run, code_hash
from jobs.lakehouse.lake import Lake
from jobs.lakehouse.record import Output, Result, record, recorded
from jobs.lakehouse.session import use_in_this_thread
from jobs.lakehouse.settings import as_json
from jobs.lakehouse.table import Table
from jobs.tables.ops import REJECTED


class Progress(Protocol):
    """Who is told how the work goes."""

    def started(self, job: Job) -> None:
        """A job begins."""

    def ended(self, job: Job, result: Result) -> None:
        """A job ended."""


@dataclass(frozen=True)
class Plan:
    """A job with its settings and input versions, and what the table's log says of the last time."""

    job: Job
    settings: Mapping[str, Any]
    inputs: Mapping[str, int | None]
    code: str
    last: Commit | None

    @property
    def fingerprint(self) -> str:
        """Code, settings and input versions in one hash; equal to the last commit's means nothing to do."""
        body = json.dumps([self.job.writes.name, self.code, dict(self.inputs)], sort_keys=True)
        return hashlib.sha256(body.encode()).hexdigest()[:24]

    @property
    def is_fresh(self) -> bool:
        """Whether the table already holds what this job would make."""
        return self.last is not None and self.last.fingerprint == self.fingerprint


def plan(job: Job, lake: Lake, settings: DictConfig) -> Plan:
    """Fix a job's settings and input versions. Without Spark. Raises ``Refused`` where a setting is missing."""
    node = OmegaConf.to_container(settings.get(job.layer) or OmegaConf.create({}))
    assert isinstance(node, dict)
    missing = [s for s in job.settings if s not in node]
    if missing:
        raise Refused(f"{job.name} needs the settings {', '.join(f'{job.layer}.{m}' for m in missing)}")
    chosen = {s: node[s] for s in job.settings}
    # The version that brought the present content: neither compaction nor a repeat of the same makes anything stale.
    inputs: dict[str, int | None] = {}
    for name in sorted(job.reads):
        commit = delta.last_commit(lake, name, with_new_content=True)
        inputs[name] = commit.version if commit else delta.table_version(lake, name)
    code = hashlib.sha256(f"{code_hash(job.function)}{as_json(chosen)}".encode()).hexdigest()[:16]
    return Plan(job, chosen, inputs, code, delta.last_commit(lake, job.writes))


@dataclass
class Runner:
    """Runs jobs on one lake in one Spark session, which is started when the first stale job needs it.

    Up to ``at_once`` jobs run side by side: one plans, compiles or commits while another's tasks keep the cores busy.
    """

    lake: Lake
    settings: Callable[[str], DictConfig]
    start_spark: Callable[[], SparkSession]
    progress: Progress
    at_once: int = 1
    results: list[Result] = field(default_factory=list)

    def run(self, jobs: Iterable[Job]) -> list[Result]:
        """Run those that are stale, each after the jobs among them whose tables it reads.

        When one fails none is begun any more. What ran is recorded all the same; then the failure is raised.
        """
        unrecorded: list[Result] = []
        try:
            with ThreadPoolExecutor(self.at_once) as pool:
                self._run_all({job.writes.name: job for job in jobs}, pool, unrecorded)
        finally:
            if unrecorded:
                record(self.start_spark(), self.lake, unrecorded)
        return self.results

    def _run_all(self, waiting: dict[str, Job], pool: ThreadPoolExecutor, unrecorded: list[Result]) -> None:
        running: dict[Future[None], str] = {}
        known = recorded(self.lake)
        while waiting or running:
            unmade = {*waiting, *running.values()}
            ready = next((j for j in waiting.values() if not unmade & set(j.reads)), None)
            if ready is None or len(running) == self.at_once:
                for ended in wait(running, return_when=FIRST_COMPLETED).done:
                    del running[ended]
                    ended.result()
                continue
            del waiting[ready.writes.name]
            planned = plan(ready, self.lake, self.settings(ready.layer))
            if not planned.is_fresh:
                running[pool.submit(self._run, self.start_spark(), planned, unrecorded)] = ready.writes.name
                continue
            assert planned.last is not None
            self.results.append(Result(ready.name, "fresh"))
            if planned.last.run_id not in known:
                unrecorded.append(_recover(self.start_spark(), self.lake, planned, planned.last))

    def _run(self, spark: SparkSession, planned: Plan, unrecorded: list[Result]) -> None:
        job = planned.job
        self.progress.started(job)
        began, result = time.monotonic(), _result(planned, "failed")
        use_in_this_thread(spark)
        spark.sparkContext.setJobGroup(result.run_id, f"{job.layer}: {job.writes.name}")
        try:
            _make(spark, self.lake, planned, result)
            result.status = "done"
        except Exception as error:  # recorded as it is, and raised
            result.error = first_line(error)
            result.status = "refused" if isinstance(error, Refused) else "failed"
            raise
        finally:
            result.seconds = time.monotonic() - began
            result.rows_in, result.cpu_seconds = _cost(spark, result.run_id)
            self.progress.ended(job, result)
            unrecorded.append(result)
            self.results.append(result)


def _result(planned: Plan, status: str) -> Result:
    settings = as_json(dict(planned.settings))
    return Result(
        planned.job.name,
        status,
        code=planned.code,
        fingerprint=planned.fingerprint,
        settings=settings,
        inputs=planned.inputs,
    )


def _make(spark: SparkSession, lake: Lake, planned: Plan, result: Result) -> None:
    """Compute and write one job's table, filling in the result."""
    job = planned.job
    changed = change.since(spark, lake, job, planned.inputs, planned.code, planned.last)
    pins = {n: Pinned(lake.uri(n), v) for n, v in planned.inputs.items()}
    run = Run(result.run_id, lake, pins, planned.settings, planned.code, lake.key if job.wants_run else b"")
    settings = {**planned.settings, **({"run": run} if job.wants_run else {})}
    made = conform(job.writes, change.compute(spark, lake, job, planned.inputs, changed, settings))
    rows, result.mode = made.rows, "change" if changed else "full"
    if changed is None and job.by in ("whole", "signed") and planned.last is not None:
        # Small, and what reads it is made anew with it: so look first whether anything is different.
        rows = rows.localCheckpoint()
        if delta.content_of(rows, job.writes.column_names) == _content_before(spark, lake, job.writes, planned.last):
            result.mode = "same"
    commit = Commit(
        run_id=result.run_id,
        job=job.name,
        mode=result.mode,
        fingerprint=planned.fingerprint,
        code=planned.code,
        inputs=dict(planned.inputs),
        started_at=result.started_at.isoformat(),
    )
    written, total = _write(spark, lake, planned, changed, rows, commit)
    result.rows_out = written.content.rows
    result.outputs = [Output(job.writes.name, written.version, result.rows_out, total)]
    result.warnings = made.broken()
    _keep_rejected(spark, lake, job.writes, made.rejected, result)


def _write(
    spark: SparkSession, lake: Lake, planned: Plan, changed: change.Change | None, rows: DataFrame, commit: Commit
) -> tuple[Commit, Content]:
    """Write in the way the change asks for. Returns the commit and the whole table's content after it."""
    table = planned.job.writes
    if changed is None:
        written = delta.overwrite(spark, lake, table, rows, commit)
        return written, written.content
    before = _content_before(spark, lake, table, planned.last)
    if changed.gone is not None:
        written, marked = delta.replace_keys(spark, lake, table, changed.gone, rows, changed.gone_key, commit)
        return written, before - marked + written.content
    # Input versions only grow, so their sum numbers the transaction.
    txn = (f"{planned.job.name}#{planned.code}", sum(v or 0 for v in planned.inputs.values()))
    written = delta.append(spark, lake, table, rows, commit, txn=txn)
    return written, before + written.content


def _content_before(spark: SparkSession, lake: Lake, table: Table, last: Commit | None) -> Content:
    """Content of the table as it stands: from the record of runs, or read where a kill left it unrecorded."""
    if last is None:
        return Content()
    found = recorded(lake, table.name).get(last.run_id)
    if found is not None:
        return found
    return delta.content_of(delta.read(spark, lake, table, last.version), table.column_names)


def _recover(spark: SparkSession, lake: Lake, planned: Plan, commit: Commit) -> Result:
    """The result of a run whose commit is there but whose record a kill prevented."""
    table = planned.job.writes
    total = delta.content_of(delta.read(spark, lake, table, commit.version), table.column_names)
    result = _result(planned, "done")
    result.run_id, result.mode, result.rows_out = commit.run_id, commit.mode, total.rows
    result.started_at = datetime.fromisoformat(commit.started_at)
    result.outputs = [Output(table.name, commit.version, total.rows, total)]
    result.error = "recorded by a later run: this one was killed after its commit"
    return result


def _keep_rejected(spark: SparkSession, lake: Lake, table: Table, rejected: DataFrame | None, result: Result) -> None:
    held = {e.name for e in table.expects if e.otherwise == "quarantine"}
    result.rows_quarantined = sum(n for rule, n in result.warnings.items() if rule in held)
    if rejected is None or not result.rows_quarantined:
        return
    rows = rejected.selectExpr(f"'{result.run_id}' as run_id", f"'{table.name}' as table", "rule", "row_key")
    delta.append(spark, lake, REJECTED, rows, Commit(run_id=result.run_id, job="record", mode="change"))


def _cost(spark: SparkSession, group: str) -> tuple[int, float]:
    """Rows read and CPU seconds of the Spark stages of a job group, from Spark's own status store.

    A stage that was skipped because its shuffle was there already has no attempt, and Py4J has one error class for all.
    """
    store: Any = spark.sparkContext._jsc.sc().statusStore()
    tracker = spark.sparkContext.statusTracker()
    infos = [tracker.getJobInfo(job_id) for job_id in tracker.getJobIdsForGroup(group)]
    rows = cpu = 0
    for stage_id in {s for info in infos if info for s in info.stageIds}:
        try:
            stage = store.lastStageAttempt(stage_id)
        except Py4JJavaError:
            continue
        rows += stage.inputRecords()
        cpu += stage.executorCpuTime()
    return rows, cpu / 1e9


def first_line(error: BaseException) -> str:
    """The first line of an error's text; of an error in the JVM, that of its root cause."""
    text = str(error).strip()
    if isinstance(error, Py4JJavaError):
        cause = error.java_exception
        while cause.getCause() is not None:
            cause = cause.getCause()
        text = str(cause.getMessage() or cause.toString())
    return text.splitlines()[0] if text else type(error).__name__
