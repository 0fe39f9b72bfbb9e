"""Addresses outside the admin."""

from django.urls import path

from apps.sources.views import websub_callback

urlpatterns = [
    path("websub/<str:key>/", websub_callback, name="websub"),
]
