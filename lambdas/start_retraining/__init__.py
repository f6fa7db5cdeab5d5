"""start_retraining: start the ML pipeline when traffic has drifted, or record why not.

handler   the Lambda entry: clients and settings
settings  the environment, read once
decision  the rules, without any call to AWS
service   the work: read the latest verdict, the alarm and the last retraining; decide; start; record
"""
