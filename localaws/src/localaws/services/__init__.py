"""The services: one package per service of AWS.

registry.py lists those that localaws runs itself. The packages of EventBridge, Lambda, Logs and S3 complete
moto's services; backend.py has what the backends of Step Functions, Lambda and EventBridge share.
"""
