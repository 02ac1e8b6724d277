"""Rows as somebody would type them in, for `insert`: right in every way, but for what a test makes wrong."""

from uuid import uuid4

from django.utils import timezone

from tests.sealed import SEALED

NOW = timezone.now()


def family(by, **changes):
    return {"id": uuid4(), "subject_name": SEALED, "created_at": NOW, "created_by_id": by.pk} | changes


def member(home, user, by=None, **changes):
    row = {
        "id": uuid4(),
        "family_id": home.family.pk,
        "user_id": user.pk,
        "role": "relative",
        "is_coordinator": False,
        "display_name": SEALED,
        "family_nickname": b"",
        "joined_at": NOW,
        "changed_at": NOW,
        "changed_by_id": (by or user).pk,
    }
    return row | changes


def invitation(home, by, **changes):
    row = {
        "id": uuid4(),
        "family_id": home.family.pk,
        "email": "ny@example.org",
        "role": "relative",
        "token_hash": uuid4().hex,
        "created_at": NOW,
        "created_by_id": by.pk,
        "expires_at": NOW,
    }
    return row | changes


def proposal(home, by, **changes):
    row = {
        "id": uuid4(),
        "family_id": home.family.pk,
        "membership_id": home.members["subject"].pk,
        "proposed_at": NOW,
        "proposed_by_id": by.pk,
    }
    return row | changes


def log_line(agent, family, **changes):
    """`agent` and `family` may be words too: the log holds ids as text."""
    row = {
        "id": uuid4(),
        "recorded_at": NOW,
        "action": "R",
        "event": "e",
        "agent_id": str(getattr(agent, "pk", agent)),
        "family_id": str(getattr(family, "pk", family)),
        "entity_type": "t",
        "entity_id": "i",
    }
    return row | changes


def plan(family, **changes):
    return {"family_id": family.pk, "review_on": NOW, "created_at": NOW, "ready_sections": []} | changes


def item(table, home, by, **changes):
    """A line of the plan, or one to turn to, on the family's side."""
    row = {
        "id": uuid4(),
        "family_id": home.family.pk,
        "position": 9,
        "audience": "everyone",
        "side": "family",
        "version": 1,
        "created_at": NOW,
        "created_by_id": by.pk,
        "changed_at": NOW,
        "changed_by_id": by.pk,
    }
    more = {"name": SEALED, "role": b"", "phone": SEALED, "hours": b"", "may_leave_message": False}
    return row | (more if table.endswith("contact") else {"section": "coping", "words": SEALED, "level": ""}) | changes


def comment(home, by, item, **changes):
    row = {
        "id": uuid4(),
        "family_id": home.family.pk,
        "item_id": item.pk,
        "kind": "remark",
        "text": SEALED,
        "created_at": NOW,
        "created_by_id": by.pk,
    }
    return row | changes
