"""What the database lets each role do with accounts. They have no family in them, and no row-level security: who signs
in is not known yet (docs/threat-model.md)."""

from accounts.models import SignupConsent, User
from common.tables.declarations import APP, NEVER_TRUNCATED, Function, Guard, Table

FUNCTIONS = [
    # The only account that the app role can delete: one that nobody ever confirmed or signed in to.
    Function(
        "erase_unconfirmed(address text)",
        "void",
        """DECLARE person uuid;
        BEGIN
            SELECT u.id INTO person FROM accounts_user u WHERE u.email = address
                AND u.last_login IS NULL
                AND NOT u.is_staff
                AND EXISTS (SELECT FROM account_emailaddress e WHERE e.user_id = u.id)
                AND NOT EXISTS (SELECT FROM account_emailaddress e WHERE e.user_id = u.id AND e.verified)
                FOR UPDATE;
            DELETE FROM account_emailaddress WHERE user_id = person;
            DELETE FROM accounts_signupconsent WHERE user_id = person;
            DELETE FROM accounts_user WHERE id = person;
        END""",
        writes=True,
    ),
]
TABLES = [
    Table(
        model=User,
        grants={APP: "SELECT, INSERT, UPDATE"},
        guards=(  # Django's INSERT and save() name every column, so these are guards and not grants
            Guard("an account for staff", ("NEW.is_staff OR NEW.is_superuser",), on="INSERT"),
            Guard(
                "making or unmaking staff",
                ("(NEW.is_staff, NEW.is_superuser) IS DISTINCT FROM (OLD.is_staff, OLD.is_superuser)",),
            ),
            Guard("another id", ("NEW.id <> OLD.id",)),
            Guard("forgetting that somebody signed in", ("OLD.last_login IS NOT NULL", "NEW.last_login IS NULL")),
        ),
    ),
    Table(model=SignupConsent, grants={APP: "SELECT, INSERT"}, protections=NEVER_TRUNCATED),
    Table(model=User.groups.through),
    Table(model=User.user_permissions.through),
]
