"""Load tests by arrival rate: schedule, sending, statistics, report."""
