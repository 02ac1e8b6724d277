"""What the database lets each role do with the families' keys: who may read the texts reads the key, and an author
alone their own. The app role adds keys, and never changes one."""

from common.tables.declarations import ME, Policy, Protection, Table, one_of
from sealing.models import FamilyKey

FOR_ME = f"author_id IS NULL OR author_id = {ME}"
FIRST = ("number = 1", "destroyed_at IS NULL")
# Who starts a family, is asked into one, was removed and has not read it yet, or closed it and may still open it again.
NEAR = """app.new_families() UNION ALL SELECT app.invited_families() UNION ALL SELECT app.families_with_removal_notice()
    UNION ALL SELECT app.closed_families()"""
STARTED_OR_INVITED = f"""{one_of("family_id", "app.new_families()")}
    OR author_id IS NOT NULL AND {one_of("family_id", "app.invited_families()")}"""

TABLES = [
    Table(
        model=FamilyKey,
        family="family_id",
        select=(FOR_ME,),
        insert=(f"author_id = {ME}", *FIRST),
        policies=(
            Policy("near_select", "SELECT", using=(FOR_ME, one_of("family_id", NEAR))),
            Policy("near_insert", "INSERT", check=(FOR_ME, *FIRST, STARTED_OR_INVITED)),
        ),
        protections=(
            Protection("UPDATE", when="OLD.destroyed_at IS NOT NULL"),
            Protection("DELETE"),
            Protection("TRUNCATE"),
        ),
    )
]
