"""create_schema: turn the manifest of Git into the manifest of one run.

handler    the Lambda entry: clients and settings, then common.action
settings   the environment, read once
service    the work, in order: read, check, resolve, write
use_case   config/use_cases/{name}.yaml of the source bucket
champion   the model in production, which the new one is compared with
cost       what the run may cost at most, and whether MaxRunCost allows it
endpoint   the endpoints of the use case, with their defaults
resolve    every value of the run's manifest; pure, no AWS
storage    what the run needs: its code, S3 folders, model package group
"""
