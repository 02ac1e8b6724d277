from django.apps import AppConfig


class CrisisPlansConfig(AppConfig):
    name = "crisisplans"

    def ready(self) -> None:
        from crisisplans.actions import start_plan
        from crisisplans.models import Comment, CrisisPlan, PlanItem, SupportContact
        from crisisplans.permissions import check_can_edit_item, check_can_edit_plan, check_can_remove_comment
        from crisisplans.selectors import offer_plan
        from families.access import register_edit_check
        from families.registry import on_family_started
        from records.registry import register_plan

        register_edit_check(CrisisPlan, check_can_edit_plan)
        register_edit_check(Comment, check_can_remove_comment)
        register_edit_check(PlanItem, check_can_edit_item)
        register_edit_check(SupportContact, check_can_edit_item)
        on_family_started(start_plan)
        register_plan(offer_plan)
