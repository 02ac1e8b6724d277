"""What surrounds every request."""

import subprocess
import sys

import pytest
from django.conf import settings
from django.urls import reverse

from tests.factories import PASSWORD, UserFactory


@pytest.fixture
def signed_in(client, db):
    client.force_login(UserFactory())
    return client


class TestCleanInput:
    @pytest.mark.parametrize("url", ["/?a=%00", "/?%00=a", "/%00/", "/konto/logg-inn/?next=%00"])
    def test_nul_in_an_address_is_refused(self, client, url):
        assert client.get(url).status_code == 400

    def test_nul_in_a_cookie_is_refused(self, client):
        assert client.get("/", headers={"Cookie": "x=a\x00b"}).status_code == 400

    @pytest.mark.parametrize("charset", ["utf-7", "utf-16", "latin-1", "nonsense", "idna"])
    def test_a_form_in_another_encoding_is_refused(self, client, charset):
        response = client.generic(
            "POST",
            "/konto/logg-inn/",
            b"login=+2AA-",
            content_type=f"multipart/form-data; charset={charset}; boundary=x",
        )
        assert response.status_code == 400

    def test_an_honest_form_passes(self, client, db):
        for content_type in ("application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=UTF-8"):
            response = client.generic("POST", "/konto/logg-inn/", b"login=a", content_type=content_type)
            assert response.status_code == 422


class TestBrowserRules:
    def test_the_browser_is_told_what_this_site_never_does(self, client, db):
        headers = client.get("/").headers
        assert "camera=()" in headers.get("Permissions-Policy", "")
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Referrer-Policy"] == "same-origin"
        assert "default-src 'none'" in headers["Content-Security-Policy"]


class TestNoStore:
    def test_nothing_shown_to_a_person_is_stored(self, signed_in):
        for path in ("/", "/oversikt/", "/konto/", "/finnes-ikke/"):
            assert signed_in.get(path).headers["Cache-Control"] == "no-store, private"

    def test_a_strangers_pages_may_be(self, client, db):
        assert "no-store" not in client.get("/").headers.get("Cache-Control", "")

    def test_the_answer_that_signs_in_or_out_is_not_stored_either(self, signed_in):
        assert "no-store" in signed_in.post("/konto/logg-ut/").headers.get("Cache-Control", "")


class TestSignInRequired:
    def test_a_stranger_is_asked_to_sign_in_and_comes_back(self, client, db):
        assert client.get("/oversikt/?a=1").headers.get("Location") == "/konto/logg-inn/?next=/oversikt/%3Fa%3D1"

    def test_public_pages_are_open(self, client, db):
        for path in ("/", "/krise/", "/forlat/om/", "/konto/logg-inn/", "/konto/ny/"):
            assert client.get(path).status_code == 200


class TestReceipts:
    """The browser lets go of a draft when the server says that it was saved."""

    @pytest.fixture
    def sent(self, signed_in):
        text = signed_in.get(reverse("start_family")).text
        return text.split('name="typed_by" value="')[1].split('"')[0]

    def test_a_form_that_was_saved_is_named(self, signed_in, sent):
        data = {"role": "relative", "display_name": "Mamma", "typed_by": sent}
        response = signed_in.post(reverse("start_family"), data)
        assert response.status_code == 302
        cookie = response.cookies["saved"]
        assert cookie.value == sent.rpartition(":")[2]
        assert cookie["samesite"] == "Strict"
        assert not cookie["httponly"]

    def test_a_form_with_mistakes_is_not(self, signed_in, sent):
        response = signed_in.post(reverse("start_family"), {"display_name": "", "typed_by": sent})
        assert response.status_code == 422
        assert "saved" not in response.cookies

    def test_a_form_whose_session_was_over_is_not(self, signed_in, sent):
        signed_in.logout()
        response = signed_in.post(reverse("start_family"), {"display_name": "Mamma", "typed_by": sent})
        assert "saved" not in response.cookies

    @pytest.mark.parametrize("forged", ["x; Path=/", "a:b:c", "", "\x00"])
    def test_a_forged_name_is_never_repeated(self, signed_in, forged):
        response = signed_in.post(reverse("start_family"), {"display_name": "Mamma", "typed_by": forged})
        assert "saved" not in response.cookies


def test_under_https_cookies_are_for_this_host_alone():
    script = (
        "import os; os.environ.update(SECRET_KEY='x'*60, DATABASE_URL='postgres://x@localhost/x', HTTPS='1')\n"
        "from portal import settings as s\n"
        "print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603  # our own words
    assert run.stdout.split() == ["__Host-session", "__Host-csrf", "True", "True"]


def test_session_cookies_are_hidden_from_scripts(client, db):
    user = UserFactory()
    response = client.post("/konto/logg-inn/", {"login": user.email, "password": PASSWORD})
    assert response.cookies[settings.SESSION_COOKIE_NAME]["httponly"]


def test_on_pages_of_ones_own_the_menu_leads_to_the_family(ours, client):
    client.force_login(ours.relative)
    page = client.get("/konto/").content.decode()
    assert f'href="/familie/{ours.family.pk}/plan/"' in page
    assert f'href="/familie/{ours.family.pk}/folk/"' in page
