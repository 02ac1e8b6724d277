"""All mutants."""

from tests.mutants.checks import CHECKS
from tests.mutants.frame import FRAME
from tests.mutants.kinds import Mutant
from tests.mutants.rights import RIGHTS

MUTANTS = [*RIGHTS, *FRAME, *CHECKS]


def chosen(names: list[str]) -> list[Mutant]:
    """All, or those in whose name one of `names` stands."""
    return [mutant for mutant in MUTANTS if not names or any(name in mutant.name for name in names)]
