"""Addresses of the preview pages."""

from django.urls import path

from apps.publishing import views

app_name = "publishing"
urlpatterns = [
    path("preview/", views.preview_index, name="preview_index"),
    path("preview/<slug:slug>/", views.preview_channel, name="preview_channel"),
    path("preview/<slug:slug>/feed.xml", views.preview_feed, name="preview_feed"),
]
