# SPDX-License-Identifier: EUPL-1.2
"""An observer's reports, minute by minute, as a test wants them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

from django.utils import timezone

from varmentaja.domain.availability import Finding, Round, Service, Tally, Trouble
from varmentaja.domain.availability_record import History, report_document

MINUTE = timedelta(minutes=1)
FINE, DOWN = Tally(6, 0, 2, 9), Tally(6, 6, 1, 1)


class Reports:
    """Writes ``report.json`` into a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.history = folder, History()
        self.now: datetime = timezone.now().replace(microsecond=0) - timedelta(hours=1)

    def report(self, *troubles: Trouble, tally: Tally = FINE, after: timedelta = MINUTE) -> None:
        """The next round of questions about OCSP; the lists are fine."""
        self.now += after
        findings = tuple(
            Finding(Service.OCSP, each, f"http://status.example/{each}", "why") for each in troubles
        )
        self.history.add(Round(self.now, {Service.OCSP: tally, Service.CRL: FINE}, findings))
        report = self.history.report()
        assert report is not None
        (self.folder / "report.json").write_text(json.dumps(report_document(report)))

    def past(self, days: int) -> None:
        """Some days of rounds every six hours from a midnight on, with one disturbance, on one day."""
        self.now = (self.now - timedelta(days=days)).replace(hour=0, minute=0)
        for number in range(4 * days - 1):
            troubles = [Trouble.UNREACHABLE] if number in (100, 101) else []
            self.report(*troubles, after=timedelta(hours=6))
        self.now = timezone.now().replace(microsecond=0) - 10 * MINUTE
