"""Cautions and flags of a case: seeing them, and setting, reviewing and ending one."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from agencies.directory.categories import Category
from cases.flags import services
from cases.flags.forms import CautionForm, EndForm, FlagForm, ReviewForm
from cases.flags.models import Flag
from cases.flags.querysets import SETS_CAUTIONS, SETS_FLAGS, cautions_of, flags_of, parted
from cases.supervision.codes import CASE
from cases.supervision.models import Caution
from cases.supervision.readers import readers_of, will_be_told
from sharing.access.errors import NotAllowed, NotVisible, Refused, Stale
from sharing.access.pages import RecordPage, add_refusal

SHOWN = Category.EXISTENCE | Category.SUPERVISION | Category.CAUTIONS | Category.FLAGS


class CaseFlags(RecordPage):
    """Cautions and flags of a case, those that ended apart."""

    record_type = CASE
    action = "flags"
    needs = {"get": Category.EXISTENCE}

    def get(self, request: HttpRequest, record: uuid.UUID) -> HttpResponse:
        """Each block by itself: some, none, not shared, or not loaded."""
        case, opened = self.frame.record, self.frame.opened
        context: dict[str, Any] = {
            "tab": "flags",
            "asked_at": timezone.now(),
            "may_flag": SETS_FLAGS & opened == SETS_FLAGS,
            "may_caution": SETS_CAUTIONS & opened == SETS_CAUTIONS,
        }
        if Category.FLAGS in opened:
            found = self.blocks.read(lambda: list(flags_of(self.actor, case)))
            for flag in found or []:
                flag.may_change = services.may_change_flag(self.actor, flag, opened)  # type: ignore[attr-defined]
            context["flag_parts"] = None if found is None else parted(found)
        if Category.CAUTIONS in opened:
            cautions = self.blocks.read(lambda: list(cautions_of(self.actor, case)))
            context["caution_parts"] = None if cautions is None else parted(cautions)
        return self.show("cases/flags/flags.html", SHOWN, context)


class FlagPage(RecordPage):
    """A page with one form that leads back to the cautions and flags. Subclasses say what is saved."""

    record_type = CASE
    action = "flags"
    heading: ClassVar[str] = ""
    button: ClassVar[str] = ""
    done: ClassVar[str] = ""
    category: ClassVar[Category] = Category.FLAGS  # what its readers must be allowed
    note: ClassVar[str] = ""
    part: Any = None  # the flag or caution that the address names; None when adding

    def get(self, request: HttpRequest, record: uuid.UUID, **names: uuid.UUID) -> HttpResponse:
        """The form."""
        return self.show_form(self.make_form())

    def post(self, request: HttpRequest, record: uuid.UUID, **names: uuid.UUID) -> HttpResponse:
        """Save, or the form again with what is missing."""
        form = self.make_form(request.POST)
        if not form.is_valid():
            return self.show_form(form, status=400)
        try:
            said = self.save(form)
        except Refused as refusal:
            add_refusal(form, refusal)
            return self.show_form(form, status=400)
        except Stale as stale:
            self.part = stale.current
            if not self.is_so(form):
                again = self.make_form({**request.POST.dict(), "seen_version": str(self.part.version)})
                again.add_error(
                    None, "Somebody reviewed this meanwhile. Here it is as it stands now; save again to add yours."
                )
                return self.show_form(again, status=409)
            said = self.done  # the same form sent twice
        messages.success(request, said)
        return redirect("case_flags", record)

    # What subclasses give

    def make_form(self, data: Any = None) -> forms.BaseForm:
        """The form, empty or with what was sent."""
        raise NotImplementedError

    def save(self, form: Any) -> str:
        """Call the one service; returns what to say afterwards. Raises Refused or Stale."""
        raise NotImplementedError

    # What all of them share

    def is_so(self, form: Any) -> bool:
        """Whether the actor has reviewed it just as the form would: their answer was lost."""
        asked, part = form.cleaned_data, self.part
        reviewed = (part.reviewed_by_id, part.review_note, part.review_on)
        return reviewed == (self.actor.user_id, asked["note"], asked["review_on"])

    def show_form(self, form: forms.BaseForm, status: int = 200) -> HttpResponse:
        """The form page."""
        context: dict[str, Any] = {
            "tab": "flags",
            "form": form,
            "part": self.part,
            "named": self.named(),
            "heading": self.heading,
            "button": self.button,
            "note": self.note,
        }
        if "audience" not in form.fields:  # else each choice names its readers
            audience = getattr(self.part, "audience", 0)
            names = readers_of(self.actor, self.frame.record, self.category, audience)
            context["read_by"], context["told"] = names
        return self.show("cases/flags/form.html", SHOWN, context, status=status)

    def named(self) -> str:
        """The flag or caution in words."""
        if self.part is None:
            return ""
        return str(self.part.get_kind_display() if isinstance(self.part, Flag) else self.part.text)


class FlagAdd(FlagPage):
    """Set a flag."""

    needs = {"get": SETS_FLAGS, "post": SETS_FLAGS}
    heading, button = "Set a flag", "Set the flag"

    def make_form(self, data: Any = None) -> forms.BaseForm:
        """An empty form with a token."""
        return FlagForm(data, actor=self.actor, case=self.frame.record)

    def save(self, form: Any) -> str:
        """Set it; a second post of the same form finds the first one's flag."""
        flag = services.set_flag(
            actor=self.actor,
            case_uuid=self.record_uuid,
            values=form.values(),
            flag_uuid=form.cleaned_data["token"],
        )
        told = readers_of(self.actor, self.frame.record, self.category, flag.audience)[1]
        return f"Flag set. {will_be_told(told)}"


class CautionAdd(FlagPage):
    """Add a caution to a case of one's own agency."""

    needs = {"get": SETS_CAUTIONS, "post": SETS_CAUTIONS}
    heading, button = "Add a caution", "Add the caution"
    category = Category.CAUTIONS
    note = "It shows at once on every page of this case."

    def make_form(self, data: Any = None) -> forms.BaseForm:
        """An empty form with a token."""
        return CautionForm(data, actor=self.actor)

    def save(self, form: Any) -> str:
        """Add it; a second post of the same form finds the first one's caution."""
        services.add_caution(
            actor=self.actor,
            case_uuid=self.record_uuid,
            values=form.values(),
            caution_uuid=form.cleaned_data["token"],
        )
        return "Caution added. It stands on every page of the case, and everybody who sees it will be told."


class OneFlag(FlagPage):
    """A page about one flag that still stands."""

    needs = {"get": SETS_FLAGS, "post": SETS_FLAGS}
    part: Flag

    def enter(self, category: Category) -> None:
        """Besides the case: its flag that the address names, if the actor may change it."""
        super().enter(category)
        rows = Flag.objects.permitted(self.actor).filter(case=self.frame.record, uuid=self.kwargs["flag"])
        found = rows.select_related("agency", "set_by", "reviewed_by", "ended_by").first()
        if found is None:
            raise NotVisible
        if not services.may_change_flag(self.actor, found, self.frame.opened):
            raise NotAllowed("Only the agency that set a flag, or the one that owns the case, may review or end it.")
        self.part = found


class FlagReview(OneFlag):
    """Say that a flag still holds."""

    heading, button, done = "Review a flag", "Save the review", "Flag reviewed."

    def make_form(self, data: Any = None) -> forms.BaseForm:
        """What was looked at, and the usual day of the next look."""
        return ReviewForm.about(self.part, self.part.kind, data)

    def save(self, form: Any) -> str:
        """Review it."""
        services.review_flag(actor=self.actor, flag_uuid=self.part.uuid, **form.cleaned_data)
        return self.done


class FlagEnd(OneFlag):
    """End a flag."""

    heading, button = "End a flag", "End the flag"
    note = "It stays on the page, among the ended ones."

    def make_form(self, data: Any = None) -> forms.BaseForm:
        """The question why."""
        return EndForm(data)

    def save(self, form: Any) -> str:
        """End it; again changes nothing."""
        services.end_flag(actor=self.actor, flag_uuid=self.part.uuid, reason=form.cleaned_data["reason"])
        return "Flag ended."


class OneCaution(FlagPage):
    """A page about one caution of one's own agency's case."""

    needs = {"get": SETS_CAUTIONS, "post": SETS_CAUTIONS}
    category = Category.CAUTIONS
    part: Caution

    def enter(self, category: Category) -> None:
        """Besides the case: its caution that the address names."""
        super().enter(category)
        rows = Caution.objects.permitted(self.actor).filter(case=self.frame.record, uuid=self.kwargs["caution"])
        found = rows.select_related("set_by", "reviewed_by", "ended_by").first()
        if found is None:
            raise NotVisible
        self.part = found


class CautionReview(OneCaution):
    """Say that a caution still holds."""

    heading, button, done = "Review a caution", "Save the review", "Caution reviewed."

    def make_form(self, data: Any = None) -> forms.BaseForm:
        """What was looked at, and the usual day of the next look."""
        return ReviewForm.about(self.part, "", data)

    def save(self, form: Any) -> str:
        """Review it."""
        services.review_caution(actor=self.actor, caution_uuid=self.part.uuid, **form.cleaned_data)
        return self.done


class CautionEnd(OneCaution):
    """End a caution."""

    heading, button = "End a caution", "End the caution"
    note = "It leaves every page of the case at once."

    def make_form(self, data: Any = None) -> forms.BaseForm:
        """The question why."""
        return EndForm(data)

    def save(self, form: Any) -> str:
        """End it; again changes nothing."""
        services.end_caution(actor=self.actor, caution_uuid=self.part.uuid, reason=form.cleaned_data["reason"])
        return "Caution ended. It no longer shows on the pages of the case."
