"""AWS's wire protocols, read from botocore's service models: parse, validate, serialize.

AWS validates a request against the same models before its service sees it, so a request that
botocore's model refuses gets AWS's own error here too.
"""
