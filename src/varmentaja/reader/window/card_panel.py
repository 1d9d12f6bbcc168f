# SPDX-License-Identifier: EUPL-1.2
"""One reader on the first page: the card in it, its certificates in plain words, and what can be done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from varmentaja.card.driver import CodeLocked, KeyRole, PinRole
from varmentaja.domain.errors import Message, message
from varmentaja.reader import forms
from varmentaja.reader.cards import InsertedCard
from varmentaja.reader.certificates import CardCertificate
from varmentaja.reader.observed import Standing
from varmentaja.reader.real_readers import RealSlot
from varmentaja.reader.report import status_of
from varmentaja.reader.right_to_use import ending
from varmentaja.reader.window.card_picture import CardPicture
from varmentaja.reader.window.parts import beside_or_below, button, note, row, text
from varmentaja.reader.window.statuses import Told
from varmentaja.reader.window.words import Words

MakeForm = Callable[[InsertedCard], forms.PinForm]

_KINDS = {True: "good", False: "bad", None: "hint"}

_PIN_NAMES: Mapping[PinRole, Message] = {
    PinRole.AUTHENTICATION: message("PIN 1, for signing in"),
    PinRole.SIGNATURE: message("PIN 2, for signing documents"),
}


@dataclass(frozen=True, slots=True)
class Choices:
    """What the panel's buttons do."""

    open_form: Callable[[InsertedCard, MakeForm], None]
    told: Callable[[InsertedCard], Told]
    """What the service says of a card."""


class CardPanel(QFrame):
    """A reader and what is in it at one moment."""

    def __init__(self, slot: RealSlot, name: str, words: Words, choices: Choices, now: datetime) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._words = words
        self._choices = choices
        self._now = now
        self._layout = QVBoxLayout(self)
        self._layout.addWidget(text(name, "small"))
        if slot.is_being_read:
            self._layout.addWidget(note("info", words(message("The card is being read."))))
        elif not slot.is_taken:
            self._layout.addWidget(text(words(message("No card. Put your card in the reader, chip first."))))
        # The service's list of versions may have come after the card was read.
        refusal = slot.error or (slot.card.refusal if slot.card else None)
        if refusal:
            self._layout.addWidget(note("warning", words(refusal)))
        if slot.card:
            self._show_card(slot.card, usable=refusal is None)

    def add(self, control: QWidget) -> None:
        """Something more that can be done here."""
        self._layout.addWidget(row(self._words, control))

    def _show_card(self, card: InsertedCard, *, usable: bool) -> None:
        if (soon := ending(card, now=self._now)) and soon.advice:
            self._layout.addWidget(note("warning", f"{self._words(soon.text)} {self._words(soon.advice)}"))
        if usable and not card.contents.is_activated and card.contents.is_code_locked:
            self._layout.addWidget(note("warning", self._words(CodeLocked().message)))
        if usable and card.contents.can_be_activated:
            fresh = message("This card has not been activated yet. You need the code from your letter.")
            self._layout.addWidget(note("info", self._words(fresh)))
            activate = self._form_button(card, message("Activate the card"), forms.activation, primary=True)
            self._layout.addWidget(activate)
        columns = beside_or_below(self._words)
        columns.setSpacing(24)
        columns.addWidget(CardPicture(card, self._words), alignment=Qt.AlignmentFlag.AlignTop)
        facts = QVBoxLayout()
        facts.setSpacing(6)  # not the columns' own
        for certificate in card.certificates:
            self._show_certificate(facts, certificate, self._choices.told(card))
        facts.addStretch(1)
        columns.addLayout(facts, 1)
        self._layout.addLayout(columns)
        if usable and card.contents.is_activated:
            for role in PinRole:
                self._layout.addWidget(self._pin(card, role))

    def _show_certificate(self, layout: QVBoxLayout, certificate: CardCertificate, told: Told) -> None:
        say = self._words
        signs_in = certificate.role is KeyRole.AUTHENTICATION
        use = message("Signing in (PIN 1)") if signs_in else message("Signing documents (PIN 2)")
        layout.addWidget(text(say(use), "heading"))
        lines = (
            ", ".join(filter(None, (certificate.holder, certificate.title))),
            say(message("Valid until %(day)s", day=say.day(certificate.valid_until))),
            say(message("Issued by %(issuer)s", issuer=certificate.issuer)),
        )
        layout.addWidget(text("\n".join(lines)))
        kind, words = self._standing(certificate, told)
        layout.addWidget(text(say(words), kind))

    def _standing(self, certificate: CardCertificate, told: Told) -> tuple[str, Message]:
        """How a certificate stands now: kind of text, and text."""
        standing = told.standings.get(certificate.role, Standing.UNKNOWN)
        is_good, words = status_of(certificate.valid_from, certificate.valid_until, standing, self._now)
        if is_good is None and told.is_awaited:
            words = message("Asking the issuer …")
        return _KINDS[is_good], words

    def _pin(self, card: InsertedCard, role: PinRole) -> QWidget:
        """One PIN: its state and what its state allows."""
        name = self._words(_PIN_NAMES[role])
        state = card.contents.pin(role)
        locked = state.needs_code
        holder = QWidget()
        layout = QVBoxLayout(holder)
        layout.setContentsMargins(0, 0, 0, 0)
        tries = forms.pin_text_of(card.contents, role)
        heading = f"{name}. {self._words(tries)}" if tries else name
        urgent = locked or state.tries_left == 1
        layout.addWidget(note("warning", heading) if urgent else text(heading, "strong"))
        may_set = locked and not card.contents.is_code_locked
        if may_set and (code := forms.code_tries_text(card.contents.code_tries_left)):
            layout.addWidget(note("warning", self._words(code)))
        layout.addWidget(row(self._words, *self._pin_buttons(card, role, name, locked=locked)))
        return holder

    def _pin_buttons(
        self, card: InsertedCard, role: PinRole, name: str, *, locked: bool
    ) -> Iterator[QWidget]:
        if not locked:
            change, check = message("Change the PIN"), message("Check the PIN")
            yield self._form_button(card, change, lambda card: forms.change(card, role), about=name)
            yield self._form_button(card, check, lambda card: forms.verify(card, role), about=name)
        if not card.contents.is_code_locked:
            words = message("Set a new one with the code")
            yield self._form_button(
                card, words, lambda card: forms.unlock(card, role), primary=locked, about=name
            )

    def _form_button(
        self, card: InsertedCard, words: Message, make: MakeForm, *, primary: bool = False, about: str = ""
    ) -> QWidget:
        return button(
            self._words(words), lambda: self._choices.open_form(card, make), primary=primary, about=about
        )
