# SPDX-License-Identifier: EUPL-1.2
"""A CRL against ``openssl ca -gencrl``: ``python -m bench.crl [entries]``.

Each of ours is made as the worker makes it, in a process of its own over the service's database: *cold*, with
nothing published, from the records to a set on disk whose files were read back and verified; *warm*, the next
one after some more revocations, with its delta, judged by the gate's rules that compare lists. Both are held
against openssl, which checks nothing and reads an index of the same size. *Whole* is the step of the worker
itself, with answers and the whole gate: also records, canaries and the verdicts of OpenSSL and pkilint.

The service runs already, as it does when a list is due: time counts from the first look at the records, and
from then on the peak of the whole process's memory (VmHWM; OpenSSL in the gate is a process of its own). What
scrypt took for a moment when the key store was opened is not the list's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from bench import sizes
from bench.harness import ROOT, Row, interleaved, measured_process, report
from bench.service import prepared_state
from varmentaja.config import SECRETS, Settings
from varmentaja.pki.publication import Candidate
from varmentaja.ports.custody import Custody

_AUTHORITY = "services-ecc"
"""Which has no certificates of cardholders."""
_MORE = 20
"""Revocations between a list and the next."""
_OPENSSL_CONFIG = """[ca]
default_ca = it
[it]
database = index.txt
crlnumber = crlnumber
certificate = ca.pem
private_key = ca.key
default_md = sha384
default_crl_days = 1
crl_extensions = extensions
[extensions]
authorityKeyIdentifier = keyid
"""


def measure(settings: Settings, entries: int, rounds: int = 3) -> list[Row]:
    """Time and peak memory of each, over a prepared state."""
    from bench import nation
    from varmentaja.apps.status import lists

    lists.ensure_shards(_custody(), now=datetime.now(UTC))
    nation.fill_list(_AUTHORITY, entries, 2 * rounds * _MORE, now=datetime.now(UTC).replace(microsecond=0))
    with tempfile.TemporaryDirectory(dir=settings.state) as name:
        folder = Path(name)
        _prepare_openssl(folder, entries)
        peaks: dict[str, float] = {}

        def ours(way: str) -> float:
            (_begin_anew if way == "cold" else _revoke_more)(folder)
            command = [sys.executable, "-m", "bench.crl", "--make", way, name]
            _, peak = measured_process(command, ROOT, settings.variables(SECRETS))
            peaks[way] = max(peak, peaks.get(way, 0.0))
            return float((folder / "seconds").read_text())

        def theirs() -> float:
            command = ["openssl", "ca", "-config", "ca.cnf", "-gencrl", "-out", "theirs.pem"]
            seconds, peaks["openssl"] = measured_process(command, folder)
            return seconds

        runs = {way: partial(ours, way) for way in ("cold", "warm", "whole")}
        times = interleaved({**runs, "openssl": theirs}, rounds)
    return _rows(entries, times, peaks)


def _rows(entries: int, times: Mapping[str, float], peaks: Mapping[str, float]) -> list[Row]:
    told = {
        "cold": "from the records to the verified set; no gate, as the peer checks nothing",
        "warm": f"{_MORE} revocations later: list, delta, the gate's rules that compare lists; its others"
        " (answers, canaries, records, OpenSSL, pkilint) are in the last row, as the peer checks nothing",
    }
    rows = []
    for way, how in told.items():
        detail = f"{how}; {times[way]:.3f} s against {times['openssl']:.2f} s"
        what = f"CRL of {entries:,} entries, {way}"
        rows.append(
            Row(f"{what}, of `openssl ca -gencrl`", times[way] / times["openssl"], "×", detail, "crl_time")
        )
        memory = f"the whole process, from when it runs; openssl {peaks['openssl']:.0f} MiB"
        rows.append(Row(f"{what}, peak memory", peaks[way], "MiB", memory, "crl_memory"))
    whole = (
        f"as the worker does it, {_MORE} answers too, OpenSSL's and pkilint's verdicts and all other checks;"
    )
    whole += f" {times['whole']:.3f} s, {peaks['whole']:.0f} MiB beside OpenSSL's own"
    what = f"CRL of {entries:,} entries, warm, with the whole gate, of the same"
    return [*rows, Row(what, times["whole"] / times["openssl"], "×", whole)]


def _begin_anew(folder: Path) -> None:
    """As if nothing had been published."""
    from varmentaja.apps.status.models import CrlShard, Publication

    Publication.objects.all().delete()
    shutil.rmtree(folder / "publication", ignore_errors=True)
    CrlShard.objects.filter(authority=_AUTHORITY).update(base_number=0, listed_since=None, scheduled_at=None)


def _revoke_more(_: Path) -> None:
    from django.db import transaction

    from varmentaja.apps.certificates.actions.revoke_certificates import revoke_rows
    from varmentaja.apps.certificates.models import Certificate
    from varmentaja.domain.actors import SYSTEM
    from varmentaja.domain.revocation import RevocationReason

    good = Certificate.objects.filter(authority=_AUTHORITY, state="issued").order_by("?")
    with transaction.atomic():
        revoke_rows(SYSTEM, list(good[:_MORE]), RevocationReason.SUPERSEDED, now=datetime.now(UTC))


def _prepare_openssl(folder: Path, entries: int) -> None:
    now = datetime.now(UTC)
    expiry, revoked = (f"{time_:%y%m%d%H%M%S}Z" for time_ in (now + timedelta(days=1826), now))
    with (folder / "index.txt").open("w") as index:
        for serial in _serials(entries):
            index.write(f"R\t{expiry}\t{revoked},keyCompromise\t{serial}\tunknown\t/CN={serial}\n")
    (folder / "index.txt.attr").write_text("unique_subject = no\n")
    (folder / "crlnumber").write_text("01\n")
    (folder / "ca.cnf").write_text(_OPENSSL_CONFIG)
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes"]
    command += ["-subj", "/CN=Benchmark", "-days", "2", "-keyout", "ca.key", "-out", "ca.pem"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def _serials(count: int) -> Iterator[str]:
    from bench import nation

    return (nation.serial_of(number, sizes.EACH).upper() for number in range(count))


def _custody() -> Custody:
    from varmentaja.ports.connected import outside

    connected = outside().custody
    assert connected is not None
    return connected


def _make(folder: Path, way: str) -> None:
    """What the measured process does."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "varmentaja.web.settings"
    import django

    django.setup()
    from varmentaja.wiring import connect_worker

    connect_worker()
    if way == "whole":
        import varmentaja.pki.lint.external  # noqa: F401  slow, and the worker has it

    Path("/proc/self/clear_refs").write_text("5")  # VmHWM begins anew
    started = time.perf_counter()
    if way == "whole":
        _publish_whole(folder)
    else:
        _publish_list(folder, way)
    (folder / "seconds").write_text(str(time.perf_counter() - started))


def _publish_whole(folder: Path) -> None:
    """The worker's step, over a folder of its own."""
    from django.conf import settings

    from varmentaja.apps.status.actions.publish_status import publish_revocations

    settings.PUBLICATION = folder / "publication"
    if publish_revocations(now=datetime.now(UTC)) is None:
        raise RuntimeError("a gate holds the list back")


def _publish_list(folder: Path, way: str) -> None:
    """As publish_status.py, for one list and no answer."""
    from varmentaja.apps.status import lists
    from varmentaja.apps.status.models import CrlShard, Publication
    from varmentaja.pki.publication import Publisher

    custody, now = _custody(), datetime.now(UTC)
    publisher = Publisher(folder / "publication", custody.seal, custody.verify_seal, [_judge])
    shard = CrlShard.objects.get(authority=_AUTHORITY, shard=0)
    told = set(lists.waiting().filter(authority=_AUTHORITY).values_list("pk", flat=True))
    if way == "cold":
        # nothing to compare with: the gate has no part in it
        first = publisher.judged_by([])
        crls = lists.sign_lists(custody, shard, told, None, now=now)
        head = first.publish([], crls, custody.certificates(), first.next_number(now), now)
    else:
        crls = lists.sign_lists(custody, shard, told, publisher.current(), now=now)
        head = publisher.overtake([], crls, now)
    lists.note_told([shard], told)
    position = {"set_number": head.set.number, "generation": head.generation}
    Publication.objects.create(**position, published_at=now, answers=0, crls=2)


def _judge(candidate: Candidate) -> None:
    """The gate's rules that compare lists with those before."""
    from varmentaja.pki.publication import gates

    rules = [gates.unreadable, gates.jump(0, _MORE), gates.wrong_issuer, gates.going_back, gates.disagreement]
    if found := gates.findings_of(candidate, rules):
        raise gates.Held(found)


def main() -> None:
    """Measure and report; exit code 1 if a firm limit is missed."""
    if sys.argv[1:2] == ["--make"]:
        _make(Path(sys.argv[3]), sys.argv[2])
        return
    entries = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    command = f"python -m bench.crl {entries}"
    with (
        tempfile.TemporaryDirectory(prefix="varmentaja-bench-") as name,
        prepared_state(Path(name) / "state", staff=False) as settings,
    ):
        rows = measure(settings, entries)
    sys.exit(0 if report(f"Revocation list of {entries:,} entries", command, rows) else 1)


if __name__ == "__main__":
    main()
