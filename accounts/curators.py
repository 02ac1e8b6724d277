"""Appoint and dismiss the curators of the directory of help.

Curators are staff. They are not superusers and have no access to any family.
"""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db import transaction

from accounts.models import User


class NotThereError(Exception):
    """There is no suitable account with this address."""


@transaction.atomic
def appoint(email: str) -> None:
    """Make the user a curator, and sign them out everywhere.

    At the next sign-in they must set up a second factor. Raises NotThereError, also when the address was never
    confirmed or the account is inactive.
    """
    user = _person(email)
    confirmed = EmailAddress.objects.filter(user=user, email=user.email, verified=True).exists()
    if not (user.is_active and confirmed):
        raise NotThereError
    _make_staff(user, staff=True)


@transaction.atomic
def dismiss(email: str) -> None:
    """Revoke the user's curator role, and sign them out everywhere. Raises NotThereError."""
    _make_staff(_person(email), staff=False)


@transaction.atomic
def reset_second_step(email: str) -> None:
    """Delete the user's authenticator app and recovery codes, and sign them out everywhere.

    For users who have lost both. The caller must have verified the user's identity. Raises NotThereError.
    """
    user = _person(email)
    Authenticator.objects.filter(user=user).delete()
    user.end_sessions()


def _person(email: str) -> User:
    user = User.objects.select_for_update().filter(email=email.strip().lower()).first()
    if user is None:
        raise NotThereError
    return user


def _make_staff(user: User, *, staff: bool) -> None:
    user.is_staff, user.is_superuser = staff, False
    user.save(update_fields=["is_staff", "is_superuser"])
    user.end_sessions()
