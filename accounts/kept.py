"""What somebody typed into a form whose session or token ran out before it arrived."""

from django.http import HttpRequest


def kept_fields(request: HttpRequest) -> dict[str, str]:
    """Return what this person typed into the form at this address before their session ran out, once; else nothing."""
    return {}
