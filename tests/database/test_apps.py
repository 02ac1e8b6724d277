"""A new app is held to the import contracts."""

import tomllib
from pathlib import Path

from django.apps import apps

from tests.traps import ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
OURS = {config.name for config in apps.get_app_configs() if Path(config.path) == ROOT / config.name}
NOT_BELOW_PORTAL = {"common", "resources"}  # the directory imports `common`, and belongs to no layer
LAYERS, DIRECTORY, INSIDE = PYPROJECT["importlinter"]["contracts"]


def test_every_app_of_ours_is_in_the_import_contracts():
    assert OURS - set(PYPROJECT["importlinter"]["root_packages"]) == set(), "add it to root_packages in pyproject.toml"
    layers = {name.strip() for layer in LAYERS["layers"] for name in layer.split("|")}
    assert OURS - {"resources"} - layers == set(), "add it to a layer of the first contract in pyproject.toml"
    unknown = OURS - set(DIRECTORY["forbidden_modules"]) - NOT_BELOW_PORTAL
    assert unknown == set(), "add it to forbidden_modules of the second contract in pyproject.toml"


def test_an_app_with_views_or_actions_keeps_to_the_order_inside_apps():
    with_rooms = {name for name in OURS if any((ROOT / name).glob("views*")) and any((ROOT / name).glob("models*"))}
    free = {"accounts"}  # it extends django-allauth, whose forms and adapters call back into it
    missing = with_rooms - set(INSIDE["containers"]) - free
    assert missing == set(), "add it to containers of the third contract in pyproject.toml"


def test_every_app_of_ours_is_measured():
    assert OURS - set(PYPROJECT["coverage"]["run"]["source"]) == set(), "add it to coverage.source in pyproject.toml"
    first = PYPROJECT["ruff"]["lint"]["isort"]["known-first-party"]
    assert OURS - set(first) == set(), "add it to known-first-party in pyproject.toml"
    overrides = [one["module"] for one in PYPROJECT["mypy"]["overrides"] if "disallow_subclassing_any" in one]
    with_models = {f"{name}.*" for name in OURS if any((ROOT / name).glob("models*"))}
    assert with_models - set(*overrides) == set(), "add it to mypy's override for apps in pyproject.toml"
