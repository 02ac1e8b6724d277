"""The words: extracted from code and templates, checked, compiled."""

import gettext

import pytest

from tools import translations

PO = "families/locale/nb/LC_MESSAGES/django.po"
HEADER = translations.HEADER.format(room="families", language="nb")


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A small project of two rooms."""
    monkeypatch.setattr(translations, "ROOT", tmp_path)

    def write(name: str, text: str) -> None:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    write("families/models.py", 'label = _("Relative")\nmany = ngettext("%(n)s day", "%(n)s days", n)\n')
    write("common/dates.py", 'gettext_lazy("today")\npgettext_lazy("month", "May")\n')
    write("families/migrations/0001.py", '_("never")\n')
    write(
        "templates/families/people.html",
        """
      {% extends "base.html" %}
  {% translate "Who's here" %} <a title="{% translate 'Leave' context 'verb' %}">it's</a>
        {% blocktranslate trimmed count n=people|length with name=x %}
            One person by {{ name }}
        {% plural %}
            {{ n }} people, 100 % by {{ name }}
        {% endblocktranslate %}
    {# a note #}{% include "x.html" with label=_("Close") %}
""",
    )
    write("templates/base.html", '{% translate "Skip to the text" %}')
    write("templates/account/login.html", '{% translate "Sign in" %}')
    return write


def ids(room: str) -> set:
    said = translations.said_by_rooms()[room]
    return {(message.context, translations._first(message)) for message in said if message.id}


def test_words_go_to_the_room_they_are_said_in(tree):
    assert ids("portal") == {(None, "today"), ("month", "May"), (None, "Skip to the text")}
    assert ids("accounts") == {(None, "Sign in")}
    assert ids("families") == {
        (None, "Relative"),
        (None, "%(n)s day"),
        (None, "Who's here"),
        ("verb", "Leave"),
        (None, "One person by %(name)s"),
        (None, "Close"),
    }


def test_a_block_with_a_plural_is_trimmed_and_keeps_both_forms(tree):
    said = translations.said_by_rooms()["families"]["One person by %(name)s"]
    assert said.id == ("One person by %(name)s", "%(n)s people, 100 %% by %(name)s")


def test_updating_keeps_the_words_there_were_and_shows_what_goes(tree, tmp_path, capsys):
    tree(PO, HEADER + 'msgid "Relative"\nmsgstr "Pårørende"\n\nmsgid "Old"\nmsgstr "Gammel"\n')
    translations.update()
    text = (tmp_path / PO).read_text(encoding="utf-8")
    assert 'msgid "Relative"\nmsgstr "Pårørende"' in text
    assert "Gammel" not in text
    assert "gone: 'Old' = 'Gammel'" in capsys.readouterr().out
    translations.update()
    assert (tmp_path / PO).read_text(encoding="utf-8") == text


def test_an_override_stays_and_must_override_something(tree, tmp_path):
    tree(PO, HEADER + '# overrides django\nmsgid "Enter a valid email address."\nmsgstr "Se over adressen."\n')
    translations.update()
    assert "Se over adressen." in (tmp_path / PO).read_text(encoding="utf-8")
    assert not [line for line in translations.complaints() if "overrides" in line]
    tree(PO, HEADER + '# overrides django\nmsgid "Nobody says this."\nmsgstr "Nei."\n')
    assert [line for line in translations.complaints() if "overrides nothing" in line]


@pytest.mark.parametrize(
    ("item", "complaint"),
    [
        ('msgid "Relative"\nmsgstr ""', "no bokmål for 'Relative'"),
        ('#, fuzzy\nmsgid "Relative"\nmsgstr "Pårørende"', "fuzzy 'Relative'"),
        ('msgid "Old"\nmsgstr "Gammel"', "left over 'Old'"),
        ('msgid "Close"\nmsgstr "Lukk"\n\nmsgid "Close"\nmsgstr "Steng"', "2 times"),
        (
            'msgid "%(n)s day"\nmsgid_plural "%(n)s days"\nmsgstr[0] "%(m)s dag"\nmsgstr[1] "%(n)s dager"',
            "other placeholders",
        ),
        ('msgid "%(n)s day"\nmsgid_plural "%(n)s days"\nmsgstr[0] "en dag"\nmsgstr[1] "dager"', "other placeholders"),
        ('msgid "%(n)s day"\nmsgstr "dag"', "one has a plural"),
    ],
)
def test_what_is_not_right_is_said(tree, item, complaint):
    tree(PO, HEADER + item + "\n")
    assert [line for line in translations.complaints() if complaint in line]


def test_two_rooms_may_not_say_one_thing_in_two_ways(tree):
    tree("accounts/forms.py", '_("Relative")')
    tree(PO, HEADER + 'msgid "Relative"\nmsgstr "Pårørende"\n')
    tree(PO.replace("families", "accounts"), HEADER + 'msgid "Relative"\nmsgstr "Slektning"\n')
    assert [line for line in translations.complaints() if "said differently by accounts, families" in line]


def test_when_every_word_is_there_nobody_complains_and_it_compiles(tree, tmp_path):
    translations.update()
    for room in ("families", "accounts", "portal"):
        path = translations.path_of(room)
        text = path.read_text(encoding="utf-8").replace('msgstr ""\n"Lang', 'KEEP"Lang')
        for words in ("%(n)s people, 100 %% by %(name)s", "%(n)s days"):
            text = text.replace(f'msgid_plural "{words}"\nmsgstr[0] ""\nmsgstr[1] ""', f'PLURAL{words}"')
        lines = []
        for line in text.split("\n"):
            if line.startswith("PLURAL"):
                words = line.removeprefix("PLURAL").removesuffix('"')
                lines += [f'msgid_plural "{words}"', f'msgstr[0] "{words}"', f'msgstr[1] "{words}"']
            else:
                lines.append(line.replace('msgstr ""', 'msgstr "ord"'))
        text = "\n".join(lines).replace('KEEP"Lang', 'msgstr ""\n"Lang')
        path.write_text(text.replace('msgstr[0] "%(n)s people, 100 %% by', 'msgstr[0] "Én av'), encoding="utf-8")
    assert translations.complaints() == []
    assert len(translations.compile_stale()) == 3
    assert translations.compile_stale() == []
    with (tmp_path / PO).with_suffix(".mo").open("rb") as compiled:
        words = gettext.GNUTranslations(compiled)
    assert words.ngettext("One person by %(name)s", "%(n)s people, 100 %% by %(name)s", 1) == "Én av %(name)s"
