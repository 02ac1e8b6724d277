"""What `manage.py check --deploy` says is missing."""

from portal.checks import check_erasure_log


def said(settings, file) -> list[str]:
    settings.DESTROYED_KEYS_FILE = str(file)
    return [problem.id for problem in check_erasure_log()]


def test_it_asks_where_the_worker_notes_who_is_forgotten(settings, tmp_path):
    assert said(settings, "") == ["portal.W003"]
    assert said(settings, tmp_path / "not there" / "list") == ["portal.W004"]
    assert said(settings, tmp_path / "list") == []
