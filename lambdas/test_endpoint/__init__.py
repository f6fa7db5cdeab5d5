"""test_endpoint: a smoke test and a short load test of a dev endpoint, with held-out rows of the run.

It runs in the environment itself, called by the state machine `deploy` after each deployment to dev. The
answer says whether the thresholds of the use case were kept; the results lie in {RunId}/deployment/dev.json.

handler   the Lambda entry: clients and settings
settings  the environment, read once
rows      the rows that are sent, and what an answer to them must look like
load      requests at a fixed rate
service   the order of the test, its verdict and its results
"""
