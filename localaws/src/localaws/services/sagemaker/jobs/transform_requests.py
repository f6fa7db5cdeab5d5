"""The requests of a transform job: their retries, and their answers in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import IO

from localaws.core.context import Context
from localaws.services.sagemaker.container.log_lines import JobLog
from localaws.services.sagemaker.errors import AlgorithmError
from localaws.services.sagemaker.jobs.transform_settings import TransformSettings
from localaws.services.sagemaker.serving.chain import ContainerChain
from localaws.services.sagemaker.serving.http import NoAnswerError

_RETRY_PAUSE = 1.0


@dataclass(frozen=True)
class Sender:
    """Sends one payload, with the retries of ModelClientConfig."""

    context: Context
    container: ContainerChain
    settings: TransformSettings
    data_log: JobLog
    what: str

    def __call__(self, body: bytes) -> bytes:
        attempts = self.settings.retries + 1
        for attempt in range(1, attempts + 1):
            try:
                answer = self.container.invoke(body, self.settings.headers, self.settings.seconds)
            except NoAnswerError as error:
                problem = "the model process ended" if self.container.ended else str(error)
                again = not self.container.ended
            else:
                if 200 <= answer.status < 300:
                    return answer.body
                text = answer.body.decode("utf-8", "replace").strip()
                problem = f"the model answered {answer.status}: {text}"
                # A bad request stays bad. Only a failure of the server is worth another attempt.
                again = answer.status >= 500
            self.data_log.line(f"{self.what}: {problem}")
            if not again or attempt == attempts:
                break
            self.context.clock.sleep(_RETRY_PAUSE)
        raise AlgorithmError(
            f"{self.what}: {problem[:600]}. See the CloudWatch log stream {self.data_log.group} "
            f"{self.data_log.stream}"
        )


def send_in_order(
    bodies: Iterator[bytes],
    send: Callable[[bytes], bytes],
    settings: TransformSettings,
    output: IO[bytes],
    check: Callable[[], None],
) -> None:
    """Send up to MaxConcurrentTransforms bodies at a time. The answers are written in order of the bodies."""
    waiting: deque[Future[bytes]] = deque()
    with ThreadPoolExecutor(settings.concurrency, thread_name_prefix="transform") as pool:
        try:
            for body in bodies:
                check()
                waiting.append(pool.submit(send, body))
                if len(waiting) >= settings.concurrency:
                    _write(output, waiting.popleft().result(), settings)
            while waiting:
                check()
                _write(output, waiting.popleft().result(), settings)
        finally:
            for future in waiting:
                future.cancel()


def _write(output: IO[bytes], answer: bytes, settings: TransformSettings) -> None:
    output.write(answer)
    if settings.assemble_lines and not answer.endswith(b"\n"):
        output.write(b"\n")
