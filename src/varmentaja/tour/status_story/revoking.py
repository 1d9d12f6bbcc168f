# SPDX-License-Identifier: EUPL-1.2
"""An officer revokes the card; how soon each door tells of it."""

from __future__ import annotations

from cryptography import x509
from cryptography.x509.ocsp import OCSPCertStatus

from varmentaja.observer.directory import read_attribute
from varmentaja.pki.directory import FULL_LIST, authority_path, distinguished_name, list_path
from varmentaja.tour.card.office import confirm_call, fill_in_call
from varmentaja.tour.card.papers import crl_address
from varmentaja.tour.card.trust import measure
from varmentaja.tour.engine import LEFT_OUT, Facts, wait_until
from varmentaja.tour.status_story.asking import says_online
from varmentaja.tour.status_story.story import StatusStory

NO_DIRECTORY = "no directory was given to the story (--directory, with VARMENTAJA_LDAP_URL and the like)"


def revoke_by_telephone(story: StatusStory) -> Facts:
    """From the officer's click until the last service tells it: not more than two seconds."""
    card = story.her_papers
    fill_in_call(story.officer, story.her_card.serial, story.hero.family_name)
    serials: list[str] = []
    told = {
        "revoked in OCSP after": lambda: card.says_ocsp() is OCSPCertStatus.REVOKED,
        "revoked by the online responder after": lambda: says_online(story) is OCSPCertStatus.REVOKED,
        "listed in the CRL after": card.is_listed,
        "listed in the delta after": lambda: card.is_listed(delta=True),
    }
    lags = measure(lambda: serials.extend(confirm_call(story.officer)), told)
    return {**lags, "serials": ", ".join(serials)}


def directory_lists_it(story: StatusStory) -> Facts:
    """The list in the LDAP directory follows the publication, where there is a directory."""
    settings = story.place.settings
    if settings.ldap_url is None:
        return {LEFT_OUT: NO_DIRECTORY}
    card = story.her_papers
    authority = next(each for each in story.place.status["authorities"] if each["name"] == story.authority)
    shard = authority["crls"].index(crl_address(card.certificate))
    path = list_path(authority_path(card.issuer), shard, len(authority["crls"]))
    name = distinguished_name(path, settings.ldap_base)

    def listed() -> bool | None:
        reply = read_attribute(str(settings.ldap_url), name, FULL_LIST, settings.ldap_authority)
        if reply.problem:
            return None
        crl = x509.load_der_x509_crl(reply.body)
        found = crl.get_revoked_certificate_by_serial_number(card.certificate.serial_number)
        return None if found is None else True

    wait_until(listed, f"the list at {name}")
    return {"directory": str(settings.ldap_url), "entry": name, "listed": card.serial}
