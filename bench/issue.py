# SPDX-License-Identifier: EUPL-1.2
"""Certificates a second: ``python -m bench.issue [certificates a round]``.

P-384 certificates for cards' keys, as production issues them: proof of possession, profile and policy, the
linted twins in committed rows, the signatures, the certificates in committed rows, all with their audit
entries, on the embedded PostgreSQL with fsync. Against the key alone, against the key and the checking of the
card's proof (decision 81), and against ``openssl ca`` in bulk (no lint, no database). Lint cannot be switched
off; what it takes is timed apart. The batches are of 100, beside a peer in bulk; the production of a card
issues for its two keys, and batches of two have a row of their own.

"One core" is core time, which waiting for others does not change: of the process and of the database's
processes together, less that of lint (the twin's signature, our rules, pkilint) and, where the row says
"checks apart", less that of verifying the finished signature. Both cores are timed by the clock.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from bench import cores
from bench.harness import ROOT, Row, interleaved, report
from bench.service import prepared_state
from varmentaja.config import SECRETS

_CA_CONFIG = """[ca]
default_ca = it
[it]
database = index.txt
new_certs_dir = new
rand_serial = yes
certificate = ca.pem
private_key = ca.key
default_md = sha384
default_days = 365
policy = anything
unique_subject = no
x509_extensions = extensions
[anything]
commonName = supplied
[extensions]
keyUsage = critical,digitalSignature
certificatePolicies = 2.25.1
basicConstraints = critical,CA:FALSE
extendedKeyUsage = clientAuth
crlDistributionPoints = URI:http://127.0.0.1:8001/crl/x/0.crl
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
authorityInfoAccess = OCSP;URI:http://127.0.0.1:8001/ocsp/x
"""
Proof = tuple[bytes, bytes]
"""Public key (SubjectPublicKeyInfo) and its signature over ``_CHALLENGE``."""
_CHALLENGE = b"a challenge of the benchmark"


BATCH = 100
KEYS_OF_A_CARD = 2


@dataclass(frozen=True)
class Timed:
    """Seconds of one run: by the clock, and of core time."""

    clock: float
    core: float
    lint: float = 0.0
    """Core time of this process in lint, before the signature."""
    check: float = 0.0
    """Core time of the check of each signature, after it."""


def measure(count: int = 400, rounds: int = 5) -> list[Row]:
    """All take turns; rates in certificates a second."""
    with (
        tempfile.TemporaryDirectory() as name,
        prepared_state(Path(name) / "state") as settings,
        _process(settings.variables(SECRETS)) as one,
        _process(settings.variables(SECRETS)) as other,
    ):
        peer = Path(name) / "peer"
        _prepare_openssl(peer, count)
        servers = [pid for pid in cores.descendants(os.getpid()) if cores.command(pid) == "postgres"]
        counted: list[float] = []
        clocked: list[float] = []
        clocked_cards: list[float] = []

        def pki_alone() -> float:
            timed = one.ask("pki", count)
            return count / (timed.core - timed.lint - timed.check)

        def one_core() -> float:
            database = cores.CoreClock(servers)
            timed = one.ask("issue", count)
            seconds = timed.core - timed.lint + database.seconds
            counted.append(count / seconds)
            clocked.append(count / timed.clock)
            return count / (seconds - timed.check)

        def a_card() -> float:
            database = cores.CoreClock(servers)
            timed = one.ask("card", count)
            clocked_cards.append(count / timed.clock)
            return count / (timed.core - timed.lint - timed.check + database.seconds)

        def both_cores() -> float:
            begun = time.perf_counter()
            for each in (one, other):
                each.start("issue", count)
            for each in (one, other):
                each.result()
            return 2 * count / (time.perf_counter() - begun)

        rates = interleaved(
            {
                "raw": lambda: count / one.ask("raw", count).core,
                "floor": lambda: count / one.ask("floor", count).core,
                "pki": pki_alone,
                "one core": one_core,
                "card": a_card,
                "both cores": both_cores,
                "openssl": lambda: _openssl(peer, count),
            },
            rounds,
        )
    figures = {name: f"{rate:,.0f}/s" for name, rate in rates.items()}
    share = {name: rate / rates["raw"] for name, rate in rates.items()}
    raw = f"of {figures['raw']} raw signing"
    check = f"{median(counted) / rates['raw']:.2f} with each signature verified"
    return [
        Row("proof of a P-384 key and one signature, no more: a limit", share["floor"], "×", raw),
        Row("proof, building, signature; checks apart", share["pki"], "×", f"{figures['pki']} {raw}"),
        Row(
            "whole action, one core, checks apart, of raw signing and checking of the key's proof",
            rates["one core"] / rates["floor"],
            "×",
            f"{figures['one core']} of {figures['floor']}; {share['one core']:.2f} {raw} alone",
            "issue_one_core",
        ),
        Row(
            "the same, of raw signing alone",
            share["one core"],
            "×",
            f"{check}; {median(clocked):,.0f}/s by the clock with lint",
        ),
        Row(
            "the same for the two keys of a card at a time, as production does",
            share["card"],
            "×",
            f"{figures['card']}; {median(clocked_cards):,.0f}/s by the clock with lint",
        ),
        Row(
            "whole action with lint, both cores, against `openssl ca`",
            rates["both cores"] / rates["openssl"],
            "×",
            f"{figures['both cores']} against {figures['openssl']}",
            "issue_linted",
        ),
    ]


class _Action:
    """Issues certificates for one card of the demo, over and over."""

    def __init__(self) -> None:
        from varmentaja.apps.cards.models import Card
        from varmentaja.apps.cards.subjects import subject_for
        from varmentaja.domain.products import product
        from varmentaja.ports.connected import outside
        from varmentaja.ports.custody import CertificateOrder

        cards = Card.objects.filter(algorithm="ecc")  # P-384; an old chip would take us to the other line
        card = cards.select_related("person", "application").order_by("-id")[0]
        self._card = card
        self._custody: Any = outside().custody
        now = datetime.now(UTC).replace(microsecond=0)
        kind = product(card.product)

        def order(public_key: bytes) -> CertificateOrder:
            return CertificateOrder(
                f"{kind.authority}-{card.algorithm}",
                kind.profiles["auth"],
                subject_for(card),
                public_key,
                now,
                now + timedelta(days=300),
            )

        self._order = order
        self._now = now

    def issue(self, keys: Sequence[bytes]) -> None:
        """The whole action."""
        from varmentaja.apps.certificates.actions.issue_batch import KeyRequest, issue_batch
        from varmentaja.domain.batch import all_of

        requests = [KeyRequest(self._card, "authentication", self._order(key)) for key in keys]
        all_of(issue_batch(requests, now=self._now))

    def pki(self, keys: Sequence[bytes]) -> None:
        """Without rows: the two steps of issuance alone."""
        from varmentaja.domain.batch import all_of

        prepared = all_of(self._custody.prepare([self._order(key) for key in keys]))
        all_of(self._custody.issue([each.token for each in prepared]))


def _timed(issue: Callable[[Sequence[bytes]], None], proofs: Sequence[Proof], *, batch: int = BATCH) -> Timed:
    """Prove and issue in batches, with a clock around lint and one around the check of signatures."""
    from varmentaja.pki import issuance
    from varmentaja.pki.possession import verify_possession

    names = ("make_twin", "own_findings", "lint_certificates", "check_issued")
    clocks = {name: _Clocked(getattr(issuance, name)) for name in names}
    with ExitStack() as patches:
        for name, clock in clocks.items():
            patches.enter_context(patch.object(issuance, name, clock))
        begun, core = time.perf_counter(), time.process_time()
        for place in range(0, len(proofs), batch):
            together = proofs[place : place + batch]
            for key, signature in together:
                verify_possession(key, _CHALLENGE, signature)
            issue([key for key, _ in together])
        taken = time.perf_counter() - begun, time.process_time() - core
    check = clocks.pop("check_issued").seconds
    return Timed(*taken, sum(clock.seconds for clock in clocks.values()), check)


class _Clocked:
    """A function and the core time that threads spend in it."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._taken: list[float] = []

    @property
    def seconds(self) -> float:
        """So far."""
        return sum(self._taken)

    def __call__(self, *given: Any) -> Any:
        begun = time.thread_time()
        try:
            return self._function(*given)
        finally:
            self._taken.append(time.thread_time() - begun)


def _proofs(count: int) -> list[Proof]:
    """Fresh keys, as cards bring them."""
    keys = [ec.generate_private_key(ec.SECP384R1()) for _ in range(count)]
    kind = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    return [
        (key.public_key().public_bytes(*kind), key.sign(_CHALLENGE, ec.ECDSA(hashes.SHA256())))
        for key in keys
    ]


def _raw(proofs: Sequence[Proof], *, proving: bool = False) -> Timed:
    """One signature for each proof, by the key alone; with or without checking the proof."""
    from varmentaja.pki.possession import verify_possession

    key = ec.generate_private_key(ec.SECP384R1())
    data = bytes(1000)
    begun, core = time.perf_counter(), time.process_time()
    for public_key, signature in proofs:
        if proving:
            verify_possession(public_key, _CHALLENGE, signature)
        key.sign(data, ec.ECDSA(hashes.SHA384()))
    return Timed(time.perf_counter() - begun, time.process_time() - core)


class _Process:
    """A process of the service, ready and warm, that is told what to do."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, what: str, count: int) -> Timed:
        """Do it and wait."""
        self.start(what, count)
        return self.result()

    def start(self, what: str, count: int) -> None:
        """Let it begin."""
        assert self._process.stdin
        self._process.stdin.write(f"{what} {count}\n")
        self._process.stdin.flush()

    def result(self) -> Timed:
        """Wait until it is done."""
        assert self._process.stdout
        return Timed(**json.loads(self._process.stdout.readline()))


@contextmanager
def _process(environment: dict[str, str]) -> Iterator[_Process]:
    command = [sys.executable, "-m", "bench.issue", "--serve"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, env=environment, text=True, **pipes) as process:  # type: ignore[call-overload]  # pipes
        served = _Process(process)
        served.ask("issue", BATCH)  # linters are built, their processes started
        yield served
        process.stdin.close()


def _serve() -> None:
    """What each process does: a line in (what, how many), a line out (seconds)."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "varmentaja.web.settings"
    import django

    django.setup()
    from varmentaja.wiring import connect_worker

    connect_worker()
    action = _Action()
    ways: dict[str, Callable[[Sequence[Proof]], Timed]] = {
        "raw": _raw,
        "floor": partial(_raw, proving=True),
        "pki": partial(_timed, action.pki),
        "issue": partial(_timed, action.issue),
        "card": partial(_timed, action.issue, batch=KEYS_OF_A_CARD),
    }
    for line in sys.stdin:
        what, count = line.split()
        sys.stdout.write(json.dumps(asdict(ways[what](_proofs(int(count))))) + "\n")
        sys.stdout.flush()


def _prepare_openssl(folder: Path, count: int) -> None:
    (folder / "new").mkdir(parents=True)
    (folder / "ca.cnf").write_text(_CA_CONFIG)
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes"]
    command += ["-subj", "/CN=Benchmark", "-days", "2", "-keyout", "ca.key", "-out", "ca.pem"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    for number in range(count):
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Holder {number}")])
        key = ec.generate_private_key(ec.SECP384R1())
        request = x509.CertificateSigningRequestBuilder(name).sign(key, hashes.SHA384())
        (folder / f"{number}.csr").write_bytes(request.public_bytes(Encoding.PEM))


def _openssl(folder: Path, count: int) -> float:
    (folder / "index.txt").write_text("")
    (folder / "index.txt.attr").write_text("unique_subject = no\n")
    command = ["openssl", "ca", "-config", "ca.cnf", "-batch", "-notext", "-out", "all.pem", "-infiles"]
    begun = time.perf_counter()
    subprocess.run(
        [*command, *(f"{number}.csr" for number in range(count))], cwd=folder, check=True, capture_output=True
    )
    return count / (time.perf_counter() - begun)


def main() -> None:
    """Measure and report; exit code 1 if a firm limit is missed."""
    if sys.argv[1:] == ["--serve"]:
        _serve()
        return
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    kept = report("Issuing certificates", f"python -m bench.issue {count}", measure(count))
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
