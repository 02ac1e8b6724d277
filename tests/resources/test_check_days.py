"""How long between two checks."""

import pytest
from django.core.exceptions import ValidationError

from tests.factories import ArticleFactory, HelpServiceFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("factory", [HelpServiceFactory, ArticleFactory])
def test_a_check_holds_for_a_day_at_least(factory):
    factory(check_days=1).clean_fields()
    with pytest.raises(ValidationError, match="check_days"):
        factory(check_days=0).clean_fields()
