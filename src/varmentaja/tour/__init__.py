# SPDX-License-Identifier: EUPL-1.2
"""Guided tours: a whole story played against the running service, over HTTP and APDUs, with no back door."""
