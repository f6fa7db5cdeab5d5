"""Collects captured requests and writes them to S3 in the background."""

from __future__ import annotations

import logging
import random
import threading
import uuid
from collections import deque
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from localaws.core.context import Context
from localaws.services.sagemaker.capture.lines import Captured
from localaws.services.sagemaker.capture.settings import CaptureSettings
from localaws.services.sagemaker.container import s3_data

_log = logging.getLogger(__name__)
# AWS does not say when it writes a file. Here one is written a minute (emulated) after its first request, or
# when the bodies that wait for it have a megabyte.
_FLUSH_SECONDS: Final = 60.0
_FLUSH_BYTES: Final = 1024 * 1024
# Real seconds, so that a fast clock does not make a file of every request.
_SHORTEST_PAUSE: Final = 0.1
# Requests that arrive while so much waits are not captured.
_MAX_BYTES: Final = 64 * 1024 * 1024


class CaptureWriter:
    """The data capture of one fleet.

    Args:
        context: the surroundings of the service.
        settings: what is captured.
        endpoint: name of the endpoint.
        roles: by variant, the execution role of its model, which writes the files.
    """

    def __init__(
        self,
        context: Context,
        settings: CaptureSettings,
        endpoint: str,
        roles: Mapping[str, str | None],
    ) -> None:
        self.settings = settings
        self._context = context
        self._endpoint = endpoint
        self._roles = roles
        self._changed = threading.Condition()
        self._waiting: deque[Captured] = deque()
        self._bytes = 0
        self._lost = 0
        self._closed = False
        self._thread: threading.Thread | None = None

    def wants(self) -> bool:
        """Whether this request is in the sample."""
        percentage = self.settings.percentage
        return self.settings.enabled and (
            percentage >= 100 or random.random() * 100 < percentage  # noqa: S311 - a sample
        )

    def add(self, captured: Captured) -> None:
        """Take a request. It costs its caller an entry in a queue: encoding and writing come later."""
        with self._changed:
            if self._closed or self._bytes + captured.size > _MAX_BYTES:
                self._lost += 1
                return
            self._waiting.append(captured)
            self._bytes += captured.size
            if self._thread is None:
                name = f"capture/{self._endpoint}"
                self._thread = threading.Thread(target=self._run, name=name, daemon=True)
                self._thread.start()
            if self._bytes >= _FLUSH_BYTES:
                self._changed.notify_all()

    def close(self, *, at_once: bool = False) -> None:
        """Write what waits, or forget it with ``at_once``."""
        with self._changed:
            self._closed = True
            if at_once:
                self._waiting.clear()
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(timeout=30)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._closed or self._bytes >= _FLUSH_BYTES,
                    max(_SHORTEST_PAUSE, self._context.clock.real_seconds(_FLUSH_SECONDS)),
                )
                found, lost = list(self._waiting), self._lost
                self._waiting.clear()
                self._bytes = self._lost = 0
                if not found:
                    # The next request starts another thread.
                    self._thread = None
            if lost:
                self._report(f"{lost} request(s) were not captured: too many wait to be written.")
            if not found:
                return
            self._write_all(found)

    def _write_all(self, found: Iterable[Captured]) -> None:
        ordered = sorted(found, key=lambda item: (item.variant, item.time))
        for _, same_file in groupby(
            ordered, key=lambda item: (item.variant, item.time.strftime("%Y/%m/%d/%H"))
        ):
            records = list(same_file)
            key = self._key(records[0])
            try:
                self._write(key, records)
            except (ClientError, BotoCoreError) as error:
                self._report(f"{len(records)} captured request(s) were not written: {error}")
            except Exception:
                _log.exception("captured requests of %s were not written", self._endpoint)

    def _write(self, key: str, records: list[Captured]) -> None:
        bucket, _ = s3_data.split_uri(self.settings.destination)
        encryption = {}
        if self.settings.kms_key:
            encryption = {
                "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": self.settings.kms_key,
            }  # fmt: skip
        body = "".join(f"{record.line(self.settings)}\n" for record in records).encode()
        role = self._roles[records[0].variant]
        self._context.client("s3", role).put_object(
            Bucket=bucket, Key=key, Body=body, ContentType="application/jsonl", **encryption
        )

    def _key(self, first: Captured) -> str:
        _, prefix = s3_data.split_uri(self.settings.destination)
        time = first.time
        name = f"{time:%M-%S}-{time.microsecond // 1000:03d}-{uuid.uuid4()}.jsonl"
        parts = (prefix.strip("/"), self._endpoint, first.variant, f"{time:%Y/%m/%d/%H}", name)
        return "/".join(part for part in parts if part)

    def _report(self, message: str) -> None:
        """Say in the log of the endpoint what is missing in the captured data."""
        _log.warning("data capture of endpoint %s: %s", self._endpoint, message)
        writer = self._context.log_writer(
            f"/aws/sagemaker/Endpoints/{self._endpoint}", "data-capture"
        )
        writer.write(message)
        writer.close()
