"""Fill an empty database for the benchmark, and print what the other modules need as JSON.

The argument is the number of sessions for saves: each save gets its own, so that no messages accumulate.
"""

import json
import os
import sys
from dataclasses import asdict
from typing import Any

import django
from django.core.management import call_command

from bench.services import fill_services
from tools.prepare import collect_static_files

BACKENDS = {
    "portal": "accounts.session_backend.SignInBackend",
    "floor": "django.contrib.auth.backends.ModelBackend",
}


def sign_in(user: Any, backend: str) -> str | None:
    """Create a session for `user` and return its key."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = backend
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return session.session_key


def make_rows() -> None:
    """Create a table of a million rows, and a copy of it with row-level security."""
    from django.db import connection

    from bench.models import FAMILY
    from common.tables.compiler import table_sql
    from common.tables.declarations import Table

    protected = Table(model="bench_protectedrow", family="family", select=())
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_row (id bigint, family uuid, happened timestamptz, words text)")
        cursor.execute(
            "INSERT INTO bench_row SELECT n, CASE WHEN n %% 1000 = 0 THEN %s ELSE gen_random_uuid() END,"
            " timestamptz '2026-01-01' + n * interval '20 s', repeat('Ord om dagen i dag. ', 4)"
            " FROM generate_series(1, 1000000) AS n",
            [FAMILY],
        )
        cursor.execute("CREATE TABLE bench_protectedrow AS TABLE bench_row")
        for table in ("bench_row", "bench_protectedrow"):
            cursor.execute(f"ALTER TABLE {table} ADD PRIMARY KEY (id)")
            cursor.execute(f"CREATE INDEX ON {table} (family, happened DESC, id DESC)")
        for statement in table_sql(protected):
            cursor.execute(statement)
        cursor.execute("GRANT SELECT ON bench_row TO portal_app, portal_backup")


def main() -> None:
    django.setup()
    call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
    collect_static_files()
    from allauth.account.models import EmailAddress
    from django.conf import settings
    from django.db import connection
    from django.urls import reverse

    from accounts.models import User
    from bench.models import FAMILY
    from crisisplans.item_content import load_content
    from crisisplans.models import CrisisPlan, PlanItem, Section, SupportContact
    from crisisplans.presenters.pdf import Choice, chosen, foot_of, plan_pdf_html, sections_of
    from crisisplans.presenters.plan import present_plan
    from families.actions import start_family
    from families.actors import Actor
    from families.models import Membership, Role

    make_rows()
    user = User.objects.create_user(email="bench@example.org", password="bench-bench-bench")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    member = start_family(by=user, role=Role.RELATIVE, display_name="Kari", subject_name="Alex", family=FAMILY)
    other = User.objects.create_user(email="ola@example.org")
    Membership.objects.create(
        family=member.family, user=other, changed_by=other, role=Role.RELATIVE, display_name="Ola"
    )
    common = {"family": member.family, "created_by": user, "changed_by": user}
    sections = [section for section in Section if section != Section.CONTACTS]
    items = []
    for number in range(34):
        section = sections[number % len(sections)]
        fields = load_content(section, {}).as_document()
        words = dict.fromkeys(fields, f"Et punkt om hverdagen, nummer {number}, skrevet kort og rolig.")
        level = "yellow" if section == Section.WARNING_SIGNS else ""
        who = {"changed_by": other} if number % 2 else {}  # changes by others for the overview
        item = PlanItem(section=section, words=words, level=level, position=number, **(common | who))
        item.save()
        items.append(item)
    for number in range(6):
        SupportContact.objects.create(name=f"Nabo {number}", phone=f"+479100000{number}", position=number, **common)
    fill_services(user)
    sessions = {name: sign_in(user, backend) for name, backend in BACKENDS.items()}
    saving = [sign_in(user, BACKENDS["portal"]) for _ in range(int(sys.argv[1]))]
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    coping = next(item for item in items if item.section == Section.COPING)
    plan = CrisisPlan.objects.visible_to(user).with_revision(member.family_id).get()
    shown = present_plan(plan, Actor.of(member))
    choice = Choice(frozenset(Section), with_relatives=False)
    part = chosen(shown, choice)
    more = {
        "saving": saving,
        "family": str(member.family_id),
        "item": str(coping.pk),
        "section": reverse("section", args=[member.family_id, Section.COPING]).split("/")[-2],
        "fonts": str(settings.PDF_FONTS),
        "paper": plan_pdf_html(shown, choice),
        "plan": {
            "foot": asdict(foot_of(plan, part, "Alex")),
            "sections": [asdict(section) for section in sections_of(part, "Alex")],
        },
    }
    print(json.dumps(sessions | more))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.portal")
    main()
