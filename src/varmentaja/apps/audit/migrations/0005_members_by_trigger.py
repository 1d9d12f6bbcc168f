# SPDX-License-Identifier: EUPL-1.2
"""The columns by which entries are searched are filled by one trigger, which reads the document once.

As generated columns they had it read six times for each entry, and their expressions prepared anew.
"""

from django.db import migrations, models

MEMBERS = {
    "at": "at",
    "action": "action",
    "outcome": "outcome",
    "actor_person": "actor,person",
    "subject_type": "subject,type",
    "subject_id": "subject,id",
}
PLAIN = "".join(f'ALTER TABLE audit_entry ALTER COLUMN "{name}" DROP EXPRESSION;\n' for name in MEMBERS)
FILLED = "".join(f"    NEW.{name} := document #>> '{{{path}}}';\n" for name, path in MEMBERS.items())
FUNCTION = f"""
CREATE FUNCTION audit_members() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE document jsonb := NEW.content;
BEGIN
{FILLED}    RETURN NEW;
END $$;
CREATE TRIGGER audit_members BEFORE INSERT ON audit_entry FOR EACH ROW EXECUTE FUNCTION audit_members();
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_unchecked_references")]

    operations = [
        migrations.RunSQL(
            PLAIN + FUNCTION,
            state_operations=[
                migrations.AlterField("entry", name, models.TextField(editable=False, null=True))
                for name in MEMBERS
            ],
        )
    ]
