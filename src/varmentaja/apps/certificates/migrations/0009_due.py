# SPDX-License-Identifier: EUPL-1.2
"""What is due is read in its order: after a loss everything is due at one time, and millions would be sorted.

Each renewal of an answer writes to every index: those that another one does the work of go.
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("certificates", "0008_listed"),
    ]

    operations = [
        migrations.RemoveIndex("certificate", "certificate_answer_due"),
        migrations.AddIndex(
            "certificate", models.Index(fields=["-answer_due_at", "id"], name="certificate_due")
        ),
        migrations.RemoveConstraint("certificate", "certificate_serial_once"),
        migrations.AddConstraint(
            "certificate",
            models.UniqueConstraint(fields=["serial", "authority"], name="certificate_serial_once"),
        ),
        migrations.RemoveIndex("certificate", "certificate_serial"),
        migrations.AlterField(
            "certificate",
            "card",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="certificates",
                to="cards.card",
            ),
        ),
    ]
