"""resources.hours: open now, opens at, the week in words; on the clock on the wall in Norway."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from hypothesis import example, given, settings
from hypothesis import strategies as st
from opening_hours import OpeningHours

from resources.facets import ChannelKind
from resources.hours import ALWAYS, HOURS_CAP, OSLO, UNKNOWN, clean_hours, now_words, read_now, service_now, week_of
from resources.hours import week_words as in_words
from resources.models import Channel

WEEKDAYS = "Mo-Fr 11:00-18:00; PH off"  # what RUSinfo keeps, had its source spoken of holidays
SILENT = "Mo-Fr 11:00-18:00"
NIGHT = "22:00-02:00; PH off"


def at(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=OSLO, fold=fold)


def words(hours: str, when: str, fold: int = 0) -> str:
    moment = at(when, fold)
    return now_words(read_now(hours, moment), moment)


@pytest.mark.parametrize(
    ("when", "says"),
    [
        ("2026-11-23 10:59", "Åpner i dag kl. 11.00"),
        ("2026-11-23 11:00", "Åpent nå, til 18.00"),
        ("2026-11-23 17:59", "Åpent nå, til 18.00"),
        ("2026-11-23 18:00", "Åpner i morgen kl. 11.00"),
        ("2026-11-23 23:59", "Åpner i morgen kl. 11.00"),
        ("2026-11-24 00:00", "Åpner i dag kl. 11.00"),
        ("2026-11-27 20:00", "Åpner mandag kl. 11.00"),  # Friday evening
        ("2026-11-28 12:00", "Åpner mandag kl. 11.00"),
        ("2026-11-29 12:00", "Åpner i morgen kl. 11.00"),
        ("2026-12-24 12:00", "Åpent nå, til 18.00"),  # no source speaks of Christmas Eve
        ("2026-12-24 18:00", "Åpner mandag kl. 11.00"),  # over Christmas Day, Boxing Day and a Sunday
        ("2026-12-25 12:00", "Åpner mandag kl. 11.00"),
        ("2026-12-31 18:00", "Åpner mandag kl. 11.00"),
        ("2027-03-24 18:00", "Åpner tirsdag kl. 11.00"),  # from the Wednesday before Easter to the Tuesday after
        ("2027-03-26 12:00", "Åpner tirsdag kl. 11.00"),  # Good Friday
        ("2027-03-29 12:00", "Åpner i morgen kl. 11.00"),  # Easter Monday
        ("2027-05-06 12:00", "Åpner i morgen kl. 11.00"),  # Ascension Day
        ("2027-05-17 12:00", "Åpner i morgen kl. 11.00"),
        ("2028-05-01 12:00", "Åpner i morgen kl. 11.00"),
    ],
)
def test_weekdays_with_holidays_off(when, says):
    assert words(WEEKDAYS, when) == says


def test_a_day_more_than_a_week_away_is_named_by_its_date():
    assert (
        words("Dec 22-Jan 01 off; Mo-Fr 11:00-18:00; Dec 22-Jan 01 off", "2026-12-21 18:00")
        == "Åpner 4. januar kl. 11.00"
    )
    assert words("2027 Jan 02 11:00-12:00", "2026-12-27 18:00") == "Åpner lørdag kl. 11.00"
    assert words("2027 Jan 02 11:00-12:00", "2026-12-26 18:00") == "Åpningstid på helligdager ikke oppgitt"
    assert words("2027 Jan 02 11:00-12:00", "2026-12-24 18:00") == "Åpner 2. januar kl. 11.00"


@pytest.mark.parametrize("when", ["2026-12-25 12:00", "2027-03-26 12:00", "2027-05-17 12:00", "2027-01-01 12:00"])
def test_hours_that_do_not_speak_of_holidays_are_unknown_on_those(when):
    assert words(SILENT, when) == "Åpningstid på helligdager ikke oppgitt"
    assert not read_now(SILENT, at(when)).is_open
    assert not read_now(SILENT, at(when)).is_known


def test_what_opens_after_a_silent_holiday_is_known_all_the_same():
    assert read_now(SILENT, at("2026-12-25 12:00")).opens_at == at("2026-12-28 11:00")
    assert words(SILENT, "2026-12-24 19:00") == "Åpner mandag kl. 11.00"


@pytest.mark.parametrize("when", ["2026-11-23 03:00", "2026-12-25 12:00", "2027-03-28 02:59", "2027-05-17 00:00"])
def test_day_and_night_is_always_open_on_holidays_too(when):
    assert read_now("24/7", at(when)) == ALWAYS
    assert words("24/7", when) == "Alltid åpent"


@pytest.mark.parametrize(
    "nothing", ["", "  ", "hver dag", "Mo-Fr 11-18", "\x00", "\ud800", "🕚", "sunrise-sunset", "SH"]
)
def test_what_nobody_can_read_is_unknown_and_never_an_error(nothing):
    assert read_now(nothing) == UNKNOWN
    assert now_words(UNKNOWN) == "Åpningstid ikke oppgitt"
    assert in_words(nothing) == "Åpningstid ikke oppgitt."
    assert week_of(nothing) is None


def test_what_never_opens_is_closed():
    assert words("off", "2026-11-23 12:00") == "Stengt nå"
    assert words("2020 Mo 10:00-12:00", "2026-11-23 12:00") == "Stengt nå"


def test_a_condition_in_words_is_not_open():
    on_appointment = 'Mo-Fr 09:00-15:00 "etter avtale"; PH off'
    assert words(on_appointment, "2026-11-23 12:00") == "Etter avtale"
    assert not read_now(on_appointment, at("2026-11-23 12:00")).is_open
    assert in_words(on_appointment) == "Mandag–fredag 09.00–15.00 (etter avtale). Stengt på helligdager."


@pytest.mark.parametrize(
    ("when", "says"),
    [
        ("2026-11-23 21:59", "Åpner i dag kl. 22.00"),
        ("2026-11-23 22:00", "Åpent nå, til 02.00"),
        ("2026-11-23 23:59", "Åpent nå, til 02.00"),
        ("2026-11-24 00:00", "Åpent nå, til 02.00"),
        ("2026-11-24 01:59", "Åpent nå, til 02.00"),
        ("2026-11-24 02:00", "Åpner i dag kl. 22.00"),
        ("2026-12-24 23:00", "Åpent nå, til midnatt"),  # the library ends a night where a holiday begins
        ("2026-12-26 22:30", "Åpner i morgen kl. 22.00"),
    ],
)
def test_hours_over_midnight(when, says):
    assert words(NIGHT, when) == says


def test_a_night_that_a_holiday_closed_is_not_open_after_midnight():
    assert not read_now(NIGHT, at("2026-12-27 00:30")).is_open
    assert read_now(NIGHT, at("2026-12-26 12:00")).opens_at == at("2026-12-27 22:00")
    assert read_now("08:00-10:00; PH off", at("2026-12-27 08:30")).is_open  # a morning is no night


def test_midnight_belongs_to_the_day_that_ends():
    assert words("Mo-Fr 08:00-24:00; PH off", "2026-11-23 09:00") == "Åpent nå, til midnatt"
    assert words("Mo-Sa; PH off", "2026-11-23 09:00") == "Åpent nå, til lørdag kl. 24.00"
    assert words("Mo 08:00-24:00, Tu 00:00-20:00; PH off", "2026-11-23 09:00") == "Åpent nå, til tirsdag kl. 20.00"
    assert words("24/7; PH off", "2026-11-23 09:00") == "Åpent nå"  # for more than a week


def test_in_spring_the_hour_that_is_left_out_closes_at_three():
    night = "22:00-02:30; PH off"
    assert read_now(night, at("2026-03-29 01:59")).until == at("2026-03-29 03:00")
    assert words(night, "2026-03-29 01:59") == "Åpent nå, til 03.00"
    assert not read_now(night, at("2026-03-29 03:00")).is_open
    only_then = "02:15-02:30; PH off"
    assert read_now(only_then, at("2026-03-29 01:00")).opens_at == at("2026-03-30 02:15")
    assert read_now("02:15-04:00; PH off", at("2026-03-29 01:00")).opens_at == at("2026-03-29 03:00")


def test_in_autumn_the_clock_on_the_wall_counts_both_times():
    night = "22:00-02:30; PH off"
    for fold in (0, 1):
        assert words(night, "2026-10-25 02:15", fold) == "Åpent nå, til 02.30"
        assert words(night, "2026-10-25 02:45", fold) == "Åpner i dag kl. 22.00"
    assert words("Mo-Su 11:00-18:00", "2026-10-24 19:00") == "Åpner i morgen kl. 11.00"
    assert read_now("Mo-Su 11:00-18:00", at("2026-10-24 19:00")).opens_at.utcoffset() == timedelta(hours=1)


def test_a_moment_given_in_another_zone_is_the_same_moment():
    assert read_now(WEEKDAYS, datetime(2026, 7, 6, 9, 0, tzinfo=UTC)).is_open  # 11.00 in summer
    assert not read_now(WEEKDAYS, datetime(2026, 1, 5, 9, 0, tzinfo=UTC)).is_open  # 10.00 in winter


def test_without_a_moment_it_is_now():
    with time_machine.travel(at("2026-11-23 17:59"), tick=False) as clock:
        assert now_words(read_now(WEEKDAYS)) == "Åpent nå, til 18.00"
        clock.shift(timedelta(minutes=1))
        assert now_words(read_now(WEEKDAYS)) == "Åpner i morgen kl. 11.00"


def service(*channels: tuple[str, str], when: str = "2026-11-23 12:00"):
    return service_now([Channel(kind=kind, opening_hours=hours) for kind, hours in channels], at(when))


def test_a_service_is_open_while_one_way_to_talk_is():
    now = service(
        (ChannelKind.PHONE, "Mo-Fr 08:00-10:00"), (ChannelKind.CHAT, "Mo-Fr 11:00-18:00"), (ChannelKind.SMS, "")
    )
    assert now.until == at("2026-11-23 18:00")


def test_a_service_is_open_until_the_last_way_closes():
    now = service((ChannelKind.PHONE, "Mo 11:00-18:00"), (ChannelKind.CHAT, "Mo 11:00-22:00"), (ChannelKind.SMS, "off"))
    assert now.until == at("2026-11-23 22:00")
    assert service((ChannelKind.PHONE, "Mo 11:00-18:00"), (ChannelKind.CHAT, "24/7")) == ALWAYS


def test_a_service_opens_when_the_first_way_does():
    now = service((ChannelKind.PHONE, "Tu 11:00-18:00"), (ChannelKind.CHAT, "Mo 20:00-22:00"), (ChannelKind.SMS, ""))
    assert now.is_known
    assert now.opens_at == at("2026-11-23 20:00")


def test_a_service_is_unknown_only_where_nothing_is_known():
    assert service((ChannelKind.PHONE, ""), (ChannelKind.CHAT, "rot")) == UNKNOWN
    assert service((ChannelKind.PHONE, ""), (ChannelKind.CHAT, "off")) == UNKNOWN
    assert service((ChannelKind.PHONE, "off")).is_known
    assert service((ChannelKind.PHONE, SILENT), (ChannelKind.SMS, ""), when="2026-12-25 12:00").opens_at


def test_doors_and_letters_are_no_way_to_talk_now():
    assert service((ChannelKind.IN_PERSON, "24/7"), (ChannelKind.EMAIL, "24/7")) is None
    assert service() is None


HOURS = st.sampled_from(
    [
        WEEKDAYS,
        SILENT,
        "Mo-Fr 08:00-12:00,12:30-16:00; Sa 10:00-14:00; PH 12:00-14:00",
        "Mo-Su 06:00-23:30; Dec 24 06:00-12:00; PH off",
        "Jun-Aug Mo-Fr 10:00-14:00; Sep-May Mo-Fr 09:00-15:00; PH off",
        "Fr,Sa 18:00-24:00; PH off",
        "Mo 00:00-24:00; We 10:00-11:00 unknown; PH off",
        "off",
    ]
)


@given(
    hours=HOURS,
    start=st.integers(0, 4 * 365 * 24 * 60).map(
        lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ),
)
@example(hours=WEEKDAYS, start=datetime(2026, 3, 28, 23, tzinfo=UTC))
@example(hours=WEEKDAYS, start=datetime(2026, 10, 24, 23, tzinfo=UTC))
@example(hours="Mo 00:00-24:00; PH off", start=datetime(2026, 5, 13, 22, 1, tzinfo=UTC))  # Monday after a holiday
@settings(max_examples=60, deadline=None)
def test_the_same_as_a_plain_walk_minute_by_minute(hours, start):
    plain = OpeningHours(hours if "PH" in hours else f"{hours}; PH unknown", country="NO")

    def state(moment):
        return str(plain.state(moment.astimezone(OSLO).replace(tzinfo=None))[0])

    now = read_now(hours, start)
    first = state(start)
    assert (now.is_open, now.is_known) == (first == "open", first != "unknown")
    minute = start.replace(second=0, microsecond=0)
    walked = (minute + timedelta(minutes=count) for count in range(1, 4 * 24 * 60))
    if now.is_open:
        change = next((moment for moment in walked if state(moment) != "open"), None)
        found = now.until
    else:
        change = next((moment for moment in walked if state(moment) == "open"), None)
        found = now.opens_at
    assert change is None or change == found


@given(st.text(max_size=40) | st.from_regex(r"(Mo|Tu|PH|SH|24/7|off|[0-9:;, \-+\"/\[\]]){1,12}", fullmatch=True))
@settings(max_examples=300, deadline=None)
def test_no_text_whatever_is_an_error(text):
    moment = at("2026-12-25 12:00")
    assert now_words(read_now(text, moment), moment)
    assert in_words(text, date(2026, 12, 25))


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("", ""),
        ("  24/7 ", "24/7"),
        ("Mo-Fr 11:00-18:00; PH off", "Mo-Fr 11:00-18:00; PH off"),
        ("Mo\u2013Fr 11.00 \u2013 18.00;\n PH off", "Mo-Fr 11:00-18:00; PH off"),
    ],
)
def test_hours_are_kept_as_typed_with_dashes_and_dots_put_right(typed, kept):
    assert clean_hours(typed) == kept
    assert clean_hours(kept) == kept


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("man-fre 11-18", "Vi kan ikke lese disse tidene"),
        ("Mo-Fr 11:00-18:00;", "Vi kan ikke lese disse tidene"),
        ("Mo-Fr 25:00-31:00", "Vi kan ikke lese disse tidene"),
        ("\x00", "Vi kan ikke lese disse tidene"),
        ("Mo-Fr sunrise-sunset", "Tider etter sola"),
        ("SH off", "Tider etter sola"),
        ("Mo-Fr 11:00-18:00; " * 20, f"{HOURS_CAP} tegn"),
    ],
)
def test_a_curator_is_told_kindly_what_cannot_be_kept(typed, says):
    with pytest.raises(ValidationError, match=says):
        clean_hours(typed)


@pytest.mark.parametrize(
    ("hours", "says"),
    [
        (WEEKDAYS, "Mandag–fredag 11.00–18.00. Stengt på helligdager."),
        (SILENT, "Mandag–fredag 11.00–18.00. På helligdager: ikke oppgitt."),
        ("24/7", "Åpent døgnet rundt, alle dager."),
        ("24/7; PH off", "Hver dag hele døgnet. Stengt på helligdager."),
        ("off; PH off", "Stengt. Stengt på helligdager."),
        ("22:00-02:30; PH off", "Hver dag 22.00–02.30. Stengt på helligdager."),
        ("Fr 20:00-04:00; PH off", "Fredag 20.00–04.00. Stengt på helligdager."),
        ("Mo-Fr 08:00-24:00; PH off", "Mandag–fredag 08.00–24.00. Stengt på helligdager."),
        (
            "Mo,We,Fr 10:00-12:00,13:00-15:00; Sa,Su 12:00-16:00; PH 12:00-14:00",
            (
                "Mandag, onsdag og fredag 10.00–12.00 og 13.00–15.00, lørdag og søndag 12.00–16.00. "
                "På helligdager: 12.00–14.00."
            ),
        ),
        ("Mo-Fr 10:00-12:00 unknown", "Mandag–fredag 10.00–12.00 (ikke sikkert). På helligdager: ikke oppgitt."),
    ],
)
def test_the_week_in_words(hours, says):
    assert in_words(hours) == says


def test_hours_of_the_season_are_those_of_this_very_week():
    season = "Jun-Aug Mo-Fr 10:00-12:00; Sep-May Mo-Fr 09:00-15:00; PH off"
    assert in_words(season, date(2026, 7, 1)) == "I uke 27: mandag–fredag 10.00–12.00. Stengt på helligdager."
    assert in_words(season, date(2026, 11, 1)) == "I uke 44: mandag–fredag 09.00–15.00. Stengt på helligdager."
    assert week_of(season, date(2026, 11, 1)).only_in == 44


def test_a_week_has_seven_rows_and_says_what_is_closed():
    week = week_of("Mo-Fr 11:00-18:00; We 11:00-20:00; PH off")
    assert [(row.day, row.words) for row in week.rows] == [
        ("mandag", "11.00–18.00"),
        ("tirsdag", "11.00–18.00"),
        ("onsdag", "11.00–20.00"),
        ("torsdag", "11.00–18.00"),
        ("fredag", "11.00–18.00"),
        ("lørdag", "stengt"),
        ("søndag", "stengt"),
    ]
    assert [row.is_closed for row in week.rows] == [False] * 5 + [True] * 2
    assert not week.only_in
