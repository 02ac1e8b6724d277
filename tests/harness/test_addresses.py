"""Every address leads to a view that says what kind it is."""

import pytest
from django.http import HttpResponse
from django.urls import path

from common.views import own, public
from families.access import family_view
from tests.harness.addresses import THIRD_PARTY, Address, every_address, walk

ADDRESSES = every_address()


@pytest.mark.parametrize("address", ADDRESSES, ids=str)
def test_every_view_is_door_public_own_or_a_named_third_party(address: Address):
    assert address.kind, f"{address.route}: mark its view with @public, @own or @family_view"


@pytest.mark.parametrize("address", ADDRESSES, ids=str)
def test_whoever_names_a_family_in_the_address_passes_the_door(address: Address):
    if "family_id" in address.blanks:
        assert address.kind == "family"


def test_every_address_has_a_name_of_its_own():
    names = [address.name for address in ADDRESSES]
    assert "" not in names
    assert len(set(names)) == len(names)


def test_the_list_of_third_parties_names_nobody_who_has_left():
    assert {address.name for address in ADDRESSES} >= THIRD_PARTY


def test_the_sweep_sees_through_includes_and_refuses_what_is_unmarked():
    def plain(request) -> HttpResponse:
        return HttpResponse()

    kinds = [
        address.kind
        for address in walk(
            [
                path("a/", public(lambda request: HttpResponse()), name="a"),
                path("b/", own(lambda request: HttpResponse()), name="b"),
                path("c/", family_view(plain), name="c"),
                path("d/", plain, name="d"),
                path("e/", plain, name="account_login"),  # the name alone opens nothing
            ]
        )
    ]
    assert kinds == ["public", "own", "family", "", ""]
