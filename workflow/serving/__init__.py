"""The server of our own image: GET /ping, POST /invocations, GET /execution-parameters.

    serve                                 what SageMaker starts in the container
    python -m serving --model-dir model/  the same by hand (with workflow/ on PYTHONPATH)

One process each, from the outside to the inside; each module knows only the ones after it:

    supervisor.py   binds the port, starts a worker a core, starts a dead one again, passes SIGTERM on
    worker.py       one event loop: accepts, closes whoever is too slow, drains on SIGTERM
    connection_counts.py       how many connections each worker has, so that none takes all
    connection.py   HTTP/1.1 on one connection: limits, timeouts, order of the answers
    application.py  the contract: paths, methods, headers, statuses
    predictor.py       a body to predictions and back, with onnxruntime; sklearn_predictor.py is the fallback
                    (in a transform job with ml.inference.bad_rows around it: fail, or skip bad rows)
    reading.py      the fast way to read a body; what it does not take, ml.inference.requests reads or refuses
    writing.py      predictions as CSV, JSON or JSON lines
    model.py        model.json and the files it records, checked before they are loaded
    settings.py     every setting, read once from the environment

A request is refused by the rules of ml.inference.requests, which the prebuilt image uses too.
The fast way needs numpy and onnxruntime alone. pandas and scikit-learn are imported for the fallback only:
they take two seconds and 120 MiB a worker.
"""
