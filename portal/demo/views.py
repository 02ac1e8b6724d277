"""The demo's mailbox and the curator's TOTP code. Mounted only when DEMO is enabled (portal.urls)."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from common.http import render_page
from common.views import public
from portal.demo.curator import CURATOR, code_now
from portal.demo.mailbox import newest


@public
def demo_mail(request: HttpRequest) -> HttpResponse:
    """List the newest mail to any address, with its codes and links."""
    response = render_page(request, "portal/demo/mail.html", {"letters": newest(settings.DEMO_MAIL)})
    response.headers["Cache-Control"] = "no-store"
    return response


@public
def demo_code(request: HttpRequest) -> HttpResponse:
    """Show the current TOTP code of the demo's curator."""
    code, seconds = code_now()
    response = render_page(request, "portal/demo/code.html", {"code": code, "seconds": seconds, "email": CURATOR.email})
    response.headers["Cache-Control"] = "no-store"
    return response
