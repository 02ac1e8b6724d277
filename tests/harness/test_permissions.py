"""Who gets what answer where. One table; an address without a row fails.

`login` is a way to the sign-in page. A POST is sent as an honest form would be (POSTS). Beyond the table:
HEAD gets GET's answer, and so does htmx where a view has a partial for it; every other method is refused before it is
known who asks; no stranger reads or changes anything of our family, and the one it concerns nothing that is for
relatives; a GET writes nothing but its session and the access log.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone

import portal.urls
from common.env import ROOT
from common.views import own
from crisisplans.examples import EXAMPLES
from crisisplans.models import PlanItem, Section
from tests import declared
from tests.factories import Home
from tests.harness.addresses import Address, every_address
from tests.harness.layers_off import OFF, query_rules, rows_of, without_wall_one
from tests.harness.matrix import REFUSED_METHODS, Asker, Sweep, fill, fingerprint, has_partial, leaks
from tests.people import KEPT_OUT, PEOPLE, STRANGERS, with_answers_of_all

ADDRESSES = every_address()
SHARES = 2  # tests that divide the addresses between them, as CI has two cores

# A row may leave out the kinds that come last: each gets the answers of another (tests/people.py).
# address                           method  anonymous outsider invited former subject relative coordinator curator
TABLE = """
front                               GET     200       302      302     302    302     302      302
front                               POST    200       302      302     302    302     302      302
about                               GET     200       200      200     200    200     200      200
about                               POST    200       200      200     200    200     200      200
privacy                             GET     200       200      200     200    200     200      200
privacy                             POST    200       200      200     200    200     200      200
accessibility                       GET     200       200      200     200    200     200      200
accessibility                       POST    200       200      200     200    200     200      200
robots                              GET     200       200      200     200    200     200      200
robots                              POST    200       200      200     200    200     200      200
healthz                             GET     200       200      200     200    200     200      200
healthz                             POST    200       200      200     200    200     200      200
manifest                            GET     200       200      200     200    200     200      200
manifest                            POST    200       200      200     200    200     200      200
service_worker                      GET     200       200      200     200    200     200      200
service_worker                      POST    200       200      200     200    200     200      200
offline                             GET     200       200      200     200    200     200      200
offline                             POST    200       200      200     200    200     200      200
overview                            GET     login     200      200     200    200     200      200
overview                            POST    403       200      200     200    200     200      200
start_family                        GET     login     200      200     200    200     200      200
start_family                        POST    403       302      302     302    302     302      302
mark_removal_notice_read                       GET     login     405      405     405    405     405      405
mark_removal_notice_read                       POST    403       302      302     302    302     302      302
reopen_family                       GET     login     405      405     405    405     405      405
reopen_family                       POST    403       404      404     404    404     404      404
people                              GET     login     404      404     404    200     200      200
people                              POST    403       404      404     404    200     200      200
people_history                      GET     login     404      404     404    200     200      200
people_history                      POST    403       404      404     404    200     200      200
own_names                           GET     login     404      404     404    200     200      200
own_names                           POST    403       404      404     404    302     302      302
subject_name                        GET     login     404      404     404    200     200      200
subject_name                        POST    403       404      404     404    302     302      302
coordinator                         GET     login     404      404     404    403     403      200
coordinator                         POST    403       404      404     404    403     403      302
invite                              GET     login     404      404     404    403     403      200
invite                              POST    403       404      404     404    403     403      302
send_again                          GET     login     405      405     405    405     405      405
send_again                          POST    403       404      404     404    404     404      302
withdraw_invitation                 GET     login     405      405     405    405     405      405
withdraw_invitation                 POST    403       404      404     404    404     404      302
leave                               GET     login     404      404     404    200     200      200
leave                               POST    403       404      404     404    302     302      302
remove_member                       GET     login     404      404     404    403     403      200
remove_member                       POST    403       404      404     404    403     403      302
removal                             GET     login     404      404     404    403     200      200
removal                             POST    403       404      404     404    403     302      302
confirm_removal                     GET     login     405      405     405    405     405      405
confirm_removal                     POST    403       404      404     404    404     403      302
withdraw_removal                    GET     login     405      405     405    405     405      405
withdraw_removal                    POST    403       404      404     404    404     302      302
invitation                          GET     200       302      302     302    302     302      302
invitation                          POST    405       405      405     405    405     405      405
answer_invitation                   GET     login     404      404     404    404     404      404
answer_invitation                   POST    403       404      404     404    404     404      404
decline_invitation                  GET     login     405      405     405    405     405      405
decline_invitation                  POST    403       404      404     404    404     404      404
follow_invitation                   GET     302       302      302     302    302     302      302
follow_invitation                   POST    405       405      405     405    405     405      405
quick_exit                          GET     302       302      302     302    302     302      302
quick_exit                          POST    302       302      302     302    302     302      302
about_leaving                       GET     200       200      200     200    200     200      200
about_leaving                       POST    200       200      200     200    200     200      200
account                             GET     login     200      200     200    200     200      200
account                             POST    403       200      200     200    200     200      200
account_email                       GET     login     200      200     200    200     200      200
account_email                       POST    403       200      200     200    200     200      200
account_login                       GET     200       302      302     302    302     302      302
account_login                       POST    422       302      302     302    302     302      302
account_logout                      GET     302       200      200     200    200     200      200
account_logout                      POST    302       302      302     302    302     302      302
account_inactive                    GET     200       200      200     200    200     200      200
account_inactive                    POST    405       405      405     405    405     405      405
account_signup                      GET     200       302      302     302    302     302      302
account_signup                      POST    422       302      302     302    302     302      302
account_email_verification_sent     GET     login     302      302     302    302     302      302
account_email_verification_sent     POST    login     302      302     302    302     302      302
account_change_password             GET     login     200      200     200    200     200      200
account_change_password             POST    403       422      422     422    422     422      422
account_reset_password              GET     200       200      200     200    200     200      200
account_reset_password              POST    422       422      422     422    422     422      422
account_confirm_password_reset_code GET     302       302      302     302    302     302      302
account_confirm_password_reset_code POST    302       302      302     302    302     302      302
account_complete_password_reset     GET     302       302      302     302    302     302      302
account_complete_password_reset     POST    302       302      302     302    302     302      302
mfa_index                           GET     login     200      200     200    200     200      200
mfa_index                           POST    403       200      200     200    200     200      200
account_reauthenticate              GET     login     200      200     200    200     200      200
account_reauthenticate              POST    403       422      422     422    422     422      422
mfa_activate_totp                   GET     login     302      302     302    302     302      302
mfa_activate_totp                   POST    403       302      302     302    302     302      302
mfa_authenticate                    GET     login     302      302     302    302     302      302
mfa_authenticate                    POST    login     302      302     302    302     302      302
mfa_reauthenticate                  GET     login     302      302     302    302     302      302         200
mfa_reauthenticate                  POST    403       302      302     302    302     302      302         422
mfa_deactivate_totp                 GET     login     302      302     302    302     302      302         403
mfa_deactivate_totp                 POST    403       302      302     302    302     302      302         403
mfa_view_recovery_codes             GET     login     302      302     302    302     302      302         200
mfa_view_recovery_codes             POST    403       302      302     302    302     302      302         200
mfa_download_recovery_codes         GET     login     302      302     302    302     302      302         200
mfa_download_recovery_codes         POST    403       302      302     302    302     302      302         200
mfa_generate_recovery_codes         GET     login     302      302     302    302     302      302         200
mfa_generate_recovery_codes         POST    403       302      302     302    302     302      302         302
crisis_now                          GET     200       200      200     200    200     200      200
crisis_now                          POST    200       200      200     200    200     200      200
plan                                GET     login     404      404     404    200     200      200
plan                                POST    403       405      405     405    405     405      405
review_day                          GET     login     404      404     404    200     200      200
review_day                          POST    403       404      404     404    302     302      302
plan_reviewed                       GET     login     405      405     405    405     405      405
plan_reviewed                       POST    403       404      404     404    302     302      302
contact_tested                      GET     login     405      405     405    405     405      405
contact_tested                      POST    403       404      404     404    302     302      302
plan_print                          GET     login     404      404     404    200     200      200
plan_print                          POST    403       404      404     404    200     200      200
plan_pdf                            GET     login     404      404     404    302     302      302
plan_pdf                            POST    403       404      404     404    200     200      200
section                             GET     login     404      404     404    200     200      200
section                             POST    403       404      404     404    302     302      302
section_ready                       GET     login     405      405     405    405     405      405
section_ready                       POST    403       404      404     404    302     302      302
add_example                        GET     login     405      405     405    405     405      405
add_example                        POST    403       404      404     404    302     302      302
edit_item                          GET     login     404      404     404    403     200      200
edit_item                          POST    403       404      404     404    403     302      302
move_item                          GET     login     405      405     405    405     405      405
move_item                          POST    403       404      404     404    403     302      302
remove_item                        GET     login     405      405     405    405     405      405
remove_item                        POST    403       404      404     404    403     302      302
restore_item                    GET     login     405      405     405    405     405      405
restore_item                    POST    403       404      404     404    403     302      302
item_history                       GET     login     404      404     404    200     200      200
item_history                       POST    403       405      405     405    405     405      405
restore_version                     GET     login     405      405     405    405     405      405
restore_version                     POST    403       404      404     404    403     302      302
comment_item                       GET     login     404      404     404    200     403      403
comment_item                       POST    403       404      404     404    302     403      403
remove_comment                      GET     login     405      405     405    405     405      405
remove_comment                      POST    403       404      404     404    302     403      403
crisis_plan                         GET     200       302      200     200    302     302      302
crisis_plan                         POST    200       302      200     200    302     302      302
crisis_plan_of                      GET     login     404      404     404    200     200      200
crisis_plan_of                      POST    403       404      404     404    200     200      200
help_directory                      GET     200       200      200     200    200     200      200
help_directory                      POST    405       405      405     405    405     405      405
help_choice                         GET     200       200      200     200    200     200      200
help_choice                         POST    405       405      405     405    405     405      405
help_choice_pdf                     GET     200       200      200     200    200     200      200
help_choice_pdf                     POST    405       405      405     405    405     405      405
number_failed                       GET     302       302      302     302    302     302      302
number_failed                       POST    200       200      200     200    200     200      200
help_service                        GET     200       200      200     200    200     200      200
help_service                        POST    405       405      405     405    405     405      405
articles                            GET     200       200      200     200    200     200      200
articles                            POST    405       405      405     405    405     405      405
article                             GET     200       200      200     200    200     200      200
article                             POST    405       405      405     405    405     405      405
admin:index                         GET     login     404      404     404    404     404      404         200
admin:index                         POST    403       404      404     404    404     404      404         405
admin:jsi18n                        GET     login     404      404     404    404     404      404         200
admin:jsi18n                        POST    403       404      404     404    404     404      404         405
admin:resources_helpservice_changelist GET     login     404      404     404    404     404      404         200
admin:resources_helpservice_changelist POST    403       404      404     404    404     404      404         200
admin:resources_helpservice_add     GET     login     404      404     404    404     404      404         200
admin:resources_helpservice_add     POST    403       404      404     404    404     404      404         200
admin:resources_helpservice_change  GET     login     404      404     404    404     404      404         200
admin:resources_helpservice_change  POST    403       404      404     404    404     404      404         200
admin:resources_helpservice_history GET     login     404      404     404    404     404      404         200
admin:resources_helpservice_history POST    403       404      404     404    404     404      404         405
admin:resources_helpservice_verify  GET     login     404      404     404    404     404      404         405
admin:resources_helpservice_verify  POST    403       404      404     404    404     404      404         302
admin:resources_helpservice_publish GET     login     404      404     404    404     404      404         405
admin:resources_helpservice_publish POST    403       404      404     404    404     404      404         302
admin:resources_helpservice_withdraw GET     login     404      404     404    404     404      404         405
admin:resources_helpservice_withdraw POST    403       404      404     404    404     404      404         302
admin:resources_helpservice_undo    GET     login     404      404     404    404     404      404         405
admin:resources_helpservice_undo    POST    403       404      404     404    404     404      404         302
admin:resources_helpservice_restore GET     login     404      404     404    404     404      404         405
admin:resources_helpservice_restore POST    403       404      404     404    404     404      404         302
admin:resources_guidancearticle_changelist GET     login     404      404     404    404     404      404         200
admin:resources_guidancearticle_changelist POST    403       404      404     404    404     404      404         200
admin:resources_guidancearticle_add GET     login     404      404     404    404     404      404         200
admin:resources_guidancearticle_add POST    403       404      404     404    404     404      404         200
admin:resources_guidancearticle_change GET     login     404      404     404    404     404      404         200
admin:resources_guidancearticle_change POST    403       404      404     404    404     404      404         200
admin:resources_guidancearticle_history GET     login     404      404     404    404     404      404         200
admin:resources_guidancearticle_history POST    403       404      404     404    404     404      404         405
admin:resources_guidancearticle_verify GET     login     404      404     404    404     404      404         405
admin:resources_guidancearticle_verify POST    403       404      404     404    404     404      404         302
admin:resources_guidancearticle_publish GET     login     404      404     404    404     404      404         405
admin:resources_guidancearticle_publish POST    403       404      404     404    404     404      404         302
admin:resources_guidancearticle_withdraw GET     login     404      404     404    404     404      404         405
admin:resources_guidancearticle_withdraw POST    403       404      404     404    404     404      404         302
admin:resources_guidancearticle_undo GET     login     404      404     404    404     404      404         405
admin:resources_guidancearticle_undo POST    403       404      404     404    404     404      404         302
admin:resources_guidancearticle_restore GET     login     404      404     404    404     404      404         405
admin:resources_guidancearticle_restore POST    403       404      404     404    404     404      404         302
admin:resources_numberreport_changelist GET     login     404      404     404    404     404      404         200
admin:resources_numberreport_changelist POST    403       404      404     404    404     404      404         200
admin:resources_numberreport_handle GET     login     404      404     404    404     404      404         405
admin:resources_numberreport_handle POST    403       404      404     404    404     404      404         302
admin:resources_numberreport_reopen GET     login     404      404     404    404     404      404         405
admin:resources_numberreport_reopen POST    403       404      404     404    404     404      404         302
admin:resources_helpservice_csv     GET     login     404      404     404    404     404      404         200
admin:resources_helpservice_csv     POST    403       404      404     404    404     404      404         405
admin:resources_helpservice_json    GET     login     404      404     404    404     404      404         200
admin:resources_helpservice_json    POST    403       404      404     404    404     404      404         405
admin:resources_helpservice_file    GET     login     404      404     404    404     404      404         200
admin:resources_helpservice_file    POST    403       404      404     404    404     404      404         422
"""

# What an honest form sends, made from our home. Addresses not named here get an empty one.
WORDS = {"text": "Gå en tur", "audience": "everyone", "version": "2"}
NAMES = {"display_name": "Mamma", "family_nickname": "Oss"}
POSTS: dict[str, Callable[[Home], dict[str, Any]]] = {
    "start_family": lambda home: NAMES | {"role": "relative", "family": str(home.family.pk)},
    "own_names": lambda home: NAMES,
    "subject_name": lambda home: {"subject_name": "Alex"},
    "coordinator": lambda home: {"to": str(home.members["relative"].pk), "how": "share"},
    "invite": lambda home: {"email": "new@example.org", "role": "relative"},
    "leave": lambda home: {"successor": str(home.members["relative"].pk)},
    "answer_invitation": lambda home: NAMES,
    "section": lambda home: WORDS,
    "edit_item": lambda home: WORDS,
    "comment_item": lambda home: {"text": "Jeg ser det", "kind": "remark"},
    "restore_version": lambda home: {"version": "2", "restore": "1"},
    "move_item": lambda home: {"way": "down"},
    "section_ready": lambda home: {"ready": "yes"},
    "add_example": lambda home: {"example": EXAMPLES[Section.COPING][0].key},
    "plan_pdf": lambda home: {"sections": Section.values, "kin": "without"},
    "review_day": lambda home: {"review_on": (timezone.localdate() + timedelta(days=30)).isoformat()},
}


# A stranger to the family who changes a row of their own in it.
OWN_ROWS = {"mark_removal_notice_read": "former"}


def expected() -> dict[tuple[str, str], list[str]]:
    rows: dict[tuple[str, str], list[str]] = {}
    for line in TABLE.strip().splitlines():
        name, method, *answers = line.split()
        assert (name, method) not in rows, f"{name} {method} stands there twice"
        rows[name, method] = with_answers_of_all(answers)
    return rows


EXPECTED = expected()


def as_row(name: str, method: str, answers: list[str]) -> str:
    cells = " ".join(answer.ljust(max(6, len(kind))) for answer, kind in zip(answers, PEOPLE, strict=True))
    return f"{name:<35} {method:<7} {cells}".rstrip()


@pytest.mark.usefixtures("on_screen")
@pytest.mark.parametrize("address", ADDRESSES, ids=str)
def test_everybody_gets_what_the_table_says(address: Address, ours: Home, theirs: Home, people, record_property):
    data = POSTS[address.name](ours) if address.name in POSTS else {}
    report = Sweep(ours, theirs, people).run(address, data, OWN_ROWS.get(address.name, ""))
    classified = bool(address.kind) and {(address.name, "GET"), (address.name, "POST")} <= set(EXPECTED)
    found = {"pairs": report.asked, "leaks": len(report.faults), "unclassified": int(not classified)}
    record_property("matrix", {"run": "both walls", **found})
    assert not report.faults, "\n".join(report.faults)
    got = [as_row(address.name, method, report.row(method)) for method in ("GET", "POST")]
    wanted = [
        as_row(address.name, method, EXPECTED.get((address.name, method), ["-"] * len(PEOPLE)))
        for method in ("GET", "POST")
    ]
    assert got == wanted, "\n".join(["got:", *got, "the table says:", *wanted])
    assert report.other_than_get() == []
    assert {report.answers[method, "coordinator"] for method in REFUSED_METHODS} == {"405"}


def test_other_methods_are_refused_before_it_is_known_who_asks():
    order = [name.rpartition(".")[2] for name in settings.MIDDLEWARE]
    assert (
        order.index("allow_get_head_post") < order.index("SessionMiddleware") < order.index("AuthenticationMiddleware")
    )


def test_htmx_is_asked_wherever_it_could_get_another_answer():
    """Only `render_page` looks at it, and only where a view names a partial."""
    files = [file for app in settings.INSTALLED_APPS for file in (ROOT / app).rglob("*.py")]
    reads = {str(file.relative_to(ROOT)) for file in files if re.search(r"[Hh]tmx|HX-", file.read_text())}
    assert reads == {"common/http.py", "portal/settings.py"}
    assert {address.name for address in ADDRESSES if has_partial(address)} == {"section"}


def test_the_table_names_no_address_that_is_gone():
    assert {name for name, _ in EXPECTED} <= {address.name for address in ADDRESSES}


@pytest.fixture
def sweep(ours, theirs, people, on_screen):
    """Asks `addresses` as all who are kept out, with walls off: how often it asked, and the faults."""

    def sweep_them(run: str, addresses: list[Address]) -> tuple[int, list[str]]:
        for address in addresses:
            fill(address, ours)  # what is nobody's is made before anybody looks
        told = frozenset({str(ours.family.pk)} if run == "wall one off" else ())
        sweep, faults, asked = Sweep(ours, theirs, people, kept_out_only=True, told=told), [], 0
        with OFF[run](ours):
            assert bool(rows_of(ours)) == (run in {"wall two off", "both walls off"})
            for address in addresses:
                data = POSTS[address.name](ours) if address.name in POSTS else {}
                report = sweep.run(address, data, OWN_ROWS.get(address.name, ""))
                faults += report.faults
                asked += report.asked
        return asked, faults

    return sweep_them


@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("run", ["wall one off", "wall two off"])
def test_one_wall_alone_keeps_everybody_out(run, share, sweep, record_property):
    """Every stranger at every address by GET and POST, and the one it concerns at what is for relatives only."""
    addresses = ADDRESSES[share::SHARES]
    asked, faults = sweep(run, addresses)
    unclassified = [address for address in addresses if not address.kind]
    found = {"pairs": asked, "leaks": len(faults), "unclassified": len(unclassified)}
    record_property("matrix", {"run": run, **found})
    assert not faults, "\n".join(faults)


def test_the_sweep_finds_what_leaks_when_both_walls_are_off(ours, sweep):
    addresses = {address.name: address for address in ADDRESSES if address.name in {"plan", "section", "people"}}
    _asked, found = sweep("both walls off", list(addresses.values()))
    faults = "\n".join(found)
    for address in addresses.values():
        for person in set(STRANGERS) - {"anonymous"}:
            assert f"LEAK of {ours.open_canary}: GET {fill(address, ours)} as {person}" in faults
    assert f"FOREIGN HAND: POST {fill(addresses['section'], ours)} as outsider" in faults
    assert f"LEAK of {ours.kin_canary}: GET {fill(addresses['plan'], ours)} as subject" in faults


@own
def careless(request: HttpRequest) -> HttpResponse:
    """What nobody should ever write: no door, no query rule, all rows shown, and all rows changed."""
    if request.method == "POST":
        PlanItem.objects.update(changed_by=request.user, changed_at=timezone.now(), words={})
    return HttpResponse(str([(item.pk, item.words) for item in PlanItem.objects.order_by("pk")]))


CARELESS = Address("careless", "careless/", careless, ())
urlpatterns = [path(CARELESS.route, careless, name=CARELESS.name), *portal.urls.urlpatterns]
handler500 = portal.urls.handler500


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("run", OFF)
def test_a_view_without_the_first_wall_is_stopped_by_the_second_and_else_found(run, ours, sweep):
    asked, found = sweep(run, [CARELESS])
    assert asked == 2 * len(KEPT_OUT) + 1
    if run in {"both walls", "wall one off"}:
        assert found == []
        return
    for person in set(KEPT_OUT) - {"anonymous"}:
        assert f"LEAK of {ours.kin_canary}: GET /careless/ as {person} → 200" in found
        assert f"LEAK of {ours.relatives_only.pk}: GET /careless/ as {person} → 200" in found
        hand = "FOREIGN HAND on what is for relatives" if person == "subject" else "FOREIGN HAND"
        assert f"{hand}: POST /careless/ as {person} → 200" in found
    assert not any("anonymous" in fault for fault in found)  # the sign-in page is there all the same


def test_without_wall_one_no_query_rule_is_left(ours):
    """A rule is a queryset's method of a user. Those of models are among them, whatever they are named."""
    rules = {f"{kind.__module__}:{kind.__qualname__}.{rule}" for kind, rule in query_rules()}
    others = {
        "families.models:MembershipQuerySet.unread_removal_notices",
        "families.models:InvitationQuerySet.usable_by",
    }
    assert rules == {*declared.query_rules(), *others}
    with without_wall_one(ours):
        for model in declared.MODELS:
            assert set(model.objects.visible_to(None)) == set(model.objects.all()) != set()


def follow(asker: Asker, person: str, home: Home) -> str:
    """Everything `person` can read by following the link of an invitation to `home`."""
    with asker.as_person(person):
        first = asker.ask("GET", f"/invitasjon/{home.invitation_token}/")
        then = [asker.ask("GET", url) for url in ("/invitasjon/", "/invitasjon/svar/")]
        sent = asker.ask("POST", "/invitasjon/svar/", NAMES) if person != "invited" else first
        return "\n".join(answer.seen for answer in (first, *then, sent))


@pytest.mark.parametrize("person", STRANGERS)
def test_whoever_finds_an_invitation_reads_nothing_of_the_family_in_it(person, ours, people):
    before = fingerprint(ours)
    seen = follow(Asker(people), person, ours)
    assert ours.kin_canary not in seen
    if person != "invited":
        assert leaks(seen, ours) == []
    assert fingerprint(ours) == before
