"""pause_dev_endpoints: delete the dev endpoints in the evening and create them again in the morning.

handler    the Lambda entry: clients and settings
service    which endpoints are paused and resumed

The state is a tag of the endpoint configuration, which stays: a call that is repeated, or that was
interrupted, ends the same way. A prod endpoint is never touched: the name, the tags of the configuration and
the role allow dev endpoints only.
"""
