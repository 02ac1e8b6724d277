"""People and families for tests.

Two families always, *ours* and *theirs*, equally rich (`make_home`). Every free text of a home carries a canary, a word
that stands nowhere else: a test finds it in an answer and knows whose it was and for whom it was written.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import uuid4

import factory
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from factory.django import DjangoModelFactory

from accounts.models import SignupConsent, User
from crisisplans.item_content import content_type_of
from crisisplans.models import (
    Audience,
    Comment,
    CrisisPlan,
    ErasedItem,
    Level,
    PlanItem,
    Section,
    Side,
    SupportContact,
)
from families.models import INVITATION_LIFETIME, Family, Invitation, Membership, RemovalProposal, Role
from resources.actions import index
from resources.facets import Audience as ForWhom
from resources.facets import ChannelKind, Kind, State
from resources.models import CHECK_EVERY, Channel, GuidanceArticle, HelpService

PASSWORD = "en-rolig-morgen-ved-fjorden"


class UserFactory(DjangoModelFactory):
    """A person who has signed up: address, password (PASSWORD), verified address, consent."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    class Params:
        unverified = factory.Trait(address=None)
        staff = factory.Trait(is_staff=True)

    email = factory.Sequence(lambda n: f"person{n}@example.org")
    password = factory.LazyFunction(lambda: make_password(PASSWORD))
    consent = factory.RelatedFactory("tests.factories.SignupConsentFactory", "user")
    address = factory.RelatedFactory("tests.factories.EmailAddressFactory", "user")


class SignupConsentFactory(DjangoModelFactory):
    class Meta:
        model = SignupConsent

    user = factory.SubFactory(UserFactory, consent=None)
    privacy_notice_version = "2026-11-22"
    health_information_at = factory.LazyFunction(timezone.now)
    sixteen_or_older_at = factory.LazyFunction(timezone.now)


class EmailAddressFactory(DjangoModelFactory):
    class Meta:
        model = "account.EmailAddress"

    user = factory.SubFactory(UserFactory, address=None)
    email = factory.SelfAttribute("user.email")
    verified = True
    primary = True


class FamilyFactory(DjangoModelFactory):
    """A family with its empty plan, and nobody in it yet."""

    class Meta:
        model = Family
        skip_postgeneration_save = True

    class Params:
        closed = factory.Trait(
            closed_at=factory.LazyFunction(timezone.now), closed_by=factory.SelfAttribute("created_by")
        )

    created_by = factory.SubFactory(UserFactory)
    crisis_plan = factory.RelatedFactory("tests.factories.CrisisPlanFactory", "family")


class MembershipFactory(DjangoModelFactory):
    """A relative; with traits: coordinator, subject, former."""

    class Meta:
        model = Membership

    class Params:
        coordinator = factory.Trait(is_coordinator=True)
        subject = factory.Trait(role=Role.SUBJECT)
        former = factory.Trait(ended_at=factory.LazyFunction(timezone.now), ended_by=factory.SelfAttribute("user"))

    family = factory.SubFactory(FamilyFactory)
    user = factory.SubFactory(UserFactory)
    role = Role.RELATIVE
    display_name = factory.Sequence(lambda n: f"Kari {n}")
    changed_by = factory.SelfAttribute("user")


class InvitationFactory(DjangoModelFactory):
    """An open invitation, made from the secret `token` (only its hash is kept)."""

    class Meta:
        model = Invitation

    class Params:
        token = factory.Sequence(lambda n: f"invitation-secret-{n}")
        withdrawn = factory.Trait(
            withdrawn_at=factory.LazyFunction(timezone.now), withdrawn_by=factory.SelfAttribute("created_by")
        )
        accepted = factory.Trait(
            accepted_at=factory.LazyFunction(timezone.now), accepted_by=factory.SelfAttribute("created_by")
        )
        expired = factory.Trait(expires_at=factory.LazyFunction(lambda: timezone.now() - timedelta(minutes=1)))

    family = factory.SubFactory(FamilyFactory)
    email = factory.Sequence(lambda n: f"invited{n}@example.org")
    role = Role.RELATIVE
    token_hash = factory.LazyAttribute(lambda o: hashlib.sha256(o.token.encode()).hexdigest())
    created_by = factory.SelfAttribute("family.created_by")
    expires_at = factory.LazyFunction(lambda: timezone.now() + INVITATION_LIFETIME)


class RemovalProposalFactory(DjangoModelFactory):
    class Meta:
        model = RemovalProposal

    family = factory.SelfAttribute("membership.family")
    membership = factory.SubFactory(MembershipFactory, subject=True)
    proposed_by = factory.SelfAttribute("family.created_by")


class CrisisPlanFactory(DjangoModelFactory):
    class Meta:
        model = CrisisPlan

    family = factory.SubFactory(FamilyFactory, crisis_plan=None)


class BaseItemFactory(DjangoModelFactory):
    class Meta:
        abstract = True

    class Params:
        relatives_only = factory.Trait(audience=Audience.RELATIVES)
        subjects = factory.Trait(side=Side.SUBJECT)
        removed = factory.Trait(
            removed_at=factory.LazyFunction(timezone.now), removed_by=factory.SelfAttribute("created_by")
        )

    family = factory.SubFactory(FamilyFactory)
    position = factory.Sequence(lambda n: n)
    created_by = factory.SelfAttribute("family.created_by")
    changed_by = factory.SelfAttribute("created_by")


class PlanItemFactory(BaseItemFactory):
    """An item; `text` fills every word its section has."""

    class Meta:
        model = PlanItem

    class Params:
        text = "Sover lite"

    section = Section.COPING
    words = factory.LazyAttribute(
        lambda o: dict.fromkeys(content_type_of(o.section)().as_document(), o.text),
    )
    level = factory.LazyAttribute(lambda o: Level.YELLOW if o.section == Section.WARNING_SIGNS else "")


class SupportContactFactory(BaseItemFactory):
    class Meta:
        model = SupportContact

    name = "Mormor"
    role = "Nabo"
    phone = factory.Sequence(lambda n: f"+4791{n % 1_000_000:06}")
    hours = "Hele døgnet"


class CommentFactory(DjangoModelFactory):
    class Meta:
        model = Comment

    family = factory.LazyAttribute(lambda o: (o.item or o.contact).family)
    item = None
    contact = None
    text = "Jeg ser det litt annerledes"
    created_by = factory.SelfAttribute("family.created_by")


class ErasedItemFactory(DjangoModelFactory):
    """The mark of something that was removed forty days ago."""

    class Meta:
        model = ErasedItem

    id = factory.LazyFunction(uuid4)
    family = factory.SubFactory(FamilyFactory)
    section = Section.UNHELPFUL
    audience = Audience.EVERYONE
    versions = 2
    removed_at = factory.LazyFunction(lambda: timezone.now() - timedelta(days=40))
    erased_at = factory.LazyFunction(lambda: timezone.now() - timedelta(days=10))


class CheckedFactory(DjangoModelFactory):
    """Published and not checked by anybody yet; with traits: draft, withdrawn, checked, due (checked too long ago)."""

    class Meta:
        abstract = True

    class Params:
        draft = factory.Trait(state=State.DRAFT)
        withdrawn = factory.Trait(state=State.WITHDRAWN)
        checked = factory.Trait(
            checked_on=factory.LazyFunction(timezone.localdate),
            checked_by=factory.SubFactory(UserFactory, staff=True),
            due_on=factory.LazyFunction(lambda: timezone.localdate() + CHECK_EVERY),
        )
        due = factory.Trait(
            checked_on=factory.LazyFunction(lambda: timezone.localdate() - CHECK_EVERY - timedelta(days=1)),
            checked_by=factory.SubFactory(UserFactory, staff=True),
            due_on=factory.LazyFunction(lambda: timezone.localdate() - timedelta(days=1)),
        )

    key = factory.Sequence(lambda n: f"hjelp-{n}")
    state = State.PUBLISHED
    source = "Brosjyre om hjelp til pårørende, lest 2026"


class HelpServiceFactory(CheckedFactory):
    """A service for relatives with one telephone, found by search. `pinned` puts it on top; `channel=None`: no way to
    reach it; `channel__value="113"` and so on: another. Whoever adds channels or changes words later calls `index`."""

    class Meta:
        model = HelpService
        skip_postgeneration_save = True

    class Params:
        pinned = factory.Trait(pin=factory.Sequence(lambda n: n + 1))

    key = factory.Sequence(lambda n: f"tjeneste-{n}")
    name = factory.Sequence(lambda n: f"Familietelefonen {n}")
    summary = "Noen å snakke med når en du er glad i drikker."
    audiences = factory.LazyFunction(lambda: [ForWhom.RELATIVES])
    kinds = factory.LazyFunction(lambda: [Kind.PHONE])
    channel = factory.RelatedFactory("tests.factories.ChannelFactory", "service")
    indexed = factory.PostGeneration(lambda service, create, extracted, **more: index(service=service))


class ChannelFactory(DjangoModelFactory):
    """A telephone without stated hours; with traits: always (open), chat."""

    class Meta:
        model = Channel

    class Params:
        always = factory.Trait(opening_hours="24/7")
        chat = factory.Trait(kind=ChannelKind.CHAT, value=factory.Sequence(lambda n: f"https://chat{n}.example.org/"))

    service = factory.SubFactory(HelpServiceFactory, channel=None)
    kind = ChannelKind.PHONE
    value = factory.Sequence(lambda n: f"+4721{n % 1_000_000:06}")


class ArticleFactory(CheckedFactory):
    """An article, published; `for_children` is the page for children."""

    class Meta:
        model = GuidanceArticle

    class Params:
        for_children = factory.Trait(is_for_children=True)

    key = factory.Sequence(lambda n: f"artikkel-{n}")
    title = factory.Sequence(lambda n: f"Å snakke sammen {n}")
    summary = "Om å snakke sammen uten å krangle."
    today = "- Velg et rolig tidspunkt.\n- Si hva du selv føler.\n- Lytt ferdig."
    body = "Det er lov å ta en pause."
    position = factory.Sequence(lambda n: n)


@dataclass(kw_only=True)
class Home:
    """A whole family, and the canaries in its texts.

    `open_canary` stands in what every member may read, `kin_canary` in what is for relatives only.
    """

    name: str
    family: Family
    plan: CrisisPlan
    coordinator: User
    relative: User
    subject: User
    former: User
    invited: User  # has an account and an open invitation, is no member
    members: dict[str, Membership]
    items: dict[str, PlanItem] = field(default_factory=dict)
    contacts: list[SupportContact] = field(default_factory=list)
    relatives_only: PlanItem
    relatives_only_contact: SupportContact
    removed: PlanItem
    subjects_item: PlanItem
    comments: list[Comment]
    invitation: Invitation
    invitation_token: str
    proposal: RemovalProposal

    @property
    def open_canary(self) -> str:
        return f"{self.name}openword"

    @property
    def kin_canary(self) -> str:
        return f"{self.name}kinword"

    @property
    def kin_signs(self) -> tuple[str, ...]:
        """What gives away a row that is for relatives only, also where its words are sealed."""
        rows = (self.relatives_only, self.relatives_only_contact, self.comments[2])
        return (self.kin_canary, *(str(row.pk) for row in rows))

    def person(self, kind: str) -> User:
        return getattr(self, kind)


def make_home(name: str) -> Home:
    """Make a family with something of everything in it. `name` begins all its canaries and addresses."""
    everyone, kin = f"{name}openword", f"{name}kinword"
    users = {
        kind: UserFactory(email=f"{name}.{kind}@example.org")
        for kind in ("coordinator", "relative", "subject", "former", "invited")
    }
    coordinator, relative, subject = users["coordinator"], users["relative"], users["subject"]
    family = FamilyFactory(created_by=coordinator, subject_name=f"{everyone} Alex")
    traits = {
        "coordinator": {"coordinator": True},
        "relative": {},
        "subject": {"subject": True},
        "former": {"former": True},
    }
    members = {
        kind: MembershipFactory(
            family=family,
            user=users[kind],
            display_name=f"{everyone} {kind}",
            family_nickname=f"{everyone} nick {kind}",
            **more,
        )
        for kind, more in traits.items()
    }
    items = {
        section: PlanItemFactory(
            family=family,
            section=section,
            text=f"{everyone} {section}",
            review_on=date(2027, 1, 15) if section == Section.AGREEMENTS else None,
            assigned_to=members["relative"] if section == Section.ROLES else None,
        )
        for section in Section.values
        if section != Section.CONTACTS
    }
    for section, item in items.items():  # everything has a history
        item.words = {key: f"{value} again" for key, value in item.words.items()}
        item.version += 1
        item.changed_by = relative
        item.save()
        assert item.section == section
    contacts = [
        SupportContactFactory(
            family=family,
            name=f"{everyone} contact {n}",
            role=f"{everyone} role",
            hours=f"{everyone} hours",
            last_tested_on=date(2026, 11, 1),
        )
        for n in range(2)
    ]
    relatives_only = PlanItemFactory(family=family, section=Section.TRIGGERS, text=f"{kin} text", relatives_only=True)
    relatives_only_contact = SupportContactFactory(
        family=family, name=f"{kin} contact", role=f"{kin} role", hours=f"{kin} hours", relatives_only=True
    )
    removed = PlanItemFactory(family=family, section=Section.COPING, text=f"{everyone} removed", removed=True)
    subjects_item = PlanItemFactory(
        family=family, section=Section.COPING, text=f"{everyone} own side", subjects=True, created_by=subject
    )
    comments = [
        CommentFactory(item=items[Section.COPING], text=f"{everyone} comment", created_by=subject),
        CommentFactory(item=subjects_item, text=f"{everyone} remark", created_by=relative, kind=Comment.Kind.DISAGREES),
        CommentFactory(item=relatives_only, text=f"{kin} comment", created_by=relative),
        CommentFactory(contact=contacts[0], text=f"{everyone} about a number", created_by=subject),
    ]
    token = f"{name}-invitation-secret-0123456789abcdef"
    invitation = InvitationFactory(family=family, email=users["invited"].email, token=token, created_by=coordinator)
    for audience in Audience:
        ErasedItemFactory(family=family, audience=audience)
    return Home(
        name=name,
        family=family,
        plan=CrisisPlan.objects.get(pk=family.pk),
        **users,
        members=members,
        items=items,
        contacts=contacts,
        relatives_only=relatives_only,
        relatives_only_contact=relatives_only_contact,
        removed=removed,
        subjects_item=subjects_item,
        comments=comments,
        invitation=invitation,
        invitation_token=token,
        proposal=RemovalProposalFactory(membership=members["subject"], proposed_by=relative),
    )
