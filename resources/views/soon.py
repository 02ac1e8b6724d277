"""Addresses that others may already name, whose rooms are not built yet."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from common.views import public


@public
def soon(request: HttpRequest, **blanks: Any) -> HttpResponse:
    """Nothing is here yet."""
    raise Http404
