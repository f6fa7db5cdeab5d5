"""AWS's wire protocols, by botocore's service models.

parse.py and validate.py turn a call into the input of an operation, serialize.py turns its output into a
response, errors.py an error. AWS validates requests against the same models, so a request that violates its
model gets the same error here as on AWS.
"""
