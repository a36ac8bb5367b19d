"""`python -m longlag` is the command `longlag`."""

import sys

from longlag.cli import main

sys.exit(main())
