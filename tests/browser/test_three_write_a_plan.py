"""The main job, whole: two relatives and the person it concerns, in three browsers, from nothing to paper.

Nothing is prepared. They sign up, follow the mails, write what the guide names, save on top of each other once, and
print. Then the paper is read.
"""

import re
from io import BytesIO

from playwright.sync_api import Page, expect
from pypdf import PdfReader

PASSWORD = "stein hage lampe 7"
LONGEST = 60_000  # ms; the first paper starts a process


def sign_up(page: Page, mailbox, email: str) -> None:
    page.goto("/konto/ny/")
    page.get_by_label("E-postadresse").fill(email)
    page.get_by_label("Velg et passord").fill(PASSWORD)
    page.get_by_label("Jeg samtykker").check()
    page.get_by_label("Jeg er 16 år").check()
    page.get_by_label("Denne enheten er min egen").check()
    page.get_by_role("button", name="Lag kontoen").click()
    page.get_by_label("Kode").fill(code_for(mailbox, email))
    page.locator("main form button").first.click()


def last_mail(mailbox, email: str) -> str:
    mails = [mail for mail in mailbox.messages if mail["To"] == email]
    return mails[-1].get_content()


def code_for(mailbox, email: str) -> str:
    return re.search(r"\b\d{4}-?\d{4}\b", last_mail(mailbox, email)).group()


def invite(page: Page, folk: str, email: str, role: str) -> None:
    page.goto(folk)
    page.get_by_role("link", name="Inviter noen").click()
    page.get_by_label("E-postadresse").fill(email)
    page.get_by_label(role).check()
    page.locator("main form button").first.click()


def join(page: Page, mailbox, email: str, name: str) -> None:
    """Follow the mail without an account, make one on the way, and say yes."""
    link = re.search(r"https?://\S+/invitasjon/\S+", last_mail(mailbox, email)).group()
    page.goto(re.sub(r"^https?://[^/]+", "", link))
    expect(page).to_have_url(re.compile(r"/invitasjon/$"))  # the token is out of the address
    sign_up(page, mailbox, email)
    page.goto("/invitasjon/")
    page.get_by_label("Hva skal de andre kalle deg?").fill(name)
    page.locator("main form button").first.click()
    expect(page).to_have_url(re.compile(r"/familie/"))


def add(page: Page, plan: str, section: str, **words: str) -> None:
    """Write one line in the form at the end of a section."""
    page.goto(f"{plan}{section}/")
    form = page.locator("#legg-til form")
    for name, value in words.items():
        field = form.locator(f"[name={name}]")
        if field.first.get_attribute("type") == "radio":
            form.locator(f"[name={name}][value={value}]").check()
        elif field.first.get_attribute("type") == "checkbox":
            field.check()
        elif field.evaluate("e => e.tagName") == "SELECT":
            field.select_option(label=value)
        else:
            field.fill(value)
    form.get_by_role("button", name="Legg til i planen").click()
    first = next(iter(words.values()))
    expect(page.locator(".plan-item", has_text=words.get("text") or words.get("name") or first)).to_be_visible()


def paper(page: Page, plan: str) -> str:
    page.goto(plan)
    page.get_by_role("link", name="Skriv ut").click()
    with page.expect_download(timeout=LONGEST) as download:
        page.get_by_role("button", name="Lag PDF-en").click()
    assert re.fullmatch(r"plan-\d{4}-\d\d-\d\d\.pdf", download.value.suggested_filename)
    reader = PdfReader(BytesIO(download.value.path().read_bytes()))
    # Lines are broken where the paper is narrow: compare without white space.
    return re.sub(r"\s+", "", "".join(sheet.extract_text() for sheet in reader.pages))


def a_family_of_three(browse, mailbox) -> tuple[Page, Page, Page, str]:
    """Kari starts, Jonas and Ola follow their mails. Returns their three browsers and the plan's address."""
    mother, brother, ola = browse(), browse(), browse()
    sign_up(mother, mailbox, "kari@example.no")
    mother.goto("/familie/ny/")
    mother.get_by_label("Pårørende").check()
    mother.get_by_label("Hva skal de andre kalle deg?").fill("Kari")
    mother.get_by_label("Hva kaller dere den det gjelder?").fill("Ola")
    mother.get_by_role("button", name="Start").click()
    expect(mother).to_have_url(re.compile(r"/folk/$"))
    folk = re.sub(r"^https?://[^/]+", "", mother.url)
    invite(mother, folk, "jonas@example.no", "Pårørende")
    join(brother, mailbox, "jonas@example.no", "Jonas")
    invite(mother, folk, "ola@example.no", "Den det gjelder")
    join(ola, mailbox, "ola@example.no", "Ola")
    return mother, brother, ola, folk.replace("/folk/", "/plan/")


def write_what_the_guide_names(mother: Page, brother: Page, ola: Page, plan: str) -> None:
    add(mother, plan, "varseltegn", text="Sover til langt på dag", level="yellow", noticed_by="Mamma")
    add(mother, plan, "hvem-vi-ringer", name="Fastlege Berg", role="Fastlege", phone="22 22 55 55", hours="8 til 15")
    add(mother, plan, "hvem-vi-ringer", name="Tante i Sverige", role="Tante", phone="+46 8 123 456 78", hours="Alltid")
    add(brother, plan, "hvem-vi-ringer", name="Legevakt", phone="116117")
    add(brother, plan, "trygge-rammer", text="Vi rydder bort det som er farlig, og kjører aldri alene")
    add(brother, plan, "avtaler-og-grenser", text="Ingen penger i hånden", consequence="Vi handler sammen", told="Alle")
    add(brother, plan, "hvem-gjor-hva", assigned_to="Jonas", text="Henter Ola, og passer barna til neste dag")
    add(ola, plan, "medisinsk", text="Buprenorfin", dose="8 mg", when="Om morgenen", note="Allergisk mot penicillin")
    add(ola, plan, "det-som-hjelper", text="Gå tur med hunden, uten spørsmål")
    add(mother, plan, "trygge-rammer", text="Reservenøkkelen ligger hos naboen", audience="relatives")


def what_is_for_relatives_is_not_for_him(ola: Page, plan: str) -> None:
    ola.goto(f"{plan}trygge-rammer/")
    expect(ola.locator("main")).to_contain_text("kjører aldri alene")
    expect(ola.locator("main")).not_to_contain_text("Reservenøkkelen")


def she_comments_on_his_words(mother: Page, plan: str) -> None:
    mother.goto(f"{plan}det-som-hjelper/")
    his = mother.locator(".plan-item", has_text="Gå tur med hunden")
    expect(his.get_by_role("link", name="Endre")).to_have_count(0)
    his.get_by_role("link", name="Skriv en kommentar").click()
    mother.get_by_label("Kommentaren din").fill("Jeg blir gjerne med")
    mother.get_by_role("button", name="Lagre kommentaren").click()
    expect(mother.locator("main")).to_contain_text("Jeg blir gjerne med")


def both_save_the_same_sign(mother: Page, brother: Page, plan: str) -> None:
    """He saves while she writes; she is shown both texts, puts them together, and no draft of hers comes back."""
    for page in (mother, brother):
        page.goto(f"{plan}varseltegn/")
        page.locator(".plan-item", has_text="Sover til langt på dag").get_by_role("link", name="Endre").click()
    brother.locator("main [name=text]").fill("Sover til langt på dag, flere dager på rad")
    brother.get_by_role("button", name="Lagre").click()
    expect(brother.locator(".plan-item")).to_contain_text("flere dager på rad")
    mother.locator("main [name=text]").fill("Sover til langt på dag og tar ikke telefonen")
    mother.get_by_role("button", name="Lagre").click()
    expect(mother.get_by_role("heading", level=1)).to_contain_text("En annen lagret mens du skrev")
    expect(mother.locator("main")).to_contain_text("flere dager på rad")
    expect(mother.locator("main")).to_contain_text("tar ikke telefonen")
    mother.locator("main [name=text]:visible").fill("Sover til langt på dag, flere dager på rad, og tar ikke telefonen")
    mother.get_by_role("button", name="Lagre dette").click()
    expect(mother.locator(".plan-item")).to_contain_text("flere dager på rad, og tar ikke telefonen")
    mother.locator(".plan-item").get_by_role("link", name="Endre").click()
    expect(mother.locator("main [name=text]")).to_have_value(re.compile("flere dager på rad, og tar ikke"))
    expect(mother.locator(".draft-word")).to_have_count(0)


def the_numbers_stand_in_order_in_a_crisis(page: Page) -> None:
    page.goto("/krise/plan/")
    calls = page.locator("main a[href^='tel:']").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    wanted = ["tel:+4722225555", "tel:+46812345678", "tel:116117"]
    assert [call for call in calls if call in wanted][:3] == wanted


ON_PAPER = [
    *("22225555", "+46812345678", "116117"),
    *("Sovertillangtpådag,flere", "kjøreraldrialene", "Ingenpengerihånden", "Vihandlersammen"),
    *("Buprenorfin", "8mg", "penicillin", "Jonas", "passerbarna", "Gåturmedhunden"),
]


def test_two_relatives_and_the_one_it_concerns_write_a_plan_and_print_it(browse, mailbox):
    mother, brother, ola, plan = a_family_of_three(browse, mailbox)
    write_what_the_guide_names(mother, brother, ola, plan)
    what_is_for_relatives_is_not_for_him(ola, plan)
    she_comments_on_his_words(mother, plan)
    both_save_the_same_sign(mother, brother, plan)
    the_numbers_stand_in_order_in_a_crisis(ola)

    for reader in (mother, ola):
        text = paper(reader, plan)
        assert [line for line in ON_PAPER if line not in text] == []
        assert "Reservenøkkelen" not in text
        assert "example.no" not in text
