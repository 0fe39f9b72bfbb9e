"""Addresses of the site. Every address is covered by the isolation walk in tests/accounts/test_isolation.py."""

from django.contrib import admin
from django.urls import include, path

from apps.desk.approval import approval
from apps.desk.demo_feeds import demo_feed, demo_post
from apps.desk.home import home

admin.autodiscover()

urlpatterns = [
    path("", home, name="home"),
    path("", include("apps.core.urls")),
    path("account/", include("apps.accounts.urls")),
    path("api/v1/", include("config.api")),
    path("admin/desk/", include("apps.desk.urls")),
    path("admin/", admin.site.urls),
    path("approve/<str:token>/", approval, name="approval"),
    path("demo/feeds/<slug:name>.xml", demo_feed, name="demo_feed"),
    path("demo/feeds/<slug:name>/<slug:key>/", demo_post, name="demo_post"),
    path("", include("apps.sources.urls")),
    path("", include("apps.telegram.urls")),
    path("", include("apps.publishing.urls")),
]
