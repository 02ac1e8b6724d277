"""Addresses of an account. The names are allauth's, which its flows ask for."""

from django.urls import path

from accounts import views

urlpatterns = [
    path("", views.account, name="account"),
    path("", views.account, name="account_email"),
    path("ny/", views.signup, name="account_signup"),
    path("bekreft/", views.confirm_email, name="account_email_verification_sent"),
    path("logg-inn/", views.sign_in, name="account_login"),
    path("logg-ut/", views.sign_out, name="account_logout"),
    path("stengt/", views.closed, name="account_inactive"),
    path("passord/", views.change_password, name="account_change_password"),
    path("glemt-passord/", views.reset_password, name="account_reset_password"),
    path("glemt-passord/kode/", views.confirm_reset, name="account_confirm_password_reset_code"),
    path("glemt-passord/nytt/", views.new_password, name="account_complete_password_reset"),
]
