"""A new app is held to the import contracts."""

import tomllib
from pathlib import Path

from django.apps import apps

from tests.traps import ROOT


def test_every_app_of_ours_is_in_the_import_contracts():
    ours = {config.name for config in apps.get_app_configs() if Path(config.path) == ROOT / config.name}
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    assert ours - set(contracts["root_packages"]) == set(), "add it to root_packages in pyproject.toml"
    layers = {name.strip() for layer in contracts["contracts"][0]["layers"] for name in layer.split("|")}
    assert ours - {"resources"} - layers == set(), "add it to a layer of the first contract in pyproject.toml"
