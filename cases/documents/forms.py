"""Adding and withdrawing a document, as people type it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings

from cases.documents.codes import ENDINGS, DocumentKind
from cases.documents.recognising import ALLOWED
from cases.documents.services import too_large
from sharing.access.actors import Actor
from sharing.access.pages import OnceField


class DocumentForm(forms.Form):
    """A file, what it is, and what it is called. `refused` says that a file came and was too large to be kept."""

    use_required_attribute = False
    file = forms.FileField(
        label="File",
        widget=forms.FileInput(attrs={"accept": ",".join(ENDINGS)}),
        error_messages={"required": "Choose a file.", "empty": "The file is empty."},
    )
    kind = forms.ChoiceField(label="What it is", choices=DocumentKind.choices, initial=DocumentKind.OTHER)
    title = forms.CharField(
        label="Title",
        max_length=160,
        help_text="What somebody looks for: Order of probation, Oct 2026.",
        error_messages={"required": "Give it a title by which others find it."},
    )

    def __init__(self, data: Any = None, files: Any = None, *, actor: Actor, refused: bool = False) -> None:
        super().__init__(data, files)
        self.fields["token"] = OnceField(actor)
        if refused:
            self.fields["file"].error_messages["required"] = too_large()
        self.fields["file"].help_text = f"{ALLOWED}; at most {settings.DOCUMENT_MAX_BYTES // (1024 * 1024)} MB."


class WithdrawForm(forms.Form):
    """Why a document is withdrawn."""

    use_required_attribute = False
    reason = forms.CharField(
        label="Reason",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="It stays in the list beside the title.",
        error_messages={"required": "Say why the document is withdrawn; others read it in the list."},
    )
