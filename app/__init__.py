"""The sentiment app: people ask a model whether a text is praise, and say whether its answer was right.

page        the page, run by Streamlit; the only module that imports it
settings    where the model is, read from the environment
answers     what a model says of a text, and the error that a person sees
source      the model that the settings name
live        the model of a deployment, through the inference API
model_file  a model from a file on this machine or in S3
feedback    stores what people say as labels for the drift job
__main__    starts Streamlit on this machine

It uses landing_zone.api, which signs requests, and ml, which reads models: deployment-scripts/ and workflow/
are on its path.
"""
