"""“Try another headline”: a publication once more in its channel at another time, and the two compared."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from apps.accounts.access import can
from apps.accounts.admin_base import WorkspaceModelAdmin
from apps.accounts.requests import user_of
from apps.core.clock import now
from apps.core.errors import PultError
from apps.publishing.models import Experiment, Publication
from apps.publishing.services import Conflict, ConflictError, publication_repeat
from apps.publishing.services.experiments import COMPARED
from apps.publishing.services.repeats import TITLE_MAX, Terms
from apps.publishing.services.schedule import next_free_of
from apps.publishing.wall import moment_typed

if TYPE_CHECKING:
    Base = WorkspaceModelAdmin[Publication]
else:
    Base = object


class RepeatForm(forms.Form):
    """The other headline, when it comes out, and how the two are compared."""

    title = forms.CharField(label=_("Other headline"), max_length=TITLE_MAX)
    at = forms.CharField(label=_("When?"))
    measure = forms.ChoiceField(label=_("Measured by"), choices=Experiment.Measure.choices)
    age_h = forms.TypedChoiceField(
        label=_("Judged"),
        choices=Experiment.Age.choices,
        coerce=int,
        help_text=_("Chosen now and kept: nothing is judged before."),
    )
    least_pct = forms.IntegerField(
        label=_("Difference that would matter, %"),
        min_value=5,
        max_value=100,
        help_text=_("5 to 100, in percent of the lesser one."),
    )

    def __init__(self, data: Any, *, row: Publication) -> None:
        self.row = row
        self.words = ""
        first = max(row.publish_at, now())
        usual = next_free_of(row.channel) or first + timedelta(days=1)
        initial = {
            "title": row.title,
            "at": f"{usual.astimezone(row.workspace.zone):%Y-%m-%dT%H:%M}",
            "measure": Experiment.Measure.CLICKS if row.links.exists() else Experiment.Measure.VIEWS,
            "age_h": Experiment.Age.DAY,
            "least_pct": 10,
        }
        super().__init__(data, initial=initial)
        for name, field in self.fields.items():
            field.widget.attrs["class"] = "pult-input guide-wide"
            if field.help_text:
                field.widget.attrs["aria-describedby"] = f"{name}-help"
        self.fields["title"].widget.attrs["autofocus"] = True
        self.fields["at"].widget.input_type = "datetime-local"

    def clean_at(self) -> Any:
        """The moment on the workspace's clock."""
        try:
            moment, self.words = moment_typed(self.cleaned_data["at"], self.row.workspace.zone)
        except PultError as exc:
            raise forms.ValidationError(str(exc)) from exc
        return moment

    @property
    def terms(self) -> Terms:
        """How the two are compared."""
        return Terms(**{name: self.cleaned_data[name] for name in ("measure", "age_h", "least_pct")})


class RepeatMixin(Base):
    """The button on a publication's page, and its form."""

    def has_repeating_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether another headline may be tried beside this one."""
        row = obj if obj is None or isinstance(obj, Publication) else self.get_object(request, str(obj))
        fits = row is None or (row.status in COMPARED and row.corrects_id is None and row.repeats_id is None)
        return fits and self.allows(request, "publication.schedule", row)

    @action(description=_("Try another headline"), url_path="repeat", permissions=["repeating"])  # type: ignore[untyped-decorator]
    def repeat(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for the headline and the time; where the channel's schedule speaks against it, say so and ask again."""
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        form = RepeatForm(request.POST if request.method == "POST" else None, row=row)
        against: tuple[Conflict, ...] = ()
        if form.is_bound and form.is_valid():
            try:
                return self._repeated(request, row, form)
            except ConflictError as exc:
                against = exc.conflicts
            except PultError as exc:
                form.add_error(None, str(exc))
        context = {
            **self.admin_site.each_context(request),
            "title": _t("Try another headline"),
            "opts": self.opts,
            "row": row,
            "form": form,
            "conflicts": against,
            "may_anyway": bool(against) and can(user_of(request), "publication.anyway", row.workspace),
        }
        return TemplateResponse(
            request, "publishing/repeat.html", context, status=409 if against or form.errors else 200
        )

    def _repeated(self, request: HttpRequest, row: Publication, form: RepeatForm) -> HttpResponse:
        user = user_of(request)
        made = publication_repeat(
            publication=row,
            title=form.cleaned_data["title"],
            at=form.cleaned_data["at"],
            terms=form.terms,
            editor=user,
            anyway="anyway" in request.POST and can(user, "publication.anyway", row.workspace),
        )
        if form.words:
            messages.warning(request, form.words)
        messages.success(request, _t("The other headline is scheduled, and the two will be compared here."))
        return HttpResponseRedirect(reverse("admin:publishing_experiment_change", args=[made.pk]))
