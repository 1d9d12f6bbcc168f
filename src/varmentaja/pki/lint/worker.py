# SPDX-License-Identifier: EUPL-1.2
"""A process that lints for `pool`: a line of JSON in (certificates), a line out (findings), to the end.

It ends when the process that started it ends, however that ends: its input is then closed.
"""

from __future__ import annotations

import base64
import gc
import json
import signal
import sys

from varmentaja.pki.lint.external import lint_certificate


def main() -> None:
    """Serve standard input."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who started us
    gc.freeze()  # pkilint and its tables stay: no collection need look at them again
    for line in sys.stdin:
        found = [
            [
                (finding.code, finding.severity, finding.location, finding.detail)
                for finding in lint_certificate(base64.b64decode(der), linter)
            ]
            for der, linter in json.loads(line)
        ]
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
