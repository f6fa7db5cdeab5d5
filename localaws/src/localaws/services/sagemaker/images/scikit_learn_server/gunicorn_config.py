"""How gunicorn serves: the settings of AWS's scikit-learn container, by the same variables."""

import os

bind = f"127.0.0.1:{os.environ.get('SAGEMAKER_BIND_TO_PORT', '8080')}"
workers = int(os.environ.get("SAGEMAKER_MODEL_SERVER_WORKERS") or min(2, os.cpu_count() or 1))
timeout = int(os.environ.get("SAGEMAKER_MODEL_SERVER_TIMEOUT") or 60)
graceful_timeout = 30
worker_class = "sync"
backlog = 2048
loglevel = "warning"
# The model is loaded in each worker, as in AWS's container: a model_fn may start threads, which do not
# survive a fork.
preload_app = False
