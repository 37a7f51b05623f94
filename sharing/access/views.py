"""Who can see a record, why, who has looked; sharing it, moving the end, ending it. The same for every record type."""

from __future__ import annotations

import datetime
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils import timezone

from agencies.directory.categories import Category, labels_of
from agencies.directory.dates import day_text, end_of_day
from agencies.directory.models import FOREVER, Agency, Unit
from agencies.directory.roles import ACTS
from sharing.access import explain, services
from sharing.access.errors import NotVisible, Refused
from sharing.access.forms import EndForm, ExtendForm, ShareForm
from sharing.access.models import Grant, Purpose
from sharing.access.pages import RecordPage, add_refusal
from sharing.access.registry import shareable_of

SOON = datetime.timedelta(days=14)
ACCESS_SHOWN = Category.EXISTENCE | Category.SUPERVISION | Category.CAUTIONS
WHY = {Grant.Kind.OWNER: "Owner", Grant.Kind.STANDING: "Rule in the agreement"}
READ = {
    "detail": "case",
    "plan": "plan",
    "appointments": "appointments",
    "calendar": "calendar",
    "access": "access",
    "search": "search",
    "list": "list",
    "inbox": "inbox",
    "share_view": "share view",
    "duplicates": "check for the same person",
    "export": "file",
    "expand": "as part of another answer",
    "replay": "an answer sent again",
}
# Read as one line among others: nobody opened the record for it. What was taken out in a file, or with more of the
# record than its line (`export`, `expand`), counts as opened.
IN_LISTS = frozenset({"search", "list", "inbox", "today", "calendar", "share_view", "duplicates", "changes"})


class AccessPage(RecordPage):
    """Who can see this, who has looked, and why you can."""

    action = "access"
    needs = {"get": Category.EXISTENCE}

    def get(self, request: HttpRequest, **names: Any) -> HttpResponse:
        """Holders and readers for whoever may share; for everybody why they see it themselves."""
        actor, record, opened = self.actor, self.frame.record, self.frame.opened
        may_share = Category.SHARE in opened
        rows = [_holder_row(holder) for holder in explain.holders(actor, record)] if may_share else None
        others = {number for row in rows or [] for number in row["agency_ids"]} - {record.agency_id}
        looked = explain.readers(actor, record) if may_share else None
        readers = _reader_rows(looked) if looked is not None else None
        context = {
            "tab": "access",
            "grants": rows,
            "others": len(others),
            "ending_soon": sum(1 for row in rows or [] if row["soon"]),
            "may_share": may_share,
            "readers": readers,
            "any_purpose": any(row["purpose"] for row in readers or []),
            "reader_count": len({reader.user_name for reader in looked or []}),
            "why": [_why_line(way) for way in explain.why(actor, record)],
            "withheld": explain.withheld(opened),
            "ended": [_ended_row(grant) for grant in explain.ended(actor, record)] if may_share else [],
        }
        return self.show("sharing/access/access.html", ACCESS_SHOWN, context)


class SharePage(RecordPage):
    """Share in two steps: the answers, then a look at them before anything is shared."""

    action = "access"
    needs = {"get": Category.SHARE, "post": Category.SHARE}

    def get(self, request: HttpRequest, **names: Any) -> HttpResponse:
        """The empty form."""
        return self.show_form(self.make_form())

    def post(self, request: HttpRequest, **names: Any) -> HttpResponse:
        """First the preview, then, confirmed, the share."""
        form = self.make_form(request.POST)
        if not form.is_valid():
            return self.show_form(form, status=400)
        if "change" in request.POST:
            return self.show_form(form)
        confirmed = "confirmed" in request.POST and "as" not in request.POST
        try:
            with transaction.atomic():
                grant = self.share(form)
                if not confirmed:  # a rehearsal: every rule has been asked, and nothing stays
                    transaction.set_rollback(True)
        except Refused as refusal:
            add_refusal(form, refusal)
            return self.show_form(form, status=400)
        receiver = explain.principal_name(grant.group)
        if not confirmed:
            return self.show_check(form, grant, receiver)
        messages.success(request, f"Shared with {receiver}. {_news(grant)}")
        return redirect("case_access", self.record_uuid)

    def make_form(self, data: Any = None) -> ShareForm:
        """The form for this record."""
        record = self.frame.record
        return ShareForm(data, actor=self.actor, shareable=shareable_of(type(record)), record=record)

    def share(self, form: ShareForm) -> Grant:
        """Call the one service. Raises Refused."""
        asked = form.cleaned_data
        return services.share(
            actor=self.actor,
            record=self.frame.record,
            group_id=asked["group"],
            bundle=asked["bundle"],
            narrowed_by=asked["narrowed_by"],
            purpose=asked["purpose"],
            legal_basis=asked["legal_basis"],
            agreement_id=asked["agreement"],
            until=end_of_day(asked["until"]),
            grant_uuid=asked["token"],
        )

    def show_form(self, form: ShareForm, status: int = 200) -> HttpResponse:
        """The form, and what each choice opens."""
        bundles = [
            {
                "label": bundle.label,
                "explanation": bundle.explanation,
                "sees": labels_of(bundle.mask),
                "never": explain.withheld(bundle.mask),
            }
            for code, bundle in shareable_of(type(self.frame.record)).bundles.items()
            if code != "own_case"
        ]
        context = {"tab": "access", "form": form, "bundles": bundles}
        return self.show("sharing/access/share.html", ACCESS_SHOWN, context, status=status)

    def show_check(self, form: ShareForm, grant: Grant, receiver: str) -> HttpResponse:
        """The answers read back, what the other side will and will not see, and the record as it will see it."""
        viewers = _viewers(grant, self.actor.agency_id)
        asked = self.request.POST.get("as", self.actor.side.name)  # the own side's parts are what this reader can judge
        side = asked if asked in viewers else next(iter(viewers))
        agency = viewers[side]
        preview = self.frame.preview(grant.mask, agency, self.blocks)
        until = timezone.localtime(grant.until)
        answers = [
            ("Share with", form.receivers[form.cleaned_data["group"]]),
            ("What they will see", explain.bundle_label(grant)),
            ("Left out", ", ".join(labels_of(int(form.cleaned_data["narrowed_by"])))),
            ("Purpose", Purpose(grant.purpose).label),
            ("Legal basis", grant.legal_basis),
            ("Agreement", grant.agreement.title if grant.agreement else ""),
            ("Until", f"{until:%B} {until.day}, {until.year}, the end of the day"),
        ]
        context = {
            "tab": "access",
            "form": form,
            "answers": [{"label": label, "value": value} for label, value in answers if value],
            "principal_name": receiver,
            "shown_to_them": labels_of(grant.mask),
            "withheld_from_them": explain.withheld(grant.mask),
            "told": _told(grant),
            "viewer": agency.name,
            "sides": [
                {"code": code, "label": one.side.label, "name": one.name, "current": code == side}
                for code, one in viewers.items()
            ],
            "preview": render_to_string(self.frame.preview_template, preview, request=self.request),
        }
        return self.show("sharing/access/share_check.html", ACCESS_SHOWN | Category(grant.mask) & ~ACTS, context)


class GrantPage(RecordPage):
    """A page about one live share of the record."""

    action = "access"
    needs = {"get": Category.SHARE, "post": Category.SHARE}
    grant: Grant

    def enter(self, category: Category) -> None:
        """Besides the record: its share that the address names."""
        super().enter(category)
        found = (
            Grant.objects.filter(uuid=self.kwargs["grant"], record_id=self.record_uuid)
            .select_related("group__unit__agency", "group__circle", "agreement")
            .first()
        )
        if found is None:
            raise NotVisible
        self.grant = found

    def grant_row(self) -> dict[str, Any]:
        """The share as its page reads it back."""
        unit = getattr(self.grant.group, "unit", None)
        return {
            "uuid": self.grant.uuid,
            "agency": unit.agency if unit else None,
            "name": explain.principal_name(self.grant.group),
            "bundle_label": explain.bundle_label(self.grant),
            "why": Purpose(self.grant.purpose).label,
            "agreement_title": self.grant.agreement.title if self.grant.agreement else "",
            "until": self.grant.until,
        }


def _viewers(grant: Grant, own: int) -> dict[str, Agency]:
    """As whom the preview may look, by side: a unit's agency; of a circle on each side the first that isn't one's own.

    What is meant for one side differs, and a circle may join both.
    """
    agencies = services.principal_agencies(grant.group_id)
    others = [agency for agency in agencies if agency.pk != own] or agencies
    return {agency.side.name: agency for agency in sorted(others, key=lambda agency: agency.name, reverse=True)}


def _told(grant: Grant) -> list[str]:
    """Who gets news of a share: a unit's officers, and nobody of a circle, which may be hundreds in many agencies."""
    return [] if hasattr(grant.group, "circle") else [f"Officers of {explain.principal_name(grant.group)}"]


def _news(grant: Grant) -> str:
    return "Its officers will be told." if _told(grant) else "Nobody of a circle is told; they see it on their lists."


class EndAccess(GrantPage):
    """End a share, with a reason."""

    weighty = frozenset({"post"})

    def get(self, request: HttpRequest, **names: Any) -> HttpResponse:
        """What ends, and the question why."""
        return self.show_form(EndForm())

    def post(self, request: HttpRequest, **names: Any) -> HttpResponse:
        """End it now; again changes nothing."""
        form = EndForm(request.POST)
        if not form.is_valid():
            return self.show_form(form, status=400)
        services.end_access(actor=self.actor, grant_uuid=self.grant.uuid, reason=form.cleaned_data["reason"])
        name = explain.principal_name(self.grant.group)
        messages.success(request, f"Access of {name} has ended. {_news(self.grant)}")
        return redirect("case_access", self.record_uuid)

    def show_form(self, form: EndForm, status: int = 200) -> HttpResponse:
        """The confirm page."""
        row = self.grant_row()
        context = {"tab": "access", "form": form, "grant": row, "told": _told(self.grant)}
        return self.show("sharing/access/end_access.html", ACCESS_SHOWN, context, status=status)


class ExtendAccess(GrantPage):
    """Move the end of a share."""

    def get(self, request: HttpRequest, **names: Any) -> HttpResponse:
        """The end as it is, and the question until when."""
        return self.show_form(ExtendForm())

    def post(self, request: HttpRequest, **names: Any) -> HttpResponse:
        """Move the end, within the agreement."""
        form = ExtendForm(request.POST)
        if form.is_valid():
            try:
                services.extend_access(
                    actor=self.actor, grant_uuid=self.grant.uuid, until=end_of_day(form.cleaned_data["until"])
                )
            except Refused as refusal:
                add_refusal(form, refusal)
            else:
                name = explain.principal_name(self.grant.group)
                messages.success(request, f"Access of {name} has a new end. {_news(self.grant)}")
                return redirect("case_access", self.record_uuid)
        return self.show_form(form, status=400)

    def show_form(self, form: ExtendForm, status: int = 200) -> HttpResponse:
        """The page with the one question."""
        row = self.grant_row()
        context = {"tab": "access", "form": form, "grant": row, "told": _told(self.grant)}
        return self.show("sharing/access/extend_access.html", ACCESS_SHOWN, context, status=status)


def _holder_row(holder: explain.Holder) -> dict[str, Any]:
    grant = holder.grant
    unit = getattr(grant.group, "unit", None)
    whole = shareable_of(grant.record_type).bundles[grant.bundle].mask
    left_out = labels_of(whole & ~grant.mask)
    live_end = holder.until if holder.until.year < FOREVER.year else None
    shared = grant.kind == Grant.Kind.SHARE
    return {
        "uuid": grant.uuid,
        "marks": explain.marks(holder.agencies),
        "agency_ids": [agency.pk for agency in holder.agencies],
        "holder": holder.principal,
        "name": unit.agency.name if unit else holder.principal,
        "detail": _detail(unit, holder.agencies),
        "bundle_label": holder.bundle,
        "narrowed": f"Narrowed: without {', '.join(left_out).lower()}" if left_out else "",
        "only": holder.opened if shared and len(holder.opened) < len(holder.withheld) else [],
        "withheld": holder.withheld if shared else [],
        "why": WHY.get(Grant.Kind(grant.kind)) or Purpose(grant.purpose).label,
        "agreement_title": (grant.agreement.title if grant.agreement else "")
        + (", suspended now" if holder.suspended else ""),
        "until": holder.until,
        "soon": live_end is not None and live_end - timezone.now() <= SOON,
        "may_end": shared,
    }


def _detail(unit: Unit | None, agencies: list[Agency]) -> str:
    """Which unit of an agency, or whose units a circle joins."""
    if unit is None:
        return ", ".join(agency.short_name for agency in agencies)
    return "" if unit.is_root else unit.name


def _reader_rows(found: list[explain.Reader]) -> list[dict[str, Any]]:
    agencies = Agency.objects.in_bulk([reader.agency_id for reader in found])
    ordered = sorted(found, key=lambda r: (r.user_name, r.agency_id))
    rows = []
    for _, group in groupby(ordered, key=lambda r: (r.user_name, r.agency_id)):
        reads = list(group)
        rows.append(
            {
                "name": reads[0].user_name,
                "agency": agencies.get(reads[0].agency_id),
                "read": _how_often(reads),
                "purpose": next((Purpose(r.purpose).label for r in reads if r.purpose in Purpose.values), ""),
                "last_at": max(reader.last_at for reader in reads),
            }
        )
    return sorted(rows, key=lambda row: row["last_at"], reverse=True)


def _how_often(reads: list[explain.Reader]) -> str:
    """How often somebody opened the record, and apart from that how often it stood in a list before them."""
    known = sorted(reads, key=lambda r: list(READ).index(r.action) if r.action in READ else len(READ))
    said = []
    for words, in_list in (("opened", False), ("seen in lists", True)):
        counted = [reader for reader in known if (reader.action in IN_LISTS) is in_list]
        total = sum(reader.times for reader in counted)
        where = ", ".join(dict.fromkeys(READ.get(reader.action, reader.action) for reader in counted))
        if counted:
            said.append(f"{words} {total} time{'' if total == 1 else 's'} ({where})")
    sentence = "; ".join(said)
    return sentence[:1].upper() + sentence[1:]


def _why_line(way: explain.Way) -> str:
    roles = " and ".join(way.roles).lower()
    parts = [
        f"As {roles or 'a member'} of {way.principal}: {way.bundle.lower()}",
        f"under the {way.agreement}" if way.agreement else "",
        f"until {day_text(way.until)}" if way.until.year < FOREVER.year else "",
    ]
    return ", ".join(part for part in parts if part) + "."


def _ended_row(grant: Grant) -> dict[str, Any]:
    unit = getattr(grant.group, "unit", None)
    by_hand = grant.revoked_at is not None
    how = grant.revoke_reason or "Ended" if by_hand else "Expired"
    return {
        "agency": unit.agency if unit else None,
        "name": explain.principal_name(grant.group),
        "text": f"{explain.bundle_label(grant)}. {how}",
        "at": grant.revoked_at or grant.until,
    }
