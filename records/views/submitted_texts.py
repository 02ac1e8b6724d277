"""Show the submitted texts on the error page if the user lost access while writing."""

from collections.abc import Callable, Collection
from functools import wraps
from http import HTTPStatus
from typing import ParamSpec, cast

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse

from common.http import render_page
from common.text import replace_unstorable
from families.access import FamilyRequest, FamilyView

P = ParamSpec("P")


def show_submitted_texts(fields: Collection[str]) -> Callable[[FamilyView[P]], FamilyView[P]]:
    """Return a decorator that shows the submitted texts of these form fields with a 403 or 404 response."""

    def decorator(view: FamilyView[P]) -> FamilyView[P]:
        @wraps(view)
        def guarded(request: FamilyRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            try:
                return view(request, *args, **kwargs)
            except (Http404, PermissionDenied) as refused:
                texts = submitted_texts(request, fields)
                if not texts:
                    raise
                is_denied = isinstance(refused, PermissionDenied)
                status = HTTPStatus.FORBIDDEN if is_denied else HTTPStatus.NOT_FOUND
                context = {"texts": texts, "reason": str(refused) if is_denied else ""}
                return render_page(request, "records/submitted_texts.html", context, status=status)

        return cast(FamilyView[P], guarded)

    return decorator


def submitted_texts(request: HttpRequest, fields: Collection[str]) -> list[str]:
    """Return the submitted texts, regardless of whether the form is valid."""
    texts = [request.POST.get(name, "") for name in fields] if request.method == "POST" else []
    return [replace_unstorable(text) for text in texts if text]
