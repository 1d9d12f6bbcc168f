# SPDX-License-Identifier: EUPL-1.2
"""Encryption at rest: model fields whose values only this service can read, and the keyed hash by which
identity codes are found. No tables of its own."""
