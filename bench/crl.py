# SPDX-License-Identifier: EUPL-1.2
"""A CRL against ``openssl ca -gencrl``: ``python -m bench.crl [entries]``.

Ours is made in a process of its own, from entries that are encoded already (as openssl reads an index); its
time counts from the reading of the entries to the written file, since the service runs already, its memory
whole. What lists take from the service's records on is a row of bench.status.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.authority import make_authority
from bench.harness import ROOT, Row, interleaved, measured_process, report
from varmentaja.pki.crl import Reason, encode_entry, write_crl
from varmentaja.pki.hierarchy import load_hierarchy
from varmentaja.pki.keystore import open_software_store

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


def measure(entries: int = 100_000, rounds: int = 3) -> list[Row]:
    """Time and peak memory of both."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _prepare(folder, entries)
        peaks: dict[str, float] = {}

        def ours() -> float:
            _, peaks["ours"] = measured_process([sys.executable, "-m", "bench.crl", "--make", name], ROOT)
            return float((folder / "seconds").read_text())

        def theirs() -> float:
            command = ["openssl", "ca", "-config", "ca.cnf", "-gencrl", "-out", "theirs.pem"]
            seconds, peaks["theirs"] = measured_process(command, folder)
            return seconds

        times = interleaved({"ours": ours, "theirs": theirs}, rounds)
    ratio = times["ours"] / times["theirs"]
    detail = f"{times['ours']:.3f} s against {times['theirs']:.2f} s"
    return [
        Row(f"CRL of {entries:,} entries, time against `openssl ca -gencrl`", ratio, "×", detail, "crl_time"),
        Row(
            f"CRL of {entries:,} entries, peak memory",
            peaks["ours"],
            "MiB",
            f"openssl {peaks['theirs']:.0f} MiB",
            "crl_memory",
        ),
    ]


def _prepare(folder: Path, entries: int) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    make_authority(folder, now)
    with (folder / "entries").open("wb") as out:
        for serial in _serials(entries):
            entry = encode_entry(serial.lower(), now, Reason.KEY_COMPROMISE)
            out.write(len(entry).to_bytes(2, "big") + entry)
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
    """The same ones at every call."""
    return (f"{0x4000000000000000 + index * 0x9E3779B97F4A7C15 % 2**62:032X}" for index in range(count))


def _make(folder: Path) -> None:
    """What the measured process does."""
    authority = load_hierarchy(folder / "hierarchy", production=False).authority_for("professionals", "ecc")
    store = open_software_store(folder / "keys", b"benchmark", random=os.urandom)
    now = datetime.now(UTC).replace(microsecond=0)
    started = time.perf_counter()
    with (folder / "ours.crl").open("wb") as out:
        next_update = now + timedelta(days=1)
        entries = _stored_entries(folder / "entries")
        write_crl(out, authority, 0, entries, store, number=1, this_update=now, next_update=next_update)
    (folder / "seconds").write_text(str(time.perf_counter() - started))


def _stored_entries(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while length := file.read(2):
            yield file.read(int.from_bytes(length, "big"))


def main() -> None:
    """Measure and report; exit code 1 if a firm limit is missed."""
    if sys.argv[1:2] == ["--make"]:
        _make(Path(sys.argv[2]))
        return
    entries = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    command = f"python -m bench.crl {entries}"
    sys.exit(0 if report(f"Revocation list of {entries:,} entries", command, measure(entries)) else 1)


if __name__ == "__main__":
    main()
