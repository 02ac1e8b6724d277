"""URLs of the account pages. allauth's flows reverse them by these names."""

from django.urls import path

from accounts import views

urlpatterns = [
    path("", views.account, name="account"),
    path("", views.account, name="account_email"),
    path("", views.account, name="mfa_index"),
    path("ny/", views.signup, name="account_signup"),
    path("bekreft/", views.confirm_email, name="account_email_verification_sent"),
    path("logg-inn/", views.sign_in, name="account_login"),
    path("logg-ut/", views.sign_out, name="account_logout"),
    path("stengt/", views.closed, name="account_inactive"),
    path("passord/igjen/", views.password_again, name="account_reauthenticate"),
    path("to-trinn/", views.set_up, name="mfa_activate_totp"),
    path("to-trinn/logg-inn/", views.second_step, name="mfa_authenticate"),
    path("to-trinn/igjen/", views.second_step_again, name="mfa_reauthenticate"),
    path("to-trinn/slutt/", views.switch_off, name="mfa_deactivate_totp"),
    path("to-trinn/koder/", views.show_codes, name="mfa_view_recovery_codes"),
    path("to-trinn/koder/fil/", views.codes_file, name="mfa_download_recovery_codes"),
    path("to-trinn/koder/nye/", views.new_codes, name="mfa_generate_recovery_codes"),
    path("passord/", views.change_password, name="account_change_password"),
    path("glemt-passord/", views.reset_password, name="account_reset_password"),
    path("glemt-passord/kode/", views.confirm_reset, name="account_confirm_password_reset_code"),
    path("glemt-passord/nytt/", views.new_password, name="account_complete_password_reset"),
]
