# SPDX-License-Identifier: EUPL-1.2
"""Which list named a revoked certificate first; certificates of which only the publication is known."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("certificates", "0003_ends"),
    ]

    operations = [
        migrations.AddField("certificate", "first_listed", models.BigIntegerField(null=True)),
        migrations.AlterField("certificate", "shard", models.PositiveIntegerField(null=True)),
        migrations.AddIndex(
            model_name="certificate",
            index=models.Index(
                condition=models.Q(("first_listed", None), ("state", "revoked")),
                fields=["id"],
                name="certificate_untold",
            ),
        ),
        migrations.AddIndex(
            model_name="certificate",
            index=models.Index(
                condition=models.Q(("state", "recovered")), fields=["id"], name="certificate_recovered"
            ),
        ),
        # What was revoked before stands in the new bases that status.0005 asks for.
        migrations.RunSQL(
            "UPDATE certificates_certificate SET first_listed = 0 WHERE state = 'revoked'",
            migrations.RunSQL.noop,
        ),
    ]
