"""The demo's letter box, and its curator's app. Mounted only where DEMO is on (portal.urls)."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from common.http import render_page
from common.views import public
from portal.demo.curator import CURATOR, code_now
from portal.demo.mailbox import newest


@public
def demo_mail(request: HttpRequest) -> HttpResponse:
    """The newest mail to anybody, with its codes and links."""
    response = render_page(request, "portal/demo/mail.html", {"letters": newest(settings.DEMO_MAIL)})
    response.headers["Cache-Control"] = "no-store"
    return response


@public
def demo_code(request: HttpRequest) -> HttpResponse:
    """What the app of the demo's curator shows now."""
    code, seconds = code_now()
    response = render_page(request, "portal/demo/code.html", {"code": code, "seconds": seconds, "email": CURATOR.email})
    response.headers["Cache-Control"] = "no-store"
    return response
