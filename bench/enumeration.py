"""Response times for known over unknown e-mail addresses: sign-in, sign-up, password reset, invitation.

Takes the median of alternating requests, as many of each kind as the third argument. Prints the ratios as JSON. A ratio
of 1 reveals nothing about which addresses exist.
"""

import json
import sys
import time
import uuid
from collections.abc import Callable
from statistics import median

import django

KNOWN = "bench@example.org"


def unknown() -> str:
    return f"{uuid.uuid4().hex[:12]}@example.org"


def ratio(ask: Callable[[str], int], times: int) -> float:
    """Return the median time of `ask` with a known address over that with an unknown one."""
    from django.core import mail
    from django.core.cache import cache

    took: dict[bool, list[float]] = {True: [], False: []}
    for number in range(2 * times + 4):
        known = bool(number % 2)
        cache.clear()
        mail.outbox = []
        before = time.perf_counter()
        ask(KNOWN if known else unknown())
        if number >= 4:
            took[known].append(time.perf_counter() - before)
    return median(took[True]) / median(took[False])


def main() -> None:
    django.setup()
    from django.core import mail
    from django.test import Client
    from django.urls import reverse

    mail.outbox = []
    session, family, times = sys.argv[1:]

    def post(name: str, **data: str) -> Callable[[str], int]:
        def ask(email: str) -> int:
            return Client().post(reverse(name), {"email": email, "login": email} | data).status_code

        return ask

    def invite(email: str) -> int:
        client = Client()
        client.cookies["session"] = session
        return client.post(reverse("invite", args=[family]), {"email": email, "role": "relative"}).status_code

    password = "en-rolig-morgen-ved-fjorden"
    yes = {"health_information": "on", "sixteen_or_older": "on"}
    questions = {
        "sign_in": post("account_login", password=password),
        "sign_up": post("account_signup", password1=password, **yes),
        "reset": post("account_reset_password"),
        "invite": invite,
    }
    figures = {name: ratio(ask, int(times)) for name, ask in questions.items()}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
