"""find_idle_endpoints: count the endpoints of this environment that nobody calls.

handler    the Lambda entry: clients and settings
service    which endpoints are idle, and the metric IdleEndpoints, which an alarm watches

Terraform does not make endpoints, so no alarm of Terraform can name one. A schedule calls this function.
"""
