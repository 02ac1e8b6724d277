"""The versions of one item."""

from django.utils.translation import gettext as _

from crisisplans.item_content import Item, Row, read_values
from crisisplans.models import SupportContactVersion
from crisisplans.permissions import can_edit_item
from crisisplans.presenters.values import item_content
from records.people import People
from records.presenters.history import OtherChange, VersionPresenter, present_versions


def item_versions(item: Item, rows: list[Row], people: People) -> list[VersionPresenter]:
    """Present the versions in `rows` (visible to this reader, oldest first), newest first."""
    can_edit = can_edit_item(people.me, item)
    return present_versions(rows, item, item_content(people), can_edit=can_edit, other_change=_number_tried)


def _number_tried(before: Row, row: Row) -> OtherChange | None:
    """Return who tried the number, and when, if nothing else was changed."""
    if not isinstance(row, SupportContactVersion) or not isinstance(before, SupportContactVersion):
        return None
    is_tried = (row.last_tested_on, row.last_tested_by_id) != (before.last_tested_on, before.last_tested_by_id)
    if not is_tried or read_values(before) != read_values(row):
        return None
    return _("Number tried"), row.last_tested_by_id or row.changed_by_id, row.pgh_created_at
