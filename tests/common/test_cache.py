"""common.cache: the cache keeps plain values, and runs nothing."""

import base64
import pickle
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.db import connections
from django.utils import timezone

pytestmark = pytest.mark.django_db(databases=["default", "counters"])


def test_it_gives_what_it_was_given_until_that_is_too_old():
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        cache.set("tries", [1.5, 2, "x", True, None], timeout=60)
        assert cache.get("tries") == [1.5, 2, "x", True, None]
        assert cache.get_many(["tries", "nothing"]) == {"tries": [1.5, 2, "x", True, None]}
        assert not cache.add("tries", 1, timeout=60)
        clock.shift(timedelta(seconds=61))
        assert cache.get("tries", "gone") == "gone"
        assert cache.add("tries", 1, timeout=60)
        assert cache.get("tries") == 1


class Bomb:
    def __reduce__(self):
        return print, ("run",)


def test_what_somebody_put_into_the_table_does_not_run(capsys):
    cache.set("tries", 1, timeout=60)
    words = base64.b64encode(pickle.dumps([1, Bomb()])).decode()
    with connections["counters"].cursor() as cursor:
        cursor.execute("UPDATE cache SET value = %s", [words])
    with pytest.raises(pickle.UnpicklingError, match="print"):
        cache.get("tries")
    assert capsys.readouterr().out == ""
