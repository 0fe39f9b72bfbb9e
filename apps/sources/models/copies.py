"""How near-copies are found: the keys of texts, the lock of a workspace, and texts to be looked at again."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Workspace
from apps.core.work.models import WorkRow
from apps.sources.models.post import Post


class CopyKeys(models.Model):
    """The keys under which an original is found; a copy has none. A key is hashed with the workspace's id."""

    post = models.OneToOneField(
        Post, on_delete=models.CASCADE, primary_key=True, related_name="copy_keys", verbose_name=_("post")
    )
    published_at = models.DateTimeField(_("published"))
    key0 = models.BigIntegerField(db_index=True)
    key1 = models.BigIntegerField(db_index=True)
    key2 = models.BigIntegerField(db_index=True)
    key3 = models.BigIntegerField(db_index=True)
    key4 = models.BigIntegerField(db_index=True)
    key5 = models.BigIntegerField(db_index=True)
    key6 = models.BigIntegerField(db_index=True)
    key7 = models.BigIntegerField(db_index=True)
    key8 = models.BigIntegerField(db_index=True)
    key9 = models.BigIntegerField(db_index=True)

    class Meta:
        verbose_name = _("keys of a post")
        verbose_name_plural = _("keys of posts")

    def __str__(self) -> str:
        return str(_("keys of post %(post)s") % {"post": self.post_id})


class CopyLock(models.Model):
    """The row that whoever looks for near-copies in a workspace holds: two that store at once take turns."""

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, related_name="+")

    class Meta:
        verbose_name = _("lock of near-copies")
        verbose_name_plural = _("locks of near-copies")

    def __str__(self) -> str:
        return str(_("lock of near-copies of workspace %(workspace)s") % {"workspace": self.workspace_id})


class CopyCheck(WorkRow):
    """A copy whose original changed or went: it finds another original, or becomes one."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="+", verbose_name=_("post"))

    class Meta(WorkRow.Meta):
        verbose_name = _("check of a copy")
        verbose_name_plural = _("checks of copies")
        ordering = ("-id",)
