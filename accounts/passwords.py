"""What a password must be, said in our words."""

from django.contrib.auth.password_validation import MinimumLengthValidator
from django.utils.translation import ngettext


class LongEnough(MinimumLengthValidator):
    """Django's rule; its own sentence has no bokmål."""

    def get_error_message(self) -> str:
        return ngettext(
            "The password is too short. Write at least %(length)d character.",
            "The password is too short. Write at least %(length)d characters.",
            self.min_length,
        ) % {"length": self.min_length}
