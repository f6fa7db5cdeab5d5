"""CloudWatch Logs: moto's records, with timestamps from the clock of localaws and metric filters that work.

Choice where AWS's documentation leaves one: the default value of a metric filter is published once for each
PutLogEvents without a match.
"""
