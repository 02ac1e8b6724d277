"""The invitation mail, the only mail a family sends. It reveals nothing to other readers of the inbox."""

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
    """Mail `link` to the invited address, after the commit. Return False if the mail server did not accept it.

    The user waits for the response, so the connection times out after EMAIL_TIMEOUT seconds.
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
