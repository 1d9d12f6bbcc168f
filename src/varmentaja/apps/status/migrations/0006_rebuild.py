# SPDX-License-Identifier: EUPL-1.2
"""The publication is made anew beside what responders follow."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("status", "0005_lists_by_state")]

    operations = [
        migrations.CreateModel(
            name="Rebuild",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("begun_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                ("set_number", models.BigIntegerField()),
                ("generation", models.BigIntegerField()),
                ("over_old", models.BooleanField()),
                ("staged", models.BigIntegerField(default=0)),
                ("total", models.BigIntegerField()),
                ("done", models.BigIntegerField(default=0)),
            ],
        ),
    ]
