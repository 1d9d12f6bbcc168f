# SPDX-License-Identifier: EUPL-1.2
"""The card-reader program and the SCS interface, no Django."""
