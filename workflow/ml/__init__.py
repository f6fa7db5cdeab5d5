"""What the jobs share, in the order of a run. Each package knows those above it and none below.

    config/       what a use case says, read and checked
    data/         CSV files to checked rows, split into train and test, with a profile     preprocess.py
    model/        the Pipeline: estimators, features, search, metrics, the model's files   train.py
    export/       the form of it that our own server loads                                 train.py
    evaluation/   what a reviewer looks at: evaluation.json and report.html                evaluate.py
    inference/    requests for predictions, and their answers                              inference.py
    monitoring/   captured requests and labels, compared with the training                 drift.py

Everything here runs on numpy, pandas, scikit-learn and the standard library alone, from Python 3.10 and
scikit-learn 1.4 on: that is what the prebuilt SageMaker scikit-learn image holds.
"""
