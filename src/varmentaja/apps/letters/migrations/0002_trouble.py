# SPDX-License-Identifier: EUPL-1.2
"""A letter keeps why it could not be posted, and is held for an officer."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0001_initial"),
    ]

    operations = [
        migrations.AddField("letter", "attempts", models.PositiveIntegerField(default=0)),
        migrations.AddField("letter", "reason", models.JSONField(null=True)),
        migrations.AddField("letter", "held", models.BooleanField(default=False)),
        migrations.AddIndex(
            model_name="letter",
            index=models.Index(
                condition=models.Q(("reason__isnull", False)), fields=["id"], name="letter_trouble"
            ),
        ),
    ]
