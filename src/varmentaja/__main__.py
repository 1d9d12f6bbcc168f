# SPDX-License-Identifier: EUPL-1.2
"""``python -m varmentaja`` is the same as ``varmentaja``."""

from varmentaja.cli import app

app()
