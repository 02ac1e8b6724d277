"""What the database lets each role do with families: who is in one, who is asked to join, how a membership ends."""

from common.tables.declarations import (
    COORDINATORS,
    ME,
    OWNER,
    RELATIVES,
    WORKER,
    Function,
    Guard,
    Policy,
    Table,
    Trigger,
    final,
    one_of,
    set_by_oneself,
    signed,
)
from families.models import Family, Invitation, Membership, RemovalProposal

LIVE = f"""SELECT m.family_id, m.role, m.is_coordinator
    FROM families_membership m JOIN families_family f ON f.id = m.family_id
    WHERE m.user_id = {ME}
        AND m.ended_at IS NULL
        AND f.closed_at IS NULL"""
NEW, INVITED = "app.new_families()", "app.invited_families()"
TOKEN = "token_hash = nullif(current_setting('app.invitation', true), '')"  # noqa: S105  # it names a setting
TO_ME = "email = ANY(ARRAY(SELECT app.my_addresses()))"
UNANSWERED, UNEXPIRED = "num_nonnulls(accepted_at, declined_at, withdrawn_at) = 0", "expires_at > now()"
INVITATION = f"""FROM families_invitation i JOIN families_family f ON f.id = i.family_id
    WHERE {TOKEN}
        AND {TO_ME}
        AND {UNANSWERED}
        AND {UNEXPIRED}
        AND f.closed_at IS NULL"""
NOT_ENDED = "num_nonnulls(ended_at, ended_by_id, removal_notice_read_at) = 0"

FUNCTIONS = [
    Function("my_families()", "SETOF uuid", f"SELECT family_id FROM ({LIVE}) AS live"),
    Function(
        "families_as(kind text)",
        "SETOF uuid",
        f"""SELECT family_id FROM ({LIVE}) AS live
            WHERE CASE kind WHEN 'coordinator' THEN is_coordinator ELSE role = kind END""",
    ),
    Function(
        "my_addresses()",
        "SETOF text",
        f"""SELECT lower(email) FROM account_emailaddress WHERE user_id = {ME}
            AND verified""",
    ),
    # Where the invitation whose token was presented leads, while it waits for the person it was sent to.
    Function("invited_families()", "SETOF uuid", f"SELECT i.family_id {INVITATION}"),
    Function(
        "may_join(family uuid, as_role text)",
        "boolean",
        f"""SELECT EXISTS (SELECT {INVITATION}
            AND i.family_id = family
            AND i.role = as_role)""",
    ),
    # Started by the current user, with nobody in it yet: for its first member.
    Function(
        "new_families()",
        "SETOF uuid",
        f"""SELECT f.id FROM families_family f WHERE f.created_by_id = {ME}
            AND f.closed_at IS NULL
            AND NOT EXISTS (SELECT FROM families_membership m WHERE m.family_id = f.id)""",
    ),
    # Where another person removed the current user, who has not read it yet: what the family is called there.
    Function(
        "families_with_removal_notice()",
        "SETOF uuid",
        f"""SELECT m.family_id FROM families_membership m WHERE m.user_id = {ME}
            AND m.ended_by_id <> m.user_id
            AND m.removal_notice_read_at IS NULL""",
    ),
    # Closed by the current user, who may still open it again (families.models.REOPEN_PERIOD). By the clock, since the
    # transaction may have begun long before.
    Function(
        "closed_families()",
        "SETOF uuid",
        f"""SELECT f.id FROM families_family f WHERE f.closed_by_id = {ME}
            AND f.closed_at > clock_timestamp() - interval '30 days'""",
    ),
    # Asked once the family's row is locked, which the erasure of closed families locks too: its key may be destroyed.
    Function(
        "reopen_family(family uuid)",
        "boolean",
        f"""BEGIN
            PERFORM 1 FROM families_family WHERE id = family FOR NO KEY UPDATE;
            IF NOT EXISTS (SELECT FROM app.closed_families() AS mine WHERE mine = family)
                OR NOT EXISTS (SELECT FROM sealing_familykey k WHERE k.family_id = family
                    AND k.author_id IS NULL
                    AND k.destroyed_at IS NULL)
            THEN
                RETURN false;
            END IF;
            UPDATE families_family SET closed_at = NULL, closed_by_id = NULL WHERE id = family;
            UPDATE families_membership SET ended_at = NULL, ended_by_id = NULL, is_coordinator = true,
                    changed_at = now(), changed_by_id = {ME}
                WHERE id = (SELECT id FROM families_membership m WHERE m.family_id = family AND m.user_id = {ME}
                    ORDER BY m.ended_at DESC, m.joined_at DESC, m.id LIMIT 1);
            RETURN true;
        END""",
        writes=True,
    ),
    # Returns every family that has no key left, those of before too: the list outside the database asks for them.
    Function(
        "erase_closed()",
        "TABLE (family uuid, erased_at timestamptz)",
        """DECLARE gone uuid[];
        BEGIN
            gone := ARRAY(SELECT id FROM families_family WHERE closed_at < now() - interval '30 days'
                ORDER BY id FOR NO KEY UPDATE SKIP LOCKED);
            UPDATE sealing_familykey SET wrapped = '', destroyed_at = now()
                WHERE family_id = ANY(gone) AND destroyed_at IS NULL;
            DELETE FROM families_invitation WHERE family_id = ANY(gone);
            RETURN QUERY SELECT k.family_id, max(k.destroyed_at) FROM sealing_familykey k
                GROUP BY k.family_id HAVING bool_and(k.destroyed_at IS NOT NULL);
        END""",
        callers=(WORKER,),
        writes=True,
    ),
]

FAMILY = Table(
    model=Family,
    family="id",
    select=(),
    update=(),
    columns=("subject_name",),
    policies=(
        Policy("starter_insert", "INSERT", check=(f"created_by_id = {ME}", "closed_at IS NULL")),
        Policy("starter_select", "SELECT", using=(one_of("id", NEW),)),
        Policy("removed_select", "SELECT", using=(one_of("id", "app.families_with_removal_notice()"),)),
        Policy("invited_select", "SELECT", using=(one_of("id", INVITED),)),
        Policy("closer_select", "SELECT", using=(one_of("id", "app.closed_families()"),)),
        # Who joins locks it, so that two do not join at once, and changes nothing.
        Policy("invited_lock", "UPDATE", using=(one_of("id", INVITED),), check=("false",)),
    ),
)

# What a person proposed ends with their membership, and a family ends with its last.
END_WITH_MEMBERSHIP = Trigger(
    "end_with_membership",
    "AFTER UPDATE OF ended_at",
    """UPDATE families_removalproposal SET withdrawn_at = NEW.ended_at, withdrawn_by_id = NEW.ended_by_id
        WHERE family_id = NEW.family_id AND confirmed_at IS NULL AND withdrawn_at IS NULL
            AND proposed_by_id = NEW.user_id;
    UPDATE families_family SET closed_at = now(), closed_by_id = NEW.ended_by_id
        WHERE id = NEW.family_id AND closed_at IS NULL
            AND NOT EXISTS (SELECT FROM families_membership m WHERE m.family_id = NEW.family_id AND m.ended_at IS NULL);
    RETURN NULL;""",
    when="OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL",
    definer=True,
)
# Joining answers the invitation, so that it is used once. An INSERT can sleep: what its policy asked is asked again,
# but not of the owner (a migration, the demo's loader). This runs as the owner; the role that began is another setting.
ANSWER_INVITATION = Trigger(
    "answer_invitation",
    "AFTER INSERT",
    f"""UPDATE families_invitation SET accepted_at = now(), accepted_by_id = NEW.user_id
        WHERE family_id = NEW.family_id AND role = NEW.role AND {UNANSWERED} AND {UNEXPIRED}
            AND {TOKEN};
    may_join := FOUND OR coalesce(nullif(current_setting('role', true), 'none'), session_user) = '{OWNER}'
        OR EXISTS (SELECT FROM families_family f WHERE f.id = NEW.family_id AND f.created_by_id = NEW.user_id
            AND NOT EXISTS (SELECT FROM families_membership m WHERE m.family_id = f.id AND m.id <> NEW.id));
    PERFORM 1 FROM families_family WHERE id = NEW.family_id AND closed_at IS NULL FOR NO KEY UPDATE;
    IF NOT may_join THEN
        RAISE insufficient_privilege USING MESSAGE = 'refused: joining without an invitation that waits now';
    ELSIF NOT FOUND AND coalesce(nullif(current_setting('role', true), 'none'), session_user) <> '{OWNER}' THEN
        RAISE insufficient_privilege USING MESSAGE = 'refused: joining a family that is closed';
    END IF;
    RETURN NULL;""",
    declare="may_join boolean;",
    definer=True,
)
# The lock makes two who leave at once see each other; families.actions takes the same one first.
ALWAYS_A_COORDINATOR = Trigger(
    "always_a_coordinator",
    "AFTER INSERT OR UPDATE OR DELETE",
    """PERFORM 1 FROM families_family WHERE id = home FOR NO KEY UPDATE;
    IF EXISTS (SELECT FROM families_family WHERE id = home AND closed_at IS NULL) AND NOT EXISTS (
        SELECT FROM families_membership WHERE family_id = home AND ended_at IS NULL AND is_coordinator
    ) THEN
        RAISE EXCEPTION 'an open family has a coordinator'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'always_a_coordinator';
    END IF;
    RETURN NULL;""",
    declare="home uuid := coalesce(NEW.family_id, OLD.family_id);",
    definer=True,
    constraint="DEFERRABLE INITIALLY DEFERRED",
)
ANOTHER, AS_COORDINATOR = f"OLD.user_id <> {ME}", one_of("OLD.family_id", COORDINATORS)
NAMES = "(NEW.display_name, NEW.family_nickname, NEW.removal_notice_read_at)"

MEMBERSHIP = Table(
    model=Membership,
    family="family_id",
    select=(),
    update=(),
    columns=(
        *("is_coordinator", "display_name", "family_nickname", "ended_at", "ended_by_id"),
        *("changed_at", "changed_by_id", "removal_notice_read_at"),
    ),
    policies=(
        Policy("own_select", "SELECT", using=(f"user_id = {ME}",)),
        Policy("invited_select", "SELECT", using=(one_of("family_id", INVITED),)),
        # As coordinator: ALWAYS_A_COORDINATOR asks for one.
        Policy("first_insert", "INSERT", check=(f"user_id = {ME}", NOT_ENDED, one_of("family_id", NEW))),
        Policy(
            "invited_insert",
            "INSERT",
            check=(f"user_id = {ME}", "NOT is_coordinator", NOT_ENDED, "app.may_join(family_id, role)"),
        ),
        Policy(
            "ended_update",
            "UPDATE",
            using=(f"user_id = {ME}", "ended_at IS NOT NULL"),
            check=(f"user_id = {ME}", "ended_at IS NOT NULL"),
        ),
    ),
    guards=(
        *signed(except_=("removal_notice_read_at",)),
        *final("ended_at", except_=("removal_notice_read_at",)),
        *set_by_oneself("ended"),
        *final("removal_notice_read_at"),
        Guard("naming another person", (ANOTHER, f"{NAMES} IS DISTINCT FROM {NAMES.replace('NEW', 'OLD')}")),
        Guard(
            "removing another person: a relative by who is no coordinator, or the subject without two relatives",
            (
                *(ANOTHER, "OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL"),
                f"OLD.role = 'subject' OR NOT {AS_COORDINATOR}",
                "NOT EXISTS (SELECT FROM families_removalproposal p WHERE p.membership_id = OLD.id"
                f" AND p.confirmed_by_id = {ME})",
            ),
        ),
        Guard("taking coordination from another person", (ANOTHER, "OLD.is_coordinator AND NOT NEW.is_coordinator")),
        Guard(
            "making a coordinator where there is another",
            (
                *("NEW.is_coordinator AND NOT OLD.is_coordinator", f"NOT {AS_COORDINATOR}"),
                "EXISTS (SELECT FROM families_membership m WHERE m.family_id = OLD.family_id AND m.ended_at IS NULL"
                " AND m.is_coordinator)",
            ),
        ),
    ),
    triggers=(END_WITH_MEMBERSHIP, ANSWER_INVITATION, ALWAYS_A_COORDINATOR),
)

INVITATIONS = Table(
    model=Invitation,
    family="family_id",
    within=COORDINATORS,
    select=(),
    insert=(f"created_by_id = {ME}", UNANSWERED),
    update=(),
    columns=(
        *("token_hash", "sent_at", "expires_at"),
        *("declined_at", "declined_by_id", "withdrawn_at", "withdrawn_by_id"),
    ),
    policies=(
        Policy("invited_select", "SELECT", using=(TOKEN, TO_ME)),
        Policy(
            "invited_update",
            "UPDATE",
            using=(TOKEN, TO_ME, UNANSWERED, UNEXPIRED),
            check=(TOKEN, f"declined_by_id = {ME}", "withdrawn_at IS NULL"),
        ),
    ),
    guards=(
        *final("accepted_at", "declined_at", "withdrawn_at", except_=("sent_at",)),
        *set_by_oneself("declined", "withdrawn"),
    ),
    triggers=(
        # An INSERT can sleep: whether the sender coordinates is asked again of now.
        Trigger(
            "sent_by_coordinator",
            "AFTER INSERT",
            f"""PERFORM 1 FROM families_family WHERE id = NEW.family_id FOR NO KEY UPDATE;
            IF current_user <> '{OWNER}' AND NOT EXISTS (SELECT FROM families_membership m
                WHERE m.family_id = NEW.family_id AND m.user_id = {ME} AND m.is_coordinator AND m.ended_at IS NULL
            ) THEN
                RAISE insufficient_privilege USING MESSAGE = 'refused: an invitation by who is no coordinator now';
            END IF;
            RETURN NULL;""",
        ),
    ),
)

REMOVAL_PROPOSAL = Table(
    model=RemovalProposal,
    family="family_id",
    within=RELATIVES,
    select=(),
    insert=(
        *(f"proposed_by_id = {ME}", "num_nonnulls(confirmed_at, withdrawn_at) = 0"),
        """EXISTS (SELECT FROM families_membership m WHERE m.id = membership_id
            AND m.role = 'subject'
            AND m.ended_at IS NULL)""",
    ),
    update=(),
    columns=("confirmed_at", "confirmed_by_id", "withdrawn_at", "withdrawn_by_id"),
    guards=(*final("confirmed_at", "withdrawn_at"), *set_by_oneself("confirmed", "withdrawn")),
)

TABLES = [FAMILY, MEMBERSHIP, INVITATIONS, REMOVAL_PROPOSAL]
