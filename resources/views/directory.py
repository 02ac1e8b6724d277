"""Find somebody: by who one is and what one needs, or by words."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from common.http import render_page
from common.views import public
from resources.models import HelpService


@public
@require_safe
def directory(request: HttpRequest) -> HttpResponse:
    """The directory."""
    services = list(HelpService.objects.public().in_order()[:25])
    return render_page(request, "resources/directory.html", {"services": services})
