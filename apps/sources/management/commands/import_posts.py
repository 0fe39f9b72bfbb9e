"""`manage.py import_posts PATH --source NAME [--workspace SLUG]`; PATH is a .json, a .zip, or a folder."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.members import workspace_create
from apps.accounts.models import Workspace
from apps.core.errors import PultError
from apps.core.uploads import upload_max_bytes
from apps.sources import services
from apps.sources.models import Source
from apps.sources.parsers.archives import PlainFolder, zip_opened
from apps.sources.services.imports import TAKE_FILES


class Command(BaseCommand):
    """Import exported posts from a file, or from every .json and .zip file of a folder."""

    help = (
        "Import posts from a Telegram export (result.json, its folder or the zip of it) or a plain list of messages; "
        "a folder means all its .json and .zip files."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the command line."""
        parser.add_argument("path", type=Path, help="a .json or .zip file, or a folder of them")
        parser.add_argument("--source", required=True, help="name of the source; made if there is none")
        parser.add_argument(
            "--workspace", default="", help="address (slug) of the workspace; needed if there are several"
        )

    def handle(self, *, path: Path, source: str, workspace: str, **_options: object) -> None:
        """Import and print the counts; a second run adds nothing."""
        files = _files(path)
        target = _source(source, _workspace(workspace))
        total = services.ImportReport()
        for file in files:
            try:
                report = _imported(target, file)
            except (OSError, PultError) as exc:
                raise CommandError(f"{file.name}: {exc}") from exc
            total += report
            if len(files) > 1:
                self.stdout.write(f"{file.name}: {_counts(report)}")
        self.stdout.write(f"{target.name}: {_counts(total)}")


def _imported(source: Source, path: Path) -> services.ImportReport:
    """Import one file, with the pictures and files that lie beside it."""
    with path.open("rb") as stream:
        if path.suffix.lower() != ".zip":
            return services.export_import(source=source, file=stream, folder=PlainFolder(path.parent))
        with zip_opened(stream, longest=upload_max_bytes()) as folder, folder.result() as result:
            return services.export_import(source=source, file=result, folder=folder)


def _counts(report: services.ImportReport) -> str:
    words = _(
        "%(read)d read, %(added)d added, %(changed)d changed, %(same)d known, %(dropped)d dropped, %(skipped)d skipped"
    ) % {
        "read": report.read,
        "added": report.intake.added,
        "changed": report.intake.changed,
        "same": report.intake.same,
        "dropped": report.intake.dropped,
        "skipped": report.skipped,
    }
    files = ngettext("%d file stored", "%d files stored", report.media) % report.media
    return f"{words}, {files}" if report.media else words


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix.lower() in {".json", ".zip"} and file.is_file())
        if not files:
            raise CommandError(_("%(path)s holds no .json or .zip file.") % {"path": path})
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
    if found.kind not in TAKE_FILES:
        words = _("The source “%(name)s” takes no files (%(kind)s); choose another name for the export.")
        raise CommandError(words % {"name": name, "kind": found.get_kind_display()})
    return found
