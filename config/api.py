"""Addresses of the API, version 1."""

from django.urls import path, re_path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import SimpleRouter

from apps.accounts.api.base import not_found
from apps.accounts.api.views import MeView, WorkspaceViewSet
from apps.publishing.api.views import PublicationViewSet
from apps.stories.api.views import StoryViewSet

router = SimpleRouter()
router.register("workspaces", WorkspaceViewSet)
router.register("stories", StoryViewSet)
router.register("publications", PublicationViewSet)

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("me/", MeView.as_view(), name="api-me"),
    *router.urls,
    re_path(r"^.*$", not_found, name="api-not-found"),
]
