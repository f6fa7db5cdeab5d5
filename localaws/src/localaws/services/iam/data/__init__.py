"""The actions of AWS's services, with their resources and condition keys: actions.json.

``python -m localaws.services.iam.data.build`` makes the file anew.
"""
