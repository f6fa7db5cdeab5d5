"""The serving container beside other servers."""

import sys
from pathlib import Path

# The models are trained and exported by the code of the jobs, which is no installed package.
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "workflow"))
