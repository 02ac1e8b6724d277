"""The origin of a request: the page that sent it, and the client's network."""

from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

_ONE_HOME = 64  # bits of an IPv6 address that identify one connection; the client chooses the rest


def from_own_page(request: HttpRequest) -> bool:
    """Whether a page of this site sent the request.

    For forms on public pages, which set no cookie and therefore have no CSRF token. Browsers report in one of these
    headers whether another site caused the request, and pages can neither change nor omit them. A request without any
    of them does not come from a browser that another site could misuse, or comes from an old browser with unusual
    settings. It is allowed, and rate limited.
    """
    fetched_from = request.headers.get("Sec-Fetch-Site")
    if fetched_from is not None:
        return fetched_from == "same-origin"
    page = request.headers.get("Origin") or request.headers.get("Referer")
    if page is None:
        return True
    here = f"{request.scheme}://{request.get_host()}"
    try:
        parts = urlsplit(page)
    except ValueError:
        return False
    return f"{parts.scheme}://{parts.netloc}".lower() == here.lower()


def place_of(request: HttpRequest) -> str:
    """Return a pseudonym for the client's network, which changes every day.

    For rate limits (common.rates). IPv6 addresses are grouped by their /64 prefix.
    """
    hops = request.headers.get("X-Forwarded-For", "").split(",")
    proxies = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    said = hops[-proxies].strip() if 0 < proxies <= len(hops) else ""
    address = said or request.META.get("REMOTE_ADDR", "")
    try:
        known = ip_address(address)
    except ValueError:
        known = None
    if isinstance(known, IPv6Address):
        address = str(ip_network((known, _ONE_HOME), strict=False))
    return salted_hmac("common.origin.place", f"{timezone.localdate()} {address}", algorithm="sha256").hexdigest()[:24]
