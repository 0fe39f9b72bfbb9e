"""By which sender what leaves for a channel of each kind; a kind that is missing has no such thing."""

from __future__ import annotations

from apps.publishing.models import Channel

Kind = Channel.Kind
POST = {Kind.TELEGRAM: "telegram.post", Kind.PREVIEW: "preview.post", Kind.WEBHOOK: "webhook.publication"}
CHANGE = {Kind.TELEGRAM: "telegram.change", Kind.WEBHOOK: "webhook.change"}
TEST = {Kind.TELEGRAM: "telegram.test", Kind.WEBHOOK: "webhook.test"}
