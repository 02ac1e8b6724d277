"""Database rights on the tables of third-party packages, which have no family. A table without grants is closed."""

from common.tables.declarations import APP, WORKER, Guard, Policy, Table

ALL = {APP: "SELECT, INSERT, UPDATE, DELETE"}
EXPIRED = ("expire_date < now()",)

TABLES = [
    Table(
        model="account_emailaddress",
        grants={APP: "SELECT, INSERT, UPDATE"},
        guards=(
            Guard(
                "taking back that an address was confirmed",
                ("OLD.verified", "NOT NEW.verified OR NEW.user_id <> OLD.user_id"),
            ),
        ),
    ),
    Table(model="account_emailconfirmation"),
    Table(model="auth_group"),
    Table(model="auth_group_permissions"),
    Table(model="auth_permission"),
    Table(model="cache", grants=ALL),  # rate limits
    Table(model="django_admin_log"),
    Table(model="django_content_type", grants={APP: "SELECT"}),  # the admin's forms read content types
    Table(model="django_migrations"),
    # The worker deletes expired sessions. It cannot read their content or owner.
    Table(
        model="django_session",
        grants={**ALL, WORKER: "SELECT (expire_date), DELETE"},
        policies=(
            Policy("app_all", "ALL", using=("true",), check=("true",)),
            Policy("worker_select", "SELECT", using=EXPIRED, role=WORKER),
            Policy("worker_delete", "DELETE", using=EXPIRED, role=WORKER),
        ),
    ),
    Table(model="mfa_authenticator", grants=ALL),
    Table(model="pghistory_context"),
]
