"""common.rates: so many in so long, and no more."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from common.rates import within_rate

pytestmark = pytest.mark.django_db


def ask(key: str = "kari") -> bool:
    return within_rate("invite", key, amount=2, seconds=3600)


def test_one_more_than_the_amount_is_refused():
    assert [ask(), ask(), ask()] == [True, True, False]


def test_others_are_counted_apart():
    ask(), ask(), ask()
    assert ask("jonas")


def test_each_is_forgotten_when_its_own_time_is_over():
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        ask()
        clock.shift(timedelta(minutes=50))
        ask()
        clock.shift(timedelta(minutes=9))
        assert not ask()
        clock.shift(timedelta(minutes=2))
        assert [ask(), ask()] == [True, False]
