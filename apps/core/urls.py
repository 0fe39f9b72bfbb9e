"""Addresses for whoever runs the site."""

from django.urls import path

from apps.core.health import live, ready
from apps.core.metrics import metrics

urlpatterns = [
    path("health", live, name="health"),
    path("health/live", live, name="health-live"),
    path("health/ready", ready, name="health-ready"),
    path("metrics", metrics, name="metrics"),
]
