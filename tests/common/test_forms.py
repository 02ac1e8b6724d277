"""The form every page stands on: what it refuses, what it keeps, and how a mistake is shown."""

from datetime import date
from html.parser import HTMLParser

import pytest
from django import forms
from django.http import QueryDict

from common.forms import DayField, GrowingTextarea, PortalForm


class Letter(PortalForm):
    name = forms.CharField(label="Name", help_text="As others see it", max_length=20)
    words = forms.CharField(label="ItemContent", widget=GrowingTextarea, required=False)
    day = DayField(label="Day", required=False)
    who = forms.ChoiceField(label="Who", choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)
    agreed = forms.BooleanField(label="Agreed")
    email = forms.EmailField(label="Email", required=False)


GOOD = {"name": "Kari", "who": "a", "agreed": "on"}


class Tags(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.tags = []
        self.feed(str(html))

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def with_names_and_keys(self, name):
        return next(attrs for _, attrs in self.tags if attrs.get("name") == name)

    def ids(self):
        return {attrs["id"] for _, attrs in self.tags if "id" in attrs}


def test_nothing_is_left_to_the_browsers_own_bubbles():
    tags = Tags(Letter())
    for name in ("name", "words", "day", "who", "agreed", "email"):
        assert not {"required", "maxlength", "placeholder"} & tags.with_names_and_keys(name).keys()
    assert tags.with_names_and_keys("email")["type"] == "text"
    assert tags.with_names_and_keys("email")["inputmode"] == "email"


def test_optional_fields_say_so_and_no_field_has_an_asterisk():
    html = str(Letter())
    assert html.count("Valgfritt") == 3  # words, day, email; not the tick
    assert "*" not in html


def test_every_mistake_is_tied_to_its_field_and_listed_on_top():
    form = Letter({"name": "", "day": "31.2.2026", "email": "tull"})
    tags = Tags(form)
    links = [attrs["href"] for tag, attrs in tags.tags if tag == "a"]
    assert links == ["#id_name", "#id_day", "#id_who_0", "#id_agreed", "#id_email"]
    assert {link.removeprefix("#") for link in links} <= tags.ids()
    for name in ("name", "day", "agreed", "email"):
        assert tags.with_names_and_keys(name)["aria-invalid"] == "true"
        assert set(tags.with_names_and_keys(name)["aria-describedby"].split()) <= tags.ids()
    summary = next(attrs for _, attrs in tags.tags if attrs.get("class") == "ds-error-summary")
    assert summary["tabindex"] == "-1"
    assert "autofocus" in summary
    assert summary["aria-labelledby"] in tags.ids()


def test_mistakes_are_said_as_a_person_would():
    form = Letter({"name": "", "email": "tull"})
    assert form.errors["name"] == ["Skriv noe her."]
    assert form.errors["who"] == ["Velg ett av alternativene."]
    assert form.errors["agreed"] == ["Kryss av her for å gå videre."]
    assert form.errors["email"] == ["E-postadressen ser ikke riktig ut. Den skal se ut som navn@eksempel.no."]


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b"])
def test_what_cannot_be_kept_gets_a_word_beside_the_field_and_can_still_be_shown(text):
    form = Letter({**GOOD, "name": text, "words": text})
    assert "Her er det et tegn vi ikke kan lagre" in form.errors["name"][0]
    assert "Her er det et tegn vi ikke kan lagre" in form.errors["words"][0]
    assert str(form).encode()


def test_text_that_is_too_long_is_refused_with_its_length_and_kept_whole():
    form = Letter({**GOOD, "name": "x" * 21, "words": "y" * 10_001})
    assert form.errors["name"] == ["Dette er for langt: her er det plass til 20 tegn, og du har skrevet 21."]
    assert "10000 tegn, og du har skrevet 10001" in form.errors["words"][0]
    assert "y" * 10_001 in str(form)


def test_a_line_break_counts_as_one_character_wherever_it_was_typed():
    form = Letter(QueryDict("name=Kari&who=a&agreed=on&words=a%0D%0Ab%0Dc%0Ad"))
    assert form.is_valid()
    assert form.cleaned_data["words"] == "a\nb\nc\nd"


@pytest.mark.parametrize("text", [" \n ", "\x01\x08", "\u200b\u2060", "\ufeff", "\u2028"])
def test_what_nobody_sees_is_nothing(text):
    assert Letter({**GOOD, "name": text}).errors["name"] == ["Skriv noe her."]


def test_marks_that_join_what_is_seen_stay():
    family = "👩\u200d👧"
    form = Letter({**GOOD, "name": family})
    assert form.is_valid()
    assert form.cleaned_data["name"] == family


@pytest.mark.parametrize("text", ["24.12.2026", "24.12.26", " 24. 12. 2026 ", "24/12 2026", "2026-12-24", "24-12-26"])
def test_a_day_may_be_written_as_people_write_it(text):
    assert DayField().clean(text) == date(2026, 12, 24)


def test_single_digits_are_a_day_too():
    assert DayField().clean("1.2.26") == date(2026, 2, 1)


@pytest.mark.parametrize(
    "text", ["31.2.2026", "i morgen", "24.12", "0.1.2026", "1.1.0", "24.12.20261", "١.٢.٢٠٢٦", "1.1.9999999"]
)
def test_no_day_gets_a_word_on_how_to_write_one(text):
    with pytest.raises(forms.ValidationError, match=r"24\.12\.2026"):
        DayField().clean(text)


def test_a_day_is_shown_as_it_is_written_here():
    html = str(Letter(initial={"day": date(2026, 2, 1)}))
    assert 'value="01.02.2026"' in html


def test_choices_stand_in_a_fieldset_with_a_legend():
    tags = Tags(Letter())
    assert [tag for tag, _ in tags.tags].count("fieldset") == 1
    assert [tag for tag, _ in tags.tags].count("legend") == 1


def test_a_label_that_asks_gets_no_colon_in_the_summary():
    class Asking(PortalForm):
        name = forms.CharField(label="Hva heter du?")
        phone = forms.CharField(label="Telefon")

    page = str(Asking({}))
    assert "Hva heter du? Skriv" in page
    assert "Telefon: Skriv" in page
