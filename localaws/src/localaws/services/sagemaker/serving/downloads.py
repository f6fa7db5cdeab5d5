"""Files that containers of the same fleet get from S3."""

from __future__ import annotations

import hashlib
import shutil
import threading
from pathlib import Path

from localaws.core.context import Context
from localaws.services.sagemaker.container import s3_data


class Downloads:
    """Downloads each object once.

    A container that is started again later gets the bytes that the first one got, whatever the bucket
    holds by then.
    """

    def __init__(self, context: Context, role_arn: str | None, directory: Path) -> None:
        self._context = context
        self._role_arn = role_arn
        self._directory = directory
        self._lock = threading.Lock()

    def fetch(self, uri: str, target: Path) -> None:
        """Copy an object, given by its URI, to ``target``."""
        kept = self._directory / hashlib.sha256(uri.encode()).hexdigest()
        with self._lock:
            if not kept.exists():
                s3 = self._context.client("s3", self._role_arn)
                partial = kept.with_suffix(".partial")
                s3_data.download_object(s3, *s3_data.split_uri(uri), partial)
                partial.replace(kept)
        shutil.copyfile(kept, target)
