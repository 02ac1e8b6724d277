"""Actions on a plan. Keyword-only, atomic, each with its entry in the access log.

`by` is the acting user in the family, as set by the access check. An action that takes several locks takes the
plan's first. `add_item`, `move_item` and `restore_item` take it, so that they compute positions and limits one at
a time.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.db.models import Count, Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from common.permissions import NotAllowed
from crisisplans.item_content import Item, Row, apply_values, has_same_text, read_values
from crisisplans.models import (
    RELATIVES_ONLY_PREFIX,
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
    check_can_edit_item,
    check_can_edit_plan,
    check_can_remove_comment,
    check_can_remove_item,
    side_of,
)
from crisisplans.policies import check_not_full
from families.actors import Actor
from families.models import Family
from families.names import has_subject
from records.actions import Action, lock, log, object_id, remove, sign, sign_new
from records.content import is_readable
from records.policies import RemovedRecordError, check_version


def start_plan(family: Family, by: User) -> None:
    """Create the empty plan of a new family."""
    CrisisPlan.objects.create(family=family)


def _lock_plan(family_id: UUID) -> CrisisPlan:
    return CrisisPlan.objects.select_for_update(no_key=True).get(pk=family_id)


def _written_fields(item: Item) -> list[str]:
    """Return the fields that users write. The position is not among them, since it may be changed concurrently."""
    if isinstance(item, SupportContact):
        return ["name", "role", "phone", "hours", "may_leave_message", "audience", "version"]
    return ["words", "level", "review_on", "assigned_to", "audience", "version"]


def model_of(section: Section) -> type[Item]:
    """Return the model of a section's items."""
    return SupportContact if section == Section.CONTACTS else PlanItem


@transaction.atomic
def add_item(
    *,
    plan: CrisisPlan,
    section: Section,
    by: Actor,
    values: Mapping[str, Any],
    form_id: UUID | None = None,
) -> Item:
    """Add an item at the end of `section`, on the side of `by`.

    `form_id` is the id in the form. Submitting the same form twice creates one item. Submitting it again with other
    content (from a page in the browser's history) creates another item, so that nothing is lost. Raises
    PlanIsFullError.
    """
    check_can_edit_plan(by, plan)
    if values.get("audience", Audience.EVERYONE) != Audience.EVERYONE:
        check_can_choose_audience(by)
    _lock_plan(by.family_id)
    model, side, new_id = model_of(section), side_of(by), object_id(by, form_id)
    here = Q() if model is SupportContact else Q(section=section)
    state = model.objects.filter(family=by.family_id).aggregate(
        same=Count("pk", filter=Q(pk=new_id)),
        present=Count("pk", filter=Q(side=side, removed_at=None)),
        last=Max("position", filter=here),
    )
    item: Item = PlanItem(section=section) if model is PlanItem else SupportContact()
    apply_values(item, values)
    if state["same"]:
        before = model.objects.get(pk=new_id)
        if read_values(before) == read_values(item):
            return before
        new_id = uuid4()
    check_not_full(model, side, state["present"])
    item.pk, item.side = new_id, side
    item.position = 0 if state["last"] is None else state["last"] + 1
    sign_new(item, by)
    item.save(force_insert=True)
    log(Action.CREATE, "item_added", by, item)
    return item


@transaction.atomic
def add_example(*, plan: CrisisPlan, section: Section, by: Actor, values: Mapping[str, Any]) -> Item:
    """Add an example to the plan. If `by` can see an item with the same text, return that one instead.

    Items do not record the example they come from, since that would reveal their text unencrypted (ADR 0033).
    """
    _lock_plan(by.family_id)
    here = model_of(section).objects.visible_to(by.user).present().filter(family=by.family_id)
    if section != Section.CONTACTS:
        here = here.filter(section=section)
    taken = next((item for item in here.in_order() if has_same_text(item, values)), None)
    return taken or add_item(plan=plan, section=section, by=by, values=values)


@transaction.atomic
def revise_item(*, item: Item, by: Actor, version: int, values: Mapping[str, Any]) -> Item:
    """Change the content of `item`, which `by` saw at `version`. Does nothing if the content stays the same.

    Raises StaleRecordError or RemovedRecordError, each with the current item, if it was changed or removed in the
    meantime, and Http404 if it no longer exists or is no longer visible to `by`.
    """
    check_can_edit_item(by, item)
    item = lock(item)
    before = read_values(item)
    if item.removed_at is None and before == before | dict(values):
        return item
    check_version(item, version)
    item.save(update_fields=_write(item, by, values))
    log(Action.UPDATE, "item_revised", by, item)
    return item


def _write(item: Item, by: Actor, values: Mapping[str, Any]) -> list[str]:
    """Set `values` on `item` as its next version, and return the fields to save."""
    if values.get("audience", item.audience) != Audience.EVERYONE:
        check_can_choose_audience(by)
    fields = _written_fields(item)
    if isinstance(item, SupportContact) and values.get("phone", item.phone) != item.phone:
        item.last_tested_on = item.last_tested_by = None  # the old number was tested, not the new one
        fields += ["last_tested_on", "last_tested_by"]
    apply_values(item, values)
    item.version += 1
    return [*fields, *sign(item, by)]


@transaction.atomic
def move_item(*, item: Item, by: Actor, up: bool) -> None:
    """Move `item` past the next item that `by` can see. Does nothing at the end of the list, or for a removed item."""
    check_can_edit_item(by, item)
    _lock_plan(by.family_id)
    here = type(item).objects.visible_to(by.user).present().filter(family=by.family_id)
    if isinstance(item, PlanItem):
        here = here.filter(section=item.section)
    order = list(here.in_order().values_list("pk", flat=True))
    if item.pk not in order:
        return
    place = order.index(item.pk) + (-1 if up else 1)
    if not 0 <= place < len(order):
        return
    _put_beside(item, order[place], before=up)
    log(Action.UPDATE, "item_moved", by, item)


def _put_beside(item: Item, neighbour: UUID, *, before: bool) -> None:
    """Move the item with a database function, which also orders the items that `by` cannot see (ADR 0031)."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT app.move_{item._meta.model_name}(%s, %s, %s)", [item.pk, neighbour, before])


@transaction.atomic
def remove_item(*, item: Item, by: Actor) -> None:
    """Remove `item` from the plan. It can be restored for thirty days. Repeated calls have no further effect."""
    check_can_remove_item(by, item, subject_is_here=has_subject(by.family_id))
    remove(item, by, "item_removed")


@transaction.atomic
def restore_item(*, item: Item, by: Actor, values: Mapping[str, Any] | None = None, version: int = 0) -> Item:
    """Restore a removed item to its position, with new content if `values` are given.

    The new content is used only if `version` is the current version. Otherwise the item is restored without it, and the
    caller must show both texts. Does nothing if the item is not removed. Raises RemovedRecordError when thirty days
    have passed, and PlanIsFullError when the plan is full.
    """
    check_can_remove_item(by, item, subject_is_here=has_subject(by.family_id))
    if values:
        check_can_edit_item(by, item)
    _lock_plan(by.family_id)
    item = lock(item)
    if item.removed_at is None:
        return item
    model = type(item)
    if not model.objects.restorable().filter(pk=item.pk).exists():
        raise RemovedRecordError(item)
    side = Side(item.side)
    check_not_full(model, side, model.objects.present().filter(family=by.family_id, side=side).count())
    item.removed_at = item.removed_by = None
    is_new = values and version == item.version and read_values(item) != read_values(item) | dict(values)
    fields = _write(item, by, values) if values and is_new else sign(item, by)
    item.save(update_fields=[*fields, "removed_at", "removed_by"])
    log(Action.UPDATE, "item_brought_back", by, item)
    return item


def versions_of(item: Item, user: User) -> list[Row]:
    """Return all versions of `item` that `user` may read, oldest first.

    The caller must have fetched `item` through the access check.
    """
    model = SupportContactVersion if isinstance(item, SupportContact) else PlanItemVersion
    return list(model.objects.visible_to(user).filter(pgh_obj=item.pk).order_by("pgh_id"))


@transaction.atomic
def restore_version(*, item: Item, by: Actor, version: int, restore: int) -> Item:
    """Save the content of version `restore` as a new version. `version` is the one that `by` saw.

    The narrower of the two audiences applies, so that restoring never gives an item more readers. Raises
    StaleRecordError and RemovedRecordError like `revise_item`, ValueError when there is no such version for `by`, and
    NotAllowed when it cannot be decrypted.
    """
    older = next((row for row in versions_of(item, by.user) if row.version == restore), None)
    if older is None:
        raise ValueError(restore)
    values = read_values(older)
    if not is_readable(values):
        raise NotAllowed(_("This older text cannot be read, so it cannot be used again."))
    if Audience.RELATIVES in (item.audience, values["audience"]):
        values["audience"] = Audience.RELATIVES
    return revise_item(item=item, by=by, version=version, values=values)


@transaction.atomic
def record_number_tested(*, contact: SupportContact, by: Actor, number: str) -> bool:
    """Record that `number`, in its stored form, was tried today. Every reader of the contact may do this.

    Return False without recording anything if the contact has another number now, or was removed.
    """
    locked = lock(contact)
    today = timezone.localdate()
    if not isinstance(locked, SupportContact) or locked.removed_at is not None or locked.phone != number:
        return False
    if locked.last_tested_on == today:
        return True
    locked.last_tested_on, locked.last_tested_by_id = today, by.user_id
    locked.save(update_fields=["last_tested_on", "last_tested_by"])  # not `_sign`: the content does not change
    log(Action.UPDATE, "contact_tested", by, locked)
    return True


@transaction.atomic
def add_comment(*, item: Item, by: Actor, kind: str, text: str, form_id: UUID | None = None) -> Comment:
    """Comment on an item of the other side. Submitting the same form twice creates one comment."""
    item = lock(item)
    check_can_comment(by, item)
    new_id = object_id(by, form_id)
    before = Comment.objects.filter(pk=new_id).first()
    if before is not None:
        if (before.kind, before.text) == (kind, text):
            return before
        new_id = uuid4()
    on: dict[str, Any] = {"contact": item} if isinstance(item, SupportContact) else {"item": item}
    comment = Comment.objects.create(
        pk=new_id, family_id=by.family_id, kind=kind, text=text, created_by_id=by.user_id, **on
    )
    log(Action.CREATE, "comment_added", by, comment)
    return comment


@transaction.atomic
def remove_comment(*, comment: Comment, by: Actor) -> None:
    """Remove a comment by its author. Repeated calls have no further effect."""
    check_can_remove_comment(by, comment)
    comment = Comment.objects.select_for_update().get(pk=comment.pk)
    if comment.removed_at is not None:
        return
    comment.removed_at, comment.removed_by_id = timezone.now(), by.user_id
    comment.save(update_fields=["removed_at", "removed_by"])
    log(Action.DELETE, "comment_removed", by, comment)


@transaction.atomic
def mark_reviewed(*, plan: CrisisPlan, by: Actor) -> CrisisPlan:
    """Record that the family has reviewed the plan now. The next review is in ninety days."""
    check_can_edit_plan(by, plan)
    plan = _lock_plan(plan.pk)
    plan.reviewed_at, plan.reviewed_by_id, plan.review_on = timezone.now(), by.user_id, next_review()
    plan.save(update_fields=["reviewed_at", "reviewed_by", "review_on"])
    log(Action.UPDATE, "plan_reviewed", by, plan)
    return plan


@transaction.atomic
def choose_review_day(*, plan: CrisisPlan, by: Actor, review_on: date) -> CrisisPlan:
    """Set the date of the next review."""
    check_can_edit_plan(by, plan)
    plan = _lock_plan(plan.pk)
    if plan.review_on != review_on:
        plan.review_on = review_on
        plan.save(update_fields=["review_on"])
        log(Action.UPDATE, "review_day_chosen", by, plan)
    return plan


@transaction.atomic
def mark_section(*, plan: CrisisPlan, section: Section, by: Actor, ready: bool) -> CrisisPlan:
    """Mark a section as ready, or as not ready. Members who see no items in it cannot mark it as ready."""
    check_can_edit_plan(by, plan)
    plan = _lock_plan(plan.pk)
    items = model_of(section).objects.visible_to(by.user).present().filter(family=by.family_id)
    if section != Section.CONTACTS:
        items = items.filter(section=section)
    audiences = set(items.values_list("audience", flat=True).order_by("audience").distinct())
    for_everyone, among_relatives = str(section), RELATIVES_ONLY_PREFIX + section
    own = {for_everyone, among_relatives} if by.is_relative else {for_everyone}
    marked = set(plan.ready_sections) - own
    if ready and audiences:
        # If only relatives can see items in it, only they can see that it is ready.
        marked.add(for_everyone if Audience.EVERYONE in audiences else among_relatives)
    if marked == set(plan.ready_sections):
        return plan
    plan.ready_sections = sorted(marked)
    plan.save(update_fields=["ready_sections"])
    log(Action.UPDATE, "section_ready" if ready else "section_open", by, plan)
    return plan


@transaction.atomic
def record_print(*, plan: CrisisPlan, by: Actor, with_relatives: bool) -> None:
    """Log that `by` printed the plan, and whether the PDF included items for relatives only."""
    log(Action.EXECUTE, "plan_printed_for_relatives" if with_relatives else "plan_printed", by, plan)
