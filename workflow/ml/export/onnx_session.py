"""onnxruntime, without its telemetry. No other module imports it.

`import onnxruntime` alone writes a device id and a database below ~/.cache and starts a thread for uploads to
Microsoft. onnxruntime.disable_telemetry_events() comes too late; only the variable is read before that.
"""

from __future__ import annotations

import os

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime


def load_session(content: bytes) -> onnxruntime.InferenceSession:
    """A session for a model, with one thread: workers and jobs divide the cores among themselves."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
