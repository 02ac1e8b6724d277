"""All mutants. Those of the second layer are derived from what the apps declare, so Django must be set up."""

from tests.mutants.kinds import Mutant


def all_mutants() -> list[Mutant]:
    from tests.mutants.checks import CHECKS
    from tests.mutants.frame import FRAME
    from tests.mutants.rights import RIGHTS

    return [*RIGHTS, *FRAME, *CHECKS]


def chosen(names: list[str]) -> list[Mutant]:
    """All, or those in whose name one of `names` stands."""
    return [mutant for mutant in all_mutants() if not names or any(name in mutant.name for name in names)]
