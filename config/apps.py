"""The admin with Pult's own site."""

from django.contrib.admin.apps import AdminConfig


class PultAdminConfig(AdminConfig):
    """Makes `apps.accounts.site.PultAdminSite` the site that every admin registers with."""

    default_site = "apps.accounts.site.PultAdminSite"
