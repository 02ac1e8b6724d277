"""The one mail a family sends. It tells nothing to whoever else reads the inbox."""

import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from accounts.models import User
from families.actions import mark_sent
from families.models import INVITATION_LIFETIME, Invitation

logger = logging.getLogger(__name__)


def send_invitation(*, invitation: Invitation, link: str, by: User) -> bool:
    """Mail `link` to the invited address, once the invitation is committed. False when the mail server did not take it.

    A person waits: the server gets EMAIL_TIMEOUT seconds.
    """
    context = {"link": link, "days": INVITATION_LIFETIME.days, "site_name": settings.SITE_NAME}
    text = render_to_string("families/mail/invitation.txt", context)
    try:
        send_mail(_("You are invited"), text, settings.DEFAULT_FROM_EMAIL, [invitation.email])
    except (SMTPException, OSError):
        logger.warning("Invitation %s was not taken by the mail server", invitation.pk)
        return False
    mark_sent(invitation=invitation, by=by)
    return True
