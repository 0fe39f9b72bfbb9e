"""Addresses of the desk's screens, in the admin's frame."""

from django.urls import path

from apps.desk import steps, workbench

app_name = "desk"
urlpatterns = [
    path("stories/<int:pk>/", workbench.story, name="story"),
    path("stories/<int:pk>/state/", workbench.story_state, name="story_state"),
    path("stories/<int:pk>/prompt/", workbench.story_prompt, name="story_prompt"),
    path("stories/<int:pk>/save/", steps.story_save, name="story_save"),
    path("stories/<int:pk>/step/", steps.story_step, name="story_step"),
    path("stories/<int:pk>/rewrite/", steps.story_rewrite, name="story_rewrite"),
    path("stories/<int:pk>/publish/", steps.story_publish, name="story_publish"),
]
