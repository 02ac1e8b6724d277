"""What pages name by heart is what curators are told that they name by heart."""

import re
import tomllib

from common.phones import clean_phone
from resources import hardcoded
from tests.traps import ROOT

TEMPLATES = [path for path in (ROOT / "templates").rglob("*.html") if "demo" not in path.parts]


def with_names_and_keys(pattern: str) -> set[str]:
    return {name for path in TEMPLATES for name in re.findall(pattern, path.read_text())}


def test_every_number_a_page_names_by_heart_is_of_one_of_these_services_and_is_the_number_it_has():
    services = tomllib.loads((ROOT / "resources/data/services.toml").read_text())["service"]
    ours = [service for service in services if service["key"] in hardcoded.SERVICES]
    assert {service["key"] for service in ours} == hardcoded.SERVICES
    numbers = {clean_phone(way["value"]) for one in ours for way in one["channels"] if way["kind"] == "phone"}
    assert with_names_and_keys(r'href="tel:(\+?\d+)"') == numbers


def test_every_article_a_page_names_by_heart_is_one_of_these():
    texts = {path.stem for path in (ROOT / "resources/data/articles").glob("*.md")}
    assert with_names_and_keys(r"""url ["']article["'] ["']([\w-]+)["']""") == hardcoded.ARTICLES <= texts
