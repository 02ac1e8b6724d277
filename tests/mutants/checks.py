"""The first wall: permissions, query rules, the door, what guards against guessing. Met with wall two down."""

from tests.declared import query_rules
from tests.mutants.kinds import changed, lifted, refusing, set_otherwise

PEOPLE, PLAN = "families.permissions", "crisisplans.permissions"
LEAVING, PERMISSIONS = "families/test_leaving.py", "crisisplans/test_permissions.py"
REMOVING, TWO = f"{LEAVING}::TestRemoving", f"{LEAVING}::TestRemovingTheOneItConcerns"
ONE_PAGE = "families/test_answer_invitation.py::TestOneKindPage"
USABLE = "database/test_query_rules.py::test_an_invitation_is_usable_by_the_one_it_was_sent_to_who_is_not_in_yet"
CURATE = "accounts/test_permissions.py"
FAILED = "resources/test_number_failed.py"
UNREADABLE = "sealing/test_unreadable.py::test_"
ROTATING, IN_HAND = "sealing/test_rotation.py::test_", "sealing/test_keys.py::test_"
TABLE = "harness/test_permissions.py::test_everybody_gets_what_the_table_says"


def in_table(*addresses: str) -> str:
    """Rows of the permission matrix."""
    return " ".join(f"{TABLE}[{address}]" for address in addresses)


CHECKS = [
    # -- The people
    lifted(f"{PEOPLE}:check_can_invite", in_table("invite")),
    refusing(f"{PEOPLE}:check_can_invite", in_table("invite")),
    lifted(f"{PEOPLE}:check_can_remove_member", in_table("remove_member")),
    changed(f"{PEOPLE}:check_can_remove_member", "not member.is_coordinator", "False", in_table("remove_member")),
    changed(f"{PEOPLE}:check_can_remove_member", "other.pk == member.pk", "False", REMOVING),
    changed(f"{PEOPLE}:check_can_remove_member", "other.is_subject", "False", REMOVING),
    lifted(f"{PEOPLE}:check_can_give_coordinator", in_table("coordinator")),
    lifted(f"{PEOPLE}:check_can_propose_removal", in_table("removal")),
    lifted(f"{PEOPLE}:check_can_confirm_removal", TWO),
    changed(f"{PEOPLE}:check_can_confirm_removal", "proposal.proposed_by_id == member.user_id", "False", TWO),
    # -- The plan
    lifted(f"{PLAN}:check_can_edit_plan", "database/test_checks.py"),
    lifted(f"{PLAN}:check_can_edit_item", PERMISSIONS),
    lifted(f"{PLAN}:check_can_remove_item", PERMISSIONS),
    changed(f"{PLAN}:check_can_remove_item", "or not subject_is_here", "or True", PERMISSIONS),
    changed(f"{PLAN}:check_can_remove_item", "or not subject_is_here", "", PERMISSIONS),
    lifted(f"{PLAN}:check_can_comment", PERMISSIONS),
    changed(f"{PLAN}:check_can_comment", "item.side == side_of(by)", "False", PERMISSIONS),
    changed(
        f"{PLAN}:check_can_comment",
        "item.removed_at is not None",
        "False",
        "crisisplans/test_comments.py::test_a_removed_line_takes_no_comments",
    ),
    lifted(f"{PLAN}:check_can_choose_audience", PERMISSIONS),
    lifted(
        f"{PLAN}:check_can_remove_comment",
        "crisisplans/test_comments.py::test_another_persons_comment_cannot_be_taken_back",
    ),
    changed(f"{PLAN}:side_of", "by.is_subject", "False", PERMISSIONS),
    # Where an action forgets to ask
    changed(
        "crisisplans.actions:add_item",
        "check_can_choose_audience(by)",
        "pass",
        "database/test_checks.py",
    ),
    changed("crisisplans.actions:_write", "check_can_choose_audience(by)", "pass", "database/test_checks.py"),
    changed(
        "crisisplans.actions:restore_item",
        "check_can_edit_item(by, item)",
        "pass",
        "crisisplans/test_remove_item.py::test_when_the_one_it_concerns_has_left_relatives_take_out_but_never_change_their_words"
        " database/test_checks.py",
    ),
    changed(
        "crisisplans.actions:remove_item",
        "check_can_remove_item(by, item, subject_is_here=has_subject(by.family_id))",
        "pass",
        "crisisplans/test_remove_item.py::test_each_side_removes_and_brings_back_its_own",
    ),
    changed(
        "crisisplans.actions:restore_item",
        "check_can_remove_item(by, item, subject_is_here=has_subject(by.family_id))",
        "pass",
        "crisisplans/test_remove_item.py::test_each_side_removes_and_brings_back_its_own",
    ),
    changed("crisisplans.actions:move_item", "check_can_edit_item(by, item)", "pass", "database/test_checks.py"),
    changed("crisisplans.actions:revise_item", "check_can_edit_item(by, item)", "pass", "database/test_checks.py"),
    changed(
        "crisisplans.actions:restore_version",
        'values["audience"] = Audience.RELATIVES',
        "pass",
        "crisisplans/test_history.py::test_going_back_to_an_open_text_keeps_what_is_closed_closed",
    ),
    changed("families.actions.locking:lock_members", "acting is None", "False", "database/test_checks.py"),
    # -- The query rules
    *(lifted(rule, "database/test_query_rules.py", returns="self") for rule in query_rules()),
    changed(
        "families.models:MembershipQuerySet.live",
        "ended_at=None, ",
        "",
        f"{LEAVING}::TestLeaving::test_a_relative_leaves_and_sees_nothing_from_the_next_request_on",
    ),
    changed("families.models:MembershipQuerySet.live", ", family__closed_at=None", "", "database/test_query_rules.py"),
    changed(
        "families.models:InvitationQuerySet.visible_to", ", is_coordinator=True", "", in_table("withdraw_invitation")
    ),
    changed(
        "families.models:RemovalProposalQuerySet.visible_to", ", role=Role.RELATIVE", "", "database/test_query_rules.py"
    ),
    changed(
        "crisisplans.models:_written_for",
        "Q(role=Role.RELATIVE) | Q(Exact(audience, Audience.EVERYONE))",
        "",
        "database/test_query_rules.py",
    ),
    changed(
        "crisisplans.models:_revision",
        ", audience=Audience.EVERYONE",
        "",
        "crisisplans/test_plan_page.py::test_what_is_for_relatives_does_not_move_the_edition_the_date_or_the_name",
    ),
    changed(
        "records.models:RecordQuerySet.restorable",
        "removed_at__gt=timezone.now() - RESTORE_PERIOD",
        "removed_at__isnull=False",
        "crisisplans/test_remove_item.py::test_what_was_removed_long_ago_is_not_brought_back_by_any_way",
    ),
    changed(
        "families.models:MembershipQuerySet.unread_removal_notices",
        "user=user, ",
        "",
        "database/test_query_rules.py::test_who_was_removed_is_told_and_nobody_else",
    ),
    changed(
        "families.actions.people:mark_removal_notice_read",
        "user=by, ",
        "",
        f"{REMOVING}::test_nobody_reads_anothers_farewell",
    ),
    # -- Invitations
    *(
        changed("families.models:InvitationQuerySet.usable_by", old, new, USABLE)
        for old, new in (
            ("~Exists(live.filter(user=user)),", ""),
            ("Q(role=Role.RELATIVE) | ~Exists(live.filter(role=Role.SUBJECT)),", ""),
            (", verified=True", ""),
            ("user=user, verified", "verified"),
            ("self.open()", "self"),
        )
    ),
    changed("families.models:InvitationQuerySet.open", ".filter(expires_at__gt=timezone.now())", "", ONE_PAGE),
    changed("families.models:InvitationQuerySet.waiting", "WAITING, ", "", ONE_PAGE),
    changed("families.models:InvitationQuerySet.waiting", ", family__closed_at=None", "", ONE_PAGE),
    changed(
        "families.actions.invitations:accept_invitation",
        "not Invitation.objects.usable_by(by).filter(pk=invitation.pk).exists()",
        "False",
        ONE_PAGE,
    ),
    changed(
        "families.actions.invitations:hash_token",
        'hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()',
        "token[:64]",
        "families/test_invite.py::test_the_token_has_256_bits_and_is_not_kept",
    ),
    set_otherwise(
        "families.actions.invitations:TOKEN_BYTES",
        8,
        "families/test_invite.py::test_the_token_has_256_bits_and_is_not_kept",
    ),
    changed(
        "families.actions.invitations:renew_invitation",
        "hash_token(token), None",
        "waiting.token_hash, None",
        "families/test_invite.py::TestSendAgain::test_it_makes_a_new_link_and_the_old_one_is_dead",
    ),
    # -- The door
    changed("families.access:get_for_reading", "if not visible:", "if False:", "database/test_access_check.py"),
    changed(
        "families.access:get_for_reading", "member.family_id == family_id", "True", "database/test_access_check.py"
    ),
    changed("families.access:get_for_editing", "check(request.actor, found)", "pass", in_table("edit_item")),
    changed("families.access:get_for_editing", "raise NotAllowed", "return found", "database/test_access_check.py"),
    changed("families.access:family_view", 'not hasattr(request, "member")', "False", "database/test_access_check.py"),
    changed(
        "families.views.shared:get_in_family",
        "request.member.family_id != family_id",
        "False",
        "database/test_access_check.py",
    ),
    changed(
        "crisisplans.views.fetch:find_item",
        "(item.family_id, Section(item.section)) != (family_id, section)",
        "False",
        "crisisplans/test_edit_item.py::test_in_two_families_each_item_has_one_address",
    ),
    # -- Rooms and versions
    changed(
        "crisisplans.policies:check_not_full",
        "present >= MAX_ITEMS[model][side]",
        "False",
        "crisisplans/test_section_page.py::test_a_full_plan_says_so_and_keeps_the_text",
    ),
    changed(
        "records.policies:check_version",
        "record.version != version",
        "False",
        "crisisplans/test_edit_item.py::test_the_second_to_save_is_shown_both_texts",
    ),
    changed(
        "records.policies:check_version",
        "record.removed_at is not None",
        "False",
        "crisisplans/test_edit_item.py::test_removed_meanwhile_shows_my_text_and_can_come_back_with_it",
    ),
    # -- Who curates
    lifted("accounts.permissions:check_can_curate", CURATE),
    changed("accounts.permissions:check_can_curate", " and user.is_active", "", CURATE),
    changed("accounts.permissions:check_can_curate", " and user.is_staff", "", CURATE),
    changed("accounts.permissions:check_can_curate", "is_done_here(request) and ", "", CURATE),
    changed("accounts.permissions:check_can_curate", " and is_staff_session(request)", "", CURATE),
    lifted(
        "accounts.permissions:check_can_switch_off",
        "accounts/test_set_up_second_step.py::test_a_curator_does_not_switch_it_off",
    ),
    lifted("portal.curating:CuratorsSite.has_permission", in_table("admin:index"), returns="True"),
    changed(
        "accounts.second_step:_use_app_code",
        "counter is None or counter <= app.data.get(_LAST, 0)",
        "counter is None",
        "accounts/test_two_steps.py::test_a_code_works_once_and_none_before_it_works_after_it",
    ),
    changed(
        "accounts.second_step:use_code",
        ".filter(user=user)",
        ".all()",
        "accounts/test_two_steps.py::test_another_persons_code_does_not_do",
    ),
    # -- Sessions, devices, kept words
    changed(
        "accounts.devices:end_if_idle",
        "rested > IDLE_SECONDS or ",
        "",
        "accounts/test_sign_in.py::test_a_shared_device_is_signed_out_with_the_browser_and_after_half_an_hour_of_rest",
    ),
    changed(
        "accounts.devices:end_if_idle",
        "or now > request.session.get(_ENDS_AT, now)",
        "",
        "accounts/test_two_steps.py::TestTheStaffsSession",
    ),
    changed(
        "accounts.devices:is_known_device",
        "constant_time_compare(kept, _fingerprint(email))",
        "True",
        "accounts/test_sign_in.py::TestTooManyTries::test_a_forged_or_foreign_device_is_not_known",
    ),
    changed(
        "accounts.form_recovery:_open",
        ' and constant_time_compare(kept["person"], person_id(owner.pk))',
        "",
        "accounts/test_kept.py::test_another_person_gets_nothing_and_it_is_deleted",
    ),
    changed(
        "accounts.form_recovery:_open",
        ' and time.time() - kept["at"] < _SECONDS',
        "",
        "accounts/test_kept.py::test_after_an_hour_it_is_gone",
    ),
    # -- Against guessing and flooding
    changed("common.rates:within_rate", "{amount}/", "1000/", "common/test_rates.py"),
    changed("common.rates:within_rate", "key=key", 'key=""', "common/test_rates.py"),
    lifted(
        "families.views.invitations:_may_mail", "families/test_invite.py::test_twenty_an_hour_is_enough", returns="True"
    ),
    changed(
        "accounts.adapter:AccountAdapter._get_login_attempts_cache_key",
        "{self.get_client_ip(request)} ",
        "",
        "accounts/test_sign_in.py::TestTooManyTries::test_a_stranger_elsewhere_locks_nobody_out",
    ),
    set_otherwise(
        "portal.settings:ACCOUNT_RATE_LIMITS.login_failed",
        "1000/m/ip,1000/5m/key",
        "accounts/test_sign_in.py::TestTooManyTries::test_the_sixth_wrong_password_in_five_minutes_waits",
    ),
    set_otherwise(
        "portal.settings:ACCOUNT_RATE_LIMITS.second_step",
        "1000/5m/key,30/d/key",
        "accounts/test_two_steps.py::TestTooManyCodes::test_the_sixth_wrong_code_in_five_minutes_waits_and_the_person_hears_of_it_once",
    ),
    # -- What strangers may send and see
    lifted("common.origin:from_own_page", f"{FAILED}::test_another_site_is_not", returns="True"),
    changed(
        "common.origin:from_own_page",
        'fetched_from == "same-origin"',
        'fetched_from != "cross-site"',
        f"{FAILED}::test_another_site_is_not",
    ),
    changed(
        "common.origin:from_own_page",
        "lower() == here.lower()",
        "startswith(here)",
        f"{FAILED}::test_another_site_is_not",
    ),
    changed(
        "common.origin:place_of",
        "get_client_ip(request)",
        'request.headers.get("X-Forwarded-For")',
        f"{FAILED}::test_what_a_stranger_claims_of_where_they_are_counts_only_behind_a_proxy_of_ours",
    ),
    changed(
        "resources.models:HelpServiceQuerySet.public",
        "state=State.PUBLISHED",
        "",
        "resources/test_service_page.py::test_what_is_not_public_is_found_by_nobody_curators_neither",
    ),
    changed(
        "resources.models:HelpServiceQuerySet.public",
        ".exclude(hidden)",
        "",
        "resources/test_service_page.py::test_what_is_not_public_is_found_by_nobody_curators_neither",
    ),
    changed(
        "resources.models:GuidanceArticleQuerySet.public",
        "state=State.PUBLISHED",
        "",
        "resources/test_articles.py::test_what_is_not_published_is_not_there",
    ),
    # -- Keys
    lifted(
        "common.tables.visibility:partly_visible",
        f"{ROTATING}a_policy_that_hides_rows_from_the_owner_is_noticed"
        f" {ROTATING}a_role_that_does_not_see_every_row_replaces_nothing_and_is_told_which_does",
        returns="[]",
    ),
    changed(
        "sealing.management.commands.rotate_outer_key:Command.replace",
        "opened_by_newest()",
        "type('Said', (), {'keys': 1, 'unopened': []})",
        f"{ROTATING}nothing_can_leave_while_the_newest_outer_key_is_not_the_one_that_wrapped",
    ),
    changed(
        "sealing.rotation:opened_by_newest",
        "key.wrapped_by == newest()",
        "True",
        f"{ROTATING}a_key_wrapped_meanwhile_by_one_who_does_not_know_the_newer_holds_the_older",
    ),
    changed(
        "sealing.rotation:_retire",
        "give_up or all(text.is_lost for text in done.unopened)",
        "True",
        f"{ROTATING}a_text_that_does_not_open_is_named_and_keeps_its_key_and_all_else_is_sealed_anew",
    ),
    changed(
        "sealing.rotation:_retire",
        "done.unopened or newest_one is None",
        "newest_one is None",
        f"{ROTATING}no_key_is_destroyed_for_which_an_outer_key_is_only_missing",
    ),
    changed(
        "sealing.rotation:rotate",
        "_keys_that_do_not_open(owner)",
        "[]",
        f"{ROTATING}no_key_is_destroyed_for_which_an_outer_key_is_only_missing",
    ),
    changed(
        "sealing.rotation:_retire",
        "_reseal(column, owner, newest_one.number).unopened",
        "[]",
        f"{ROTATING}replaced_keys_go_when_nobody_can_need_them",
    ),
    lifted(
        "sealing.checks:check_wrapping",
        f"{IN_HAND}it_says_when_another_key_has_the_right_name"
        f" {IN_HAND}it_says_when_a_key_is_wrapped_by_one_that_this_process_does_not_know",
        returns="[]",
    ),
    changed(
        "sealing.keys:seal_text",
        "number = opened.newest",
        "number = max(opened.by_number)",
        f"{IN_HAND}nothing_is_sealed_with_an_older_key_while_the_newest_does_not_open",
    ),
    # -- Two who write at the same moment, what was removed long ago, and what cannot be read
    changed(
        "crisisplans.actions:revise_item",
        "check_version(item, version)",
        "pass",
        "crisisplans/test_races.py::test_whoever_read_it_before_another_saved_is_asked_too",
    ),
    changed(
        "crisisplans.actions:revise_item",
        "item = lock(item)",
        "pass",
        "crisisplans/test_races.py::test_whoever_read_it_before_it_was_removed_is_told_so",
    ),
    changed(
        "crisisplans.views.fetch:find_item",
        "or item.is_gone",
        "",
        "crisisplans/test_remove_item.py crisisplans/test_edit_item.py",
    ),
    changed("crisisplans.views.comments:take_back", "or on.is_gone", "", "crisisplans/test_comments.py"),
    lifted(
        "common.unreadable:Unreadable.__eq__",
        f"{UNREADABLE}it_is_the_same_as_itself_and_as_no_text",
        returns="other == str(self)",
    ),
    lifted(
        "common.unreadable:UnreadableDocument.__eq__",
        f"{UNREADABLE}a_document_that_cannot_be_read_has_nothing_in_it_and_takes_nothing",
        returns="other == {}",
    ),
    lifted(
        "common.unreadable:sealed_in",
        f"{UNREADABLE}saving_the_row_leaves_its_bytes_as_they_lie {UNREADABLE}it_is_written_nowhere_else",
    ),
    lifted(
        "common.unreadable:Unreadable.__reduce_ex__",
        f"{UNREADABLE}it_is_dialled_by_nothing_and_kept_in_nothing",
        returns="(str, ('',))",
    ),
    changed(
        "crisisplans.actions:record_number_tested",
        "or locked.phone != number",
        "",
        "crisisplans/test_contacts.py::test_a_number_changed_since_the_page_was_opened_is_not_noted_as_tried",
    ),
    changed(
        "crisisplans.actions:restore_item",
        "and version == item.version",
        "",
        "crisisplans/test_edit_item.py::test_brought_back_with_my_text_it_shows_what_another_wrote_before_it_was_removed",
    ),
    lifted(
        "records.policies:check_readable",
        "harness/test_unreadable.py::test_every_page_answers_whatever_cannot_be_read[destroy-refused1]",
    ),
]
