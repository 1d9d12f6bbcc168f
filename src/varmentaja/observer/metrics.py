# SPDX-License-Identifier: EUPL-1.2
"""Prometheus metrics as a text file, for the node exporter's textfile collector: no port to guard."""

from __future__ import annotations

from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

from varmentaja.domain.availability import Service, Trouble
from varmentaja.domain.availability_record import Report


def write_metrics(path: Path, report: Report) -> None:
    """Put the last round's numbers at ``path`` in one step."""
    registry = CollectorRegistry()
    Gauge(
        "varmentaja_observer_round_seconds", "Time of the last round (Unix seconds)", registry=registry
    ).set(report.at.timestamp())
    for name, text, at in (
        ("signed", "When the newest answer or list that came was signed (Unix seconds)", report.signed_at),
        ("holds_until", "When the first of those goes out of date (Unix seconds)", report.holds_until),
    ):
        if at is not None:
            Gauge(f"varmentaja_observer_{name}_seconds", text, registry=registry).set(at.timestamp())
    asked = _gauge(registry, "asked", "Questions in the last round")
    lost = _gauge(registry, "lost", "Questions of the last round without a usable answer")
    middle = _gauge(registry, "median_seconds", "Median time to an answer in the last round")
    slowest = _gauge(registry, "slowest_seconds", "Longest time to an answer in the last round")
    for service, tally in report.tallies.items():
        asked.labels(service).set(tally.asked)
        lost.labels(service).set(tally.lost)
        middle.labels(service).set(tally.median_ms / 1000)
        slowest.labels(service).set(tally.slowest_ms / 1000)
    outage = Gauge(
        "varmentaja_observer_outage",
        "1 while a trouble that has been believed lasts",
        ["service", "trouble"],
        registry=registry,
    )
    told = {(each.service, each.trouble) for each in report.open if each.is_told}
    for service in report.tallies:
        for trouble in Trouble:
            outage.labels(service, trouble).set((Service(service), trouble) in told)
    write_to_textfile(str(path), registry)


def _gauge(registry: CollectorRegistry, name: str, text: str) -> Gauge:
    return Gauge(f"varmentaja_observer_{name}", text, ["service"], registry=registry)
