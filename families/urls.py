"""Addresses of families and the people in them."""

from django.urls import path

from families.views import invitations, leaving, people, start

PEOPLE = "familie/<uuid:family_id>/folk/"

urlpatterns = [
    path("familie/ny/", start.start_family, name="start_family"),
    path("familie/farvel/<uuid:member_id>/", leaving.read_farewell, name="read_farewell"),
    path("familie/apne/<uuid:closed_id>/", leaving.reopen_family, name="reopen_family"),
    path(PEOPLE, people.people, name="people"),
    path(f"{PEOPLE}historikk/", people.people_history, name="people_history"),
    path(f"{PEOPLE}meg/", people.own_names, name="own_names"),
    path(f"{PEOPLE}navn/", people.subject_name, name="subject_name"),
    path(f"{PEOPLE}koordinator/", people.coordinator, name="coordinator"),
    path(f"{PEOPLE}inviter/", invitations.invite, name="invite"),
    path(f"{PEOPLE}inviter/<uuid:invitation_id>/igjen/", invitations.send_again, name="send_again"),
    path(f"{PEOPLE}inviter/<uuid:invitation_id>/trekk/", invitations.withdraw_invitation, name="withdraw_invitation"),
    path(f"{PEOPLE}ut/", leaving.leave, name="leave"),
    path(f"{PEOPLE}<uuid:member_id>/fjern/", leaving.remove_member, name="remove_member"),
    path(f"{PEOPLE}forslag/", leaving.removal, name="removal"),
    path(f"{PEOPLE}forslag/<uuid:proposal_id>/bekreft/", leaving.confirm_removal, name="confirm_removal"),
    path(f"{PEOPLE}forslag/<uuid:proposal_id>/trekk/", leaving.withdraw_removal, name="withdraw_removal"),
    path("invitasjon/", invitations.invitation, name="invitation"),
    path("invitasjon/svar/", invitations.answer_invitation, name="answer_invitation"),
    path("invitasjon/nei/", invitations.decline_invitation, name="decline_invitation"),
    path("invitasjon/<str:token>/", invitations.follow_invitation, name="follow_invitation"),
]
