"""Who looks after the directory of help. They are staff, and nothing else: no superuser, no right to any family."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db import transaction

from accounts.models import User


class NotThereError(Exception):
    """Nobody who can sign in has this address."""


@transaction.atomic
def appoint(email: str) -> None:
    """Let the person look after the directory. They are signed out everywhere, and led to a second step.

    Raises NotThereError, also when the address was never confirmed or the account is closed.
    """
    user = _person(email)
    confirmed = EmailAddress.objects.filter(user=user, email=user.email, verified=True).exists()
    if not (user.is_active and confirmed):
        raise NotThereError
    _make_staff(user, staff=True)


@transaction.atomic
def dismiss(email: str) -> None:
    """Let the person look after the directory no more. They are signed out everywhere. Raises NotThereError."""
    _make_staff(_person(email), staff=False)


@transaction.atomic
def reset_second_step(email: str) -> None:
    """Forget app and recovery codes of somebody who has lost both. They are signed out everywhere.

    Whoever calls this has made sure who is asking. Raises NotThereError.
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
