# SPDX-License-Identifier: EUPL-1.2
"""Virtual cards in process: ``python -m bench.cards [cards a round]``.

Personalisation (files, two keys made on the card, proofs, certificates written and read back), activation and
signature, all through APDUs, against what the key itself costs outside a card.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from tests.support import cards

from bench.harness import Row, interleaved, report
from varmentaja.card.driver import HashAlgorithm, KeyAlgorithm, KeyRole
from varmentaja.card.drivers import open_card
from varmentaja.card.transport import InProcessTransport

_CONTENT = bytes(100)


def measure(count: int = 4, rounds: int = 5) -> list[Row]:
    """Milliseconds a card or a signature, and their ratio to the key alone."""
    rows: list[Row] = []
    for algorithm, key in ((KeyAlgorithm.P384, _p384), (KeyAlgorithm.RSA_3072, _rsa)):
        card = cards.finished_card(algorithm)
        open_card(InProcessTransport(card)).activate(cards.CODE, cards.PIN1, cards.PIN2)
        signer = open_card(InProcessTransport(card))

        def make(algorithm: KeyAlgorithm = algorithm) -> None:
            cards.make(cards.blank_card(), algorithm)

        def activate(algorithm: KeyAlgorithm = algorithm) -> None:
            fresh = cards.finished_card(algorithm)
            open_card(InProcessTransport(fresh)).activate(cards.CODE, cards.PIN1, cards.PIN2)

        times = interleaved(
            {
                "keys": _clock(lambda key=key: (key(), key()), count),  # type: ignore[misc]
                "make": _clock(make, count),
                "activate": _clock(activate, 10 * count),
                "raw": _clock(_raw_signature(key()), 10 * count),
                "sign": _clock(
                    lambda signer=signer: signer.sign(  # type: ignore[misc]
                        KeyRole.AUTHENTICATION, _CONTENT, HashAlgorithm.SHA256, cards.PIN1
                    ),
                    10 * count,
                ),
            },
            rounds,
        )
        rows += _rows(str(algorithm), times)
    return rows


def _rows(name: str, times: dict[str, float]) -> list[Row]:
    made = f"{times['make']:.1f} ms; two keys alone {times['keys']:.1f} ms"
    signed = f"{times['sign']:.2f} ms with PIN; the key alone {times['raw']:.2f} ms"
    return [
        Row(f"{name}: personalisation, against making two keys", times["make"] / times["keys"], "×", made),
        Row(f"{name}: activation", times["activate"], "ms", "both PINs set by the code"),
        Row(f"{name}: signature, against the key alone", times["sign"] / times["raw"], "×", signed),
    ]


def _clock(work: Callable[[], object], count: int) -> Callable[[], float]:
    """Milliseconds of one ``work``, of so many."""

    def run() -> float:
        begun = time.perf_counter()
        for _ in range(count):
            work()
        return (time.perf_counter() - begun) / count * 1000

    return run


def _p384() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP384R1())


def _rsa() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 3072)


def _raw_signature(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> Callable[[], object]:
    if isinstance(key, rsa.RSAPrivateKey):
        return lambda: key.sign(_CONTENT, padding.PKCS1v15(), hashes.SHA256())
    return lambda: key.sign(_CONTENT, ec.ECDSA(hashes.SHA256()))


def main() -> None:
    """Measure and report."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    report("Cards", f"python -m bench.cards {count}", measure(count))


if __name__ == "__main__":
    main()
