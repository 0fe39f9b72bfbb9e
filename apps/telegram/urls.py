"""Addresses outside the admin."""

from django.urls import path

from apps.telegram.views import telegram_hook

urlpatterns = [
    path("hooks/telegram/<int:bot_id>/", telegram_hook, name="telegram_hook"),
]
