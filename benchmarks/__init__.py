"""Benchmarks: ours and what others use, side by side in one run. See README.md."""

import sys
from pathlib import Path

# The code of the jobs, of the functions and of the commands is no installed package.
_ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(_ROOT / folder) for folder in ("workflow", "lambdas", "deployment-scripts")]
