"""Every trap bites, and lets honest work pass."""

import socket
import subprocess
import sys
import warnings

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import Prefetch
from django.http import HttpResponse
from django.template import Context, Engine, Origin, Template
from django.test import RequestFactory
from django.urls import path

from crisisplans.models import PlanItem
from families.models import Family
from tests import traps
from tests.factories import UserFactory
from tests.traps import ROOT, network, querysets, responses

STRICT = {"Content-Security-Policy": "default-src 'none'; script-src 'self'"}


def template(source: str, *, file: str = "families/people.html") -> Template:
    return Template(source, origin=Origin(f"{ROOT}/templates/{file}"), engine=Engine.get_default())


def render(source: str, *, file: str = "families/people.html", **context) -> str:
    return template(source, file=file).render(Context(context))


@pytest.mark.parametrize(
    "source",
    [
        "{{ missing }}",
        "{{ person.missing }}",
        "{{ missing|default:'nothing' }}",
        "{% if missing %}x{% endif %}",
        "{% if person and person.missing == 1 %}x{% endif %}",
        "{% for one in missing %}x{% endfor %}",
        "{% with name=missing %}{% endwith %}",
        "{% if person %}{% for one in person.names %}{{ one.missing }}{% endfor %}{% endif %}",
    ],
)
def test_an_undefined_variable_springs(source):
    with traps.expecting("undefined"):
        render(source, person={"names": [{}]})


def test_a_defined_variable_passes_even_when_it_is_none():
    assert render("{{ name }}{% if name %}x{% endif %}", name=None) == "None"


def test_the_templates_of_packages_may_leave_variables_out():
    package = Template("{{ missing }}", origin=Origin("/x/site-packages/allauth/a.html"), engine=Engine.get_default())
    assert package.render(Context()) == ""
    assert render("{{ attrs.href }}", file="allauth/elements/button.html", attrs={}) == ""


def test_a_query_in_a_template_springs(db):
    UserFactory()
    with traps.expecting("query"):
        render("{% for family in families %}x{% endfor %}", families=Family.objects.order_by("pk"))


def test_a_query_through_a_relation_in_a_template_springs(ours):
    item = PlanItem.objects.filter(family=ours.family).first()
    with traps.expecting("query"):
        render("{{ item.changed_by.email }}", item=item)


def test_rows_fetched_before_rendering_pass(ours):
    rows = list(PlanItem.objects.in_order().select_related("changed_by"))
    assert "example.org" in render("{% for row in rows %}{{ row.changed_by.email }}{% endfor %}", rows=rows)


def as_if_in(filename: str, source: str, **names):
    """Run `source` as a file of the portal would."""
    exec(compile(source, f"{ROOT}/{filename}", "exec"), names)  # noqa: S102 - our own words, under a borrowed name


@pytest.mark.parametrize("evaluate", ["list(rows)", "[row for row in rows.iterator()]", "rows[0:3][1]", "len(rows)"])
def test_an_unordered_list_springs(ours, evaluate):
    with traps.expecting("unordered"):
        as_if_in("families/views.py", evaluate, rows=PlanItem.objects.all())


def test_an_unordered_prefetch_springs(ours):
    with traps.expecting("unordered"):
        as_if_in(
            "crisisplans/views.py", "list(rows)", rows=Family.objects.order_by("pk").prefetch_related("memberships")
        )


@pytest.mark.parametrize(
    "evaluate",
    [
        "list(rows.order_by('pk'))",
        "rows.first()",
        "set(rows.values_list('pk').order_by())",
        "rows.count()",
        "rows.in_bulk()",
        "list(rows.filter(pk=rows.first().pk))",
        "list(rows.order_by('pk').prefetch_related('changed_by'))",
        "rows.filter(removed_at=None).update(position=1)",
    ],
)
def test_an_order_that_is_given_or_does_not_matter_passes(ours, evaluate):
    as_if_in("families/views.py", evaluate, rows=PlanItem.objects.all())


def test_deleting_and_the_tests_own_lists_pass(ours, theirs):
    assert len(list(PlanItem.objects.all())) > 2
    prefetch = Prefetch("memberships", queryset=ours.family.memberships.order_by("pk"))
    assert len(list(Family.objects.prefetch_related(prefetch).all())) > 1
    rows = PlanItem.objects.filter(family=ours.family)
    as_if_in("families/actions.py", "[row.delete() for row in rows.order_by('pk')]", rows=rows)


def answer(html: str = "<p>Hei</p>", *, signed_in: bool = False, **headers: str) -> tuple:
    request = RequestFactory().get("/")
    request.user = UserFactory.build() if signed_in else AnonymousUser()
    return request, HttpResponse(html, headers=STRICT | headers)


def test_an_answer_as_it_should_be_passes():
    responses.check(*answer('<script src="/static/a.js"></script><a href="/x">x</a>'))
    responses.check(*answer(signed_in=True, **{"Cache-Control": "no-store, private"}))


@pytest.mark.parametrize(
    "policy",
    ["", "default-src 'self'", "default-src 'none'; style-src 'unsafe-inline'", "default-src 'none'; img-src *"],
)
def test_a_weak_or_missing_csp_springs(policy):
    with traps.expecting("csp"):
        responses.check(*answer(**{"Content-Security-Policy": policy}))


def test_an_answer_to_a_person_that_could_be_stored_springs():
    with traps.expecting("no-store"):
        responses.check(*answer(signed_in=True, **{"Cache-Control": "private"}))


@pytest.mark.parametrize(
    "html",
    [
        '<p style="color:red">x</p>',
        '<button onclick="x()">x</button>',
        '<div hx-on::after-request="x()">x</div>',
        "<style>p{}</style>",
        "<script>x()</script>",
        '<a href=" JavaScript:x()">x</a>',
    ],
)
def test_inline_code_springs(html):
    with traps.expecting("inline"):
        responses.check(*answer(html))


@pytest.mark.parametrize("html", ["<p>{% trans 'x' %}</p>", "<p>{{ name }}</p>", "<p>{# note #}</p>"])
def test_a_leftover_template_tag_springs(html):
    with traps.expecting("leftover"):
        responses.check(*answer(html))


def test_an_answer_without_any_policy_springs():
    request, response = answer()
    del response.headers["Content-Security-Policy"]
    with traps.expecting("csp"):
        responses.check(request, response)


def naked(request):
    response = HttpResponse("<p onclick='x'>x</p>")
    response.headers["Content-Security-Policy"] = ""
    return response


naked.login_required = False
urlpatterns = [path("naken/", naked)]


def test_the_traps_see_every_answer_of_the_test_client(client, settings):
    settings.ROOT_URLCONF = __name__
    with traps.expecting("csp"):
        client.get("/naken/")


@pytest.mark.parametrize(
    "reach",
    [
        lambda: socket.create_connection(("192.0.2.1", 80), timeout=0.1),
        lambda: socket.getaddrinfo("fotfeste.example", 443),
        lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("192.0.2.1", 53)),
    ],
)
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_reaching_out_springs(reach):
    with traps.expecting("network"):
        reach()


def test_this_machine_may_be_reached():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
    assert network.LOOPBACK


def test_a_warning_is_an_error():
    with pytest.raises(UserWarning):
        warnings.warn("a warning", UserWarning, stacklevel=1)


def test_a_trap_that_sprang_in_silence_fails_the_test_at_its_end(pytester_run):
    """A whole run of its own, to see the end of a test from outside."""
    outcome = pytester_run(
        """
        import contextlib
        from tests import traps
        def test_quiet():
            with contextlib.suppress(BaseException):
                traps.spring("undefined", "x")
        """
    )
    assert "1 passed, 1 error" in outcome
    assert "undefined: x" in outcome


@pytest.fixture
def pytester_run(tmp_path):
    def run(source: str) -> str:
        file = tmp_path / "test_inner.py"
        lines = source.strip("\n").splitlines()
        file.write_text("\n".join(line[8:] for line in lines))
        command = [sys.executable, "-m", "pytest", "-p", "tests.traps.plugin", "-p", "no:cacheprovider"]
        options = ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path), "--confcutdir", str(tmp_path)]
        done = subprocess.run(  # noqa: S603 - ourselves
            [*command, *options, str(file)], cwd=ROOT, capture_output=True, text=True, check=False
        )
        return done.stdout

    return run


def test_the_traps_know_whose_file_it_is():
    assert traps.is_ours(f"{ROOT}/families/access.py")
    assert not traps.is_ours(f"{ROOT}/tests/factories.py")
    assert not traps.is_ours(f"{ROOT}/families/migrations/0001_initial.py")
    assert not traps.is_ours(f"{ROOT}/.venv/lib/python3/site-packages/django/x.py")
    assert querysets.caller(None) == ("", False)
    assert connection.vendor == "postgresql"
