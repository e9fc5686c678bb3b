"""Running jobs: what is stale, on which versions, in which mode; then write, and record what was done."""

from __future__ import annotations

import hashlib
import json
import subprocess
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from omegaconf import DictConfig, OmegaConf
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from jobs.lakehouse import change, delta
from jobs.lakehouse.conform import conform
from jobs.lakehouse.delta import Commit, Content
from jobs.lakehouse.errors import Broken, Refused
from jobs.lakehouse.job import Job, Pinned, Run, code_hash
from jobs.lakehouse.lake import Lake
from jobs.lakehouse.settings import CHECKOUT, as_json
from jobs.lakehouse.table import Table
from jobs.tables.ops import REJECTED, RUN, RUN_IO


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


@dataclass
class Result:
    """How one job ended."""

    job: str
    status: str
    mode: str = ""
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    rows_in: int = 0
    rows_out: int = 0
    rows_quarantined: int = 0
    warnings: dict[str, int] = field(default_factory=dict)
    error: str = ""
    commit: Commit | None = None
    total: Content = field(default_factory=Content)
    plan: Plan | None = None
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))


def plan(job: Job, lake: Lake, settings: DictConfig) -> Plan:
    """Fix a job's settings and input versions. Without Spark. Raises ``Refused`` where a setting is missing."""
    node = OmegaConf.to_container(settings.get(job.layer) or OmegaConf.create({}))
    assert isinstance(node, dict)
    missing = [s for s in job.settings if s not in node]
    if missing:
        raise Refused(f"{job.name} needs the settings {', '.join(f'{job.layer}.{m}' for m in missing)}")
    chosen = {s: node[s] for s in job.settings}
    # The version of a job's commit, not the newest: compaction makes nothing stale.
    inputs: dict[str, int | None] = {}
    for name in sorted(job.reads):
        commit = delta.last_commit(lake, name)
        inputs[name] = commit.version if commit else delta.table_version(lake, name)
    code = hashlib.sha256(f"{code_hash(job.function)}{as_json(chosen)}".encode()).hexdigest()[:16]
    return Plan(job, chosen, inputs, code, delta.last_commit(lake, job.writes))


@dataclass
class Runner:
    """Runs jobs on one lake in one Spark session, which is started when the first stale job needs it."""

    lake: Lake
    settings: Callable[[str], DictConfig]
    start_spark: Callable[[], SparkSession]
    progress: Progress
    results: list[Result] = field(default_factory=list)

    def run(self, jobs: Iterable[Job]) -> list[Result]:
        """Run those that are stale, in the order given. What ran is recorded even if one fails, which is raised."""
        try:
            for job in jobs:
                self.results.append(self._run(job))
        finally:
            self._record()
        return self.results

    def _run(self, job: Job) -> Result:
        planned = plan(job, self.lake, self.settings(job.layer))
        if planned.is_fresh:
            return Result(job.name, "fresh", plan=planned, commit=planned.last)
        spark = self.start_spark()
        self.progress.started(job)
        began, result = time.monotonic(), Result(job.name, "failed", plan=planned)
        spark.sparkContext.setJobGroup(job.name, f"{job.layer}: {job.writes.name}")
        try:
            _make(spark, self.lake, planned, result)
            result.status = "done"
        except (PySparkException, Broken, Refused) as error:
            result.error = _first_line(error)
            result.status = "refused" if isinstance(error, Refused) else "failed"
            self.results.append(result)
            raise
        finally:
            result.seconds = time.monotonic() - began
            result.rows_in, result.cpu_seconds = _cost(spark, job.name)
            self.progress.ended(job, result)
        return result

    def _record(self) -> None:
        """Write what ran to ``ops.run`` and ``ops.run_io``; a run that was killed before this is recorded now."""
        known = _recorded(self.lake)
        fresh = [r for r in self.results if r.status == "fresh" and r.commit and r.commit.run_id not in known]
        ran = [r for r in self.results if r.status != "fresh"]
        if not fresh and not ran:
            return
        spark = self.start_spark()
        for result in fresh:
            _recover(spark, self.lake, result)
        done = fresh + ran
        commit = Commit(run_id=str(uuid.uuid4()), job="runner", mode="change")
        delta.append(spark, self.lake, RUN_IO, spark.createDataFrame(_io_rows(done), RUN_IO.schema), commit)
        delta.append(spark, self.lake, RUN, spark.createDataFrame(_run_rows(done), RUN.schema), commit)


def _make(spark: SparkSession, lake: Lake, planned: Plan, result: Result) -> None:
    """Compute and write one job's table, filling in the result."""
    job, run_id = planned.job, str(uuid.uuid4())
    changed = change.since(spark, lake, job, planned.inputs, planned.code, planned.last)
    pins = {n: Pinned(lake.uri(n), v) for n, v in planned.inputs.items()}
    run = Run(run_id, lake, pins, planned.settings, planned.code, lake.key if job.wants_run else b"")
    settings = {**planned.settings, **({"run": run} if job.wants_run else {})}
    made = change.compute(spark, lake, job, planned.inputs, changed, settings)
    conformed = conform(job.writes, made)
    commit = Commit(
        run_id=run_id,
        job=job.name,
        mode="change" if changed else "full",
        fingerprint=planned.fingerprint,
        code=planned.code,
        inputs=dict(planned.inputs),
        started_at=result.started_at.isoformat(),
    )
    result.mode = commit.mode
    if changed is None:
        written = delta.overwrite(spark, lake, job.writes, conformed.rows, commit)
        result.total, result.rows_out = written.content, written.content.rows
    elif changed.gone is None:
        txn = (f"{lake.uri(job.writes)}#{planned.code}", sum(v or 0 for v in planned.inputs.values()))
        before = _content_before(spark, lake, job.writes, planned.last)
        written = delta.append(spark, lake, job.writes, conformed.rows, commit, txn=txn)
        result.total, result.rows_out = before + written.content, written.content.rows
    else:
        key = changed.gone_key
        written = delta.replace_keys(spark, lake, job.writes, changed.gone, conformed.rows, key, commit)
        result.total, result.rows_out = written.content, delta.rows_inserted(lake, job.writes, written.version)
    result.commit = written
    result.warnings = conformed.broken()
    _keep_rejected(spark, lake, job.writes, conformed.rejected, result)
    change.done(changed)


def _content_before(spark: SparkSession, lake: Lake, table: Table, last: Commit | None) -> Content:
    """Content of the table as it stands: from the ledger of runs, or read where a kill left it unrecorded."""
    if last is None:
        return Content()
    found = _recorded(lake, table.name).get(last.run_id)
    if found is not None:
        return found
    return delta.content_of(table, delta.read(spark, lake, table, last.version))


def _recorded(lake: Lake, table: str | None = None) -> dict[str, Content]:
    """Run ids in ``ops.run_io`` with the content each left in the table it wrote."""
    from jobs.lakehouse.read import read_table

    if delta.table_version(lake, RUN_IO) is None:
        return {}
    where = "direction = 'out'" + (f" and \"table\" = '{table}'" if table else "")
    rows = read_table(lake.root, RUN_IO.name, ["run_id", "total_rows", "content_hash"], where=where).to_pylist()
    return {
        r["run_id"]: Content(r["total_rows"], int(r["content_hash"][:16], 16), int(r["content_hash"][16:], 16))
        for r in rows
    }


def _recover(spark: SparkSession, lake: Lake, result: Result) -> None:
    """Fill in the result of a run whose commit is there but whose record a kill prevented."""
    assert result.plan is not None and result.commit is not None
    table, commit = result.plan.job.writes, result.commit
    result.total = delta.content_of(table, delta.read(spark, lake, table, commit.version))
    result.mode, result.rows_out = commit.mode, result.total.rows
    result.status = "done"
    result.error = "recorded by a later run: this one was killed after its commit"
    if commit.started_at:
        result.started_at = datetime.fromisoformat(commit.started_at)


def _keep_rejected(spark: SparkSession, lake: Lake, table: Table, rejected: DataFrame | None, result: Result) -> None:
    held = {e.name for e in table.expects if e.otherwise == "quarantine"}
    result.rows_quarantined = sum(n for rule, n in result.warnings.items() if rule in held)
    if rejected is None or not result.rows_quarantined or result.commit is None:
        return
    rows = rejected.selectExpr(f"'{result.commit.run_id}' as run_id", f"'{table.name}' as table", "rule", "row_key")
    commit = replace(result.commit, job="runner", fingerprint="", inputs={})
    delta.append(spark, lake, REJECTED, rows, commit)


def _run_rows(results: Iterable[Result]) -> list[tuple[Any, ...]]:
    return [
        (
            _run_id(r), r.job, r.status, r.mode, r.started_at, _end(r), r.seconds, r.cpu_seconds,
            r.rows_in, r.rows_out, r.rows_quarantined, r.plan.code if r.plan else "", revision(),
            as_json(dict(r.plan.settings)) if r.plan else "{}", r.plan.fingerprint if r.plan else "",
            json.dumps(r.warnings), r.error,
        )
        for r in results
    ]  # fmt: skip


def _io_rows(results: Iterable[Result]) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for r in results:
        if r.plan is None:
            continue
        rows += [(_run_id(r), "in", name, version, None, None, None) for name, version in r.plan.inputs.items()]
        if r.commit is not None:
            name = r.plan.job.writes.name
            rows.append((_run_id(r), "out", name, r.commit.version, r.rows_out, r.total.rows, r.total.hash))
    return rows


def _run_id(result: Result) -> str:
    return result.commit.run_id if result.commit else f"failed-{uuid.uuid5(uuid.NAMESPACE_OID, str(id(result)))}"


def _end(result: Result) -> datetime:
    return datetime.fromtimestamp(result.started_at.timestamp() + result.seconds, UTC)


def _cost(spark: SparkSession, group: str) -> tuple[int, float]:
    """Rows read and CPU seconds of the Spark stages of a job group, from Spark's own status store."""
    jvm: Any = spark.sparkContext._jsc.sc()
    store = jvm.statusStore()
    rows = cpu = 0
    for job_id in spark.sparkContext.statusTracker().getJobIdsForGroup(group):
        info = spark.sparkContext.statusTracker().getJobInfo(job_id)
        for stage_id in info.stageIds if info else ():
            try:
                stage = store.lastStageAttempt(stage_id)
            except Exception:
                continue
            rows += stage.inputRecords()
            cpu += stage.executorCpuTime()
    return rows, cpu / 1e9


def _first_line(error: BaseException) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__


def revision() -> str:
    """The checkout's revision, with ``+`` where files differ from it; ``unknown`` outside a checkout."""
    try:
        head = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], cwd=CHECKOUT, capture_output=True, text=True)
        dirty = subprocess.run(["git", "status", "--porcelain", "-uno"], cwd=CHECKOUT, capture_output=True, text=True)
    except OSError:
        return "unknown"
    return f"{head.stdout.strip()}{'+' if dirty.stdout.strip() else ''}" if head.returncode == 0 else "unknown"
