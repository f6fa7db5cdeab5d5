"""plan_drift: what a drift job reads. The first step of the state machine `drift`.

handler   the Lambda entry: clients and settings
settings  the environment, read once
endpoint  the live model of an endpoint, its run and its captured requests
service   the work: the window, the lists of objects, the locations
"""
