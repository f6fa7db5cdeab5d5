"""What the jobs share: use case, data gate, estimators, metrics, report, lineage, the model's files.

Everything here runs on numpy, pandas, scikit-learn and the standard library alone, from Python 3.10 and
scikit-learn 1.4 on: that is what the prebuilt SageMaker scikit-learn image holds.
"""
