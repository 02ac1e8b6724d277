"""`{% post_button %}`: a form that is only a button."""

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.utils.safestring import SafeString

GUARD = '<input type="hidden" name="csrfmiddlewaretoken" value="secret">'


@pytest.fixture
def render(rf):
    """Render the button «Gå» with these arguments."""

    def rendered(arguments: str, content: str = "Gå", **context) -> str:
        request = rf.get("/her/")
        request._form_guard = SafeString(GUARD)
        source = f"{{% post_button {arguments} %}}{content}{{% end_post_button %}}"
        return Template(source).render(Context({"request": request, **context}))

    return rendered


def form(attributes: str = "", fields: str = "", button: str = ' class="ds-button"', content: str = "Gå") -> str:
    return f'<form method="post"{attributes}>{GUARD}{fields}<button type="submit"{button}>{content}</button></form>'


def test_it_posts_to_the_page_itself(render):
    assert render("") == form()


def test_or_to_a_name_with_arguments(render):
    path = "/familie/7c9f4b5e-2d4f-4c31-9a51-0d7a3a1f2b10/plan/gjennomgang/"
    assert render('"plan_reviewed" id', id=path.split("/")[2]) == form(f' action="{path}"')


def test_or_to_a_path(render):
    assert render("path", path="/angre/?a=1&b=2") == form(' action="/angre/?a=1&amp;b=2"')


def test_its_look_is_the_buttons(render):
    expected = ' class="ds-button" data-color="danger" data-variant="tertiary"'
    assert render('variant="tertiary" color="danger"') == form(button=expected)
    assert render('css=""') == form(button="")


def test_what_the_scripts_read_is_the_forms(render):
    assert render("form_sign_out=True") == form(" data-sign-out")
    assert render('form_draft="answered"') == form(' data-draft="answered"')


def test_hidden_fields_one_by_one_and_in_pairs(render):
    fields = '<input type="hidden" name="a" value="1"><input type="hidden" name="next" value="/&lt;b&gt;/">'
    assert render("hidden=pairs field_next=next field_no=no", pairs=[("a", 1)], next="/<b>/", no=None) == form(
        fields=fields
    )


def test_what_people_wrote_is_escaped(render):
    evil = '"><script>alert(1)</script>'
    html = render("hidden=pairs field_x=evil variant=evil form_x=evil", "{{ evil }}", evil=evil, pairs=[(evil, evil)])
    assert "<script" not in html
    assert html.count("&lt;script&gt;") == 6


def test_it_is_closed():
    with pytest.raises(TemplateSyntaxError, match="end_post_button"):
        Template("{% post_button %}Gå")
