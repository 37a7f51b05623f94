"""The agency's agreements: a list, one with its terms and signatures, and what an administrator does with it."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from agencies.directory.categories import NOTHING, Category
from agencies.directory.errors import NotAllowed, NotVisible, Refused, Stale
from portal.agency.views.base import AgencyPage
from portal.agreements.forms import DraftForm, NewAgreementForm, ReasonForm, SeenForm, SignForm, as_drafted, begun_from
from portal.agreements.wording import changes_in_words, terms_in_words
from sharing.access.pages import OnceField, add_refusal
from sharing.access.registry import bundles_offered
from sharing.agreements import services
from sharing.agreements.codes import TEMPLATES, AgreementKind, State
from sharing.agreements.models import Agreement, AgreementVersion
from sharing.agreements.querysets import agreement_for, agreements_for, state_of, versions_for
from sharing.agreements.terms import digest_of


class AgreementPage(AgencyPage):
    """A page about the agency's agreements; subclasses with an address of one find it in `agreement`."""

    tab = folder = "agreements"
    agreement: Agreement
    versions: list[AgreementVersion]

    def enter(self, category: Category) -> None:
        """The agreement of the address, if the actor's agency may know of it. Raises NotVisible."""
        super().enter(category)
        if "agreement" not in self.kwargs:
            return
        found = agreement_for(self.actor.agency_id, self.kwargs["agreement"])
        if found is None:
            raise NotVisible
        self.agreement, self.versions = found, versions_for(self.actor.agency_id, found)

    @property
    def state(self) -> State:
        """Where the agreement stands now."""
        return state_of(self.agreement, self.versions, timezone.now())


class AgreementList(AgreementPage):
    """Every agreement that the agency may know of: what waits for its signature first."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The list."""
        now, own, rows = timezone.now(), self.actor.agency_id, []
        for agreement in agreements_for(own).prefetch_related("versions__signatures"):
            versions = sorted(agreement.versions.all(), key=lambda version: -version.number)
            state = state_of(agreement, versions, now)
            open_version = next((one for one in versions if one.proposed_at and not one.signed_at), None)
            signed = {row.agency_id for row in open_version.signatures.all()} if open_version else set()
            waits = open_version is not None and own not in signed and state != State.ENDED
            partners = [row.agency.name for row in agreement.party_rows.all() if row.agency_id != own]
            rows.append({"agreement": agreement, "state": state, "waits": waits, "partners": partners})
        rows.sort(key=lambda row: (not row["waits"], row["state"] == State.ENDED))
        return self.show("list.html", {"rows": rows})


class AgreementDetail(AgreementPage):
    """One agreement: where it stands, its parties and who signed, its terms, and its versions."""

    def get(self, request: HttpRequest, agreement: uuid.UUID) -> HttpResponse:
        """The page."""
        newest, own = self.versions[0] if self.versions else None, self.actor.agency_id
        in_force = next((one for one in self.versions if one.signed_at), None)
        drafting = newest is not None and newest.proposed_at is None and newest.made_by_id == own
        open_version = newest if newest and newest.proposed_at and not newest.signed_at else None
        signed = {row.agency_id: row for row in (newest.signatures.all() if newest else [])}
        parties = [{"row": row, "signature": signed.get(row.agency_id)} for row in self.agreement.party_rows.all()]
        shown = newest if newest is not None and in_force is None else in_force
        context = {
            "agreement": self.agreement,
            "state": self.state,
            "parties": parties,
            "version": newest,
            "shown": shown,
            "terms": terms_in_words(shown) if shown else [],
            "open_version": open_version,
            "changes": changes_in_words(in_force, newest) if in_force and newest and newest != in_force else [],
            "drafting": drafting,
            "may_sign": open_version is not None and own not in signed,
            "may_resume": self.agreement.stopped_by_id in (None, own),
        }
        return self.show("detail.html", context)


class AdministratorAct(AgreementPage):
    """Something that an administrator does. Whoever does it has typed their password of late."""

    needs = {"get": NOTHING, "post": NOTHING}
    weighty = frozenset({"post"})
    template: ClassVar[str] = "act.html"
    heading: ClassVar[str] = ""
    explanation: ClassVar[str] = ""
    button: ClassVar[str] = ""
    done: ClassVar[str] = ""

    def enter(self, category: Category) -> None:
        """Administrators alone. Raises NotAllowed after NotVisible."""
        super().enter(category)
        if not self.may_administer:
            raise NotAllowed("Only an administrator of your agency writes and signs agreements.")

    def get(self, request: HttpRequest, **names: Any) -> HttpResponse:
        """The form."""
        return self.show_form(self.make_form())

    def post(self, request: HttpRequest, **names: Any) -> HttpResponse:
        """Do it; what is refused stands beside its field, and a stale one above what it is now."""
        form = self.make_form(request.POST)
        if not form.is_valid():
            return self.show_form(form, status=400)
        try:
            done = self.act(form)
        except Refused as refusal:
            add_refusal(form, refusal)
            return self.show_form(form, status=400)
        except Stale:
            messages.warning(request, "Somebody changed it meanwhile, and nothing of yours was saved. Read it again.")
            return redirect("agreement", self.agreement.uuid)
        messages.success(request, self.done)
        return redirect("agreement", done.uuid)

    def make_form(self, data: Any = None) -> Any:
        """The form."""
        raise NotImplementedError

    def act(self, form: Any) -> Agreement:
        """Call the one service. Returns the agreement. Raises Refused or Stale."""
        raise NotImplementedError

    def back(self) -> str:
        """Where "Cancel" leads."""
        return (
            reverse("agreement", args=[self.kwargs["agreement"]])
            if "agreement" in self.kwargs
            else reverse("agreements")
        )

    def show_form(self, form: Any, status: int = 200, **more: Any) -> HttpResponse:
        """The page around the form."""
        context = {
            "form": form,
            "heading": self.heading,
            "explanation": self.explanation,
            "button": self.button,
            "back_url": self.back(),
            "agreement": getattr(self, "agreement", None),
            **more,
        }
        return self.show(self.template, context, status)


class ChooseTemplate(AgreementPage):
    """What a new agreement begins from."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The templates."""
        return self.show(
            "templates.html", {"templates": [(kind, TEMPLATES[kind].explanation) for kind in AgreementKind]}
        )


class NewAgreement(AdministratorAct):
    """Draft an agreement from a template."""

    heading, button = "New agreement", "Save the draft"
    explanation = "Nobody else sees it until you propose it."
    done = "Draft saved. Propose it when it is ready for the other parties to sign."

    def make_form(self, data: Any = None) -> NewAgreementForm:
        """The template's words and numbers, to be changed."""
        if self.kwargs["kind"] not in AgreementKind.values:
            raise NotVisible
        kind = AgreementKind(self.kwargs["kind"])
        form = NewAgreementForm(data, own=self.actor.agency, bundles=bundles_offered(), initial=begun_from(kind))
        form.fields["once"] = OnceField(self.actor)
        return form

    def act(self, form: NewAgreementForm) -> Agreement:
        """The draft."""
        asked = form.cleaned_data
        return services.draft_agreement(
            actor=self.actor,
            title=asked["title"],
            kind=self.kwargs["kind"],
            partners=asked["partners"],
            terms=form.terms(),
            allowances=form.allowed(),
            joinable=asked["joinable"],
            agreement_uuid=asked["once"],
        )


class ChangeDraft(AdministratorAct):
    """Change a draft."""

    heading, button, done = "Change the draft", "Save the draft", "Draft saved."
    explanation = "Nobody else sees it until you propose it."

    def make_form(self, data: Any = None) -> DraftForm:
        """The draft as it is."""
        newest = self.versions[0] if self.versions else None
        if newest is None or newest.proposed_at or newest.made_by_id != self.actor.agency_id:
            raise NotAllowed("Your agency writes no draft of this agreement.")
        return DraftForm(
            data,
            first=self.agreement.signed_at is None,
            own=self.actor.agency,
            bundles=bundles_offered(),
            initial=as_drafted(self.agreement, newest),
        )

    def act(self, form: DraftForm) -> Agreement:
        """Saved."""
        asked = form.cleaned_data
        services.change_draft(
            actor=self.actor,
            agreement_uuid=self.agreement.uuid,
            terms=form.terms(),
            allowances=form.allowed(),
            title=asked.get("title"),
            partners=asked.get("partners"),
            seen_revision=asked["seen_revision"],
        )
        return self.agreement


class Propose(AdministratorAct):
    """Show the draft to the other parties."""

    heading, button = "Propose it to the other parties", "Propose"
    explanation = "Their administrators can read and sign it from now on. It cannot be changed unless it is sent back."
    done = "Proposed. Each party signs it on its own page; it comes into force with the last signature."

    def make_form(self, data: Any = None) -> SeenForm:
        """Nothing but the revision that was read."""
        if not self.versions:
            raise NotAllowed("Your agency writes no draft of this agreement.")
        return SeenForm(data, initial={"seen_revision": self.versions[0].revision})

    def act(self, form: Any) -> Agreement:
        """Proposed."""
        seen = form.cleaned_data["seen_revision"]
        services.propose(actor=self.actor, agreement_uuid=self.agreement.uuid, seen_revision=seen)
        return self.agreement


class Sign(AdministratorAct):
    """Sign what was proposed, after reading it."""

    template, heading, button = "sign.html", "Sign this agreement", "Sign for my agency"
    done = "Signed."

    def make_form(self, data: Any = None) -> SignForm:
        """The terms that are signed are those on the page: their digest travels along."""
        newest = self.versions[0] if self.versions else None
        if newest is None or not newest.proposed_at or newest.signed_at:
            raise NotAllowed("Nothing is proposed that could be signed.")
        return SignForm(data, initial={"number": newest.number, "digest": digest_of(self.agreement, newest)})

    def show_form(self, form: Any, status: int = 200, **more: Any) -> HttpResponse:
        """With the terms above."""
        return super().show_form(form, status, terms=terms_in_words(self.versions[0]), version=self.versions[0])

    def act(self, form: SignForm) -> Agreement:
        """Signed."""
        services.sign(actor=self.actor, agreement_uuid=self.agreement.uuid, **form.cleaned_data)
        return self.agreement


class SendBack(AdministratorAct):
    """Return what was proposed to its writer."""

    heading, button = "Send it back", "Send it back"
    explanation = "It becomes a draft again, and signatures under it are gone."
    done = "Sent back to its writer."

    def make_form(self, data: Any = None) -> ReasonForm:
        """What should change."""
        return ReasonForm(data)

    def act(self, form: ReasonForm) -> Agreement:
        """Sent back."""
        reason = form.cleaned_data["reason"]
        services.send_back(actor=self.actor, agreement_uuid=self.agreement.uuid, reason=reason)
        return self.agreement


class Amend(AdministratorAct):
    """Begin an amendment."""

    heading, button = "Amend the agreement", "Begin the amendment"
    explanation = "You get a draft with the terms in force. These go on until every party has signed the new ones."
    done = "Amendment begun. Change the draft, then propose it."

    def make_form(self, data: Any = None) -> forms.Form:
        """Nothing to fill in."""
        return forms.Form(data)

    def act(self, form: Any) -> Agreement:
        """Begun."""
        services.amend(actor=self.actor, agreement_uuid=self.agreement.uuid)
        return self.agreement


class Suspend(AdministratorAct):
    """Suspend the agreement."""

    heading, button = "Suspend the agreement", "Suspend it now"
    explanation = "Whatever is shared under it is closed from the next request on, until your agency takes this back."
    done = "Suspended. Everything under it is closed."

    def make_form(self, data: Any = None) -> ReasonForm:
        """Why."""
        return ReasonForm(data)

    def act(self, form: ReasonForm) -> Agreement:
        """Suspended."""
        reason = form.cleaned_data["reason"]
        return services.suspend(actor=self.actor, agreement_uuid=self.agreement.uuid, reason=reason)


class Resume(Amend):
    """Take a suspension back."""

    heading, button = "Take the suspension back", "Open it again"
    explanation = "Whatever is shared under it opens again, as far as it has not ended meanwhile."
    done = "In force again."

    def act(self, form: Any) -> Agreement:
        """In force again."""
        return services.resume(actor=self.actor, agreement_uuid=self.agreement.uuid)


class End(Suspend):
    """End the agreement for good."""

    heading, button = "End the agreement", "End it for good"
    explanation = "Whatever is shared under it is closed from the next request on. This cannot be taken back."
    done = "Ended. Everything under it is closed."

    def act(self, form: ReasonForm) -> Agreement:
        """Ended."""
        return services.end(actor=self.actor, agreement_uuid=self.agreement.uuid, reason=form.cleaned_data["reason"])
