"""Each publication that there is already becomes one message of its own, and what is out was live since."""

from django.db import migrations

BATCH = 500


def parts_make(apps, schema_editor):
    """One part for each publication, and a revision for those that are out."""
    Publication = apps.get_model("publishing", "Publication")
    PublicationPart = apps.get_model("publishing", "PublicationPart")
    PublicationRevision = apps.get_model("publishing", "PublicationRevision")
    rows = Publication.objects.filter(parts__isnull=True).select_related("channel").order_by("pk")
    last = 0
    while found := list(rows.filter(pk__gt=last)[:BATCH]):
        last = found[-1].pk
        PublicationPart.objects.bulk_create(
            PublicationPart(
                publication=row,
                position=0,
                kind="text",
                html=row.html,
                delivery_id=row.delivery_id,
                message_ids=row.message_id,
                url=row.message_url,
                chat_id=row.channel.chat_id if row.message_id else "",
            )
            for row in found
        )
        PublicationRevision.objects.bulk_create(
            PublicationRevision(
                publication=row,
                number=1,
                kind="published",
                html=row.html,
                live_from=row.sent_at,
                editor_id=row.created_by_id,
            )
            for row in found
            if row.status == "sent"
        )


class Migration(migrations.Migration):
    dependencies = [("publishing", "0004_what_goes_out_and_after")]

    operations = [migrations.RunPython(parts_make, migrations.RunPython.noop, elidable=False)]
