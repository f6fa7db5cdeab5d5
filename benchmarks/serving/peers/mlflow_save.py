"""Save a joblib file as an MLflow model: mlflow_save.py model.joblib folder."""

import sys

import joblib
import mlflow.sklearn

mlflow.sklearn.save_model(joblib.load(sys.argv[1]), sys.argv[2], serialization_format="cloudpickle")
