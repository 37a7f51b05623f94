"""Recording a contact on one page, reading it with its versions, correcting and withdrawing it."""

from __future__ import annotations

import uuid
from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from agencies.directory.categories import Category
from cases.contacts import services
from cases.contacts.forms import ContactForm, CorrectionForm, NewContactForm, WithdrawForm
from cases.contacts.models import Contact, ContactVersion
from cases.contacts.querysets import contact_for, contact_readers, draft_for, versions_of
from cases.contacts.wording import changed_labels, changes_between, in_words, moment_text, title_of
from cases.supervision.codes import CASE
from cases.supervision.readers import will_be_told
from sharing.access.errors import NotAllowed, NotVisible, Refused, Stale
from sharing.access.pages import RecordPage, add_refusal

AROUND = Category.EXISTENCE | Category.SUPERVISION | Category.CAUTIONS
SHOWN = AROUND | Category.CONTACT_VIEW


class ContactAdd(RecordPage):
    """Record a contact."""

    record_type = CASE
    action = "contact"
    needs = {"get": Category.CONTACT_ADD, "post": Category.CONTACT_ADD}

    def get(self, request: HttpRequest, record: uuid.UUID) -> HttpResponse:
        """The form with the moment filled in, or as the actor left it."""
        draft = draft_for(self.actor, services.FORM, record)
        form = NewContactForm(actor=self.actor, case=self.frame.record, draft=draft.values if draft else None)
        return self.show_form(form, draft_at=draft.updated_at if draft else None)

    def post(self, request: HttpRequest, record: uuid.UUID) -> HttpResponse:
        """Record it; what cannot be saved comes back as typed. A second post of the form finds the first one's."""
        case = self.frame.record
        form = NewContactForm(request.POST, actor=self.actor, case=case)
        if form.is_valid():
            try:
                contact = services.record_contact(
                    actor=self.actor,
                    case_uuid=record,
                    values=form.values(),
                    contact_uuid=form.cleaned_data["token"],
                )
            except Refused as refusal:
                add_refusal(form, refusal)
            else:
                told = contact_readers(self.actor, case, contact.audience)[1]
                messages.success(request, f"Contact saved. {will_be_told(told)}")
                return redirect("case_timeline", record)
        return self.show_form(form, status=400)

    def show_form(self, form: ContactForm, *, draft_at: Any = None, status: int = 200) -> HttpResponse:
        """The form page."""
        context = {"tab": "timeline", "form": form, "draft_at": draft_at, "officer": self.actor.user.display}
        return self.show("cases/contacts/contact_form.html", AROUND, context, status=status)


class ContactDraft(RecordPage):
    """What is typed into the form of a new contact, kept while it is typed."""

    record_type = CASE
    needs = {"post": Category.CONTACT_ADD}

    def post(self, request: HttpRequest, record: uuid.UUID) -> HttpResponse:
        """Keep it and say so; or, asked to discard it, forget it and begin anew."""
        if "discard" in request.POST:
            services.drop_draft(actor=self.actor, case_uuid=record)
            return redirect("contact_add", record)
        form = NewContactForm(request.POST, actor=self.actor, case=self.frame.record)
        form.is_valid()  # it need not be, but it tells whether its token is one
        told: dict[str, Any] = {}
        try:
            told["draft"] = services.keep_draft(
                actor=self.actor,
                case_uuid=record,
                values=form.kept(),
                contact_uuid=form.cleaned_data.get("token"),
            )
        except Refused as refusal:
            told["refusal"] = str(refusal)
        return render(request, "cases/contacts/draft_said.html", told)


class ContactPage(RecordPage):
    """One contact with its versions."""

    record_type = CASE
    action = "contact"
    needs = {"get": Category.EXISTENCE}
    contact: Contact

    def enter(self, category: Category) -> None:
        """Besides the case: the contact of the address, if it is this case's and the actor may see it."""
        super().enter(category)
        found = contact_for(self.actor, self.kwargs["contact"], self.record_uuid)
        if found is None:
            raise NotVisible
        self.contact = found

    def get(self, request: HttpRequest, record: uuid.UUID, contact: uuid.UUID) -> HttpResponse:
        """What was said last, and what was said before."""
        one = self.contact
        context = {
            "tab": "timeline",
            "contact": one,
            "title": title_of(one.kind, one.outcome),
            "when": moment_text(one.occurred_at, one.timed),
            "answers": _answers(one),
            "versions": _told_versions(list(versions_of(self.actor, one))),
            "may_correct": self.may_correct(),
        }
        return self.show("cases/contacts/contact.html", SHOWN, context)

    def may_correct(self) -> bool:
        """Whether the actor may correct or withdraw it."""
        one = self.contact
        own = one.author_agency_id == self.actor.agency_id and one.withdrawn_at is None
        return own and Category.CONTACT_ADD in self.frame.opened


class ContactChange(ContactPage):
    """A page on which a contact is changed: by the agency that recorded it."""

    needs = {"get": Category.CONTACT_ADD, "post": Category.CONTACT_ADD}

    def enter(self, category: Category) -> None:
        """Refuse whoever may read it and no more."""
        super().enter(category)
        if not self.may_correct():
            raise NotAllowed("Only the agency that recorded a contact corrects it, and not once it is withdrawn.")

    def back(self) -> str:
        """Where the contact is read."""
        return reverse("contact", args=[self.record_uuid, self.contact.uuid])


class ContactCorrect(ContactChange):
    """Correct a contact; the version before it is kept."""

    def get(self, request: HttpRequest, record: uuid.UUID, contact: uuid.UUID) -> HttpResponse:
        """The contact as it stands."""
        return self.show_form(self.make_form())

    def post(self, request: HttpRequest, record: uuid.UUID, contact: uuid.UUID) -> HttpResponse:
        """Save it; what somebody else saved meanwhile is shown beside what was typed, and nothing is lost."""
        form = self.make_form(request.POST)
        if not form.is_valid():
            return self.show_form(form, status=400)
        asked = form.cleaned_data
        try:
            saved = services.correct_contact(
                actor=self.actor,
                contact_uuid=self.contact.uuid,
                changes=form.values(),
                seen_version=asked["seen_version"],
                reason=asked["reason"],
            )
        except Refused as refusal:
            add_refusal(form, refusal)
            return self.show_form(form, status=400)
        except Stale as stale:
            # The service waited for whoever was first; this is what they saved.
            self.contact = cast(Contact, stale.current)
            if not self.is_so(form):
                return self.show_stale(form)
            saved = self.contact  # the same form sent twice
        if saved.version == asked["seen_version"]:
            messages.info(request, "The contact is as it was. Nobody is told.")
        else:
            told = contact_readers(self.actor, self.frame.record, saved.audience)[1]
            messages.success(request, f"Contact corrected. {will_be_told(told)}")
        return redirect(self.back())

    def make_form(self, data: Any = None) -> CorrectionForm:
        """The form over the contact."""
        return CorrectionForm(data, actor=self.actor, case=self.frame.record, contact=self.contact)

    def is_so(self, form: CorrectionForm) -> bool:
        """Whether the actor has corrected it just as the form would: their answer was lost."""
        last = versions_of(self.actor, self.contact)[0]
        asked = services.values_of(Contact(**form.values())), form.cleaned_data["reason"], self.actor.user_id
        return (last.values, last.reason, last.changed_by_id) == asked

    def show_stale(self, form: CorrectionForm) -> HttpResponse:
        """What was typed, kept in the form, and how what is saved now differs from it (409)."""
        typed = Contact(**form.values())
        mine, theirs = services.values_of(typed), services.values_of(self.contact)
        fresh = self.make_form(
            {**{name: form.data.get(name, "") for name in form.fields}, "seen_version": str(self.contact.version)}
        )
        fresh.is_valid()
        return self.show_form(fresh, status=409, theirs=changes_between(theirs, mine))

    def show_form(self, form: CorrectionForm, *, status: int = 200, theirs: Any = None) -> HttpResponse:
        """The form page."""
        context = {"tab": "timeline", "form": form, "contact": self.contact, "back": self.back(), "theirs": theirs}
        return self.show("cases/contacts/correct.html", SHOWN, context, status=status)


class ContactWithdraw(ContactChange):
    """Withdraw a contact, with a reason."""

    def get(self, request: HttpRequest, record: uuid.UUID, contact: uuid.UUID) -> HttpResponse:
        """What is withdrawn, and the question why."""
        return self.show_form(WithdrawForm())

    def post(self, request: HttpRequest, record: uuid.UUID, contact: uuid.UUID) -> HttpResponse:
        """Withdraw it."""
        form = WithdrawForm(request.POST)
        if not form.is_valid():
            return self.show_form(form, status=400)
        services.withdraw_contact(actor=self.actor, contact_uuid=self.contact.uuid, reason=form.cleaned_data["reason"])
        told = contact_readers(self.actor, self.frame.record, self.contact.audience)[1]
        messages.success(request, f"Contact withdrawn. {will_be_told(told)}")
        return redirect(self.back())

    def show_form(self, form: WithdrawForm, status: int = 200) -> HttpResponse:
        """The confirm page."""
        one = self.contact
        context = {
            "tab": "timeline",
            "form": form,
            "title": title_of(one.kind, one.outcome),
            "answers": _answers(one),
            "back": self.back(),
        }
        return self.show("cases/contacts/withdraw.html", SHOWN, context, status=status)


def _answers(contact: Contact) -> list[dict[str, str]]:
    return [{"label": label, "value": value} for label, value in in_words(services.values_of(contact)).items()]


def _told_versions(versions: list[ContactVersion]) -> list[dict[str, Any]]:
    """Each version with what it changed, latest first."""
    earlier = {row.version + 1: row for row in versions}
    return [
        {
            "row": row,
            "labels": changed_labels(row.changed_fields),
            "changes": changes_between(earlier[row.version].values, row.values) if row.version in earlier else [],
        }
        for row in versions
    ]
