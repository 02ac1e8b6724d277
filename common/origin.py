"""Where a request comes from: which page asked for it, and from which place on the net."""

from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

_ONE_HOME = 64  # bits of an IPv6 address that stand for one connection; the rest is its to choose


def from_own_page(request: HttpRequest) -> bool:
    """Whether a page of this site, and no other, had the browser send this.

    For forms of public pages, which set no cookie and so can carry no secret. A browser that sends something on behalf
    of another site says so by one of these headers; a page cannot change or leave out what it says. Who sends none of
    them is no browser that another site could use, or an old one with much turned off: let through, and counted.
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
    """Return a name for the place on the net a request comes from: it tells nothing, and is another one tomorrow.

    For counting how often (common.rates). An address of the sixth version counts by its connection.
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
