"""Database rights of crisis plans: each side changes its own items, and reads those addressed to it."""

from common.tables.declarations import (
    APPEND_ONLY,
    ME,
    RELATIVES,
    SUBJECTS,
    Erasure,
    Function,
    Guard,
    Table,
    changed,
    one_of,
    removable,
    removed_now,
    set_by_oneself,
    signed,
)
from crisisplans.item_content import COLUMNS, CONTACT_FIELDS
from crisisplans.models import Comment, CrisisPlan, ErasedItem, PlanItem, SupportContact

FOR_ME = f"audience = 'everyone' OR {one_of('family_id', RELATIVES)}"
ON_MY_SIDE = f"""side = 'family' AND {one_of("family_id", RELATIVES)}
    OR side = 'subject' AND {one_of("family_id", SUBJECTS)}"""
OLD_ON_MY_SIDE = f"""OLD.side = 'family' AND {one_of("OLD.family_id", RELATIVES)}
    OR OLD.side = 'subject' AND {one_of("OLD.family_id", SUBJECTS)}"""
REMOVAL, TESTED = ("removed_at", "removed_by_id"), ("last_tested_on", "last_tested_by_id")
LAST_TESTED = "(NEW.last_tested_on, NEW.last_tested_by_id)"
SIGNATURE = ("changed_at", "changed_by_id")
BOOKKEEPING = ("audience", "version", *SIGNATURE, *REMOVAL)

# Any reader notes that a number was tried. What the subject wrote may be removed, and restored, by relatives while no
# subject is a member.
ITEM_GUARDS = (
    Guard(
        "a change of the other side's words",
        (
            *(f"NOT ({OLD_ON_MY_SIDE})", changed(except_=TESTED)),
            f"""({changed(except_=(*TESTED, *REMOVAL, *SIGNATURE))})
                OR EXISTS (SELECT FROM families_membership m WHERE m.family_id = OLD.family_id AND m.ended_at IS NULL
                    AND m.role = 'subject')""",
        ),
    ),
    *signed(except_=(*TESTED, *REMOVAL)),
    *removable(),
)
ON_WHAT_I_READ = """item_id = ANY(ARRAY(SELECT i.id FROM crisisplans_planitem i))
    OR contact_id = ANY(ARRAY(SELECT c.id FROM crisisplans_supportcontact c))"""


def erased(table: str, section: str) -> Erasure:
    """Erasure with a tombstone. Its number of versions prevents a plan's revision from shrinking."""
    versions = f"(SELECT count(*) FROM {table}version v WHERE v.pgh_obj_id = e.id AND v.audience = 'everyone')"
    columns = {"section": section, "audience": "e.audience", "versions": versions}
    return Erasure(tombstone="crisisplans_eraseditem", columns=columns)


def move(table: str, list_of: str) -> Function:
    """Put a row before or after another of the same list, and let all others, visible or not, keep their order."""
    return Function(
        f"move_{table}(moved uuid, neighbour uuid, before boolean)",
        "void",
        f"""WITH places AS (
            SELECT id, 2 * row_number() OVER (ORDER BY position, created_at, id) AS place FROM crisisplans_{table}
            WHERE ({list_of}) = (SELECT {list_of} FROM crisisplans_{table} WHERE id = moved
                AND ({ON_MY_SIDE}))
        ), moves AS (
            SELECT p.id, row_number() OVER (
                ORDER BY CASE WHEN p.id <> moved THEN p.place WHEN before THEN n.place - 1 ELSE n.place + 1 END
            ) - 1 AS place
            FROM places p JOIN places n ON n.id = neighbour
        )
        UPDATE crisisplans_{table} t SET position = moves.place FROM moves
            WHERE t.id = moves.id AND t.position <> moves.place""",
        writes=True,
    )


FUNCTIONS = [move("planitem", "family_id, section"), move("supportcontact", "family_id")]

PLAN = Table(
    model=CrisisPlan,
    family="family_id",
    select=(),
    insert=("reviewed_by_id IS NULL",),
    update=(),
    columns=("review_on", "reviewed_at", "reviewed_by_id", "ready_sections"),
    guards=set_by_oneself("reviewed"),
)
PLAN_ITEM = Table(
    model=PlanItem,
    family="family_id",
    select=(FOR_ME,),
    insert=(ON_MY_SIDE, f"created_by_id = {ME}", "removed_at IS NULL"),
    update=(FOR_ME,),
    columns=("words", *COLUMNS.values(), *BOOKKEEPING),
    guards=ITEM_GUARDS,
    erasure=erased("crisisplans_planitem", "e.section"),
)
SUPPORT_CONTACT = Table(
    model=SupportContact,
    family="family_id",
    select=(FOR_ME,),
    insert=(
        ON_MY_SIDE,
        f"created_by_id = {ME}",
        "removed_at IS NULL",
        "num_nonnulls(last_tested_on, last_tested_by_id) = 0",
    ),
    update=(FOR_ME,),
    columns=(*CONTACT_FIELDS, *TESTED, *BOOKKEEPING),
    guards=(
        *ITEM_GUARDS,
        Guard(
            "a number tried in the name of another person, or forgotten without the number",
            (
                f"NEW.last_tested_by_id IS DISTINCT FROM {ME}",
                f"{LAST_TESTED} IS DISTINCT FROM {LAST_TESTED.replace('NEW', 'OLD')}",
                "NEW.phone = OLD.phone OR num_nonnulls(NEW.last_tested_on, NEW.last_tested_by_id) > 0",
            ),
        ),
    ),
    erasure=erased("crisisplans_supportcontact", "'contacts'"),
)
TOMBSTONE = Table(model=ErasedItem, family="family_id", select=(FOR_ME,), protections=APPEND_ONLY)
# What is said about an item is read by those who read the item.
COMMENT = Table(
    model=Comment,
    family="family_id",
    select=(ON_WHAT_I_READ,),
    insert=(f"created_by_id = {ME}", "removed_at IS NULL", ON_WHAT_I_READ),
    update=(f"created_by_id = {ME}", f"removed_by_id IS NULL OR removed_by_id = {ME}"),
    columns=REMOVAL,
    guards=removed_now(),
    erasure=Erasure(),
)

TABLES = [PLAN, PLAN_ITEM, SUPPORT_CONTACT, TOMBSTONE, COMMENT]
