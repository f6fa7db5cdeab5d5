"""One Pipeline: estimators, features, the search for hyperparameters, metrics, and the files of a model."""
