# SPDX-License-Identifier: EUPL-1.2
"""People the service knows, and the roles they hold."""
