# SPDX-License-Identifier: EUPL-1.2
"""The portal as a WSGI application, for granian."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from varmentaja.wiring import connect_portal

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "varmentaja.web.settings")
application = get_wsgi_application()
connect_portal()
