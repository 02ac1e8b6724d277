"""`{% same_for_all %}`: pieces of pages that are rendered once, because nothing of anybody can stand in them."""

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.utils.translation import override

WORDS = "{% same_for_all %}<a href=\"{% url 'front' %}\">{% translate 'Overview' %}</a>{% end_same_for_all %}"


def test_what_stands_there_is_rendered():
    assert Template(WORDS).render(Context()) == '<a href="/">Oversikt</a>'


def test_each_language_has_its_own():
    template = Template(WORDS)
    with override("nb"):
        template.render(Context())
    with override("en"):
        assert "Overview" in template.render(Context())


@pytest.mark.parametrize(
    "content",
    [
        "{{ name }}",
        "{% if name %}x{% endif %}",
        "{% translate name %}",
        "{% translate 'Overview' as word %}",
        "{% url name %}",
        "{% url 'plan' family_id %}",
        "{% static name %}",
        "{% form_guard %}",
        "{% block main %}{% endblock %}",
        "{% blocktranslate %}Overview{% endblocktranslate %}",
    ],
)
def test_nothing_that_may_differ_can_stand_there(content):
    with pytest.raises(TemplateSyntaxError, match="may differ"):
        Template(f"{{% same_for_all %}}{content}{{% end_same_for_all %}}")
