# SPDX-License-Identifier: EUPL-1.2
"""Titles are the holder's own words, as the documents are: sealed from now on."""

from collections.abc import Callable
from typing import Any

from django.db import migrations, models

from varmentaja.apps.vault.fields import EncryptedTextField


def _copy(source: str, target: str) -> Callable[[Any, Any], None]:
    def run(apps: Any, schema_editor: Any) -> None:
        for document in apps.get_model("signatures", "SignedDocument").objects.only("pk", source).iterator():
            setattr(document, target, getattr(document, source))
            document.save(update_fields=[target])

    return run


class Migration(migrations.Migration):
    dependencies = [
        ("signatures", "0002_once"),
    ]

    operations = [
        migrations.RenameField("signeddocument", "title", "plain_title"),
        migrations.AlterField("signeddocument", "plain_title", models.TextField(null=True)),
        migrations.AddField("signeddocument", "title", EncryptedTextField(null=True)),
        migrations.RunPython(_copy("plain_title", "title"), _copy("title", "plain_title")),
        migrations.RemoveField("signeddocument", "plain_title"),
        migrations.AlterField("signeddocument", "title", EncryptedTextField()),
    ]
