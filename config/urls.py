"""Addresses of the site. Every address is covered by the isolation walk in tests/accounts/test_isolation.py."""

from django.contrib import admin
from django.urls import include, path

from apps.desk.home import home

urlpatterns = [
    path("", home, name="home"),
    path("", include("apps.core.urls")),
    path("account/", include("apps.accounts.urls")),
    path("admin/desk/", include("apps.desk.urls")),
    path("admin/", admin.site.urls),
    path("", include("apps.publishing.urls")),
]
