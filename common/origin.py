"""The origin of a request: the page that sent it, and the client's network."""

from urllib.parse import urlsplit

from allauth.core.internal import ratelimit
from allauth.core.internal.httpkit import get_client_ip
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac


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

    For rate limits (common.rates). IPv6 addresses are grouped by their /64 prefix: one connection has all of them.
    """
    address = ratelimit.truncate_ip(get_client_ip(request) or "")
    return salted_hmac("common.origin.place", f"{timezone.localdate()} {address}", algorithm="sha256").hexdigest()[:24]
