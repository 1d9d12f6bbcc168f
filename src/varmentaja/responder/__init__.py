# SPDX-License-Identifier: EUPL-1.2
"""The public status responder: no Django, no database, no key."""
