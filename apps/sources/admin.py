"""The editors' screens; each has a module of its own."""

from apps.sources import admin_behind as admin_behind
from apps.sources import admin_filters as admin_filters
from apps.sources import admin_posts as admin_posts
from apps.sources import admin_reads as admin_reads
from apps.sources import admin_signatures as admin_signatures
from apps.sources import admin_sources as admin_sources
from apps.sources import admin_topics as admin_topics
from apps.sources import admin_voices as admin_voices
from apps.sources import admin_work as admin_work
