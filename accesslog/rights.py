"""What the database lets each role do with the access log: each adds rows in their own name, and nobody reads it."""

from accesslog.models import AccessEntry
from common.tables.declarations import APP, APPEND_ONLY, ME, MEMBERS, Policy, Table, one_of

# Of a family one is in, or is asked into.
A_FAMILY = f"""family_id = '' OR {one_of("family_id", f"{MEMBERS}::text")}
    OR {one_of("family_id", "app.invited_families()::text")}"""

TABLES = [
    Table(
        model=AccessEntry,
        policies=(Policy("app_insert", "INSERT", check=(f"agent_id = {ME}::text", A_FAMILY)),),
        grants={APP: "INSERT"},
        protections=APPEND_ONLY,
    )
]
