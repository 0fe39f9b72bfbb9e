"""The form of a bot. The token goes in and never comes out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from apps.core.errors import PultError, RetryableError
from apps.telegram.hooks import hook_refusal
from apps.telegram.models import TOKEN_PATTERN, TOKEN_WORDS, Bot
from apps.telegram.ports import BotIdentity
from apps.telegram.proxies import BOT_SCHEMES, proxy_check
from apps.telegram.selectors import stands_for
from apps.telegram.services import token_check

if TYPE_CHECKING:
    from django.forms import CheckboxInput as Switch
    from django.forms import PasswordInput as SecretWidget
    from django.forms import RadioSelect as Radios
else:
    from unfold.widgets import UnfoldAdminPasswordWidget as SecretWidget
    from unfold.widgets import UnfoldAdminRadioSelectWidget as Radios
    from unfold.widgets import UnfoldBooleanSwitchWidget as Switch

DOTS = "\u2022" * 12


@dataclass(frozen=True)
class TokenAnswer:
    """What Telegram said of a token that was typed, asked before the form's transaction began."""

    token: str = field(repr=False)
    identity: BotIdentity | None = None
    problem: str = ""

    @classmethod
    def ask(cls, token: str, *, proxy: str = "") -> TokenAnswer:
        """Ask Telegram now, through the bot's proxy."""
        try:
            return cls(token, identity=token_check(token, proxy=proxy))
        except RetryableError as exc:
            return cls(token, problem=_t("%(problem)s Nothing is saved; try again in a minute.") % {"problem": exc})
        except PultError as exc:
            return cls(token, problem=str(exc))


class BotForm(forms.ModelForm[Bot]):
    """A bot's name and token, how it hears, and its proxy."""

    # Set by the admin for the one request that the form is made for.
    answer: ClassVar[TokenAnswer | None] = None

    new_token = forms.CharField(
        label=_("Token"),
        strip=True,
        max_length=130,
        validators=[RegexValidator(TOKEN_PATTERN, TOKEN_WORDS)],
        # Unlike a text field of type "password", it does not repeat a refused value in the page.
        widget=SecretWidget(attrs={"autocomplete": "new-password"}),
    )

    hears_by = forms.ChoiceField(label=_("Hears by"), choices=Bot.Receives.choices, widget=Radios(), required=False)
    new_proxy = forms.CharField(
        label=_("Proxy"),
        required=False,
        strip=True,
        max_length=300,
        widget=SecretWidget(attrs={"autocomplete": "new-password"}),
    )
    drop_proxy = forms.BooleanField(label=_("Without a proxy from now on"), required=False, widget=Switch())

    class Meta:
        model = Bot
        fields = ("name",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "name" in self.fields:
            self.fields["name"].required = False
            self.fields["name"].help_text = _t("How it is called in Pult. Empty: as it is called in Telegram.")
        self._explain_connection()
        if "new_token" not in self.fields:
            return
        token = self.fields["new_token"]
        if self.instance.pk:
            token.required = False
            token.widget.attrs["placeholder"] = DOTS
            token.help_text = _t("A token is kept; it is never shown. Paste another one of this bot to replace it.")
        else:
            token.help_text = _t("Kept encrypted and never shown again. Telegram is asked at once whether it is good.")

    def _explain_connection(self) -> None:
        """Say how the bot hears and which proxy is kept, the latter without its value."""
        if "hears_by" in self.fields:
            self.initial["hears_by"] = self.instance.receives
            self.fields["hears_by"].help_text = _t(
                "Pult asks: works everywhere. Telegram calls: needs an address with https that is open to the world; "
                "what the bot is told arrives a little sooner."
            )
        if "new_proxy" in self.fields:
            words = _t("socks5://user:password@host:port or http://host:port. Empty: none.")
            if self.instance.pk and self.instance.proxy:
                self.fields["new_proxy"].widget.attrs["placeholder"] = DOTS
                words = _t("A proxy is kept; it is never shown. Write another one to replace it.")
            self.fields["new_proxy"].help_text = words
        if "drop_proxy" in self.fields and not (self.instance.pk and self.instance.proxy):
            del self.fields["drop_proxy"]

    def clean_hears_by(self) -> str:
        """A way that is possible here; empty stays as it is."""
        way: str = self.cleaned_data["hears_by"]
        if not way or way == self.instance.receives:
            return ""
        if way == Bot.Receives.WEBHOOK and (words := hook_refusal()):
            raise ValidationError(words)
        if stands_for(self.instance).pk != self.instance.pk:
            raise ValidationError(_t("Another workspace added this bot first; how it hears is decided there."))
        return way

    def clean_new_proxy(self) -> str:
        """An address of a kind that is known, and that may be connected to."""
        given: str = self.cleaned_data["new_proxy"]
        if given:
            try:
                proxy_check(given, schemes=BOT_SCHEMES)
            except PultError as exc:
                raise ValidationError(str(exc)) from exc
        return given

    @property
    def proxy(self) -> str | None:
        """The proxy as it is to be kept; None where it stays as it is."""
        if self.cleaned_data.get("drop_proxy"):
            return ""
        return self.cleaned_data.get("new_proxy") or None

    def clean_new_token(self) -> str:
        """A token that Telegram knows, of this bot where the bot is known already."""
        token: str = self.cleaned_data["new_token"]
        if not token:
            return ""
        if self.answer is None or self.answer.token != token:
            raise ValidationError(_t("Telegram was not asked about the token. Save once more."))
        identity = self.answer.identity
        if identity is None:
            raise ValidationError(self.answer.problem)
        if self.instance.pk and identity.bot_id != self.instance.bot_id:
            raise ValidationError(
                _t("This is the token of another bot, @%(username)s. Add it as a new bot.")
                % {"username": identity.username}
            )
        return token

    def clean(self) -> dict[str, Any]:
        """Name the bot as Telegram does where no name is given, and refuse one that the workspace has already."""
        cleaned = super().clean() or self.cleaned_data
        identity = self.identity
        workspace = cleaned.get("workspace") or getattr(self.instance, "workspace", None)
        if identity and not cleaned.get("name"):
            cleaned["name"] = identity.name[:100]
        if "name" in self.fields and not cleaned.get("name") and self.instance.pk:
            cleaned["name"] = Bot.objects.values_list("name", flat=True).get(pk=self.instance.pk)
        if identity and workspace and not self.instance.pk:
            same = Bot.objects.filter(workspace=workspace, bot_id=identity.bot_id).first()
            if same is not None:
                self.add_error("new_token", _t("The workspace has this bot already: “%(bot)s”.") % {"bot": same})
        return cleaned

    @property
    def identity(self) -> BotIdentity | None:
        """Whose the accepted token is; None where none was given."""
        return self.answer.identity if self.answer and self.cleaned_data.get("new_token") else None
