# SPDX-License-Identifier: EUPL-1.2
"""CARDS: APDU codec, drivers, PKCS#15, personalisation, the virtual card, transports."""
