"""What can be done to the directory. Keyword-only."""

import re
from collections.abc import Iterable

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from resources.facets import Audience, ChannelKind, County, Kind
from resources.folding import fold, join, sort_key
from resources.models import Channel, HelpService, NumberReport

MADE = ("sort_key", "search_names", "search_text")
NAME, WORD = "|", "#"  # what stands before and after each name, each keyword, in `search_names`
# What stands on either side of a dash, or in brackets, is a name too: «Barn av rusmisbrukere (BAR)».
PARTS = re.compile(r"\s[\u2013\u2014-]\s|[(),]")
NUMBERS = (ChannelKind.PHONE, ChannelKind.SMS)

# What people call those a service is for, and the help they want. The labels are said in the reader's language, so they
# cannot be searched.
CALLED = {
    Audience.RELATIVES: "pårørende familie nærmeste mamma pappa mor far foreldre kone mann ektefelle partner samboer "
    "kjæreste søster søsteren bror broren søsken sønn sønnen datter datteren venn venninne besteforeldre",
    Audience.PARENTS: "pårørende foreldre mor far mamma pappa sønn sønnen datter datteren barnet ungdommen",
    Audience.PARTNERS: "pårørende partner kone kona mann mannen ektefelle samboer samboeren kjæreste kjæresten",
    Audience.SIBLINGS: "pårørende søsken søster søsteren bror broren",
    Audience.ADULT_CHILDREN: "pårørende voksne barn mor moren far faren mamma pappa foreldre",
    Audience.FRIENDS: "venn vennen venninne kamerat kollega nabo",
    Audience.CHILDREN: "barn barnet ungdom unge ungdommer tenåring mamma pappa mor far foreldre søster bror",
    Audience.SUBJECT: "meg selv egen rus slutte",
    Audience.CLINICIANS: "fagfolk fagperson ansatte kommune",
}
OFFERED = {
    Kind.ACUTE: "akutt krise nødhjelp øyeblikkelig hjelp fare",
    Kind.PHONE: "telefon ringe snakke noen å snakke med",
    Kind.CHAT: "chat chatte skrive nettprat melding",
    Kind.TALK: "samtale samtaler snakke rådgivning veiledning",
    Kind.GROUP: "gruppe grupper samtalegruppe",
    Kind.PEER_SUPPORT: "likeperson likemann erfaring selvhjelp andre i samme situasjon",
    Kind.COURSE: "kurs opplæring lære",
    Kind.TREATMENT: "behandling terapi psykolog poliklinikk",
    Kind.RIGHTS: "rettigheter penger økonomi gjeld",
    Kind.INFORMATION: "informasjon råd fakta vite mer",
}


def fill_index(*, service: HelpService, channels: Iterable[Channel]) -> None:
    """Set what is sorted by and searched in, of the service's other words and its `channels`. Saves nothing."""
    channels = list(channels)
    names = [form for name in (service.name, *service.former_names) for form in (name, *PARTS.split(name))]
    numbers = [channel.value for channel in channels if channel.kind in NUMBERS]
    addresses = [service.web, *(channel.value for channel in channels if channel.kind not in NUMBERS)]
    service.sort_key = sort_key(service.name)
    service.search_names = _each(NAME, [*names, *numbers]) + _each(WORD, service.keywords)
    service.search_text = fold(
        " ".join(
            (
                service.summary,
                service.description,
                *(CALLED[Audience(value)] for value in service.audiences),
                *(OFFERED[Kind(value)] for value in service.kinds),
                *(str(County(value).label) for value in service.counties),
                *service.places,
                *(channel.label for channel in channels),
                *(address.removeprefix("https://").removeprefix("www.") for address in addresses),
            )
        )
    )


def _each(mark: str, words: Iterable[str]) -> str:
    """The words folded, and joined where that differs, with `mark` around each."""
    forms = [form for folded in map(fold, words) if folded for form in (folded, join(folded))]
    return f"{mark}{mark.join(dict.fromkeys(forms))}{mark}" if forms else ""


def index(*, service: HelpService) -> None:
    """Make the service found by what it now says. Call it whenever a service or its channels have been saved."""
    fill_index(service=service, channels=service.channels.all())
    HelpService.objects.filter(pk=service.pk).update(**{name: getattr(service, name) for name in MADE})


@transaction.atomic
def report_number(*, channel: Channel) -> None:
    """Count that somebody said `channel`'s number did not work. Who they are is not kept, and nothing is hidden by it.

    What a curator has already looked at today comes up again.
    """
    report, is_first = NumberReport.objects.get_or_create(channel=channel, reported_on=timezone.localdate())
    if not is_first:
        NumberReport.objects.filter(pk=report.pk).update(count=F("count") + 1, handled_at=None, handled_by=None)
