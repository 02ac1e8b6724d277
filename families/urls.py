"""URLs of families and their members."""

from django.urls import URLPattern, URLResolver, include, path

from families.views import invitations, leaving, people, start

of_a_proposal: list[URLPattern | URLResolver] = [
    path("", leaving.removal, name="removal"),
    path("<uuid:proposal_id>/bekreft/", leaving.confirm_removal, name="confirm_removal"),
    path("<uuid:proposal_id>/trekk/", leaving.withdraw_removal, name="withdraw_removal"),
]

of_people: list[URLPattern | URLResolver] = [
    path("", people.people, name="people"),
    path("historikk/", people.people_history, name="people_history"),
    path("meg/", people.own_names, name="own_names"),
    path("navn/", people.subject_name, name="subject_name"),
    path("koordinator/", people.coordinator, name="coordinator"),
    path("inviter/", invitations.invite, name="invite"),
    path("inviter/<uuid:invitation_id>/igjen/", invitations.send_again, name="send_again"),
    path("inviter/<uuid:invitation_id>/trekk/", invitations.withdraw_invitation, name="withdraw_invitation"),
    path("ut/", leaving.leave, name="leave"),
    path("<uuid:member_id>/fjern/", leaving.remove_member, name="remove_member"),
    path("forslag/", include(of_a_proposal)),
]

of_an_invitation: list[URLPattern | URLResolver] = [
    path("", invitations.invitation, name="invitation"),
    path("svar/", invitations.answer_invitation, name="answer_invitation"),
    path("nei/", invitations.decline_invitation, name="decline_invitation"),
    path("<str:token>/", invitations.follow_invitation, name="follow_invitation"),
]

urlpatterns = [
    path("familie/ny/", start.start_family, name="start_family"),
    path("familie/farvel/<uuid:member_id>/", leaving.mark_removal_notice_read, name="mark_removal_notice_read"),
    path("familie/apne/<uuid:closed_id>/", leaving.reopen_family, name="reopen_family"),
    path("familie/<uuid:family_id>/folk/", include(of_people)),
    path("invitasjon/", include(of_an_invitation)),
]
