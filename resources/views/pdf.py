"""Printable lists of services, as a page and as PDF. Neither stores anything about visitors."""

from functools import lru_cache

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common.http import for_everybody, render_page
from common.origin import place_of
from common.pdf.pool import Pdf, PdfError, render_public_pdf
from common.rates import within_rate
from common.views import public
from resources.presenters.pdf import PdfList, list_html, show_list
from resources.selectors.choice import Choice, list_choice

A_PLACE, SECONDS = 10, 600  # PDFs per client and period
A_WHILE = 60  # seconds until the queue should be empty
KEPT = 16  # cached PDFs: the same list on the same day gives the same bytes
TOO_MANY, LATER = 429, 503


@public
@require_safe
def choice(request: HttpRequest) -> HttpResponse:
    """Show the ticked services, or all that match the filters, on one printable page."""
    return for_everybody(request, show_page(request, Choice.read(request.GET)))


@public
@require_safe
def choice_pdf(request: HttpRequest) -> HttpResponse:
    """Return the list as PDF. If that fails or the rate limit is exceeded, return the printable page instead."""
    chosen = Choice.read(request.GET)
    if not within_rate("public_paper", place_of(request), amount=A_PLACE, seconds=SECONDS):
        return show_page(request, chosen, problem=True, status=TOO_MANY, again_in=SECONDS)
    shown = list_content(request, chosen)
    try:
        paper = make_pdf(list_html(shown))
        if paper.missing:
            paper = make_pdf(list_html(shown, missing=paper.missing))
    except PdfError:
        return show_page(request, chosen, problem=True, status=LATER, again_in=A_WHILE)
    headers = {"Content-Disposition": 'attachment; filename="hjelp.pdf"', "X-Robots-Tag": "noindex"}
    return for_everybody(request, HttpResponse(paper.pdf, "application/pdf", headers=headers))


@lru_cache(maxsize=KEPT)
def make_pdf(html: str) -> Pdf:
    """Render a PDF, or return it from the cache. Raises PdfError."""
    return render_public_pdf(html)


def list_content(request: HttpRequest, chosen: Choice) -> PdfList:
    """Return the list with its URL."""
    services, is_cut = list_choice(chosen, timezone.now())
    return show_list(
        services,
        today=timezone.localdate(),
        address=request.build_absolute_uri(f"{reverse('help_choice')}{chosen.address}"),
        directory=request.build_absolute_uri(reverse("help_directory")),
        is_cut=is_cut,
    )


def show_page(
    request: HttpRequest, chosen: Choice, *, problem: bool = False, status: int = 200, again_in: int = 0
) -> HttpResponse:
    """Render the printable page.

    With `problem`, it explains why there is no PDF and what to do instead. `again_in` sets Retry-After, in seconds.
    """
    words = _("The PDF could not be made just now. You can print this page from your browser instead.")
    context = {
        "page": list_content(request, chosen),
        "list_url": reverse("help_choice"),
        "pdf_url": reverse("help_choice_pdf"),
        "hidden": [] if chosen.keys else chosen.filters.pairs,
        "are_ticked": bool(chosen.keys),
        "directory_url": f"{reverse('help_directory')}{chosen.filters.address}",
        "problem": words if problem else "",
    }
    response = render_page(request, "resources/list.html", context, status=status)
    if again_in:
        response.headers["Retry-After"] = str(again_in)
    return response
