"""Benchmarks: ours and what others use, side by side in one run. See README.md."""
