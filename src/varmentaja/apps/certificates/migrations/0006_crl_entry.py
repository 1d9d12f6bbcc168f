# SPDX-License-Identifier: EUPL-1.2
"""A revoked certificate's entry in its list, encoded when it is revoked; here for those revoked before."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from varmentaja.pki.crl import encode_entry, reason_of

_AT_ONCE = 5_000


def fill(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    certificates = apps.get_model("certificates", "Certificate").objects
    revoked = certificates.filter(state="revoked").only("serial", "revoked_at", "revocation_reason")
    last = 0
    while rows := list(revoked.filter(pk__gt=last).order_by("pk")[:_AT_ONCE]):
        for row in rows:
            row.crl_entry = encode_entry(row.serial, row.revoked_at, reason_of(row.revocation_reason))
        certificates.bulk_update(rows, ["crl_entry"], batch_size=500)
        last = rows[-1].pk


class Migration(migrations.Migration):
    dependencies = [
        ("certificates", "0005_plan_hash"),
    ]

    operations = [
        migrations.AddField("certificate", "crl_entry", models.BinaryField(null=True)),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
