"""What can be done to a plan. Keyword-only, atomic, each with its line in the access log.

`by` is the membership of the person who acts, as the door gave it. Whoever takes more than one lock takes the plan's
first; `add`, `move` and `bring_back` take it, so that order and room are counted by one at a time.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID, uuid4, uuid5

from django.db import connection, transaction
from django.db.models import Count, Max, Q
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from accesslog.actions import Action, record
from accounts.models import User
from common.permissions import NotAllowed
from common.queries import Prepared
from crisisplans.models import (
    AMONG_RELATIVES,
    Audience,
    Comment,
    CrisisPlan,
    PlanItem,
    PlanItemVersion,
    Section,
    Side,
    SupportContact,
    SupportContactVersion,
    next_review,
)
from crisisplans.permissions import (
    check_can_choose_audience,
    check_can_comment,
    check_can_edit_entry,
    check_can_edit_plan,
    check_can_remove_comment,
    check_can_remove_entry,
    side_of,
)
from crisisplans.policies import RemovedEntryError, check_readable, check_room, check_version
from crisisplans.words import Entry, Row, is_readable, read_values, says, write_values
from families.models import Family, Membership
from families.names import has_subject


def start_plan(family: Family, by: User) -> None:
    """Give a new family its empty plan."""
    CrisisPlan.objects.create(family=family)


def _log(action: Action, event: str, by: Membership, entity: CrisisPlan | Entry | Comment) -> None:
    record(action=action, event=event, by=by.user_id, entity=entity, family=by.family_id)


def _lock_plan(family_id: UUID) -> CrisisPlan:
    return CrisisPlan.objects.select_for_update(no_key=True).get(pk=family_id)


_LOCKED: dict[type[Entry], Prepared[Any]] = {
    PlanItem: Prepared(lambda pk: PlanItem.objects.select_for_update(no_key=True).filter(pk=pk)),
    SupportContact: Prepared(lambda pk: SupportContact.objects.select_for_update(no_key=True).filter(pk=pk)),
}


def _lock(entry: Entry) -> Entry:
    """`entry` as it stands now. Raises Http404 when it went, or `by` left, since the door."""
    locked: Entry | None = _LOCKED[type(entry)].first(pk=entry.pk)
    if locked is None:
        raise Http404
    return locked


def _sign(entry: Entry, by: Membership) -> list[str]:
    """Note who changes it, and when; return the fields to save."""
    entry.changed_by_id, entry.changed_at = by.user_id, timezone.now()
    return ["changed_by", "changed_at"]


def _written_fields(entry: Entry) -> list[str]:
    """What somebody writes. Never the position: somebody else may be moving it."""
    if isinstance(entry, SupportContact):
        return ["name", "role", "phone", "hours", "may_leave_message", "audience", "version"]
    return ["words", "level", "review_on", "assigned_to", "audience", "version"]


def model_of(section: Section) -> type[Entry]:
    """The table a section's entries stand in."""
    return SupportContact if section == Section.CONTACTS else PlanItem


def own_id(by: Membership, sent: UUID | None) -> UUID:
    """The id for what a form creates, from the id the form carries: the same for the same form sent twice, and never
    one that somebody else's form could have."""
    return uuid5(by.pk, str(sent)) if sent else uuid4()


@transaction.atomic
def add_entry(
    *,
    plan: CrisisPlan,
    section: Section,
    by: Membership,
    values: Mapping[str, Any],
    form_id: UUID | None = None,
) -> Entry:
    """Write a new line last in `section`, on the side of `by`.

    `form_id` is the id a form carries: the same form sent twice makes one line; sent again with other words (from a
    page the browser kept) it makes another, so that nothing is lost. Raises PlanIsFullError.
    """
    check_can_edit_plan(by, plan)
    if values.get("audience", Audience.EVERYONE) != Audience.EVERYONE:
        check_can_choose_audience(by)
    _lock_plan(by.family_id)
    model, side, new_id = model_of(section), side_of(by), own_id(by, form_id)
    here = Q() if model is SupportContact else Q(section=section)
    state = model.objects.filter(family=by.family_id).aggregate(
        same=Count("pk", filter=Q(pk=new_id)),
        present=Count("pk", filter=Q(side=side, removed_at=None)),
        last=Max("position", filter=here),
    )
    entry: Entry = PlanItem(section=section) if model is PlanItem else SupportContact()
    write_values(entry, values)
    if state["same"]:
        before = model.objects.get(pk=new_id)
        if read_values(before) == read_values(entry):
            return before
        new_id = uuid4()
    check_room(model, side, state["present"])
    entry.pk, entry.family_id, entry.side = new_id, by.family_id, side
    entry.position = 0 if state["last"] is None else state["last"] + 1
    entry.created_by_id = entry.changed_by_id = by.user_id
    entry.created_at = entry.changed_at = timezone.now()
    entry.save(force_insert=True)
    _log(Action.CREATE, "entry_added", by, entry)
    return entry


@transaction.atomic
def take_example(*, plan: CrisisPlan, section: Section, by: Membership, values: Mapping[str, Any]) -> Entry:
    """Write an example into the plan, once: if `by` can see a line that says just that, that one is returned.

    A line keeps no note of where its words came from: it would tell, in clear, what they are or were (ADR 0033).
    """
    _lock_plan(by.family_id)
    here = model_of(section).objects.visible_to(by.user).present().filter(family=by.family_id)
    if section != Section.CONTACTS:
        here = here.filter(section=section)
    taken = next((entry for entry in here.in_order() if says(entry, values)), None)
    return taken or add_entry(plan=plan, section=section, by=by, values=values)


@transaction.atomic
def revise_entry(*, entry: Entry, by: Membership, version: int, values: Mapping[str, Any]) -> Entry:
    """Change the content of `entry`, which `by` saw at `version`. Saving the same content changes nothing.

    Raises StaleEntryError or RemovedEntryError with the current entry when somebody changed or removed it since, and
    Http404 when it no longer exists or is no longer visible to them.
    """
    check_can_edit_entry(by, entry)
    entry = _lock(entry)
    before = read_values(entry)
    if entry.removed_at is None and before == before | dict(values):
        return entry
    check_version(entry, version)
    entry.save(update_fields=_write(entry, by, values))
    _log(Action.UPDATE, "entry_revised", by, entry)
    return entry


def _write(entry: Entry, by: Membership, values: Mapping[str, Any]) -> list[str]:
    """Put `values` into `entry` as its next version, and return the fields to save."""
    if values.get("audience", entry.audience) != Audience.EVERYONE:
        check_can_choose_audience(by)
    fields = _written_fields(entry)
    if isinstance(entry, SupportContact) and values.get("phone", entry.phone) != entry.phone:
        entry.last_tested_on = entry.last_tested_by = None  # it was the old number that was tried
        fields += ["last_tested_on", "last_tested_by"]
    write_values(entry, values)
    entry.version += 1
    return [*fields, *_sign(entry, by)]


@transaction.atomic
def move_entry(*, entry: Entry, by: Membership, up: bool) -> None:
    """Move `entry` past the next line `by` can see. Nothing happens at the end of the list, or to a removed line."""
    check_can_edit_entry(by, entry)
    _lock_plan(by.family_id)
    here = type(entry).objects.visible_to(by.user).present().filter(family=by.family_id)
    if isinstance(entry, PlanItem):
        here = here.filter(section=entry.section)
    order = list(here.in_order().values_list("pk", flat=True))
    if entry.pk not in order:
        return
    place = order.index(entry.pk) + (-1 if up else 1)
    if not 0 <= place < len(order):
        return
    _put_beside(entry, order[place], before=up)
    _log(Action.UPDATE, "entry_moved", by, entry)


def _put_beside(entry: Entry, neighbour: UUID, *, before: bool) -> None:
    """In the database, since lines that `by` does not see keep their places among the others (ADR 0031)."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT app.move_{entry._meta.model_name}(%s, %s, %s)", [entry.pk, neighbour, before])


@transaction.atomic
def remove_entry(*, entry: Entry, by: Membership) -> None:
    """Take `entry` out of the plan. It can be brought back for thirty days. Removing twice is removing once."""
    check_can_remove_entry(by, entry, subject_is_here=has_subject(by.family_id))
    check_readable(by)
    entry = _lock(entry)
    if entry.removed_at is not None:
        return
    entry.removed_by_id, entry.removed_at = by.user_id, timezone.now()
    entry.save(update_fields=["removed_by", "removed_at"])
    _log(Action.DELETE, "entry_removed", by, entry)


@transaction.atomic
def bring_back_entry(
    *, entry: Entry, by: Membership, values: Mapping[str, Any] | None = None, version: int = 0
) -> Entry:
    """Put a removed entry back where it stood, with new words if `values` are given and `by` saw what stands there
    (`version`). If somebody had changed it since, it comes back as it stood: both texts are to be shown.

    Nothing happens to one that stands there already. Raises RemovedEntryError when thirty days have passed,
    PlanIsFullError when there is no room.
    """
    check_can_remove_entry(by, entry, subject_is_here=has_subject(by.family_id))
    if values:
        check_can_edit_entry(by, entry)
    _lock_plan(by.family_id)
    entry = _lock(entry)
    if entry.removed_at is None:
        return entry
    model = type(entry)
    if not model.objects.restorable().filter(pk=entry.pk).exists():
        raise RemovedEntryError(entry)
    side = Side(entry.side)
    check_room(model, side, model.objects.present().filter(family=by.family_id, side=side).count())
    entry.removed_at = entry.removed_by = None
    is_new = values and version == entry.version and read_values(entry) != read_values(entry) | dict(values)
    fields = _write(entry, by, values) if values and is_new else _sign(entry, by)
    entry.save(update_fields=[*fields, "removed_at", "removed_by"])
    _log(Action.UPDATE, "entry_brought_back", by, entry)
    return entry


def versions_of(entry: Entry, user: User) -> list[Row]:
    """Every version of `entry` that was written for `user` too, oldest first. The caller fetched it by the door."""
    model = SupportContactVersion if isinstance(entry, SupportContact) else PlanItemVersion
    return list(model.objects.visible_to(user).filter(pgh_obj=entry.pk).order_by("pgh_id"))


@transaction.atomic
def restore_version(*, entry: Entry, by: Membership, version: int, restore: int) -> Entry:
    """Write again what stood in version `restore`, as a new version; `version` is the one `by` saw.

    Fewer readers win: what was for relatives only comes back for relatives only, and the other way round nothing
    becomes open by going back. Raises StaleEntryError and RemovedEntryError as `revise_entry`, ValueError when there is
    no such version for `by`, and NotAllowed when it cannot be read.
    """
    older = next((row for row in versions_of(entry, by.user) if row.version == restore), None)
    if older is None:
        raise ValueError(restore)
    values = read_values(older)
    if not is_readable(values):
        raise NotAllowed(_("This older text cannot be read, so it cannot be used again."))
    if Audience.RELATIVES in (entry.audience, values["audience"]):
        values["audience"] = Audience.RELATIVES
    return revise_entry(entry=entry, by=by, version=version, values=values)


@transaction.atomic
def note_tested(*, contact: SupportContact, by: Membership, number: str) -> bool:
    """Note that `number`, written as it is kept, was tried today. Every reader of the contact may: it changes nobody's
    words. False, and nothing is noted, when another number stands there now, or it was removed."""
    locked = _lock(contact)
    today = timezone.localdate()
    if not isinstance(locked, SupportContact) or locked.removed_at is not None or locked.phone != number:
        return False
    if locked.last_tested_on == today:
        return True
    locked.last_tested_on, locked.last_tested_by_id = today, by.user_id
    locked.save(update_fields=["last_tested_on", "last_tested_by"])  # not `_sign`: nobody wrote anything
    _log(Action.UPDATE, "contact_tested", by, locked)
    return True


@transaction.atomic
def add_comment(*, entry: Entry, by: Membership, kind: str, text: str, form_id: UUID | None = None) -> Comment:
    """Say something to the other side's words. The same form sent twice is one comment."""
    entry = _lock(entry)
    check_can_comment(by, entry)
    new_id = own_id(by, form_id)
    before = Comment.objects.filter(pk=new_id).first()
    if before is not None:
        if (before.kind, before.text) == (kind, text):
            return before
        new_id = uuid4()
    on: dict[str, Any] = {"contact": entry} if isinstance(entry, SupportContact) else {"item": entry}
    comment = Comment.objects.create(
        pk=new_id, family_id=by.family_id, kind=kind, text=text, created_by_id=by.user_id, **on
    )
    _log(Action.CREATE, "comment_added", by, comment)
    return comment


@transaction.atomic
def remove_comment(*, comment: Comment, by: Membership) -> None:
    """Take back one's own comment. Twice is once."""
    check_can_remove_comment(by, comment)
    comment = Comment.objects.select_for_update().get(pk=comment.pk)
    if comment.removed_at is not None:
        return
    comment.removed_at, comment.removed_by_id = timezone.now(), by.user_id
    comment.save(update_fields=["removed_at", "removed_by"])
    _log(Action.DELETE, "comment_removed", by, comment)


@transaction.atomic
def mark_reviewed(*, plan: CrisisPlan, by: Membership) -> CrisisPlan:
    """Note that the family went through the plan now; the next time is in ninety days."""
    check_can_edit_plan(by, plan)
    plan = _lock_plan(plan.pk)
    plan.reviewed_at, plan.reviewed_by_id, plan.review_on = timezone.now(), by.user_id, next_review()
    plan.save(update_fields=["reviewed_at", "reviewed_by", "review_on"])
    _log(Action.UPDATE, "plan_reviewed", by, plan)
    return plan


@transaction.atomic
def choose_review_day(*, plan: CrisisPlan, by: Membership, review_on: date) -> CrisisPlan:
    """Choose the day the plan is looked at again."""
    check_can_edit_plan(by, plan)
    plan = _lock_plan(plan.pk)
    if plan.review_on != review_on:
        plan.review_on = review_on
        plan.save(update_fields=["review_on"])
        _log(Action.UPDATE, "review_day_chosen", by, plan)
    return plan


@transaction.atomic
def mark_section(*, plan: CrisisPlan, section: Section, by: Membership, ready: bool) -> CrisisPlan:
    """Call a section ready, or open again. Nobody can call ready where they see nothing."""
    check_can_edit_plan(by, plan)
    plan = _lock_plan(plan.pk)
    entries = model_of(section).objects.visible_to(by.user).present().filter(family=by.family_id)
    if section != Section.CONTACTS:
        entries = entries.filter(section=section)
    audiences = set(entries.values_list("audience", flat=True).order_by("audience").distinct())
    for_everyone, among_relatives = str(section), AMONG_RELATIVES + section
    own = {for_everyone, among_relatives} if by.is_relative else {for_everyone}
    marked = set(plan.ready_sections) - own
    if ready and audiences:
        # Where only relatives see something, only they learn that it is ready.
        marked.add(for_everyone if Audience.EVERYONE in audiences else among_relatives)
    if marked == set(plan.ready_sections):
        return plan
    plan.ready_sections = sorted(marked)
    plan.save(update_fields=["ready_sections"])
    _log(Action.UPDATE, "section_ready" if ready else "section_open", by, plan)
    return plan
