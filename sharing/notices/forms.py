"""How somebody wants to be told, as they choose it on a page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from django import forms
from django.forms import BoundField

from sharing.notices.models import NoticePreference, NoticeTimes
from sharing.notices.querysets import Choice
from sharing.notices.services.preferences import Times, Wish

Mail = NoticePreference.Mail


class Row(NamedTuple):
    """One topic with its two fields, both None where it cannot be changed; the heading where a new one begins."""

    choice: Choice
    heading: str
    inbox: BoundField | None
    mail: BoundField | None


class PreferencesForm(forms.Form):
    """A checkbox and a list for each topic that may be chosen about, and the times of day."""

    use_required_attribute = False
    quiet_from = forms.TimeField(
        label="No e-mail from", required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    quiet_until = forms.TimeField(
        label="until", required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    digest_at = forms.TimeField(
        label="Daily summary at",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={"required": "Give the time of the daily summary."},
    )

    def __init__(self, data: Any = None, *, choices: list[Choice], times: NoticeTimes) -> None:
        super().__init__(data)
        self.choices = choices
        for name in Times._fields:
            self.initial[name] = getattr(times, name)
        for choice in choices:
            topic = choice.topic
            if not topic.required:
                self.fields[self._inbox(choice)] = forms.BooleanField(
                    label=f"{topic.title}: in the inbox", required=False, initial=choice.inbox
                )
                self.fields[topic.code] = forms.ChoiceField(
                    label=f"{topic.title}: by e-mail", choices=Mail.choices, initial=choice.mail, required=topic.mail
                )

    def rows(self) -> Iterator[Row]:
        """The table, topic by topic."""
        heading = ""
        for choice in self.choices:
            begins = choice.topic.group if choice.topic.group != heading else ""
            heading = choice.topic.group
            if choice.topic.required:
                yield Row(choice, begins, None, None)
            else:
                mail = self[choice.topic.code] if choice.topic.mail else None
                yield Row(choice, begins, self[self._inbox(choice)], mail)

    def wishes(self) -> dict[str, Wish]:
        """What was chosen of each topic, by its code."""
        return {
            choice.topic.code: Wish(
                self.cleaned_data[self._inbox(choice)], Mail(self.cleaned_data[choice.topic.code] or Mail.NEVER)
            )
            for choice in self.choices
            if not choice.topic.required
        }

    def times(self) -> Times:
        """What was chosen of the times of day."""
        return Times(**{name: self.cleaned_data[name] for name in Times._fields})

    @staticmethod
    def _inbox(choice: Choice) -> str:
        return f"{choice.topic.code}.inbox"
