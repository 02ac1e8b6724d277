"""All mutants."""

from tests.mutants.checks import CHECKS
from tests.mutants.frame import FRAME
from tests.mutants.walls import WALLS

MUTANTS = [*WALLS, *FRAME, *CHECKS]
