# SPDX-License-Identifier: EUPL-1.2
"""The public status service: serves what the worker has signed. No key, no database, no Django.

``app.py`` routes, ``question.py`` reads OCSP requests, ``http.py`` knows caching and conditional requests,
``watch.py`` follows the publication folder. ``serve.py`` runs it all: ``server.py`` takes connections,
``wire.py`` reads HTTP, ``processes.py`` keeps the workers, ``counters.py`` counts.
"""
