"""Whether this run asks everything, as CI does (EVERYTHING=1): long runs of random inputs, and every page in a browser.

At hand, the same tests ask fewer random inputs and one page of each template. All other tests run everywhere.
"""

import os

EVERYTHING = os.environ.get("EVERYTHING") == "1"
