"""Three thousand fictitious services with a realistic distribution, the same in every run.

Most are local, a few are nationwide, some have no opening hours, and some have not been checked for long.
"""

from datetime import timedelta
from itertools import product
from random import Random
from typing import Any
from urllib.parse import urlencode

HOW_MANY = 3_000
WHO = ("Familiesenteret", "Pårørendetelefonen", "Ruskontakten", "Samtalerommet", "Likepersonshuset", "Møteplassen")
WHOSE = {
    "": "relatives",
    " for foreldre": "parents",
    " for søsken": "siblings",
    " for partnere": "partners",
    " for voksne barn": "adult-children",
    " for unge": "children",
    " for venner": "friends",
}
TOWNS = {
    "agder": ("Arendal", "Kristiansand", "Grimstad", "Mandal", "Farsund", "Lillesand"),
    "akershus": ("Lillestrøm", "Sandvika", "Ås", "Ski", "Jessheim", "Drøbak"),
    "buskerud": ("Drammen", "Kongsberg", "Hønefoss", "Geilo", "Gol", "Modum"),
    "finnmark": ("Alta", "Hammerfest", "Kirkenes", "Vadsø", "Honningsvåg", "Karasjok"),
    "innlandet": ("Hamar", "Gjøvik", "Lillehammer", "Elverum", "Fagernes", "Brumunddal"),
    "more-og-romsdal": ("Ålesund", "Molde", "Kristiansund", "Volda", "Ulsteinvik", "Sunndalsøra"),
    "nordland": ("Bodø", "Narvik", "Mo i Rana", "Mosjøen", "Svolvær", "Brønnøysund"),
    "oslo": ("Grünerløkka", "Majorstua", "Tøyen", "Holmlia", "Røa", "Stovner"),
    "rogaland": ("Stavanger", "Sandnes", "Haugesund", "Egersund", "Bryne", "Sauda"),
    "telemark": ("Skien", "Porsgrunn", "Notodden", "Kragerø", "Bø", "Rjukan"),
    "troms": ("Tromsø", "Harstad", "Finnsnes", "Skjervøy", "Lyngen", "Bardufoss"),
    "trondelag": ("Trondheim", "Stjørdal", "Steinkjer", "Levanger", "Namsos", "Røros"),
    "vestfold": ("Tønsberg", "Sandefjord", "Larvik", "Horten", "Holmestrand", "Færder"),
    "vestland": ("Bergen", "Førde", "Voss", "Odda", "Florø", "Sogndal"),
    "ostfold": ("Fredrikstad", "Sarpsborg", "Moss", "Halden", "Askim", "Mysen"),
}
HOURS = ("", "", "", "24/7", "Mo-Fr 11:00-18:00", "Mo-Fr 09:00-15:00; PH off", "Mo-Su 17:00-22:00", "Tu,Th 12:00-20:00")
WHO_ASKS = ("sosken", "mor-far", "partner", "voksent-barn", "venn")
WHAT_FOR = ("snakke", "gruppe", "kurs", "behandling", "samtaler")
WISHES = ("", "&anonym=1", "&gratis=1", "&anonym=1&gratis=1")
WHERE = ("", "&sted=trondelag", "&sted=oslo", "&sted=vestland")


def questions() -> list[str]:
    """Return four hundred URLs of the directory's page in random order, each with other filters."""
    chosen = [
        f"/hjelp/?hvem={who}&hva={what}{place}{wish}"
        for who, what, place, wish in product(WHO_ASKS, WHAT_FOR, WHERE, WISHES)
    ]
    Random(1).shuffle(chosen)
    return chosen


def searches() -> list[str]:
    """Return as many search URLs with one typo each: a missing letter, two transposed letters or an extra one."""
    chance = Random(1)
    towns = [town for each in TOWNS.values() for town in each]
    typed = []
    for who, town in chance.sample(list(product(WHO, towns)), 400):
        words = chance.choice([who, f"{who} {town}"]).lower()
        at = chance.randrange(1, len(who) - 1)
        one, two = words[at], words[at + 1]
        mistake = chance.choice([one, two + one, one + one + two])
        typed.append(f"/hjelp/?{urlencode({'sok': words[:at] + mistake + words[at + 2 :]})}")
    return typed


def fill_services(user: Any) -> None:
    """Create the services, half of them checked by `user`."""
    from django.utils import timezone

    from resources.actions import fill_index
    from resources.facets import ChannelKind, Kind, State
    from resources.models import CHECK_EVERY, Channel, HelpService

    chance, today = Random(1), timezone.localdate()
    places = [(county, town) for county, towns in TOWNS.items() for town in towns]
    names = list(product(places, WHO, WHOSE))
    services, channels = [], []
    for number in range(HOW_MANY):
        (county, town), who, whose = names[number % len(names)]
        branch = f" {number // len(names) + 1}" if number >= len(names) else ""
        checked = chance.random() < 0.5
        on = today - timedelta(days=chance.randrange(250))
        kinds = chance.sample(list(Kind)[1:], 3)
        service = HelpService(
            key=f"tjeneste-{number}",
            state=State.PUBLISHED,
            source="Kommunens nettsider, lest 2026",
            name=f"{who}{whose} i {town}{branch}",
            former_names=[f"{town} rådgivning {number}"] if number % 10 == 0 else [],
            summary="Noen å snakke med for deg som er glad i en som drikker eller ruser seg.",
            description=f"Vi tar imot alle fra {town} og omegn. Du kan komme alene eller sammen med noen.",
            audiences=[WHOSE[whose]],
            kinds=kinds,
            counties=[] if number % 20 == 0 else [county],
            places=[town],
            is_anonymous=chance.choice([True, False, None]),
            is_free=chance.choice([True, True, None]),
            needs_referral=chance.choice([True, False, None]),
            languages=chance.choice([[], ["nb"], ["nb", "en"]]),
            web=f"https://hjelp-{number}.example.org/",
            keywords=["prat", "støtte"] if number % 3 == 0 else [],
            **({"checked_on": on, "checked_by": user, "due_on": on + CHECK_EVERY} if checked else {}),
        )
        ways = [Channel(service=service, kind=ChannelKind.PHONE, value=f"+47{21_000_000 + number}")]
        if number % 4 == 0:
            ways.append(Channel(service=service, kind=ChannelKind.CHAT, value=f"{service.web}chat/", position=1))
        if number % 6 == 0:
            ways.append(Channel(service=service, kind=ChannelKind.IN_PERSON, value=f"Storgata 1, {town}", position=2))
        for way in ways:
            way.opening_hours = chance.choice(HOURS)
        fill_index(service=service, channels=ways)
        services.append(service)
        channels += ways
    HelpService.objects.bulk_create(services, batch_size=1000)
    Channel.objects.bulk_create(channels, batch_size=1000)
