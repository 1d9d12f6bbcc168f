# SPDX-License-Identifier: EUPL-1.2
"""Django's settings: what the pages need. No admin and no user model: people sign in with a card."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from psycopg.conninfo import conninfo_to_dict

from varmentaja.config import settings
from varmentaja.locale import compile_catalogues
from varmentaja.web.assets import version_of
from varmentaja.web.logs import logging_config
from varmentaja.web.secret import secret_key

PACKAGE = Path(__file__).resolve().parent.parent
ASSETS = PACKAGE / "ui" / "assets"
SCRIPTS = PACKAGE / "relying_party" / "assets"

PUBLIC_URL = settings().portal_address
TLS_URL = settings().tls_address
TEST_SERVICE = settings().test_service

PUBLICATION = settings().publication
HIERARCHY = settings().hierarchy_folder
OBSERVER = settings().observer_folder
"""Where the observer of the status services finds its plan and leaves its report."""
RESPONDERS = settings().responder_addresses
ONLINE_URL = settings().observed_online
"""What the observer asks besides the published addresses."""
DIRECTORY = settings().ldap_url
"""Address of the public directory; None where there is none."""
DIRECTORY_BASE = settings().ldap_base
DIRECTORY_PERSONS = settings().ldap_persons
"""Whether holders may be in it."""
CARD_ALGORITHM = settings().algorithm
CHARACTER_SET = settings().character_set
LOGON_DOMAIN = settings().logon_domain

READER_URL = settings().reader_address
CLINIC_URL = settings().clinic_address
DOWNLOADS = settings().downloads
"""Packages of the card reader program."""
DEMO = settings().run / "demo.json"
"""Who is in the demo, where there is one."""
SCS_ADDRESSES = tuple(
    address
    for port in settings().scs_ports
    for address in (f"https://127.0.0.1:{port + 1}", f"http://127.0.0.1:{port}")
)
"""Where a page looks for the card reader program, in this order; a port for HTTPS is one above its twin's."""

HTTPS = PUBLIC_URL.startswith("https://")

# Frame ------------------------------------------------------------------------------------------------

DEBUG = False
SECRET_KEY = secret_key(settings().keys / "portal-secret")
ALLOWED_HOSTS = [str(urlsplit(PUBLIC_URL).hostname), *(["localhost", "127.0.0.1"] if TEST_SERVICE else [])]
ROOT_URLCONF = "varmentaja.web.urls"
WSGI_APPLICATION = "varmentaja.web.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

RECORDS = [
    "varmentaja.apps.audit",
    "varmentaja.apps.sandbox",
    "varmentaja.apps.codes",
    "varmentaja.apps.registration",
    "varmentaja.apps.people",
    "varmentaja.apps.applications",
    "varmentaja.apps.cards",
    "varmentaja.apps.certificates",
    "varmentaja.apps.letters",
    "varmentaja.apps.status",
    "varmentaja.apps.directory",
    "varmentaja.apps.observation",
    "varmentaja.apps.access",
    "varmentaja.apps.signatures",
]
"""The apps of varmentaja.apps that own tables or tasks, in the order of their foreign keys."""

INSTALLED_APPS = [
    # Ours come first, so that our templates of form widgets win.
    "varmentaja.ui",
    *RECORDS,
    "procrastinate.contrib.django",
    "csp",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "varmentaja.web.middleware.reference",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "varmentaja.web.session.Visitor",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "varmentaja.web.middleware.DomainErrors",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [
            PACKAGE / "web" / "templates",
            PACKAGE / "web" / "public" / "templates",
            PACKAGE / "web" / "access" / "templates",
            PACKAGE / "web" / "professional" / "templates",
            PACKAGE / "web" / "office" / "templates",
            PACKAGE / "web" / "registration" / "templates",
            PACKAGE / "web" / "styleguide" / "templates",
        ],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csrf",
                "django.contrib.messages.context_processors.messages",
                "varmentaja.web.context.page",
            ],
        },
    }
]
FORM_RENDERER = "varmentaja.ui.forms.Renderer"

# Database ---------------------------------------------------------------------------------------------


def database(url: str) -> dict[str, Any]:
    """Django's words for a PostgreSQL address, as libpq understands it (sockets and options included)."""
    known = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    parts = conninfo_to_dict(url)
    named = {django: str(parts.pop(libpq)) for libpq, django in known.items() if libpq in parts}
    return {
        "ENGINE": "django.db.backends.postgresql",
        **named,
        "OPTIONS": parts,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


DATABASES = {"default": database(settings().database)}

# Languages --------------------------------------------------------------------------------------------

USE_I18N = True
LANGUAGE_CODE = "fi"
LANGUAGES = [("fi", "Suomi"), ("sv", "Svenska"), ("en", "English")]
LOCALE_PATHS = [PACKAGE / "locale"]
compile_catalogues()
FORMAT_MODULE_PATH = ["varmentaja.ui.formats"]
USE_TZ = True
TIME_ZONE = "Europe/Helsinki"

# Static files, with their version in the address ---------------------------------------------------------

STATIC_URL = f"/static/{version_of(ASSETS, SCRIPTS)}/"
STATICFILES_DIRS = [("ui", ASSETS), ("relying_party", SCRIPTS)]
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 365 * 24 * 3600

# Cookies: each program on localhost has names of its own, since cookies ignore ports -------------------

SESSION_COOKIE_NAME = "varmentaja_portal_session"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_AGE = 8 * 3600
CSRF_COOKIE_NAME = "varmentaja_portal_csrf"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "varmentaja.web.errors.csrf_failure"
LANGUAGE_COOKIE_NAME = "varmentaja_portal_language"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# Headers ----------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
# The portal listens to its proxy alone, which always sets this header.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0

LOGGING = logging_config()
