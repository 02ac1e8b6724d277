"""Languages by name."""

from django.conf.locale import LANG_INFO


def language_name(code: str) -> str:
    """What a language calls itself; its code where nobody told us."""
    return str(LANG_INFO.get(code, {}).get("name_local", code))
