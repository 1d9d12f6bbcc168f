# SPDX-License-Identifier: EUPL-1.2
"""The status services as the observer sees them from outside: what it asks, and the alarms for the office."""
