from django.apps import AppConfig
from django.core.checks import register


class CommonConfig(AppConfig):
    name = "common"

    def ready(self) -> None:
        from common.pdf.checks import check_pdf_libraries

        register(check_pdf_libraries)
