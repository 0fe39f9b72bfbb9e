"""Addresses of the preview pages."""

from django.urls import path

from apps.publishing import files_shown, links_shown, views, webhooks

app_name = "publishing"
urlpatterns = [
    path("l/<slug:code>", links_shown.link, name="link"),
    path("preview/", views.preview_index, name="preview_index"),
    path("preview/<slug:slug>/", views.preview_channel, name="preview_channel"),
    path("preview/<slug:slug>/feed.xml", views.preview_feed, name="preview_feed"),
    path("preview/<slug:slug>/rss.xml", views.preview_feed, {"kind": "rss"}, name="preview_rss"),
    path("preview/<slug:slug>/feed.json", views.preview_feed, {"kind": "json"}, name="preview_json"),
    path("preview/<slug:slug>/files/<int:pk>/<int:number>/", files_shown.preview_file, name="preview_file"),
    path("hook-files/<str:signed>/", webhooks.hook_file, name="hook_file"),
    path(
        "publications/<int:pk>/files/<int:part>/<int:number>/",
        files_shown.publication_file_shown,
        name="publication_file",
    ),
]
