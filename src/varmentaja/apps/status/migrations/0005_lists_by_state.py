# SPDX-License-Identifier: EUPL-1.2
"""Lists follow from the certificates' own state: no mark of a change, and deltas begin anew."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("status", "0004_gate_memory"),
        ("certificates", "0004_first_listed"),
    ]

    operations = [
        migrations.RemoveField("crlshard", "changed_at"),
        migrations.RunSQL("UPDATE status_crlshard SET base_number = 0", migrations.RunSQL.noop),
    ]
