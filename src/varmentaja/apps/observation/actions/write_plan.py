# SPDX-License-Identifier: EUPL-1.2
"""Tell the observer what to ask: every published address, the canaries, what was revoked last, and a sample.

Of people's certificates only the serials are told: neither a name nor a certificate leaves the database.
"""

from __future__ import annotations

import json
import secrets
from base64 import b64encode
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Max

from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.observation.hierarchy import hierarchy
from varmentaja.apps.status.models import Canary
from varmentaja.domain.certificates import CertificateState
from varmentaja.files import write_over
from varmentaja.pki.directory import Path as Place
from varmentaja.pki.directory import authority_path, distinguished_name, list_path
from varmentaja.pki.hierarchy import Authority

PLAN = "plan.json"
SAMPLE = 5
"""Certificates beside the canaries, drawn anew with every plan."""
LATELY = 3
"""Of those that were revoked last."""
WRITTEN_EVERY = timedelta(minutes=10)
SETTLED_WITHIN = timedelta(minutes=1)
"""A canary is published so long after it was made, and watched from then on whatever happens."""
PUBLISHED_WITHIN = timedelta(minutes=5)
"""A certificate issued or changed so lately may not be published yet."""


def write_plan(*, now: datetime) -> bool:
    """Write the plan unless it is fresh; whether it was written."""
    path = Path(settings.OBSERVER) / PLAN
    canaries = [
        (each.authority, each.serial, each.revoked)
        for each in Canary.objects.order_by("id")
        if Certificate.objects.filter(
            authority=each.authority, serial=each.serial, issued_at__lt=now - SETTLED_WITHIN
        ).exists()
    ]
    if _is_fresh(path, canaries, now):
        return False
    watched = _watched(canaries, now)
    found = hierarchy()
    document = {
        "format": 1,
        "written_at": now.isoformat(),
        "canaries": canaries,
        **_places(),
        "authorities": [_authority(each, watched, found.base_url) for each in found.authorities.values()],
    }
    write_over(path, json.dumps(document, indent=1).encode(), mode=0o644)
    return True


def _is_fresh(path: Path, canaries: list[tuple[str, str, bool]], now: datetime) -> bool:
    """Whether the plan there is young, and made for today's canaries and addresses."""
    try:
        document = json.loads(path.read_bytes())
        written = datetime.fromisoformat(document["written_at"])
        same = all(document[name] == place for name, place in _places().items())
        same = same and [tuple(each) for each in document["canaries"]] == canaries
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return same and now - WRITTEN_EVERY < written <= now


def _places() -> dict[str, Any]:
    """Addresses that the settings give, and not the certificates."""
    return {
        "directory": settings.DIRECTORY,
        "online": settings.ONLINE_URL,
        "responders": list(settings.RESPONDERS),
    }


def _watched(canaries: Iterable[tuple[str, str, bool]], now: datetime) -> list[dict[str, Any]]:
    known = [
        (row, revoked)
        for authority, serial, revoked in canaries
        for row in Certificate.objects.filter(authority=authority, serial=serial, not_after__gt=now)
    ]
    known += [(row, True) for row in _lately_revoked(now)]
    drawn = [(row, None) for row in _sample(now)]
    return [
        {
            "authority": row.authority,
            "serial": row.serial,
            "shard": row.shard,
            "revoked": revoked,
            "certificate": None if row.person_id is not None else b64encode(row.der or b"").decode(),
        }
        for row, revoked in {row.pk: (row, revoked) for row, revoked in [*drawn, *reversed(known)]}.values()
    ]


def _lately_revoked(now: datetime) -> list[Certificate]:
    """They stay revoked for ever: a responder that was left behind calls them good."""
    revoked = Certificate.objects.filter(
        state=CertificateState.REVOKED,
        revoked_at__lt=now - PUBLISHED_WITHIN,
        not_after__gt=now + WRITTEN_EVERY,
        shard__isnull=False,  # else nobody knows which list to look at
    )
    return list(revoked.defer("twin").order_by("-revoked_at")[:LATELY])


def _sample(now: datetime) -> list[Certificate]:
    """Some rows after random ids: their place in the table is all that chooses them."""
    last = Certificate.objects.aggregate(last=Max("id"))["last"] or 0
    published = Certificate.objects.filter(
        state__in=(CertificateState.ISSUED, CertificateState.REVOKED),
        not_after__gt=now + WRITTEN_EVERY,
        issued_at__lt=now - PUBLISHED_WITHIN,
        answer_due_at__gt=now,
        person__isnull=False,
    ).defer("twin")
    found = {}
    for _ in range(SAMPLE):
        row = published.filter(id__gte=1 + secrets.randbelow(max(last, 1))).order_by("id").first()
        if row is not None:
            found[row.pk] = row
    return list(found.values())


def _authority(authority: Authority, watched: list[dict[str, Any]], base_url: str) -> dict[str, Any]:
    def at(address: str, url: str | None) -> str | None:
        """A published URL at another address."""
        return url and url.replace(base_url, address, 1)

    issuer, place = authority.issuer, authority_path(authority.certificate)
    ocsp_url = issuer.ocsp_url if authority.responder else None
    lists = [
        {
            "full": issuer.crl_url(shard),
            "delta": None if authority.is_root else issuer.delta_crl_url(shard),
            "directory_name": _name(list_path(place, shard, authority.shards)),
        }
        for shard in range(authority.shards)
    ]
    own = [each for each in watched if each["authority"] == authority.id]
    return {
        "name": authority.id,
        "certificate": b64encode(authority.certificate_der).decode(),
        "issued_by": authority.issued_by,
        "certificate_url": issuer.certificate_url,
        "ocsp_url": ocsp_url,
        "online_url": at(settings.ONLINE_URL, ocsp_url) if settings.ONLINE_URL else None,
        "lists": lists,
        "copies": [
            {
                "ocsp_url": at(responder, ocsp_url),
                "lists": [{name: at(responder, each[name]) for name in ("full", "delta")} for each in lists],
            }
            for responder in settings.RESPONDERS
        ],
        "directory_name": _name(place),
        "watched": own,
    }


def _name(place: Place) -> str:
    return distinguished_name(place, settings.DIRECTORY_BASE)
