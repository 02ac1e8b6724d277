"""What surrounds every request. Met, as the checks are, with wall two down."""

from tests.mutants.kinds import changed, lifted, without_middleware

IN_NAME = "portal/test_acting.py"
NO_STORE = "portal/test_middleware.py::TestNoStore"
SIGN_IN = "portal/test_middleware.py::TestSignInRequired"

FRAME = [
    without_middleware(
        "portal.middleware.act_as_user",
        f"{IN_NAME}::test_a_page_is_rendered_in_the_name_of_who_is_signed_in_before_the_transaction_ends",
    ),
    changed(
        "common.acting:acting_as",
        "_setting(PERSON, str(user_id))",
        "_setting(PERSON, '')",
        f"{IN_NAME}::test_a_page_is_rendered_in_the_name_of_who_is_signed_in_before_the_transaction_ends",
    ),
    changed(
        "common.acting:_set",
        "set_config(%s, %s, true)",
        "set_config(%s, %s, false)",
        f"{IN_NAME}::test_nobody_acts_after_the_block_on_a_connection_used_again",
    ),
    changed(
        "common.acting:_setting",
        "_set(name, before)",
        "pass",
        f"{IN_NAME}::test_the_one_before_acts_on_where_the_transaction_goes_on",
    ),
    changed(
        "portal.middleware:act_as_user",
        "transaction.set_rollback(True)",
        "pass",
        f"{IN_NAME}::test_what_failed_on_our_side_leaves_nothing_and_nobody_behind",
    ),
    changed(
        "portal.middleware:act_as_user",
        "calls.clear()",
        "pass",
        f"{IN_NAME}::test_what_waits_for_the_commit_is_not_done_when_we_failed",
    ),
    changed(
        "portal.middleware:act_as_user",
        "with acting_as(request.user.pk):",
        "if True:",
        f"{IN_NAME}::test_a_page_is_rendered_in_the_name_of_who_is_signed_in_before_the_transaction_ends",
    ),
    without_middleware("portal.middleware.no_store_for_users", NO_STORE),
    changed(
        "portal.middleware:no_store_for_users",
        "signed_in or request.user.is_authenticated",
        "request.user.is_authenticated",
        NO_STORE,
    ),
    without_middleware("portal.middleware.SignInRequired", SIGN_IN),
    without_middleware(
        "portal.middleware.end_idle_sessions",
        "accounts/test_sign_in.py::test_a_shared_device_is_signed_out_with_the_browser_and_after_half_an_hour_of_rest",
    ),
    without_middleware("portal.middleware.clean_input", "portal/test_middleware.py::TestCleanInput"),
    without_middleware("portal.middleware.permissions_policy", "portal/test_middleware.py::TestBrowserRules"),
    without_middleware("portal.middleware.content_policy", "portal/test_middleware.py::TestBrowserRules"),
    without_middleware(
        "portal.middleware.allow_get_head_post",
        "harness/test_permissions.py::test_everybody_gets_what_the_table_says[about]",
    ),
    without_middleware("django.middleware.csrf.CsrfViewMiddleware", "accounts/test_kept.py::TestWithoutTheFormsSecret"),
    lifted(
        "accounts.form_recovery:discard_unless_owner",
        "accounts/test_kept.py::test_it_is_deleted_as_soon_as_another_person_signs_in",
    ),
]
