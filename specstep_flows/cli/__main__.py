"""``python -m specstep_flows.cli`` is ``specstep``."""

import sys

from specstep_flows.cli import main

sys.exit(main())
