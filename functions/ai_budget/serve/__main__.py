"""`python -m functions.ai_budget.serve`."""

import sys

from functions.ai_budget.serve.server import main

if __name__ == "__main__":
    sys.exit(main())
