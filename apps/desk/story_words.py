"""The sentences that the workbench's script says; it has none of its own."""

from __future__ import annotations

from django.utils.translation import gettext as _


def words_of() -> dict[str, str]:
    """Sentences by name; in some of them `%s` stands for what only the script knows."""
    return {
        "kept": _("Kept, not saved yet"),
        "keeping": _("Keeping…"),
        "saved": _("Saved"),
        "saving": _("Saving…"),
        "not_kept": _(
            "The server does not answer. What you type is kept in this browser, and sent when it answers again."
        ),
        "logged_out": _(
            "You have been logged out. What you type is kept in this browser."
            " Log in in another tab, then press Save again."
        ),
        "log_in": _("Log in"),
        "not_allowed": _("You may not change this story any more. Copy your text; it is also kept in this browser."),
        "broken": _("Saving failed because of a fault on the server. Your text is still here and kept. Try again."),
        "nowhere": _("Neither the server nor this browser can keep what you type. Copy it before you close the page."),
        "restored_here": _("What you had typed in this browser was restored: the server did not have it."),
        "elsewhere": _("You have typed in this story on another device or in another tab as well."),
        "use_other": _("Use that text"),
        "use_this": _("Keep this one"),
        "newer": _("Version %n by %s was saved meanwhile. Your text is still here."),
        "compare": _("Compare"),
        "taken_over": _("%s took this text over. Go on if you like: what you type is kept as your own unsaved text."),
        "ready": _("The new text is ready. Yours is still here, unsaved."),
        "variants_ready": _("The variants are ready. Your text is still here, unsaved."),
        "show": _("Show"),
        "no_prompt": _("The prompt can’t be shown now. Try again in a moment."),
        "no_difference": _("What changed can’t be shown now. Try again in a moment."),
        "no_more": _("The rest can’t be shown now. Try again in a moment."),
        "discard": _("Discard what you typed? It can’t be brought back."),
    }
