"""``python -m x2static``."""

import sys

from x2static.cli import main

sys.exit(main())
