"""Classification of the directory's content by audience, kind of help and place. Stored as English values."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Audience(models.TextChoices):
    """Whom a service is for. RELATIVES means all adult relatives, whatever their relation to the subject."""

    RELATIVES = "relatives", _("Relatives")
    PARENTS = "parents", _("Mother or father")
    PARTNERS = "partners", _("Partner")
    SIBLINGS = "siblings", _("Sister or brother")
    ADULT_CHILDREN = "adult-children", _("Grown-up child")
    FRIENDS = "friends", _("Friend")
    CHILDREN = "children", _("Child or young person")
    SUBJECT = "subject", _("The one who struggles")
    CLINICIANS = "clinicians", _("Professional")


GROWN_UP_RELATIVES = (
    Audience.PARENTS,
    Audience.PARTNERS,
    Audience.SIBLINGS,
    Audience.ADULT_CHILDREN,
    Audience.FRIENDS,
)


class Kind(models.TextChoices):
    """The kind of help."""

    ACUTE = "acute", _("Help at once")
    PHONE = "phone", _("Talk on the phone")
    CHAT = "chat", _("Chat")
    TALK = "talk", _("Conversations")
    GROUP = "group", _("Group")
    PEER_SUPPORT = "peer-support", _("Others who have been there")
    COURSE = "course", _("Course")
    TREATMENT = "treatment", _("Treatment")
    RIGHTS = "rights", _("Money and rights")
    INFORMATION = "information", _("Know more")


class County(models.TextChoices):
    """Norway's counties since 2024."""

    AGDER = "agder", "Agder"
    AKERSHUS = "akershus", "Akershus"
    BUSKERUD = "buskerud", "Buskerud"
    FINNMARK = "finnmark", "Finnmark"
    INNLANDET = "innlandet", "Innlandet"
    MORE_OG_ROMSDAL = "more-og-romsdal", "Møre og Romsdal"
    NORDLAND = "nordland", "Nordland"
    OSLO = "oslo", "Oslo"
    ROGALAND = "rogaland", "Rogaland"
    TELEMARK = "telemark", "Telemark"
    TROMS = "troms", "Troms"
    TRONDELAG = "trondelag", "Trøndelag"
    VESTFOLD = "vestfold", "Vestfold"
    VESTLAND = "vestland", "Vestland"
    OSTFOLD = "ostfold", "Østfold"


class ChannelKind(models.TextChoices):
    """How to contact a service."""

    PHONE = "phone", pgettext_lazy("channel", "Phone")
    SMS = "sms", _("Text message")
    CHAT = "chat", pgettext_lazy("channel", "Chat")
    EMAIL = "email", _("E-mail")
    IN_PERSON = "in-person", _("Meet in person")


class Theme(models.TextChoices):
    """What concerns a reader. Articles are grouped by theme, in this order."""

    AFRAID = "afraid", _("I am afraid of what will happen")
    BETWEEN_US = "between-us", _("What do I say, and where do I draw the line?")
    TREATMENT = "treatment", _("What happens in treatment?")
    CHILDREN = "children", _("What about the children?")
    MONEY = "money", _("What about the money?")
    MYSELF = "myself", _("What about me?")


class State(models.TextChoices):
    """Publication state. Only PUBLISHED is shown to the public."""

    DRAFT = "draft", _("Draft")
    PUBLISHED = "published", _("Published")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class OnFailure(models.TextChoices):
    """What the public sees of a service whose check is overdue or whose web address is dead."""

    WARN = "warn", _("Show it with a warning")
    HIDE = "hide", _("Hide it until it is checked")


class LinkProblem(models.TextChoices):
    """Why the last check of a web address failed."""

    GONE = "gone", _("The page is not there any more")
    BROKEN = "broken", _("The site answers with an error")
    SILENT = "silent", _("Nobody answers")
    CIRCLE = "circle", _("The address leads on without end")
    REFUSED = "refused", _("The address leads somewhere we do not go")
