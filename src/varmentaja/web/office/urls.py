# SPDX-License-Identifier: EUPL-1.2
"""Addresses of the office."""

from __future__ import annotations

from django.urls import path

from varmentaja.web.office import (
    application_views,
    canary_views,
    card_views,
    hold_views,
    letter_views,
    list_views,
    outage_views,
    person_views,
    role_views,
    views,
)

app_name = "office"
urlpatterns = [
    path("", views.front, name="front"),
    path("search/", person_views.search, name="search"),
    path("people/<int:person_id>/", person_views.person, name="person"),
    path("people/<int:person_id>/history/", person_views.history, name="history"),
    path("people/<int:person_id>/roles/", role_views.roles, name="roles"),
    path("people/<int:person_id>/roles/end/", role_views.end, name="role_end"),
    path("cards/<int:card_id>/", card_views.card, name="card"),
    path("cards/<int:card_id>/face.png", card_views.face, name="face"),
    path("cards/<int:card_id>/revoke/", card_views.revoke, name="revoke"),
    path("cards/<int:card_id>/revoked/", card_views.revoked, name="revoked"),
    path("letters/<int:letter_id>/", letter_views.letter, name="letter"),
    path("letters/<int:letter_id>/returned/", letter_views.returned, name="letter_returned"),
    path("applications/", list_views.applications, name="applications"),
    path("applications/discarded/", list_views.discarded, name="discarded"),
    path("applications/<int:application_id>/", application_views.application, name="application"),
    path("applications/<int:application_id>/order-again/", application_views.again, name="order_again"),
    path("applications/<int:application_id>/cancel/", application_views.cancel, name="cancel"),
    path(
        "applications/<int:application_id>/send-elsewhere/",
        application_views.elsewhere,
        name="send_elsewhere",
    ),
    path("orders/", list_views.orders, name="orders"),
    path("letters/", list_views.letters, name="letters"),
    path("holds/", hold_views.hold_list, name="holds"),
    path("holds/<int:hold_id>/", hold_views.hold_page, name="hold"),
    path("holds/certificates/", canary_views.canary_list, name="canaries"),
    path("holds/certificates/<int:canary_id>/", canary_views.canary_page, name="canary"),
    path("untold/", list_views.untold, name="untold"),
    path("outages/", outage_views.outages, name="outages"),
    path("serials/", list_views.serials, name="serials"),
    path("recovered/", list_views.recovered, name="recovered"),
    path("refusals/", list_views.refusals, name="refusals"),
]
