"""The list of families that were forgotten: whole lines, whatever happens meanwhile."""

import os
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from common.env import ROOT
from common.erasure_log import append_erasures, read_erasures

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def test_the_list_of_the_forgotten_only_grows(tmp_path):
    file, first, second = tmp_path / "list", uuid4(), uuid4()
    assert append_erasures(file, {first: LONG_AGO}) == 1
    assert append_erasures(file, {first: timezone.now(), second: LONG_AGO}) == 1
    assert read_erasures(file) == {first: LONG_AGO, second: LONG_AGO}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with file.open("a") as more:
        more.write("neither id nor time\n")
    with pytest.raises(ValueError, match=r"line 3 is not the id of a family and a time"):
        read_erasures(file)
    with pytest.raises(ValueError, match=r"line 3"):
        append_erasures(file, {})


def test_on_a_full_disk_the_list_stays_as_it_was_and_it_is_said(tmp_path):
    file, first = tmp_path / "list", uuid4()
    append_erasures(file, {first: LONG_AGO})
    before = file.read_bytes()
    program = f"""
import resource
from datetime import datetime, UTC
from pathlib import Path
from uuid import uuid4
from common.erasure_log import append_erasures
resource.setrlimit(resource.RLIMIT_FSIZE, ({len(before)} + 100, {len(before)} + 100))  # a line and a half fit
append_erasures(Path({str(file)!r}), {{uuid4(): datetime.now(UTC) for _ in range(9)}})
"""
    done = subprocess.run(  # noqa: S603  # a program of our own
        [sys.executable, "-c", program], cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False
    )
    assert "nothing could be added to the list of destroyed keys, which is as it was (File too large)" in done.stderr
    assert file.read_bytes() == before
    assert append_erasures(file, {uuid4(): LONG_AGO}) == 1


@pytest.mark.parametrize("written", [10, 36, 37, 50, 62])
def test_a_last_line_that_was_cut_off_is_written_anew(written, tmp_path):
    file, first, second = tmp_path / "list", uuid4(), uuid4()
    append_erasures(file, {first: LONG_AGO, second: LONG_AGO})
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2 + written - 1])
    append_erasures(file, {first: LONG_AGO, second: LONG_AGO})
    assert file.read_bytes() == whole


def test_a_last_line_that_only_lacks_its_end_counts(tmp_path):
    file, first, second = tmp_path / "list", uuid4(), uuid4()
    file.write_text(f"{first} 2026-01-01T00:00:00+00:00")
    assert read_erasures(file) == {first: LONG_AGO}
    append_erasures(file, {second: LONG_AGO})
    assert read_erasures(file) == {first: LONG_AGO, second: LONG_AGO}


@pytest.mark.parametrize(
    ("when", "why"),
    [
        ("2099-01-01T00:00:00+00:00", "is still to come"),
        pytest.param((timezone.now() + timedelta(hours=25)).isoformat(), "is still to come", id="tomorrow"),
        ("2026-01-01", "has no zone"),
        ("2026-01-01T00:00:00", "has no zone"),
        ("0001-01-01T00:00:00+00:00", "was before there was a portal"),
        ("2019-12-31T23:59:59+00:00", "was before there was a portal"),
    ],
)
def test_a_time_that_cannot_be_is_refused_with_its_line_and_what_to_do(when, why, tmp_path):
    file, first, second = tmp_path / "list", uuid4(), uuid4()
    append_erasures(file, {first: LONG_AGO})
    with file.open("a") as more:
        more.write(f"{second} {when}\n")
    before = file.read_bytes()
    for use in (read_erasures, lambda file: append_erasures(file, {uuid4(): LONG_AGO})):
        with pytest.raises(ValueError, match=r": line 2 says .*, which .* Compare it with the other copy") as told:
            use(file)
        assert f"{when}, which {why}." in str(told.value)
    assert file.read_bytes() == before


def test_a_clock_that_is_a_little_wrong_is_none_of_its_business(tmp_path):
    file, soon = tmp_path / "list", timezone.now() + timedelta(hours=23)
    append_erasures(file, {UUID(int=1): soon})
    assert read_erasures(file) == {UUID(int=1): soon}


def test_a_folder_is_no_list(tmp_path):
    for use in (read_erasures, lambda file: append_erasures(file, {})):
        with pytest.raises(ValueError, match=r"is a folder\. The list .* name that \(DESTROYED_KEYS_FILE\)"):
            use(tmp_path)


def test_a_piece_of_a_line_of_nobody_we_know_is_for_people_to_mend(tmp_path):
    file = tmp_path / "list"
    file.write_text("7d1f0a")
    with pytest.raises(ValueError, match=r"line 1 is not the id of a family and a time\. It is the last, and may"):
        append_erasures(file, {UUID(int=1): LONG_AGO})
    assert file.read_text() == "7d1f0a"
