"""Addresses of accounts."""

from django.urls import path

from apps.accounts import views

app_name = "accounts"
urlpatterns = [
    path("workspace/", views.workspace_choose, name="workspace"),
    path("language/", views.language_choose, name="language"),
    path("welcome/<uidb64>/<token>/", views.WelcomeView.as_view(), name="welcome"),
]
