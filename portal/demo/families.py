"""Users, families and plans of the demo. All of them are fictitious.

Mobile numbers are in the series 999, which is not assigned to any operator (Google's number data, 2026). The Swedish
number is one that Post- och telestyrelsen reserves for fiction. Numbers of public services are real.
"""

from typing import Any

from crisisplans.models import Audience, Comment, Level, Section
from families.models import Role
from portal.demo.story import Change, DemoFamily, Line, Member, Person, Said

KARI, JONAS, SANDER, INGRID, SAMIRA, YASIN = "kari", "jonas", "sander", "ingrid", "samira", "yasin"
RELATIVES = {"audience": Audience.RELATIVES}

PEOPLE = (
    Person(KARI, "mor til Sander, og datter av Terje: med i to familier"),
    Person(JONAS, "bror til Sander"),
    Person(SANDER, "den det gjelder i den første familien"),
    Person(INGRID, "gift med Terje: den andre familien"),
    Person(SAMIRA, "søster til Bilal: en tredje familie, som de andre ikke kjenner"),
    Person(YASIN, "far til Bilal"),
)


def sign(by: str, ago: int, level: Level, text: str, noticed_by: str, **more: Any) -> Line:
    values = {"text": text, "level": level, "noticed_by": noticed_by}
    return Line(Section.WARNING_SIGNS, by, ago, values, **more)


def call(by: str, ago: int, name: str, phone: str, role: str, hours: str = "", **more: Any) -> Line:
    message = more.pop("message", False)
    values = {"name": name, "phone": phone, "role": role, "hours": hours, "may_leave_message": message}
    return Line(Section.CONTACTS, by, ago, values | more.pop("kin", {}), **more)


def medicine(by: str, ago: int, text: str, dose: str = "", when: str = "", note: str = "") -> Line:
    return Line(Section.MEDICAL, by, ago, {"text": text, "dose": dose, "when": when, "note": note})


def agreement(by: str, ago: int, text: str, consequence: str, told: str, review: int, **more: Any) -> Line:
    values = {"text": text, "consequence": consequence, "told": told, "review_on": review}
    return Line(Section.AGREEMENTS, by, ago, values, **more)


def role(by: str, ago: int, whom: str, text: str, **more: Any) -> Line:
    return Line(Section.ROLES, by, ago, {"assigned_to": whom, "text": text} | more.pop("kin", {}), **more)


def line(section: Section, by: str, ago: int, text: str, **more: Any) -> Line:
    return Line(section, by, ago, {"text": text} | more.pop("kin", {}), **more)


AROUND_SANDER = DemoFamily(
    subject_name="Sander",
    started=47,
    members=(
        Member(KARI, "Kari (mamma)", "Oss rundt Sander"),
        Member(JONAS, "Jonas", "Familien", joined=46),
        Member(SANDER, "Sander", "Mamma og Jonas", Role.SUBJECT, joined=40),
    ),
    ready=(
        Section.WARNING_SIGNS,
        Section.CONTACTS,
        Section.MEDICAL,
        Section.ROLES,
        Section.EMERGENCY,
    ),
    reviewed=12,
    lines=(
        sign(KARI, 47, Level.GREEN, "Snur døgnet. Legger seg etter tre og sover langt på dag.", "Kari, på telefonen"),
        sign(JONAS, 46, Level.GREEN, "Spiser lite, og lar være å trene tirsdag og torsdag.", "Jonas"),
        sign(SANDER, 39, Level.GREEN, "Jeg begynner å si «det går fint» til alt.", "meg selv, men sent"),
        sign(
            KARI,
            47,
            Level.YELLOW,
            "Svarer ikke på meldinger.",
            "Kari og Jonas",
            changes=(
                Change(
                    JONAS,
                    33,
                    {"text": "Svarer ikke på meldinger før sent på kvelden, eller bare med tommel opp."},
                ),
            ),
        ),
        sign(KARI, 47, Level.YELLOW, "Glemmer timen på poliklinikken, eller avlyser den.", "Kari"),
        sign(JONAS, 46, Level.YELLOW, "Vil låne penger, eller selger ting han er glad i.", "Jonas"),
        sign(JONAS, 46, Level.YELLOW, "Snakker varmt om gamle dager, og treffer dem fra den tida.", "Jonas"),
        sign(SANDER, 39, Level.YELLOW, "Suget kommer flere ganger om dagen, og jeg sier det ikke.", "bare jeg"),
        sign(KARI, 47, Level.RED, "Vi får ikke tak i ham på et helt døgn.", "den som ringte sist"),
        sign(KARI, 47, Level.RED, "Han er sløv og snøvler, eller sovner midt i en setning.", "den som er hos ham"),
        sign(JONAS, 45, Level.RED, "Han sier at han ikke orker mer, eller at alt er det samme.", "den han snakker med"),
        line(Section.TRIGGERS, KARI, 47, "Dagene rundt den 20., når pengene kommer."),
        line(Section.TRIGGERS, JONAS, 46, "Krangler hjemme, særlig når flere snakker samtidig."),
        line(Section.TRIGGERS, KARI, 45, "Lange helger uten noe avtalt. Jula er tyngst."),
        line(Section.TRIGGERS, SANDER, 39, "Å gå forbi stasjonen alene om kvelden."),
        line(Section.TRIGGERS, SANDER, 39, "Når jeg ikke har sovet på to netter."),
        line(
            Section.TRIGGERS,
            KARI,
            44,
            "Vi tror januar er tyngre enn han sier, rundt dagen da pappa døde. Den uka passer vi på at en av oss "
            "ringer hver dag. Vi har ikke snakket med ham om det ennå.",
            kin=RELATIVES,
        ),
        line(Section.COPING, SANDER, 39, "At noen henter meg og kjører en tur, uten at jeg må snakke."),
        line(Section.COPING, SANDER, 39, "Dusje, ta på treningsklær og gå runden rundt vannet."),
        line(Section.COPING, SANDER, 38, "Puste sakte ut i fem minutter: fire inn, seks ut."),
        line(Section.COPING, KARI, 47, "Ringe og spørre: «Vil du ha selskap, eller vil du ha fred?»"),
        line(Section.COPING, JONAS, 46, "Møtet i støttegruppa på torsdag. Jonas kan bli med til døra."),
        line(Section.COPING, KARI, 45, "Lage middag sammen. Noe enkelt, og ingen store spørsmål."),
        line(
            Section.UNHELPFUL,
            KARI,
            46,
            "Å spørre om han har tatt noe, i det samme han kommer inn døra.",
            said=(Said(SANDER, 38, "Takk for at dere skrev det."),),
        ),
        line(Section.UNHELPFUL, SANDER, 39, "Lange taler når jeg er sliten. Send heller en melding dagen etter."),
        line(Section.UNHELPFUL, JONAS, 46, "Å gi penger i hånda."),
        line(Section.UNHELPFUL, JONAS, 46, "Å ringe gamle venner av ham for å lete. Vi ringer hverandre først."),
        line(Section.PEOPLE_AND_PLACES, SANDER, 39, "Verkstedet på onsdager. Der tenker jeg på noe annet."),
        line(Section.PEOPLE_AND_PLACES, SANDER, 39, "Oskar fra treninga. Han vet hvordan det er."),
        line(Section.PEOPLE_AND_PLACES, KARI, 45, "Hytta til tante Randi. Nøkkelen henger hos Kari."),
        line(Section.PEOPLE_AND_PLACES, JONAS, 45, "Runden rundt vannet, seks kilometer. Hunden må ut uansett."),
        call(
            KARI,
            47,
            "Kari",
            "+4799912405",
            "mamma",
            "Hele døgnet. Ring to ganger om natta, så våkner jeg.",
            tested=12,
        ),
        call(
            KARI,
            47,
            "Jonas",
            "+4799931872",
            "bror",
            "Etter klokka 16, og hele helga",
            message=True,
            tested=12,
            changes=(Change(JONAS, 1, {"hours": "Etter klokka 15.30 på hverdager, hele helga. Kan kjøre."}),),
        ),
        call(
            KARI,
            46,
            "Marte på poliklinikken",
            "+4799940118",
            "behandleren til Sander",
            "Mandag til fredag 8.30–15",
            message=True,
            tested=20,
        ),
        call(KARI, 46, "Fastlegen, dr. Nilsen", "+4799940236", "fastlege", "Telefontid 9–11", tested=20),
        call(KARI, 46, "Legevakt", "116117", "når det haster, men ikke er livsfare", "Hele døgnet"),
        call(SANDER, 38, "Oskar", "+4799927541", "venn fra treninga", "Til klokka 23", message=True),
        call(
            KARI,
            45,
            "Tante Randi i Sverige",
            "+46701740605",
            "søster til Kari, to timer unna",
            "Kvelder",
            tested=12,
        ),
        call(KARI, 45, "RUSinfo", "+4791508588", "kan spørres om alt, anonymt", "Hverdager 11–18"),
        call(KARI, 45, "Ivareta", "+4780040567", "for Kari og Jonas selv", kin=RELATIVES),
        line(
            Section.SAFE_SURROUNDINGS,
            JONAS,
            46,
            "Nalokson ligger i øverste kjøkkenskuff hos Kari, i sekken til Jonas og hos Sander. Alle tre har øvd.",
        ),
        line(Section.SAFE_SURROUNDINGS, KARI, 46, "Medisiner hos Kari og Jonas er låst inn. Nøkkelen er flyttet."),
        line(Section.SAFE_SURROUNDINGS, JONAS, 46, "Er vi i tvil, går vi ikke inn alene og kjører ikke alene."),
        line(
            Section.SAFE_SURROUNDINGS,
            KARI,
            45,
            "Rolig stemme, færrest mulig i rommet. Vi krangler ikke med en som er ruset.",
        ),
        line(
            Section.SAFE_SURROUNDINGS,
            KARI,
            34,
            "Etter en pause tåler kroppen mye mindre enn før. Det sier vi høyt, uten å skjenne.",
        ),
        line(
            Section.SAFE_SURROUNDINGS,
            SANDER,
            38,
            "Har jeg ikke svart på et døgn, kan dere låse dere inn. Mamma har nøkkel.",
            said=(Said(KARI, 36, "Da ringer vi på først, og sier hvem vi er."),),
        ),
        medicine(
            SANDER,
            38,
            "Buprenorfin, depotsprøyte",
            "96 mg",
            "Hver fjerde uke på poliklinikken",
            "Kortet med dato ligger i lommeboka.",
        ),
        medicine(SANDER, 38, "Melatonin", "2 mg", "En time før jeg legger meg"),
        medicine(KARI, 46, "Penicillin: allergisk", note="Får utslett og blir tung i pusten. Si det først av alt."),
        medicine(KARI, 46, "Astma: blå inhalator", "1–2 drag", "Ved behov", "Ligger i jakkelomma."),
        medicine(
            KARI,
            34,
            "Beroligende medisin",
            note="Kan være farlig sammen med sprøyta. Legevakta må få vite om begge deler.",
        ),
        medicine(
            SANDER,
            30,
            "Samtykke: Poliklinikken kan snakke med mamma om timer og oppmøte.",
            note="Skriftlig, til nyttår. Ikke om det vi snakker om i timene. Jeg kan trekke det tilbake.",
        ),
        agreement(
            KARI,
            45,
            "Ingen rus hjemme hos Kari eller hos Jonas.",
            "Da avslutter vi besøket rolig, og Sander får skyss hjem. Vi ringer dagen etter.",
            "Sagt til Sander ved kjøkkenbordet, mens alle tre var der",
            43,
        ),
        agreement(
            KARI,
            45,
            "Vi låner ikke bort penger.",
            "Vi sier nei én gang, og snakker om noe annet.",
            "Sander og Jonas",
            43,
            changes=(
                Change(JONAS, 33, {"text": "Vi låner ikke bort penger. Mat og klær kan vi hjelpe med."}),
                Change(KARI, 9, {"text": "Vi låner ikke bort penger. Mat, klær og husleie kan vi hjelpe med."}),
            ),
        ),
        agreement(
            KARI,
            44,
            "Blir Sander mer enn en time forsinket, sender han en melding.",
            "Kari ringer én gang, så Jonas. Svarer han ikke, ser vi på det gule i planen.",
            "Sander",
            29,
            said=(
                Said(
                    SANDER,
                    37,
                    "En time er kort når jeg er på verkstedet og har hendene fulle. Kan vi si tre?",
                    Comment.Kind.DISAGREES,
                ),
            ),
        ),
        agreement(
            SANDER,
            37,
            "Har jeg brukt noe, sier jeg det samme dag. Dere skjenner ikke.",
            "Vi ringer poliklinikken sammen dagen etter.",
            "Mamma og Jonas",
            43,
            said=(Said(JONAS, 36, "Det skal vi klare. Takk for at du sa det."),),
        ),
        agreement(
            JONAS,
            33,
            "Kari har fri torsdag kveld. Da tar Jonas telefonen.",
            "Svarer ikke Jonas heller, er det legevakta, eller 113 ved livsfare.",
            "Alle tre",
            57,
        ),
        role(KARI, 46, KARI, "Ringer 113 eller legevakta og blir på linja. Har lista over medisiner."),
        role(KARI, 46, JONAS, "Kjører. Henter Kari på veien, så ingen kommer alene."),
        role(KARI, 46, KARI, "Følger til poliklinikken annenhver tirsdag. Jonas tar de andre."),
        role(
            JONAS,
            45,
            JONAS,
            "Ella (5) blir med mormor Tove. Vi sier: «Onkel er syk i dag, og de voksne hjelper ham.»",
        ),
        role(SANDER, 37, SANDER, "Har lyd på telefonen, og svarer med ett ord: grønt, gult eller rødt."),
        role(
            KARI,
            44,
            JONAS,
            "Kari og Jonas snakker sammen hver søndag klokka 20, bare om hvordan de selv har det.",
            kin=RELATIVES,
        ),
        role(KARI, 46, JONAS, "Bestefar henter på stasjonen når Jonas er på jobb.", removed=9),
        line(
            Section.EMERGENCY,
            KARI,
            46,
            "Han puster dårlig, er blå på leppene eller er ikke til å vekke: ring 113. Gi nalokson, og gjør som de "
            "sier.",
        ),
        line(Section.EMERGENCY, KARI, 46, "Han snakker om å ta sitt eget liv: ring 113. En av oss blir hos ham."),
        line(Section.EMERGENCY, JONAS, 46, "Krampe, sterke brystsmerter eller et slag mot hodet: ring 113."),
        line(Section.EMERGENCY, JONAS, 46, "Noen truer eller slår: gå ut, ring 112."),
        line(
            Section.EMERGENCY,
            KARI,
            46,
            "Vi er redde, men det er ikke livsfare: legevakt 116 117. På dagtid ringer vi Marte på poliklinikken.",
        ),
        line(Section.EMERGENCY, SANDER, 37, "Ring, også om jeg sier nei."),
        line(Section.WHAT_MATTERS, KARI, 45, "Søndagsmiddagen står fast, også etter ei tung uke."),
        line(Section.WHAT_MATTERS, SANDER, 37, "At dere fortsatt spør meg om helt vanlige ting."),
        line(Section.WHAT_MATTERS, JONAS, 30, "Ella vil ha med onkel på skøyter ⛸️"),
    ),
)

AROUND_TERJE = DemoFamily(
    subject_name="Terje",
    started=19,
    members=(
        Member(INGRID, "Ingrid", "Hjemme"),
        Member(KARI, "Kari", "Pappa og Ingrid", joined=17),
    ),
    lines=(
        sign(INGRID, 19, Level.GREEN, "Går i garasjen med en gang han kommer hjem.", "Ingrid"),
        sign(INGRID, 19, Level.YELLOW, "Tomflasker bak vedstabelen.", "Ingrid"),
        sign(KARI, 16, Level.RED, "Han vil kjøre bil etter å ha drukket.", "den som er der"),
        line(Section.TRIGGERS, INGRID, 19, "Fredager, og når jobben ringer om kvelden."),
        line(Section.COPING, KARI, 16, "Å få ham med ut på vannet. Da kan han prate."),
        line(Section.UNHELPFUL, INGRID, 18, "Å telle flasker høyt."),
        call(INGRID, 19, "Kari", "+4799912405", "datteren til Terje", "Hele døgnet"),
        call(INGRID, 19, "Fastlegen", "+4799940371", "fastlege for oss begge", "Telefontid 9–11", message=True),
        line(Section.SAFE_SURROUNDINGS, INGRID, 18, "Bilnøkkelen ligger hos naboen fra fredag til søndag."),
        agreement(INGRID, 18, "Vi kjører aldri med en som har drukket.", "Vi tar drosje, og han betaler.", "Terje", 25),
        role(KARI, 16, KARI, "Kommer når Ingrid ringer og sier «kan du se innom?»."),
        line(Section.EMERGENCY, INGRID, 18, "Han faller og slår hodet, eller kaster opp uten å våkne: ring 113."),
        line(Section.WHAT_MATTERS, INGRID, 18, "Morgenkaffen på trappa, vi to."),
    ),
)

AROUND_BILAL = DemoFamily(
    subject_name="Bilal",
    started=8,
    members=(
        Member(SAMIRA, "Samira", "Bilal"),
        Member(YASIN, "Yasin (pappa)", "Familien vår", joined=6),
    ),
    lines=(
        sign(SAMIRA, 8, Level.YELLOW, "Låser seg inne på rommet, og maten står urørt.", "Samira"),
        line(Section.COPING, YASIN, 6, "Å be ham om hjelp til noe praktisk."),
        call(SAMIRA, 8, "Samira", "+4799955260", "storesøster", "Alltid"),
        line(Section.EMERGENCY, SAMIRA, 7, "Når han ikke er til å vekke: ring 113."),
    ),
)

FAMILIES = (AROUND_SANDER, AROUND_TERJE, AROUND_BILAL)
