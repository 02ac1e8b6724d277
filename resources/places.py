"""The county of each place, so that a search for a town finds services there and nationwide ones.

Towns and municipalities as of 2024, and the former names of counties. Names that are also common words (Os, Sola, Time,
Land, Stad, Ski) or are in two counties (Våler, Bø, Herøy) are omitted.
"""

from functools import cache

from resources.facets import County
from resources.folding import fold

IN = {
    County.AGDER: (
        "Agder Kristiansand Arendal Grimstad Mandal Lindesnes Lyngdal Farsund Flekkefjord Kvinesdal Vennesla "
        "Lillesand Birkenes Froland Tvedestrand Risør Gjerstad Vegårshei Åmli Evje Bygland Bykle Setesdal Sirdal "
        "Iveland Hægebostad Åseral Søgne Songdalen Sørlandet"
    ),
    County.AKERSHUS: (
        "Akershus Bærum Asker Sandvika Drøbak Frogn Nesodden Vestby Follo Kolbotn Lillestrøm Skedsmo Lørenskog "
        "Rælingen Nittedal Gjerdrum Ullensaker Jessheim Eidsvoll Nannestad Hurdal Aurskog Enebakk Romerike Lunner "
        "Jevnaker"
    ),
    County.BUSKERUD: (
        "Buskerud Drammen Kongsberg Ringerike Hønefoss Hokksund Eiker Mjøndalen Modum Vikersund Krødsherad Sigdal "
        "Flå Nesbyen Gol Hemsedal Hallingdal Geilo Numedal Flesberg Rollag Nore Uvdal Lier Svelvik"
    ),
    County.FINNMARK: (
        "Finnmark Alta Hammerfest Kirkenes Varanger Vadsø Vardø Kautokeino Karasjok Porsanger Lakselv Tana "
        "Honningsvåg Nordkapp Hasvik Måsøy Loppa Lebesby Gamvik Mehamn Berlevåg Båtsfjord Nesseby"
    ),
    County.INNLANDET: (
        "Innlandet Hedmark Oppland Hamar Lillehammer Gjøvik Elverum Kongsvinger Brumunddal Ringsaker Stange Løten "
        "Åmot Rena Trysil Engerdal Tynset Tolga Alvdal Folldal Rendalen Koppang Åsnes Flisa Grue Eidskog Odal Toten "
        "Raufoss Øyer Gausdal Ringebu Vinstra Gudbrandsdalen Dovre Dombås Lesja Vågå Otta Valdres Fagernes Etnedal "
        "Dokka Hadeland Østerdalen Skjåk"
    ),
    County.MORE_OG_ROMSDAL: (
        "Møre Romsdal Nordmøre Sunnmøre Ålesund Molde Kristiansund Ulsteinvik Ulstein Volda Ørsta Hareid Sykkylven "
        "Giske Vestnes Rauma Åndalsnes Aukra Averøy Gjemnes Tingvoll Sunndal Sunndalsøra Surnadal Smøla Aure "
        "Vanylven Fræna Hustadvika Haram"
    ),
    County.NORDLAND: (
        "Nordland Bodø Narvik Mo Rana Mosjøen Vefsn Sandnessjøen Alstahaug Brønnøysund Brønnøy Fauske Sortland "
        "Stokmarknes Hadsel Andøy Andenes Øksnes Svolvær Vågan Vestvågøy Leknes Lofoten Vesterålen Helgeland Meløy "
        "Gildeskål Saltdal Rognan Sørfold Steigen Hamarøy Lødingen Evenes Ballangen Hemnes Hattfjelldal Ofoten"
    ),
    County.OSLO: "Oslo Grorud Stovner Alna Bjerke Grünerløkka Frogner Majorstuen Majorstua Nordstrand Holmlia",
    County.ROGALAND: (
        "Rogaland Stavanger Sandnes Haugesund Karmøy Kopervik Egersund Eigersund Bryne Jæren Klepp Gjesdal Ålgård "
        "Randaberg Jørpeland Hjelmeland Suldal Sauda Tysvær Vindafjord Bokn Utsira Sokndal Bjerkreim Dalane Ryfylke"
    ),
    County.TELEMARK: (
        "Telemark Skien Porsgrunn Notodden Kragerø Bamble Langesund Drangedal Siljan Ulefoss Rjukan Tinn Vinje "
        "Tokke Seljord Kviteseid Nissedal Fyresdal Hjartdal Grenland"
    ),
    County.TROMS: (
        "Troms Tromsø Harstad Finnsnes Senja Lenvik Bardu Bardufoss Målselv Balsfjord Lyngen Storfjord Kåfjord "
        "Nordreisa Skjervøy Kvænangen Karlsøy Salangen Lavangen Gratangen Ibestad Dyrøy Sørreisa Kvæfjord Tjeldsund"
    ),
    County.TRONDELAG: (
        "Trøndelag Trondheim Trondhjem Steinkjer Stjørdal Levanger Verdal Namsos Verdalsøra Orkdal Orkland Orkanger "
        "Melhus Malvik Skaun Oppdal Rennebu Røros Holtålen Gauldal Støren Tydal Selbu Meråker Frosta Inderøy Snåsa "
        "Lierne Grong Namsskogan Overhalla Rørvik Nærøysund Flatanger Fosen Ørland Brekstad Åfjord Osen Hitra Frøya "
        "Kyrksæterøra Rindal"
    ),
    County.VESTFOLD: "Vestfold Tønsberg Sandefjord Larvik Horten Holmestrand Færder Nøtterøy Tjøme Stavern Andebu",
    County.VESTLAND: (
        "Vestland Hordaland Sogn Fjordane Bergen Førde Florø Kinn Sogndal Voss Odda Ullensvang Hardanger Stord "
        "Leirvik Bømlo Kvinnherad Sunnhordland Askøy Øygarden Sotra Alver Knarvik Nordhordland Osterøy Vaksdal "
        "Bjørnafjorden Samnanger Austevoll Tysnes Etne Kvam Eidfjord Ulvik Lærdal Årdal Luster Aurland Balestrand "
        "Høyanger Gulen Gloppen Nordfjord Stryn Måløy Bremanger Askvoll Fjaler Sunnfjord Masfjorden Modalen Fedje "
        "Nordfjordeid"
    ),
    County.OSTFOLD: (
        "Østfold Fredrikstad Sarpsborg Moss Halden Askim Mysen Rakkestad Råde Rygge Hvaler Aremark Skiptvet Hobøl "
        "Spydeberg Eidsberg Trøgstad"
    ),
}


@cache
def _counties() -> dict[str, County]:
    return {town: county for county, towns in IN.items() for town in fold(towns).split()}


def county_of(folded: str) -> County | None:
    """Return the county of a town in folded form, or None."""
    return _counties().get(folded)
