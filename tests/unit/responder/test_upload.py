# SPDX-License-Identifier: EUPL-1.2
"""An upload that does not get through is an alarm in the log within a minute or two, and not before."""

from __future__ import annotations

import structlog

from varmentaja.responder.upload import Lane


def test_a_short_fault_is_a_warning_and_a_lasting_one_an_alarm_each_minute() -> None:
    now, fault = 0.0, True

    def put() -> bool:
        if fault:
            raise ConnectionError("Storage is gone\nand more")
        return True

    lane = Lane("head", put, lambda: now)

    def logged(*moments: float) -> list[tuple[str, str, float]]:
        nonlocal now
        with structlog.testing.capture_logs() as told:
            for moment in moments:
                now = moment
                lane.attempt()
        assert all(each["lane"] == "head" and each["problem"] == "Storage is gone" for each in told)
        return [(each["log_level"], each["event"], each.get("seconds", 0)) for each in told]

    assert logged(1000, 1030, 1059) == [("warning", "upload_failed", 0)]
    assert logged(1061, 1062, 1120) == [("error", "upload_stuck", 61)]
    assert logged(1121) == [("error", "upload_stuck", 121)]
    fault = False
    assert logged(1200, 1300) == []
    fault = True
    assert logged(1400, 1459) == [("warning", "upload_failed", 0)], "its time begins anew"


def test_a_fault_without_words_is_told_by_its_name() -> None:
    def put() -> bool:
        raise TimeoutError

    with structlog.testing.capture_logs() as told:
        Lane("set", put).attempt()
    assert told[0]["problem"] == "TimeoutError"
