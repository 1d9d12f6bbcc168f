# SPDX-License-Identifier: EUPL-1.2
"""What a responder tells Prometheus (text format 0.0.4): how old what it serves is, and whether it is behind.

No counts of requests: each worker process would tell its own, whichever is asked. The server in front of the
responders counts and times requests.
"""

from __future__ import annotations

from varmentaja.responder.watch import Watch

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def metrics(watch: Watch, now: float) -> bytes:
    """The page of ``GET /metrics``; ``now`` in Unix seconds."""
    view, lines = watch.view, []

    def tell(name: str, help_text: str, value: float) -> None:
        full = f"varmentaja_responder_{name}"
        lines.extend([f"# HELP {full} {help_text}", f"# TYPE {full} gauge", f"{full} {value:g}"])

    tell("serving", "1 while there is a publication to serve.", view is not None)
    tell(
        "behind", "1 while the newest publication is refused and an older one is served.", bool(watch.problem)
    )
    if view:
        head = view.snapshot.head
        tell(
            "published_age_seconds",
            "Since the publication that is served was made.",
            round(now - head.time.timestamp(), 3),
        )
        lists = [crl.ref.next_update.timestamp() - now for crl in view.snapshot.crls.values()]
        if lists:
            tell(
                "crl_left_seconds",
                "Until the first of the revocation lists goes stale.",
                round(min(lists), 3),
            )
        for name, number in (
            ("set", head.set.number),
            ("overlay", head.overlay.number if head.overlay else 0),
        ):
            full = f"varmentaja_responder_{name}_number"
            lines.extend(
                [
                    f"# HELP {full} Number of the {name} that is served.",
                    f"# TYPE {full} gauge",
                    f"{full} {number}",
                ]
            )
    return ("\n".join(lines) + "\n").encode()
