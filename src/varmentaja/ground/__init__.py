# SPDX-License-Identifier: EUPL-1.2
"""What the programs stand on: the embedded database, the supervisor, and the processes it runs."""
