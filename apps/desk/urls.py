"""Addresses of the desk's screens, in the admin's frame."""

from django.urls import path

from apps.desk import (
    queue_neighbours,
    steps,
    steps_lock,
    steps_proofread,
    steps_publish,
    steps_rewrite,
    steps_text,
    story_new,
    work_page,
    workbench,
)
from apps.desk.calendar_urls import calendar_urls
from apps.desk.failures import page as failures_page
from apps.desk.story_parts import parts_urls

app_name = "desk"
urlpatterns = [
    path("work/", work_page.work, name="work"),
    path("failures/", failures_page.failures, name="failures"),
    path("failures/act/", failures_page.failures_act, name="failures_act"),
    path("stories/new/", story_new.story_new, name="story_new"),
    path("stories/<int:pk>/", workbench.story, name="story"),
    path("stories/<int:pk>/next/", queue_neighbours.story_neighbour, name="story_neighbour"),
    path("stories/<int:pk>/state/", steps_rewrite.story_state, name="story_state"),
    path("stories/<int:pk>/prompt/", steps_rewrite.story_prompt, name="story_prompt"),
    path("stories/<int:pk>/rewrite/", steps_rewrite.story_rewrite, name="story_rewrite"),
    path("stories/<int:pk>/variant/", steps_rewrite.story_variant, name="story_variant"),
    path("stories/<int:pk>/save/", steps_text.story_save, name="story_save"),
    path("stories/<int:pk>/unsaved/", steps_text.story_unsaved, name="story_unsaved"),
    path("stories/<int:pk>/difference/", steps_text.story_difference, name="story_difference"),
    path("stories/<int:pk>/restore/", steps_text.story_restore, name="story_restore"),
    path("stories/<int:pk>/lock/", steps_lock.story_lock, name="story_lock"),
    path("stories/<int:pk>/proofread/page/", steps_proofread.story_proofread_page, name="story_proofread_page"),
    path("stories/<int:pk>/step/", steps.story_step, name="story_step"),
    path("stories/<int:pk>/publish/", steps_publish.story_publish, name="story_publish"),
    *calendar_urls(),
    *parts_urls(),
]
