# SPDX-License-Identifier: EUPL-1.2
"""What is due is read in its order: after a loss everything is due at one time, and millions would be sorted."""

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
    ]
