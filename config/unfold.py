"""How the admin looks: name, colours, frame. The sidebar itself is in `config.sidebar`, which needs loaded models."""

from __future__ import annotations

from typing import Any

from django.templatetags.static import static
from django.urls import reverse_lazy

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Pult",
    "SITE_HEADER": "Pult",
    "SITE_SUBHEADER": "config.sidebar.chosen_name",
    "SITE_DROPDOWN": "config.sidebar.workspaces_menu",
    "SITE_URL": None,
    "SITE_ICON": lambda _request: static("pult/logo.svg"),
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("pult/logo.svg")},
    ],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "LANGUAGES": {"action": reverse_lazy("accounts:language"), "navigation": []},
    "BORDER_RADIUS": "8px",
    "STYLES": [lambda _request: static("pult/admin.css")],
    "SCRIPTS": [lambda _request: static("pult/admin.js")],
    "DASHBOARD_CALLBACK": "apps.desk.dashboard.dashboard_context",
    "SIDEBAR": {
        "show_search": False,
        "command_search": False,
        "show_all_applications": False,
        "navigation": "config.sidebar.navigation",
    },
    "COLORS": {
        "base": {
            "50": "#f7f9fc",
            "100": "#eef2f8",
            "200": "#dfe5ef",
            "300": "#c7d0df",
            "400": "#95a2b8",
            "500": "#64728a",
            "600": "#48546a",
            "700": "#364054",
            "800": "#232c3d",
            "900": "#161d2a",
            "950": "#0d121c",
        },
        "primary": {
            "50": "#eff5ff",
            "100": "#dde9ff",
            "200": "#c2d7ff",
            "300": "#9cbdff",
            "400": "#84afff",
            "500": "#6ea0ff",
            "600": "#2f6fed",
            "700": "#2459c6",
            "800": "#1f4aa1",
            "900": "#1e3f82",
            "950": "#162850",
        },
    },
}
