"""Forms of accounts: log-in, members, workspaces, users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.accounts.forecasts import removal_of
from apps.accounts.forms_keeping import KeepingFormPart
from apps.accounts.limits import client_address
from apps.accounts.members import grant_refusal, last_owner_refusal
from apps.accounts.models import Membership, User, Workspace
from apps.accounts.services import login_record

if TYPE_CHECKING:
    from django.contrib.admin.forms import AdminAuthenticationForm as UnfoldAuthenticationForm
    from django.contrib.admin.widgets import AdminEmailInputWidget as EmailWidget
    from django.contrib.admin.widgets import AdminTextInputWidget as TextWidget
    from django.forms import PasswordInput as SecretWidget
else:
    from unfold.forms import AuthenticationForm as UnfoldAuthenticationForm
    from unfold.widgets import UnfoldAdminEmailInputWidget as EmailWidget
    from unfold.widgets import UnfoldAdminPasswordWidget as SecretWidget
    from unfold.widgets import UnfoldAdminTextInputWidget as TextWidget

EMPTY_KEY = "\u2022" * 12


class LoginForm(UnfoldAuthenticationForm):
    """E-mail and password of anybody with an account; where they land follows from their roles."""

    error_messages = {
        "invalid_login": _(
            "No account has this e-mail and password. Check both; capital letters matter in the password."
        ),
        "inactive": _("This account is switched off. Ask the owner of your workspace."),
    }

    def __init__(self, request: HttpRequest | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        field = self.fields["username"]
        field.label = _("E-mail")
        field.widget.input_type = "email"
        field.widget.attrs.update({"autocomplete": "username", "inputmode": "email"})
        self.fields["password"].widget.attrs["autocomplete"] = "current-password"

    def clean_username(self) -> str:
        """The address in its one spelling."""
        return User.objects.normalize_email(self.cleaned_data["username"])

    def confirm_login_allowed(self, user: Any) -> None:
        """Every active account may log in, a client's too."""
        if not user.is_active:
            raise ValidationError(self.error_messages["inactive"], code="inactive")

    def get_invalid_login_error(self) -> ValidationError:
        """The refusal, noted in the audit."""
        email = str(self.cleaned_data.get("username", ""))
        known = get_user_model().objects.filter(email=email).first()
        address = client_address(self.request) if self.request else ""
        login_record(email=email, address=address, user=known, succeeded=False)
        return super().get_invalid_login_error()


class WorkspaceForm(KeepingFormPart, forms.ModelForm[Workspace]):
    """A workspace's settings. The AI key goes in and never comes out."""

    new_ai_key = forms.CharField(
        label=_("AI key"),
        required=False,
        strip=True,
        max_length=300,
        widget=SecretWidget(attrs={"autocomplete": "new-password"}),
    )
    forget_ai_key = forms.BooleanField(label=_("Forget the AI key"), required=False)

    class Meta:
        model = Workspace
        fields = (
            "name",
            "slug",
            "time_zone",
            "language",
            "ai_api_url",
            "ai_model",
            "ai_daily_budget_usd",
            "ai_second_look",
            "ai_embedding_model",
            "retention_days",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "retention_days" in self.fields:
            self.fields["retention_days"].required = False
        self.initial_key = self.instance.ai_api_key if self.instance.pk else ""
        self.initial_url = self.instance.ai_api_url.rstrip("/")
        if "new_ai_key" not in self.fields:
            return
        kept = bool(self.initial_key)
        field = self.fields["new_ai_key"]
        field.help_text = (
            _("A key is kept; it is never shown. Type another to replace it.")
            if kept
            else _("Empty: the one of the installation. Kept encrypted and never shown again.")
        )
        field.widget.attrs["placeholder"] = EMPTY_KEY if kept else ""
        if not kept:
            self.fields.pop("forget_ai_key", None)

    def clean_retention_days(self) -> int:
        """Empty is for ever."""
        return self.cleaned_data.get("retention_days") or 0

    def removal_of(self, days: int | None) -> int:
        """How many posts of the workspace this time of keeping would remove at once."""
        return removal_of(self.instance, days or 0) if self.instance.pk else 0

    def clean(self) -> dict[str, Any] | None:
        """Ask before posts go."""
        cleaned: dict[str, Any] | None = super().clean()
        if self.instance.pk:
            before = Workspace.objects.filter(pk=self.instance.pk).values_list("retention_days", flat=True).first()
            self.check_removal(before)
        return cleaned

    @property
    def key_left_behind(self) -> bool:
        """Whether a kept key is forgotten because the address that it was typed for has changed."""
        moved = self.initial_url != str(self.cleaned_data.get("ai_api_url", self.initial_url)).rstrip("/")
        typed = self.cleaned_data.get("new_ai_key") or self.cleaned_data.get("forget_ai_key")
        return moved and not typed and bool(self.initial_key)

    def save(self, commit: bool = True) -> Workspace:
        """Keep the typed key, or forget the present one; a key never follows a changed address."""
        key = self.cleaned_data.get("new_ai_key")
        if key:
            self.instance.ai_api_key = key
        elif self.cleaned_data.get("forget_ai_key") or self.key_left_behind:
            self.instance.ai_api_key = ""
        return super().save(commit)


class MemberForm(forms.ModelForm[Membership]):
    """A new member: whose e-mail, which role."""

    actor: User
    email = forms.EmailField(label=_("E-mail"), widget=EmailWidget())
    name = forms.CharField(label=_("Name"), required=False, max_length=150, widget=TextWidget())

    class Meta:
        model = Membership
        fields = ("workspace", "role")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("role", Membership.Role.EDITOR)

    def clean_email(self) -> str:
        """The address in its one spelling."""
        return User.objects.normalize_email(self.cleaned_data["email"])

    def clean(self) -> dict[str, Any] | None:
        """Refuse what the service would refuse, in words beside the form."""
        cleaned = super().clean()
        email, role = self.cleaned_data.get("email"), self.cleaned_data.get("role", "")
        workspace = self.cleaned_data.get("workspace") or getattr(self.instance, "workspace", None)
        if email and role and workspace:
            user = User.objects.filter(email=email).first()
            if user and Membership.objects.filter(user=user, workspace=workspace).exists():
                self.add_error("email", _("This person is a member already."))
            refusal = grant_refusal(actor=self.actor, workspace=workspace, user=user, role=role)
            if refusal:
                self.add_error("role", refusal)
        return cleaned


class MemberRoleForm(forms.ModelForm[Membership]):
    """A present member's role."""

    actor: User

    class Meta:
        model = Membership
        fields = ("role",)

    def clean_role(self) -> str:
        """Refuse what the service would refuse, in words beside the field."""
        role = str(self.cleaned_data["role"])
        before = Membership.objects.get(pk=self.instance.pk)
        refusal = grant_refusal(
            actor=self.actor, workspace=before.workspace, user=before.user, role=role
        ) or last_owner_refusal(membership=before, role=role)
        if refusal:
            raise ValidationError(refusal)
        return role
