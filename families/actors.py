"""Who acts in a family."""

from dataclasses import dataclass
from uuid import UUID

from accounts.models import User
from families.models import Family, Membership, Role


@dataclass(frozen=True, kw_only=True)
class Actor:
    """A signed-in user in one family, and what gives them access to it.

    `kind` is the role of a member. `membership` is None for a reader whose access has another basis, such as a
    clinician with a consent.
    """

    user: User
    family: Family
    kind: Role
    membership: Membership | None
    is_unreadable: bool = False  # whether no key decrypts the family's texts

    @classmethod
    def of(cls, member: Membership) -> "Actor":
        """Return the actor for a membership. Its user and family must have been fetched, or two queries run."""
        return cls(
            user=member.user,
            family=member.family,
            kind=Role(member.role),
            membership=member,
            is_unreadable=member.is_unreadable,
        )

    @property
    def user_id(self) -> UUID:
        return self.user.pk

    @property
    def family_id(self) -> UUID:
        return self.family.pk

    @property
    def is_relative(self) -> bool:
        return self.kind == Role.RELATIVE

    @property
    def is_subject(self) -> bool:
        return self.kind == Role.SUBJECT
