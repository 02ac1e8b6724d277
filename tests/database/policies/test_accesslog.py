"""The access log, and what it opens: by consent one reads what is for everyone once the log says so. No log, no read."""

from tests.database.policies import rows
from tests.raw_sql import REFUSED, ids, insert

LOG, LINES = "accesslog_accessentry", "crisisplans_planitem"


def test_the_log_is_written_in_ones_own_name_of_a_family_one_is_in_or_asked_into(ours, theirs):
    me = ours.relative
    assert insert(me, LOG, **rows.log_line(me, ours.family)) == 1
    assert insert(me, LOG, **rows.log_line(me, "")) == 1
    for agent in (ours.coordinator, "", "system"):
        assert insert(me, LOG, **rows.log_line(agent, ours.family)) == REFUSED
        assert insert(me, LOG, **rows.log_line(agent, "")) == REFUSED
    assert insert(None, LOG, **rows.log_line(me, "")) == REFUSED
    assert insert(me, LOG, **rows.log_line(me, theirs.family)) == REFUSED
    assert insert(ours.former, LOG, **rows.log_line(ours.former, ours.family)) == REFUSED
    assert insert(ours.invited, LOG, **rows.log_line(ours.invited, ours.family)) == REFUSED
    assert insert(ours.invited, LOG, ours.invitation_token, **rows.log_line(ours.invited, ours.family)) == 1


def test_the_log_is_read_by_nobody(ours):
    assert ids(ours.coordinator, LOG) == REFUSED
