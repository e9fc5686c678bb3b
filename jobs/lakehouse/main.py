"""The command line: which job, with which settings, and what its end means."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from omegaconf import DictConfig, OmegaConf
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from jobs.lakehouse import settings as st
from jobs.lakehouse.errors import Broken, Refused
from jobs.lakehouse.job import COMMANDS, LAYERS, jobs_of
from jobs.lakehouse.lake import Lake, Lease
from jobs.lakehouse.report import Console, print_report
from jobs.lakehouse.runner import Runner, first_line
from jobs.lakehouse.session import session

PIPELINE = tuple(LAYERS)
EVERY = (*LAYERS, *COMMANDS)
NEXT = """what to open next:
  make serve                        the big screen 大屏
  notebooks/rate_by_city.py         a rate by city, read with and without Spark (LAKE_ROOT={root})
  {root}/release/measure            the numbers that may be shown; gold/measure holds all of them
  mlflow ui --backend-store-uri {tracking}   the model and its runs"""


@dataclass
class Context:
    """One request: its job, settings and lake, and a Spark session that starts when it is first asked for.

    A command is a function of this; it returns an exit code or nothing.
    """

    job: str
    overrides: Sequence[st.Override]
    settings: DictConfig
    lake: Lake
    writes: bool = True
    _spark: list[SparkSession] = field(default_factory=list)

    def spark(self) -> SparkSession:
        """The session. A job that writes holds the lake's lease from here on until the process ends."""
        if not self._spark:
            made = session(self.settings)
            if self.writes:
                Lease(self.lake).take(made)
                _ = self.lake.key
            self._spark.append(made)
        return self._spark[0]

    def settings_of(self, job: str) -> DictConfig:
        """The settings of another job of the same request, such as a layer of the pipeline."""
        return st.load(job, self.overrides, EVERY)


def main(arguments: Sequence[str]) -> int:
    """Run one request. Returns the exit code: 0 done, 2 refused, 3 integrity broken, 1 failed."""
    names = sorted({"pipeline", *EVERY})
    try:
        if not arguments or set(arguments) & {"--help", "-h", "help"}:
            print(usage(names))
            return 0
        overrides = st.parse(arguments)
        asked = next((o.value for o in overrides if o.name == "job"), "").split(",")
        for job in asked:
            if job not in names:
                unknown = "no job" if not job else f"unknown job {job}"
                raise Refused(f"{unknown}; give job=<name>[,<name>...] with some of: {', '.join(names)}")
        # All requests are checked before the first of them starts; they share one Spark session.
        contexts = [_context(job, overrides) for job in asked]
        return next((code for code in map(_run, contexts) if code), 0)
    except (Refused, Broken) as error:
        print(f"{'refused' if isinstance(error, Refused) else 'integrity broken'}: {error}", file=sys.stderr)
        return error.exit_code
    except (PySparkException, Py4JJavaError) as error:
        text = first_line(error)
        print(f"failed: {text}", file=sys.stderr)
        return 3 if "is required but was null" in text or ": rule " in text else 1


def _context(job: str, overrides: Sequence[st.Override]) -> Context:
    """Check every setting, those meant for other jobs of the same request too."""
    for other in EVERY:
        theirs = [o for o in overrides if o.name.split(".")[0] == other != job]
        if theirs:
            st.load(other, theirs)
    settings = st.load(job, overrides, EVERY)
    if settings.pipeline.jobs_at_once < 1:
        raise Refused(f"pipeline.jobs_at_once={settings.pipeline.jobs_at_once}: must be 1 or more")
    return Context(job, overrides, settings, lake_of(settings))


def _run(context: Context) -> int:
    job = context.job
    if job in COMMANDS:
        command: Callable[[Context], int | None] = importlib.import_module(COMMANDS[job]).main
        return command(context) or 0
    return run_layers(context, PIPELINE if job == "pipeline" else (job,))


def run_layers(context: Context, layers: Sequence[str]) -> int:
    """Run what is stale in these layers, in dependency order, and print what was done."""
    console = Console(str(context.settings.pipeline.progress))
    runner = Runner(
        context.lake, context.settings_of, context.spark, console, int(context.settings.pipeline.jobs_at_once)
    )
    jobs = jobs_of(layers)
    console.expect(len(jobs))
    try:
        runner.run(jobs)
    finally:
        console.close()
        print_report(runner.results, context.lake)
    if context.job == "pipeline":
        print(NEXT.format(root=context.lake.root, tracking=context.settings.mlflow.tracking_uri))
    return 0


def lake_of(settings: DictConfig) -> Lake:
    """The lake that the settings name."""
    node = settings.lake
    return Lake(str(node.root), int(node.buckets), node.key_file, int(node.lease_wait))


def usage(names: Sequence[str]) -> str:
    """Jobs with their settings and defaults, and examples."""
    lines = [
        "usage: python -m jobs job=<name>[,<name>...] [<setting>=<value> ...]",
        "       spark-submit jobs/run.py job=<name> [<setting>=<value> ...]",
        "",
        "jobs and their settings (with defaults):",
    ]
    for name in names:
        if name not in st.choices("job"):
            continue
        loaded = st.load(name)
        own = loaded.get(name)
        lines.append(f"  job={name}")
        lines += [f"      {name}.{s} = {OmegaConf.select(own, s)}" for s in (st.names(own) if own else [])]
    shared = st.load("pipeline")
    lines += ["", "settings of every job:"]
    groups = ("lake", "observation", "pipeline", "mlflow", "spark", "province")
    lines += [f"  {n} = {OmegaConf.select(shared, n)}" for n in st.names(shared) if n.split(".")[0] in groups]
    lines += [
        f"  province=<name>: {', '.join(st.choices('province'))}",
        f"  env=<name>: {', '.join(st.choices('env'))}",
    ]
    lines += ["", "exit codes: 0 done, 2 the request or every file refused, 3 integrity broken, 1 failed"]
    return "\n".join(lines)
