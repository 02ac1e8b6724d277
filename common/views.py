"""Decorators for the kind of a view. A test walks the URLconf and fails for a view without one.

- *public*: any visitor, signed in or not.
- *own*: signed in, and limited to the data of `request.user`.
- *door*: checked by `families.access:family_view`, which sets it.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib.auth.decorators import login_not_required

View = TypeVar("View", bound=Callable[..., Any])


def public(view: View) -> View:
    """Mark a view that any visitor may see. It must not show personal data."""
    vars(view)["kind"] = "public"
    return login_not_required(view)


def own(view: View) -> View:
    """Mark a view that is limited to the data of the signed-in user."""
    vars(view)["kind"] = "own"
    return view
