"""The second wall: policies, grants, triggers and functions of the database. The tests ask it by raw SQL."""

from portal.roles import APP, BACKUP, WORKER
from tests.mutants.kinds import Mutant, altered, dropped, granted, loosened, no_trigger, rewritten, widened

HERE = "ground/policies::test_"
CATALOG = "ground/test_walls_catalog.py::test_"


def here(names: str) -> str:
    """Tests of tests/ground/policies/ by the rest of their names."""
    return " ".join(HERE + name for name in names.split())


# Each policy of the app role, and a test that sees both what it opens and what it shuts.
POLICIES = {
    "families_family.app_reads": "a_family_is_read_by_its_members_and_no_others",
    "families_family.app_changes": "a_blind_change_touches_ones_own_family_alone",
    "families_family.starter_adds": "a_family_is_begun_in_ones_own_name_and_open",
    "families_family.starter_reads": "a_family_with_nobody_in_it_is_read_by_whoever_began_it",
    "families_family.closer_reads": "who_closed_a_family_reads_what_it_was_called_while_they_can_open_it_again",
    "families_family.removed_reads": "who_was_removed_reads_what_it_was_called_until_they_have_read_it",
    "families_family.invited_reads": "who_is_asked_to_join_reads_who_is_there_with_the_link_in_hand",
    "families_family.invited_locks": "who_is_asked_to_join_changes_nothing_of_the_family",
    "families_membership.app_reads": "who_is_in_a_family_is_read_inside_it_and_of_oneself",
    "families_membership.app_changes": "a_blind_change_of_memberships_stays_inside_the_family",
    "families_membership.own_reads": "who_is_in_a_family_is_read_inside_it_and_of_oneself",
    "families_membership.invited_reads": "who_is_asked_to_join_reads_who_is_there_with_the_link_in_hand",
    "families_membership.first_adds": "whoever_begins_a_family_puts_themself_into_it_once_as_coordinator",
    "families_membership.invited_adds": "one_joins_by_the_link_in_hand_as_oneself_in_the_role_asked_for",
    "families_membership.removed_reads_farewell": "a_blind_change_of_memberships_stays_inside_the_family",
    "families_invitation.app_reads": "invitations_are_read_by_the_coordinator_and_by_whoever_holds_theirs",
    "families_invitation.app_adds": "the_coordinator_asks_somebody_in_their_own_name_and_nobody_else_does",
    "families_invitation.app_changes": "a_blind_change_of_invitations_is_the_coordinators_and_stays_at_home",
    "families_invitation.invited_reads": "invitations_are_read_by_the_coordinator_and_by_whoever_holds_theirs",
    "families_invitation.invited_declines": "whoever_holds_an_invitation_says_no_for_themself_and_changes_nothing_else",
    "families_removalproposal.app_reads": "a_proposal_to_remove_somebody_is_seen_by_relatives_alone",
    "families_removalproposal.app_adds": "relatives_propose_in_their_own_name_what_nobody_has_confirmed",
    "families_removalproposal.app_changes": "a_blind_change_of_proposals_is_the_relatives_and_stays_at_home",
    "accesslog_accessentry.app_adds": "the_log_is_written_in_ones_own_name_of_a_family_one_is_in_or_asked_into",
    "crisisplans_crisisplan.app_reads": "a_plan_is_read_and_changed_at_home_alone",
    "crisisplans_crisisplan.app_adds": "a_plan_is_read_and_changed_at_home_alone",
    "crisisplans_crisisplan.app_changes": "a_plan_is_read_and_changed_at_home_alone",
    "crisisplans_comment.app_reads": "what_is_said_about_a_line_is_read_by_whoever_reads_the_line",
    "crisisplans_comment.app_adds": "a_comment_is_written_in_ones_own_name_on_what_one_reads",
    "crisisplans_comment.app_changes": "one_takes_back_ones_own_comment_alone",
    "crisisplans_forgottenentry.app_reads": "versions_are_read_by_whom_they_were_for",
    "families_membershipversion.app_reads": "versions_of_who_is_here_are_read_inside_the_family",
    "crisisplans_planitemversion.app_reads": "versions_are_read_by_whom_they_were_for",
    "crisisplans_supportcontactversion.app_reads": "versions_are_read_by_whom_they_were_for",
    "sealing_familykey.app_reads": "a_key_is_read_by_those_who_may_read_the_texts_and_an_authors_by_the_author",
    "sealing_familykey.app_adds": "an_author_begins_to_write_for_themself_with_a_key_of_their_own",
    "sealing_familykey.threshold_reads": "on_the_threshold_one_reads_the_key_to_what_the_family_is_called",
    "sealing_familykey.threshold_adds": "a_key_comes_with_a_family_or_with_who_joins_it",
} | {
    f"{table}.{policy}": test
    for table in ("crisisplans_planitem", "crisisplans_supportcontact")
    for policy, test in (
        ("app_reads", "lines_are_read_by_whom_they_are_for"),
        ("app_adds", "each_adds_on_their_own_side_in_their_own_name"),
        ("app_changes", "a_blind_change_of_lines_touches_what_one_reads"),
    )
}
TABLES = sorted({policy.partition(".")[0] for policy in POLICIES})

TRUE = "true"
FOR_RELATIVES = "(family_id = ANY (ARRAY( SELECT app.families_as('relative'::text) AS families_as)))"
FOR_COORDINATORS = "(family_id = ANY (ARRAY( SELECT app.families_as('coordinator'::text) AS families_as)))"
AS_NEW = "(num_nonnulls(ended_at, ended_by_id, farewell_read_at) = 0)"
IN_HAND = "((token_hash)::text = NULLIF(current_setting('app.invitation'::text, true), ''::text))"
TO_ME = "((email)::text = ANY (ARRAY( SELECT app.my_addresses() AS my_addresses)))"

# Single conditions of a policy, one at a time: what stands there, what instead.
CONDITIONS = [
    ("families_family.starter_adds", "(created_by_id = app.user_id())", TRUE),
    ("families_family.starter_adds", "(closed_at IS NULL)", TRUE),
    ("families_membership.first_adds", "(user_id = app.user_id())", TRUE),
    ("families_membership.first_adds", AS_NEW, TRUE),
    ("families_membership.first_adds", "app.new_families()", "app.families_as('member')"),
    ("families_membership.invited_adds", "(user_id = app.user_id())", TRUE),
    ("families_membership.invited_adds", "(NOT is_coordinator)", TRUE),
    ("families_membership.invited_adds", AS_NEW, TRUE),
    ("families_membership.invited_adds", "app.may_join(family_id, (role)::text)", TRUE),
    ("families_membership.removed_reads_farewell", "(user_id = app.user_id())", TRUE),
    ("families_invitation.app_reads", "'coordinator'", "'member'"),
    ("families_invitation.app_adds", "(created_by_id = app.user_id())", TRUE),
    ("families_invitation.app_changes", FOR_COORDINATORS, TRUE),
    ("families_invitation.invited_reads", IN_HAND, TRUE),
    ("families_invitation.invited_reads", TO_ME, TRUE),
    ("families_invitation.invited_declines", IN_HAND, TRUE),
    ("families_invitation.invited_declines", "(declined_by_id = app.user_id())", TRUE),
    ("families_invitation.invited_declines", "(num_nonnulls(accepted_at, withdrawn_at) = 0)", TRUE),
    ("families_invitation.app_adds", "(num_nonnulls(accepted_at, declined_at, withdrawn_at) = 0)", TRUE),
    ("families_removalproposal.app_adds", "((m.role)::text = 'subject'::text)", TRUE),
    ("families_removalproposal.app_adds", "(m.family_id = families_removalproposal.family_id)", TRUE),
    ("crisisplans_crisisplan.app_adds", "(reviewed_by_id IS NULL)", TRUE),
    ("crisisplans_comment.app_adds", "(removed_at IS NULL)", TRUE),
    ("crisisplans_comment.app_changes", "(removed_by_id = app.user_id())", TRUE),
    ("crisisplans_planitem.app_adds", "(removed_at IS NULL)", TRUE),
    ("crisisplans_supportcontact.app_adds", "(removed_at IS NULL)", TRUE),
    ("families_removalproposal.app_reads", "'relative'", "'member'"),
    ("families_removalproposal.app_adds", "(proposed_by_id = app.user_id())", TRUE),
    ("families_removalproposal.app_adds", "(num_nonnulls(confirmed_at, withdrawn_at) = 0)", TRUE),
    ("families_removalproposal.app_adds", FOR_RELATIVES, TRUE),
    ("families_removalproposal.app_changes", FOR_RELATIVES, TRUE),
    ("accesslog_accessentry.app_adds", "((agent_id)::text = (app.user_id())::text)", TRUE),
    ("accesslog_accessentry.app_adds", "((family_id)::text = ''::text)", TRUE),
    ("crisisplans_comment.app_reads", "(item_id = ANY (ARRAY( SELECT i.id FROM crisisplans_planitem i)))", TRUE),
    (
        "crisisplans_comment.app_reads",
        "(contact_id = ANY (ARRAY( SELECT c.id FROM crisisplans_supportcontact c)))",
        "(contact_id IS NOT NULL)",
    ),
    ("crisisplans_comment.app_adds", "(created_by_id = app.user_id())", TRUE),
    ("crisisplans_comment.app_adds", "(item_id = ANY (ARRAY( SELECT i.id FROM crisisplans_planitem i)))", TRUE),
    (
        "crisisplans_comment.app_adds",
        "(family_id = ANY (ARRAY( SELECT app.families_as('member'::text) AS families_as)))",
        TRUE,
    ),
    ("crisisplans_comment.app_changes", "(created_by_id = app.user_id())", TRUE),
    *(
        (f"crisisplans_{table}.{policy}", old, new)
        for table in ("planitem", "supportcontact")
        for policy, old, new in (
            ("app_reads", FOR_RELATIVES, TRUE),
            ("app_adds", "((side)::text = 'family'::text)", TRUE),
            ("app_adds", "((side)::text = 'subject'::text)", TRUE),
            ("app_adds", "(created_by_id = app.user_id())", TRUE),
            ("app_adds", "(changed_by_id = app.user_id())", TRUE),
            ("app_changes", FOR_RELATIVES, TRUE),
        )
    ),
    *(
        (f"crisisplans_{table}.app_reads", FOR_RELATIVES, TRUE)
        for table in ("planitemversion", "supportcontactversion", "forgottenentry")
    ),
    ("sealing_familykey.app_reads", "(author_id = app.user_id())", TRUE),
    ("sealing_familykey.threshold_reads", "(author_id = app.user_id())", TRUE),
    *(
        (f"sealing_familykey.{policy}", condition, TRUE)
        for policy in ("app_adds", "threshold_adds")
        for condition in ("(author_id = app.user_id())", "(number = 1)", "(destroyed_at IS NULL)")
    ),
    ("sealing_familykey.threshold_adds", "(author_id IS NOT NULL)", TRUE),
]

LINK_IN_HAND = here("who_is_asked_to_join_reads_who_is_there_with_the_link_in_hand")
GONE = here("a_link_that_is_gone_opens_nothing")
BY_LINK = here("one_joins_by_the_link_in_hand_as_oneself_in_the_role_asked_for")
ENDING = here("with_a_membership_ends_what_that_person_proposed_and_with_the_last_the_family")
LOGGED = here("another_line_in_the_log_does_not_do by_consent_one_reads_once_it_is_logged_and_not_before")

FUNCTIONS = [
    loosened(
        "crisisplans_planitem.app_reads",
        "app.my_families() AS my_families",
        "f.id FROM families_family f",
        LINK_IN_HAND,
    ),
    rewritten("app.families_as", "m.ended_at IS NULL AND", "", here("a_family_is_read_by_its_members_and_no_others")),
    rewritten("app.families_as", "AND f.closed_at IS NULL", "", here("who_left_and_closed_families_do_not_count")),
    rewritten(
        "app.families_as", "m.user_id = app.user_id() AND", "", here("a_family_is_read_by_its_members_and_no_others")
    ),
    rewritten(
        "app.families_as",
        "WHEN 'coordinator' THEN is_coordinator",
        "WHEN 'coordinator' THEN true",
        here("invitations_are_read_by_the_coordinator_and_by_whoever_holds_theirs"),
    ),
    rewritten("app.families_as", "ELSE role = kind", "ELSE true", here("lines_are_read_by_whom_they_are_for")),
    rewritten("app.my_families", "m.ended_at IS NULL AND", "", here("lines_are_read_by_whom_they_are_for")),
    rewritten("app.my_families", "AND f.closed_at IS NULL", "", here("who_left_and_closed_families_do_not_count")),
    rewritten("app.my_families", "INTERSECT SELECT app.logged_reads()", "", LOGGED),
    rewritten(
        "app.my_families",
        "SELECT app.consented_families() INTERSECT",
        "",
        here("a_line_without_a_consent_opens_nothing"),
    ),
    rewritten(
        "app.my_families",
        "UNION ALL (SELECT app.consented_families() INTERSECT SELECT app.logged_reads())",
        "",
        here("by_consent_one_reads_once_it_is_logged_and_not_before"),
    ),
    rewritten(
        "app.consented_families",
        "SELECT NULL::uuid WHERE false",
        "SELECT id FROM families_family",
        here("the_log_is_written_in_ones_own_name_of_a_family_one_is_in_or_asked_into"),
    ),
    rewritten(
        "app.logged_reads",
        "recorded_in = pg_current_xact_id_if_assigned() AND",
        "",
        here("a_line_written_meanwhile_by_another_transaction_does_not_do"),
    ),
    rewritten(
        "app.logged_reads",
        "age(xmin) <= 0 AND",
        "",
        here("a_line_that_a_restore_brought_does_not_do_though_it_has_the_number_of_this_transaction"),
    ),
    rewritten("app.logged_reads", "agent_id = app.user_id()::text AND", "", LOGGED),
    rewritten("app.logged_reads", "action = 'R' AND", "", LOGGED),
    rewritten("app.my_addresses", "AND verified", "", here("an_address_that_is_not_verified_opens_nothing")),
    rewritten(
        "app.my_addresses",
        "user_id = app.user_id() AND",
        "",
        here("who_is_asked_to_join_reads_who_is_there_with_the_link_in_hand"),
    ),
    *(
        rewritten("app.invited_families", old, "", GONE)
        for old in (
            "accepted_at IS NULL AND",
            "declined_at IS NULL AND",
            "withdrawn_at IS NULL AND",
            "expires_at > now() AND",
        )
    ),
    *(
        rewritten("app.may_join", old, "", GONE)
        for old in (
            "accepted_at IS NULL AND",
            "declined_at IS NULL AND",
            "withdrawn_at IS NULL AND",
            "expires_at > now() AND",
        )
    ),
    *(
        loosened("families_invitation.invited_declines", old, TRUE, here("an_invitation_that_is_gone_is_not_answered"))
        for old in (
            "(accepted_at IS NULL)",
            "(declined_at IS NULL)",
            "(withdrawn_at IS NULL)",
            "(expires_at > now())",
        )
    ),
    rewritten(
        "app.invited_families",
        "AND f.closed_at IS NULL",
        "",
        here("a_link_into_a_closed_family_opens_nothing"),
    ),
    rewritten("app.may_join", "AND i.family_id = family", "", BY_LINK),
    rewritten("app.may_join", "AND i.role = as_role", "", BY_LINK),
    rewritten(
        "app.new_families",
        "f.created_by_id = app.user_id() AND",
        "",
        here("a_family_with_nobody_in_it_is_read_by_whoever_began_it"),
    ),
    rewritten(
        "app.new_families",
        "f.closed_at IS NULL AND",
        "",
        here("a_family_with_nobody_in_it_is_read_by_whoever_began_it"),
    ),
    rewritten(
        "app.new_families",
        "AND NOT EXISTS (SELECT FROM families_membership m WHERE m.family_id = f.id)",
        "",
        here("a_family_with_nobody_in_it_is_read_by_whoever_began_it"),
    ),
    *(
        rewritten(
            "app.farewell_families",
            old,
            "",
            here(
                "who_was_removed_reads_what_it_was_called_until_they_have_read_it"
                " a_family_is_read_by_its_members_and_no_others"
            ),
        )
        for old in (
            "m.user_id = app.user_id() AND",
            "AND m.ended_by_id <> m.user_id",
            "AND m.farewell_read_at IS NULL",
        )
    ),
    rewritten(
        "app.user_id",
        "(NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid",
        "(SELECT user_id FROM public.families_membership WHERE is_coordinator LIMIT 1)",
        here("nobody_reads_a_row_in_nobodys_name"),
    ),
    rewritten(
        "app.move_planitem",
        "id = moved AND (",
        "id = moved OR false AND (",
        here("lines_are_moved_at_home_alone"),
    ),
    rewritten(
        "app.move_supportcontact",
        "id = moved AND (",
        "id = moved OR false AND (",
        here("lines_are_moved_at_home_alone"),
    ),
]

VERSIONED = here("every_change_leaves_a_version_and_no_setting_keeps_it_from_that")
BROUGHT_BACK = here("what_was_taken_out_is_brought_back_and_taken_out_again_in_ones_own_name")
TRIED = here("any_reader_notes_in_their_own_name_that_a_number_was_tried")
WHEN_TRIED = here("when_another_tried_a_number_is_not_told_otherwise_and_forgotten_only_with_the_number")
COORDINATING = here(
    "only_a_coordinator_makes_another_or_lays_it_down where_the_only_coordinator_was_removed_a_relative_makes_another"
)
WITHDRAWN_WITH_THEM = (
    "UPDATE families_removalproposal SET withdrawn_at = NEW.ended_at, withdrawn_by_id = NEW.ended_by_id"
    " WHERE family_id = NEW.family_id AND proposed_by_id = NEW.user_id AND confirmed_at IS NULL"
    " AND withdrawn_at IS NULL;"
)
SOMEBODY_LEFT = " SELECT FROM families_membership m WHERE m.family_id = NEW.family_id AND m.ended_at IS NULL "
LEAVING = here("one_leaves_and_says_so_oneself")
REMOVING = here(
    "the_coordinator_removes_relatives_and_nobody_else_does removing_the_one_it_concerns_takes_two_relatives"
)
OWN_WORDS = here(
    "each_side_changes_its_own_words_in_its_own_name"
    " when_the_one_it_concerns_has_left_relatives_take_out_and_do_not_rewrite"
)
STANDS = here("an_answer_stands_and_nobody_answers_for_another")
ONCE = here("each_confirms_for_oneself_and_once")

NOBODY_CONCERNED = (
    "NOT EXISTS ( SELECT FROM families_membership m WHERE m.family_id = OLD.family_id AND m.ended_at IS NULL"
    " AND m.role = 'subject' )"
)

GUARDS = [
    no_trigger("families_membership.members_change_themselves", here("everybody_names_themselves")),
    no_trigger("families_membership.after_a_membership", ENDING),
    *(
        rewritten("app.after_a_membership", old, "", ENDING)
        for old in (WITHDRAWN_WITH_THEM, "AND proposed_by_id = NEW.user_id", "AND NOT EXISTS (" + SOMEBODY_LEFT + ")")
    ),
    no_trigger(
        "families_membership.pgtrigger_always_a_coordinator",
        "families/test_leaving.py::TestTheDatabaseKeepsACoordinator",
    ),
    no_trigger("families_invitation.an_answer_stands", STANDS),
    no_trigger("families_removalproposal.each_confirms_for_oneself", ONCE),
    no_trigger("families_membership.joining_answers", here("joining_answers_the_invitation_by_itself")),
    no_trigger("crisisplans_crisisplan.each_reviews", here("who_went_through_the_plan_says_so_for_themself")),
    no_trigger("crisisplans_planitem.planitem_own_words", OWN_WORDS),
    no_trigger("crisisplans_supportcontact.supportcontact_own_words", OWN_WORDS),
    no_trigger("accesslog_accessentry.pgtrigger_append_only", "ground/test_roles.py::test_not_even_the_owner_can"),
    no_trigger("accesslog_accessentry.pgtrigger_no_truncate", "ground/test_roles.py::test_not_even_the_owner_can"),
    no_trigger(
        "crisisplans_planitem.pgtrigger_update_update",
        VERSIONED,
    ),
    rewritten(
        "app.members_change_themselves",
        "OLD.ended_at IS NOT NULL AND to_jsonb",
        "false AND to_jsonb",
        here("what_has_ended_has_ended"),
    ),
    rewritten(
        "app.members_change_themselves",
        "OLD.user_id <> app.user_id() AND (NEW",
        "false AND (NEW",
        here("everybody_names_themselves"),
    ),
    rewritten("app.members_change_themselves", "NEW.ended_by_id IS DISTINCT FROM app.user_id()", "false", LEAVING),
    rewritten(
        "app.members_change_themselves", "AND OLD.user_id <> app.user_id() AND NOT (", "AND false AND NOT (", REMOVING
    ),
    rewritten("app.members_change_themselves", "NOT (OLD.role = 'subject') AND", "", REMOVING),
    rewritten(
        "app.members_change_themselves",
        "AND OLD.family_id = ANY(ARRAY(SELECT app.families_as('coordinator')))) OR EXISTS",
        ") OR EXISTS",
        REMOVING,
    ),
    rewritten("app.members_change_themselves", "p.membership_id = OLD.id AND", "", REMOVING),
    altered(
        "families_removalproposal.removal_takes_two dropped",
        "ALTER TABLE families_removalproposal DROP CONSTRAINT removal_takes_two",
        "families/test_leaving.py::TestRemovingTheOneItConcerns::test_the_database_itself_wants_two",
    ),
    rewritten("app.members_change_themselves", "AND p.confirmed_by_id = app.user_id()", "", REMOVING),
    *(
        rewritten("app.members_change_themselves", old, new, COORDINATING)
        for old, new in (
            ("NEW.is_coordinator AND NOT OLD.is_coordinator", "false"),
            ("OLD.is_coordinator AND NOT NEW.is_coordinator", "false"),
            ("OR NOT EXISTS ( SELECT FROM families_membership m", "OR EXISTS ( SELECT FROM families_membership m"),
            ("AND m.is_coordinator )", ")"),
        )
    ),
    rewritten("app.supportcontact_own_words", "NEW.last_tested_by_id IS DISTINCT FROM app.user_id()", "false", TRIED),
    rewritten(
        "app.supportcontact_own_words",
        "(NEW.last_tested_on, NEW.last_tested_by_id) IS DISTINCT FROM (OLD.last_tested_on, OLD.last_tested_by_id)",
        "NEW.last_tested_by_id IS DISTINCT FROM OLD.last_tested_by_id",
        WHEN_TRIED,
    ),
    rewritten("app.supportcontact_own_words", "NEW.phone <> OLD.phone", "true", WHEN_TRIED),
    rewritten(
        "app.supportcontact_own_words",
        "AND num_nonnulls(NEW.last_tested_on, NEW.last_tested_by_id) = 0",
        "",
        WHEN_TRIED,
    ),
    loosened(
        "crisisplans_supportcontact.app_adds", "(num_nonnulls(last_tested_on, last_tested_by_id) = 0)", TRUE, TRIED
    ),
    *(
        rewritten(
            f"app.{table}_own_words", "OR NEW.removed_at IS NULL AND OLD.removed_at IS NOT NULL", "", BROUGHT_BACK
        )
        for table in ("planitem", "supportcontact")
    ),
    rewritten(
        "app.an_answer_stands", "num_nonnulls(OLD.accepted_at, OLD.declined_at, OLD.withdrawn_at) > 0", "false", STANDS
    ),
    rewritten("app.an_answer_stands", "NEW.accepted_by_id <> app.user_id()", "false", STANDS),
    rewritten("app.an_answer_stands", "NEW.declined_by_id <> app.user_id()", "false", STANDS),
    rewritten("app.an_answer_stands", "NEW.withdrawn_by_id <> app.user_id()", "false", STANDS),
    rewritten(
        "app.joining_answers",
        "token_hash = nullif(current_setting('app.invitation', true), '') AND",
        "",
        here("joining_answers_the_invitation_by_itself"),
    ),
    rewritten(
        "app.each_reviews_for_oneself",
        "NEW.reviewed_by_id IS DISTINCT FROM app.user_id()",
        "false",
        here("who_went_through_the_plan_says_so_for_themself"),
    ),
    no_trigger("accounts_user.nobody_makes_themself_staff", here("staff_is_made_by_the_owner_role_alone")),
    *(
        rewritten("app.forget_unconfirmed", old, "", here("only_an_account_that_nobody_confirmed_is_forgotten"))
        for old in (
            "AND u.last_login IS NULL",
            "AND NOT u.is_staff",
            "AND EXISTS (SELECT FROM account_emailaddress e WHERE e.user_id = u.id)",
            "AND e.verified",
        )
    ),
    rewritten("app.each_confirms_for_oneself", "NEW IS DISTINCT FROM OLD", "false", ONCE),
    rewritten("app.each_confirms_for_oneself", "NEW.confirmed_by_id IS DISTINCT FROM app.user_id()", "false", ONCE),
    rewritten("app.each_confirms_for_oneself", "NEW.withdrawn_by_id IS DISTINCT FROM app.user_id()", "false", ONCE),
    *(
        rewritten(f"app.{table}_own_words", old, "true" if "EXISTS" in old else "false", OWN_WORDS)
        for table in ("planitem", "supportcontact")
        for old in (
            "NEW.changed_by_id <> app.user_id()",
            "NEW.removed_by_id <> app.user_id()",
            NOBODY_CONCERNED,
        )
    ),
    *(
        rewritten(f"app.{table}_own_words", old, "(" if old[0] == "(" else "OR", OWN_WORDS)
        for table in ("planitem", "supportcontact")
        for old in ("(OLD.side = 'family' AND", "OR OLD.side = 'subject' AND")
    ),
]

FORGETTING = "crisisplans/test_forgetting.py::test_"
SLEEPING = "ground/test_sleeping_sql.py::test_"
CLOSING = "families/test_closing.py::test_"
FORGOTTEN = [
    rewritten(
        "app.closed_families", "f.closed_by_id = app.user_id() AND", "", f"{CLOSING}nobody_else_opens_it[outsider]"
    ),
    rewritten(
        "app.closed_families",
        "AND f.closed_at > now() - interval '30 days'",
        "",
        f"{CLOSING}after_thirty_days_nobody_opens_it",
    ),
    rewritten(
        "app.reopen_family",
        "SELECT FROM app.closed_families() AS mine WHERE mine = family",
        "SELECT WHERE true",
        f"{CLOSING}nobody_else_opens_it[outsider]",
    ),
    rewritten(
        "app.reopen_family",
        "f.closed_at > clock_timestamp() - interval '30 days'",
        "f.closed_at > now() - interval '30 days'",
        f"{CLOSING}who_began_before_the_thirty_days_were_over_and_asks_after_them_opens_nothing",
    ),
    *(
        rewritten("app.reopen_family", old, "true", f"{CLOSING}{test}")
        for old, test in (
            ("k.family_id = family", "a_family_whose_key_is_gone_is_not_opened_again"),
            ("k.author_id IS NULL", "it_is_the_familys_own_key_that_counts"),
            ("k.destroyed_at IS NULL", "a_family_whose_key_is_gone_is_not_opened_again"),
        )
    ),
    rewritten(
        "app.forget_closed", "interval '30 days'", "interval '1 day'", f"{CLOSING}before_that_nothing_is_destroyed"
    ),
    rewritten(
        "app.forget_closed",
        "WHERE closed_at < now()",
        "WHERE created_at < now()",
        f"{CLOSING}a_family_that_is_open_is_never_forgotten",
    ),
    rewritten(
        "app.forget_closed",
        "DELETE FROM families_invitation WHERE family_id = ANY(gone);",
        "",
        f"{CLOSING}after_thirty_days_its_words_open_for_nobody_not_even_the_owner",
    ),
    granted(APP, "EXECUTE", "FUNCTION app.forget_closed()", f"{CLOSING}no_person_may_ask_for_it"),
    no_trigger(
        "families_invitation.asked_by_who_coordinates_now", f"{SLEEPING}who_was_removed_meanwhile_asks_nobody_in"
    ),
    rewritten(
        "app.joining_answers",
        "RAISE insufficient_privilege USING MESSAGE = 'one joins by what waits for an answer now';",
        "NULL;",
        f"{SLEEPING}an_invitation_answered_meanwhile_lets_nobody_in",
    ),
    rewritten(
        "app.joining_answers",
        "RAISE insufficient_privilege USING MESSAGE = 'nobody joins what is closed';",
        "NULL;",
        f"{SLEEPING}a_family_closed_meanwhile_lets_nobody_in",
    ),
    rewritten(
        "app.members_change_themselves",
        "NEW.farewell_read_at IS DISTINCT FROM OLD.farewell_read_at THEN",
        "false THEN",
        here("who_was_removed_reads_their_farewell_once"),
    ),
    no_trigger(
        "account_emailaddress.confirmed_is_confirmed",
        "ground/test_raw_sql.py::test_nobody_unmakes_who_somebody_is_or_that_they_confirmed_it",
    ),
    rewritten(
        "app.nobody_makes_themself_staff",
        "NEW.id <> OLD.id OR",
        "",
        "ground/test_raw_sql.py::test_nobody_unmakes_who_somebody_is_or_that_they_confirmed_it",
    ),
    rewritten(
        "app.forget_removed", "interval '30 days'", "interval '1 day'", f"{FORGETTING}before_that_everything_stays"
    ),
    rewritten(
        "app.forget_removed",
        "DELETE FROM crisisplans_planitemversion WHERE pgh_obj_id = ANY(gone);",
        "",
        f"{FORGETTING}after_thirty_days_no_word_of_it_is_left_in_the_database",
    ),
    rewritten(
        "app.forget_removed",
        "DELETE FROM crisisplans_comment WHERE item_id = ANY(gone);",
        "UPDATE crisisplans_comment SET item_id = NULL, contact_id = (SELECT min(id::text)::uuid FROM"
        " crisisplans_supportcontact) WHERE item_id = ANY(gone);",
        f"{FORGETTING}after_thirty_days_no_word_of_it_is_left_in_the_database",
    ),
    no_trigger(
        "crisisplans_planitemversion.pgtrigger_append_only",
        f"{FORGETTING}not_even_the_owner_deletes_or_changes_another",
    ),
    no_trigger(
        "crisisplans_planitemversion.pgtrigger_no_truncate",
        f"{FORGETTING}not_even_the_owner_deletes_or_changes_another",
    ),
    *(
        no_trigger(f"{table}.pgtrigger_no_truncate", f"{CATALOG}nobody_empties_at_once[{table}]")
        for table in ("sealing_familykey", "accounts_signupconsent")
    ),
    no_trigger(
        "families_membershipversion.pgtrigger_append_only",
        "families/test_history.py::test_not_even_the_owner_changes_a_version",
    ),
    no_trigger(
        "families_membership.each_is_changed_in_ones_own_name",
        "families/test_history.py::test_nobody_changes_a_membership_in_the_name_of_another",
    ),
    *(
        no_trigger(
            f"crisisplans_{table}.{table}_removed_now", f"{FORGETTING}nobody_has_thirty_days_pass_at_once[{table}]"
        )
        for table in ("planitem", "supportcontact", "comment")
    ),
]

RIGHTS = f"{CATALOG}what_a_role_may_do_to_each_table_is_what_stands_here[{APP}]"
THE_LOG = here("the_log_is_read_by_nobody_and_dated_by_the_database")
GRANTS = [
    *(granted(APP, right, table, RIGHTS) for table in TABLES for right in ("UPDATE", "DELETE")),
    granted(APP, "UPDATE (closed_at)", "families_family", RIGHTS),
    granted(APP, "UPDATE (role)", "families_membership", RIGHTS),
    granted(APP, "UPDATE (position)", "crisisplans_planitem", RIGHTS),
    granted(APP, "UPDATE (side)", "crisisplans_planitem", RIGHTS),
    granted(APP, "TRUNCATE", "accesslog_accessentry", RIGHTS),
    granted(APP, "INSERT", "crisisplans_planitemversion", RIGHTS),
    granted(APP, "INSERT", "crisisplans_supportcontactversion", RIGHTS),
    granted(APP, "SELECT", "accesslog_accessentry", THE_LOG),
    granted(APP, "INSERT", "accesslog_accessentry", THE_LOG),
    granted(
        APP, "CREATE", "SCHEMA public", f"{CATALOG}a_role_owns_nothing_is_above_nothing_and_member_of_nothing[{APP}]"
    ),
]

SWITCHES = [
    *(
        altered(
            f"{table} {word}",
            f"ALTER TABLE {table} {word} ROW LEVEL SECURITY",
            f"{CATALOG}every_table_with_a_family_in_it_is_protected_by_the_policies_named_here",
        )
        for table in TABLES
        for word in ("DISABLE", "NO FORCE")
    ),
    altered(
        "harden_triggers undone: pgtrigger can be told to ignore",
        "CREATE OR REPLACE FUNCTION public._pgtrigger_should_ignore(trigger_name NAME) RETURNS BOOLEAN LANGUAGE sql"
        " STABLE AS 'SELECT coalesce(nullif(current_setting(''pgtrigger.ignore'', true), ''''), '''') <> '''''",
        VERSIONED,
    ),
    Mutant(
        name="harden_triggers undone: the library's functions run as whoever acts",
        tests=(f"{CATALOG}every_trigger_of_pgtrigger_runs_as_its_owner_and_cannot_be_told_to_stand_aside",),
        statements=lambda do: [
            f"ALTER FUNCTION {name} SECURITY INVOKER"
            for (name,) in do(
                "SELECT oid::regprocedure::text FROM pg_proc WHERE starts_with(proname, %s) AND prosecdef",
                "pgtrigger_",
            )
        ],
    ),
]

AS_WORKER = "ground/test_worker_and_backup.py::test_the_worker_reads_and_changes_nothing_else"
CLOCK = "ground/test_worker_and_backup.py::test_each_task_of_the_clock_does_its_work_as_the_worker"
WORKERS_POLICIES = ("django_session.worker_reads_expired", "django_session.worker_removes_expired")
OTHER_ROLES = [
    *(widened(policy, AS_WORKER) for policy in WORKERS_POLICIES),
    *(dropped(policy, CLOCK) for policy in WORKERS_POLICIES),
    granted(WORKER, "SELECT", "families_family", AS_WORKER),
    granted(WORKER, "UPDATE", "resources_helpservice", AS_WORKER),
    granted(
        WORKER,
        "EXECUTE",
        "FUNCTION app.my_families()",
        f"{CATALOG}functions_that_look_past_the_policies_are_those_listed_here",
    ),
    granted(
        BACKUP,
        "UPDATE",
        "families_family",
        "ground/test_worker_and_backup.py::test_backup_sees_every_row_and_writes_none",
    ),
]

CATALOGUE = "resources/test_catalogue.py::test_"
MARKS = [
    no_trigger("resources_helpservice.directory_grew", f"{CATALOGUE}a_service_that_comes_is_found"),
    no_trigger(
        "resources_helpservice.directory_changed",
        f"{CATALOGUE}a_service_is_found_and_lost_with_the_change_that_shows_and_hides_it",
    ),
    *(
        no_trigger(
            f"resources_channel.{trigger}",
            f"{CATALOGUE}the_hours_of_a_way_that_is_added_changed_and_removed_count_at_once",
        )
        for trigger in ("directory_grew", "directory_changed")
    ),
    *(
        no_trigger(
            f"resources_searchword.{trigger}",
            f"{CATALOGUE}a_word_that_comes_goes_or_becomes_a_name_counts_at_once",
        )
        for trigger in ("directory_grew", "directory_shrank", "directory_changed", "directory_emptied")
    ),
    *(
        rewritten("app.directory_changed", old, new, f"{CATALOGUE}{test}")
        for old, new, test in (
            ("IF NOT FOUND THEN", "IF false THEN", "words_written_again_as_they_are_leave_the_marks_alone"),
            ("TABLE words EXCEPT TABLE before", "TABLE words", "words_written_again_as_they_are_leave_the_marks_alone"),
            (
                " ORDER BY id::text = current_setting('app.directory_mark', true) DESC",
                "",
                "a_transaction_changes_one_mark_however_often",
            ),
            (" SKIP LOCKED", "", "curators_who_save_at_the_same_time_do_not_wait_for_each_other"),
            ("coalesce(mine, 1)", "mine", "a_change_waits_while_others_hold_every_mark"),
            (
                "WHERE id = mine",
                "WHERE id::text = current_setting('app.directory_mark', true)",
                "whoever_says_which_mark_is_theirs_still_changes_one",
            ),
        )
    ),
    granted(APP, "UPDATE", "resources_directorymark", RIGHTS),
]

WALLS = [
    *(widened(policy, here(test)) for policy, test in POLICIES.items()),
    *(dropped(policy, here(test)) for policy, test in POLICIES.items()),
    *(loosened(policy, old, new, here(POLICIES[policy])) for policy, old, new in CONDITIONS),
    *FUNCTIONS,
    *GUARDS,
    *FORGOTTEN,
    *GRANTS,
    *MARKS,
    *OTHER_ROLES,
    *SWITCHES,
]
