"""How the admin looks: name, colours, the sidebar by job."""

from __future__ import annotations

from typing import Any

UNFOLD: dict[str, Any] = {"SITE_TITLE": "Pult", "SITE_HEADER": "Pult"}
