"""One service."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from common.http import render_page
from common.views import public
from resources.models import HelpService


@public
@require_safe
def service(request: HttpRequest, key: str) -> HttpResponse:
    """Everything we know of a service."""
    found = get_object_or_404(HelpService.objects.public(), key=key)
    return render_page(request, "resources/service.html", {"service": found})
