# SPDX-License-Identifier: EUPL-1.2
"""Certificates a second: ``python -m bench.issue [certificates a round]``.

One P-384 certificate for a card's key, as production issues it: proof of possession, profile and policy, the
linted twin in a committed row, the signature, the certificate in a committed row, both with their audit
entries, on the embedded PostgreSQL with fsync. Against the key alone, and against ``openssl ca`` in bulk (no
lint, no database). Lint cannot be switched off; what it takes is timed apart.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from bench.harness import ROOT, Row, interleaved, report
from bench.service import prepared_state

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


def measure(count: int = 150, rounds: int = 3) -> list[Row]:
    """All take turns; rates in certificates a second."""
    with tempfile.TemporaryDirectory() as name, prepared_state(Path(name) / "state") as settings:
        peer = Path(name) / "peer"
        _prepare_openssl(peer, count)
        action = _Action()
        shares: list[float] = []

        def one_core() -> float:
            seconds, linting = action.run(_proofs(count))
            shares.append(linting / seconds)
            return count / (seconds - linting)

        rates = interleaved(
            {
                "raw": lambda: _raw(10 * count),
                "pki": lambda: count / action.run_pki(_proofs(count))[0],
                "pki without lint": lambda: _without_lint(action.run_pki, count),
                "one core": one_core,
                "both cores": lambda: _both_cores(settings.variables(), count),
                "openssl": lambda: _openssl(peer, count),
            },
            rounds,
        )
    raw, peer_rate = rates["raw"], rates["openssl"]
    figures = {name: f"{rate:,.0f}/s" for name, rate in rates.items()}
    alone, whole = (
        f"{figures[name]} of {figures['raw']} raw signing" for name in ("pki without lint", "one core")
    )
    lint = f"; lint takes {median(shares):.0%} of the action"
    both = f"{figures['both cores']} against {figures['openssl']}"
    of_raw = {name: rates[name] / raw for name in rates}
    return [
        Row("proof, building, two signatures, lint apart", of_raw["pki without lint"], "×", alone),
        Row("the same with full lint", of_raw["pki"], "×", figures["pki"]),
        Row("whole action, one process, lint apart", of_raw["one core"], "×", whole + lint, "issue_one_core"),
        Row(
            "whole action with lint, two processes, against `openssl ca`",
            rates["both cores"] / peer_rate,
            "×",
            both,
            "issue_linted",
        ),
    ]


class _Action:
    """Issues certificates for the demo officer's card, over and over."""

    def __init__(self) -> None:
        from varmentaja.apps.cards.models import Card
        from varmentaja.apps.cards.subjects import subject_for
        from varmentaja.domain.products import product
        from varmentaja.ports.connected import outside
        from varmentaja.ports.custody import CertificateOrder

        card = Card.objects.select_related("person", "application").order_by("-id")[0]
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

    def run(self, proofs: list[Proof]) -> tuple[float, float]:
        """The whole action for each proof: seconds in all, and those that lint took."""
        from varmentaja.apps.certificates.actions.issue_for_key import issue_for_key

        return _timed(
            lambda key: issue_for_key(self._card, "authentication", self._order(key), now=self._now), proofs
        )

    def run_pki(self, proofs: list[Proof]) -> tuple[float, float]:
        """Without rows: the two steps of issuance alone."""
        return _timed(lambda key: self._custody.issue(self._custody.prepare(self._order(key)).token), proofs)


def _timed(issue: Callable[[bytes], object], proofs: list[Proof]) -> tuple[float, float]:
    """Issue for each proof with a clock around the linters; seconds in all, and in them."""
    from varmentaja.pki import issuance
    from varmentaja.pki.possession import verify_possession

    clocked = {name: _Clocked(getattr(issuance, name)) for name in ("lint_certificate", "own_findings")}
    with ExitStack() as patches:
        for name, linter in clocked.items():
            patches.enter_context(patch.object(issuance, name, linter))
        begun = time.perf_counter()
        for key, signature in proofs:
            verify_possession(key, _CHALLENGE, signature)
            issue(key)
        return time.perf_counter() - begun, sum(linter.seconds for linter in clocked.values())


class _Clocked:
    """A function with a clock around it."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self.seconds = 0.0

    def __call__(self, *given: Any) -> Any:
        begun = time.perf_counter()
        try:
            return self._function(*given)
        finally:
            self.seconds += time.perf_counter() - begun


def _without_lint(run: Callable[[list[Proof]], tuple[float, float]], count: int) -> float:
    seconds, linting = run(_proofs(count))
    return count / (seconds - linting)


def _proofs(count: int) -> list[Proof]:
    """Fresh keys, as cards bring them."""
    keys = [ec.generate_private_key(ec.SECP384R1()) for _ in range(count)]
    kind = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    return [
        (key.public_key().public_bytes(*kind), key.sign(_CHALLENGE, ec.ECDSA(hashes.SHA256())))
        for key in keys
    ]


def _raw(count: int) -> float:
    key = ec.generate_private_key(ec.SECP384R1())
    data = bytes(1000)
    begun = time.perf_counter()
    for _ in range(count):
        key.sign(data, ec.ECDSA(hashes.SHA384()))
    return count / (time.perf_counter() - begun)


def _both_cores(environment: dict[str, str], count: int) -> float:
    """Two processes at once; from the moment when both are ready until both are done."""
    command = [sys.executable, "-m", "bench.issue", "--issue", str(count)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    workers = [
        subprocess.Popen(command, cwd=ROOT, env=environment, text=True, **pipes)  # type: ignore[call-overload]  # pipes
        for _ in range(2)
    ]
    for worker in workers:
        if worker.stdout.readline() != "ready\n":
            raise RuntimeError("a process of the benchmark did not start")
    begun = time.perf_counter()
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    for worker in workers:
        if worker.wait():
            raise RuntimeError("a process of the benchmark failed")
    return 2 * count / (time.perf_counter() - begun)


def _issue(count: int) -> None:
    """What each of the two processes does."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "varmentaja.web.settings"
    import django

    django.setup()
    from varmentaja.wiring import connect_worker

    connect_worker()
    action, proofs = _Action(), _proofs(count)
    action.run(_proofs(1))  # linters are built once
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    action.run(proofs)


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
    if sys.argv[1:2] == ["--issue"]:
        _issue(int(sys.argv[2]))
        return
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 150
    kept = report("Issuing certificates", f"python -m bench.issue {count}", measure(count))
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
