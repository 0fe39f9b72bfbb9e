"""`manage.py import_posts PATH --source NAME [--workspace SLUG]`."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from apps.accounts.members import workspace_create
from apps.accounts.models import Workspace
from apps.core.errors import PultError
from apps.sources import services
from apps.sources.models import Source
from apps.sources.ports import IntakeReport


class Command(BaseCommand):
    """Import exported posts from a file, or from every .json file of a folder."""

    help = (
        "Import posts from a Telegram export (result.json) or a plain list of messages; a folder means all its .json."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the command line."""
        parser.add_argument("path", type=Path, help="a .json file, or a folder of them")
        parser.add_argument("--source", required=True, help="name of the source; made if there is none")
        parser.add_argument(
            "--workspace", default="", help="address (slug) of the workspace; needed if there are several"
        )

    def handle(self, *, path: Path, source: str, workspace: str, **_options: object) -> None:
        """Import and print the counts; a second run adds nothing."""
        files = _files(path)
        target = _source(source, _workspace(workspace))
        total, read, skipped = IntakeReport(), 0, 0
        for file in files:
            try:
                with file.open("rb") as stream:
                    report = services.export_import(source=target, file=stream)
            except (OSError, PultError) as exc:
                raise CommandError(f"{file.name}: {exc}") from exc
            total, read, skipped = total + report.intake, read + report.read, skipped + report.skipped
            if len(files) > 1:
                self.stdout.write(f"{file.name}: {_counts(report.read, report.skipped, report.intake)}")
        self.stdout.write(f"{target.name}: {_counts(read, skipped, total)}")


def _counts(read: int, skipped: int, report: IntakeReport) -> str:
    return _(
        "%(read)d read, %(added)d added, %(changed)d changed, %(same)d known, %(dropped)d dropped, %(skipped)d skipped"
    ) % {
        "read": read,
        "added": report.added,
        "changed": report.changed,
        "same": report.same,
        "dropped": report.dropped,
        "skipped": skipped,
    }


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        files = sorted(path.glob("*.json"))
        if not files:
            raise CommandError(_("%(path)s holds no .json file.") % {"path": path})
        return files
    if not path.is_file():
        raise CommandError(_("%(path)s is neither a file nor a folder.") % {"path": path})
    return [path]


def _workspace(slug: str) -> Workspace:
    known = Workspace.objects.order_by("id")
    if slug:
        found = known.filter(slug=slug).first()
        if found is None:
            raise CommandError(_("There is no workspace “%(slug)s”.") % {"slug": slug})
        return found
    several = list(known[:2])
    if not several:
        return workspace_create(name=_("Workspace"), slug="main")
    if len(several) > 1:
        slugs = ", ".join(known.values_list("slug", flat=True)[:20])
        raise CommandError(_("There are several workspaces: name one with --workspace (%(slugs)s).") % {"slugs": slugs})
    return several[0]


def _source(name: str, workspace: Workspace) -> Source:
    found = Source.objects.filter(workspace=workspace, name=name).first()
    if found is None:
        return services.source_create(workspace=workspace, kind=Source.Kind.EXPORT, name=name)
    if found.kind != Source.Kind.EXPORT:
        raise CommandError(_("The source “%(name)s” is a feed; choose another name for the export.") % {"name": name})
    return found
