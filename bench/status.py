# SPDX-License-Identifier: EUPL-1.2
"""The status services at a nation's size: ``python -m bench.status [--size certificates]``.

The worker's own publishing over PostgreSQL rows of a synthetic nation (nation.py) makes the set: every answer
and list is really signed. ``serving.py`` measures responders over it, ``nonce.py`` the one that signs on the
spot, ``lag.py`` the way of a revocation, ``crl.py`` a list of a million entries, whatever the size of the
nation. Exit code 1 if a firm limit is missed or could not be measured.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from bench import crl, servers, signing, sizes
from bench.harness import Row, report
from bench.progress import progress
from bench.service import prepared_state
from varmentaja.config import Settings
from varmentaja.pki.hierarchy import load_hierarchy
from varmentaja.ports.custody import Custody

_SAMPLED = 20
"""Certificates that are really signed; the others are known by their rows alone."""


def measure(size: int, rounds: int, verified: int, seconds: int, entries: int) -> list[Row]:
    """Everything in one run, on one state folder."""
    with tempfile.TemporaryDirectory(prefix="varmentaja-bench-") as name:
        folder = Path(name)
        shards = sizes.shards_for(size)
        with prepared_state(folder / "state", staff=False, shards=shards) as settings:
            logging.disable(logging.INFO)
            # Before all else: after a million new rows the database has its own work to do for a while.
            rows = [signing.measure(custody(), "professionals-ecc", rounds)]
            rows += publish(size)
            rows += _ask(folder, settings, size, rounds, verified, seconds)
            return rows + crl.measure(settings, entries)


def _ask(folder: Path, settings: Settings, size: int, rounds: int, verified: int, seconds: int) -> list[Row]:
    from bench import lag, nonce, serving
    from bench.questions import Asker

    asker = Asker(load_hierarchy(settings.hierarchy_folder, production=False), size)
    responder = servers.responder(folder, settings.publication, settings.publisher_key)
    with servers.stopping(responder):
        return [
            *serving.measure(folder, asker, responder, size, rounds, seconds),
            *nonce.measure(folder, asker, settings, rounds, seconds),
            *serving.verify(asker, responder, verified),
            *lag.measure(folder, asker, responder, settings, 2 * rounds),
        ]


def custody() -> Custody:
    """What the worker signs with."""
    from varmentaja.ports.connected import outside

    connected = outside().custody
    assert connected is not None
    return connected


def publish(size: int) -> list[Row]:
    """Fill the records and publish them as the worker does."""
    from bench import nation
    from varmentaja.apps.certificates.models import Certificate
    from varmentaja.apps.status.actions.publish_status import BATCH, is_behind, publish_status
    from varmentaja.apps.status.models import CrlShard

    holders = size // sizes.EACH
    with progress("cardholders", holders) as tell:
        nation.fill(holders, now=datetime.now(UTC), shards=sizes.shards_for(size), tell=tell)
    nation.fill_sampled(custody(), _SAMPLED, now=datetime.now(UTC))
    begun, most, longest, done = time.perf_counter(), 0.0, 0.0, 0
    with progress("answers of the first set", size) as tell:
        while is_behind(now := datetime.now(UTC)):
            started = time.perf_counter()
            if publish_status(now=now) is None:
                raise RuntimeError("a gate holds the set back")
            longest = max(longest, time.perf_counter() - started)
            most = max(most, servers.own_mebibytes())
            done += BATCH
            tell(min(done, size))
    seconds = time.perf_counter() - begun
    assert not Certificate.objects.filter(answer_due_at=None).exists(), "each certificate has its answer"
    how = f"rows read, both answers signed, gates, files, rows stored; {longest:.1f} s for the longest step"
    CrlShard.objects.update(due_at=now)
    started = time.perf_counter()
    publish_status(now=now)
    lists = time.perf_counter() - started
    revoked = Certificate.objects.filter(state="revoked").count()
    return [
        Row(
            f"all lists anew, {revoked:,} entries",
            lists,
            "s",
            f"{CrlShard.objects.count()} lists and their deltas, from the records through all gates",
        ),
        Row(f"publishing {size:,} certificates from nothing", size / seconds, "/s", how),
        Row("memory of the publisher", most, "MiB", "its own at the most; files of the set are mapped"),
    ]


def main() -> None:
    """Measure and report; exit code 1 if a firm limit is missed."""
    parser = argparse.ArgumentParser(description="Status services at a nation's size.")
    parser.add_argument("--size", type=int, default=1_000_000, help="certificates")
    parser.add_argument("--entries", type=int, default=1_000_000, help="of the list that openssl makes, too")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--verified", type=int, default=1000, help="answers that openssl verifies")
    parser.add_argument("--seconds", type=int, default=4, help="of a round of questions")
    options = parser.parse_args()
    begun = time.perf_counter()
    rows = measure(options.size, options.rounds, options.verified, options.seconds, options.entries)
    minutes = (time.perf_counter() - begun) / 60
    rows.append(Row("this whole measurement", minutes, "min", f"{options.rounds} rounds"))
    command = f"make bench-status SIZE={options.size}"
    title = f"Status services at {options.size:,} certificates"
    sys.exit(0 if report(title, command, rows) else 1)


if __name__ == "__main__":
    main()
