"""Whether a role sees all rows of a table: what it does not see is missing from its dumps and counts, silently."""

from collections.abc import Iterable

import psycopg


def partly_visible(connection: psycopg.Connection, tables: Iterable[str], *, to_update: bool = False) -> list[str]:
    """Those of `tables` of which the current role does not see every row (or may not update every row it sees).

    It sees all of a table it may SELECT from where row-level security is not active for it, or where a policy for it
    says `true` and none restricts it.
    """
    rights, commands = ("SELECT,UPDATE", "*") if to_update else ("SELECT", "*r")
    mine = "p.polrelid = c.oid AND (0 = ANY(p.polroles) OR current_user::regrole = ANY(p.polroles))"
    found = connection.execute(
        f"""
        SELECT c.oid::regclass::text FROM pg_class c WHERE c.oid = ANY(%(tables)s::regclass[]) AND NOT (
            (SELECT bool_and(has_table_privilege(c.oid, r)) FROM unnest(string_to_array(%(rights)s, ',')) r)
            AND (NOT row_security_active(c.oid) OR
                EXISTS (SELECT FROM pg_policy p WHERE {mine} AND p.polpermissive
                    AND strpos(%(commands)s, p.polcmd::text) > 0 AND pg_get_expr(p.polqual, p.polrelid) = 'true')
                AND NOT EXISTS (SELECT FROM pg_policy p WHERE {mine} AND NOT p.polpermissive))
        ) ORDER BY 1
        """,
        {"tables": sorted(set(tables)), "rights": rights, "commands": commands},
    )
    return [name for (name,) in found.fetchall()]
