"""Nothing typed is lost: the page that answers a form sent with an expired session or token."""

from django.http import HttpRequest, HttpResponse

from common.http import render_page


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Show what was typed, and how to go on."""
    return render_page(request, "portal/kept.html", {}, status=403)
