"""``job=receive``: the request, its report, and what its end means."""

from __future__ import annotations

import sys
import time
from datetime import date
from pathlib import Path

from omegaconf import DictConfig

from jobs.lakehouse.errors import Refused
from jobs.lakehouse.main import Context
from jobs.lakehouse.record import record
from jobs.landing.ledger import unrecorded_receipts
from jobs.landing.receive import Settings, receive
from jobs.landing.record import results
from jobs.landing.report import print_report

FORMATS = ("deliveries", "synthea")


def main(context: Context) -> int:
    """Receive. Returns 0; raises ``Refused`` (exit 2) when every file was, or one was and that is to be strict."""
    settings = settings_from(context.settings.receive)
    began = time.monotonic()
    report, receipts = receive(context.spark, context.lake, settings)
    unrecorded = unrecorded_receipts(context.lake)
    if unrecorded:
        spark = context.spark()
        record(spark, context.lake, results(spark, context.lake, unrecorded, receipts, settings))
    print_report(report, f"received from {settings.inbox}", None if sys.stdout.isatty() else 110)
    print(f"{time.monotonic() - began:.1f} s; the ledger is ops.delivery, rows kept out are in bronze.quarantine")
    if report.all_refused:
        raise Refused(f"every file was refused ({len(report.refused)})")
    if report.refused and context.settings.pipeline.fail_on == "refused":
        raise Refused(f"{len(report.refused)} of {report.files} files were refused, and pipeline.fail_on=refused")
    return 0


def settings_from(node: DictConfig) -> Settings:
    """The settings checked. Raises ``Refused`` naming the setting."""
    if node.format not in FORMATS:
        raise Refused(f"receive.format={node.format}: allowed: {', '.join(FORMATS)}")
    for name in ("batch_files", "batch_bytes", "largest_file"):
        if node[name] <= 0:
            raise Refused(f"receive.{name}={node[name]}: must be above 0")
    if node.delivered_on is not None and node.format != "synthea":
        raise Refused("receive.delivered_on is for receive.format=synthea; a delivery's day is that of its folder")
    try:
        delivered_on = date.fromisoformat(str(node.delivered_on)) if node.delivered_on else None
    except ValueError as error:
        raise Refused(f"receive.delivered_on={node.delivered_on}: must be YYYY-MM-DD") from error
    return Settings(
        inbox=str(Path(str(node.inbox)).absolute()),
        format=str(node.format),
        delivered_on=delivered_on,
        batch_files=int(node.batch_files),
        batch_bytes=int(node.batch_bytes),
        largest_file=min(int(node.largest_file), (1 << 31) - 2),  # the CSV reader's largest block
    )
