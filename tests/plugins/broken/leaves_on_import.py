"""Its import ends the process."""

import sys

sys.exit("I would rather not")
