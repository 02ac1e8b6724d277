"""What kind of view a view is. Every view says so; a test walks the addresses and refuses one that does not.

*public*: anybody, signed in or not. *own*: signed in, and it acts on `request.user` alone.
The third kind, *door*, is marked by `families.access.door`.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib.auth.decorators import login_not_required

View = TypeVar("View", bound=Callable[..., Any])


def public(view: View) -> View:
    """Mark a view that anybody may see. It shows nothing of anybody."""
    view.kind = "public"  # type: ignore[attr-defined]
    return login_not_required(view)


def own(view: View) -> View:
    """Mark a view that acts on the signed-in person alone."""
    view.kind = "own"  # type: ignore[attr-defined]
    return view
