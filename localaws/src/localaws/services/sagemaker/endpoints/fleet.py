"""All serving containers of one endpoint config."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from localaws.core.context import Context
from localaws.services.sagemaker.capture.settings import CaptureSettings
from localaws.services.sagemaker.capture.writer import CaptureWriter
from localaws.services.sagemaker.endpoints.fleet_files import FleetFiles
from localaws.services.sagemaker.endpoints.instance import Instance
from localaws.services.sagemaker.endpoints.plan import FleetPlan
from localaws.services.sagemaker.endpoints.serverless import ServerlessScaler
from localaws.services.sagemaker.errors import WorkloadError

# API reference, ProductionVariant.ContainerStartupHealthCheckTimeoutInSeconds: 60 to 3600; developer guide,
# your-algorithms-inference-code: by default a container has 4 minutes to answer its first ping.
_STARTUP_SECONDS = 240
# A request that was in progress when the traffic moved may take the full time of an invocation.
_DRAIN_SECONDS = 65


class NoInstanceError(Exception):
    """No instance can take a request at this time."""


class UnknownVariantError(Exception):
    """TargetVariant names no variant."""


@dataclass(frozen=True, slots=True)
class Lease:
    """An instance that works on one request."""

    fleet: Fleet
    instance: Instance
    peers: int
    """How many instances of the variant were ready when it was chosen."""
    setup_seconds: float = 0.0
    """How long (real) the request waited for the start of a serverless process."""


class Fleet:
    """The instances of every variant of one config."""

    def __init__(
        self,
        context: Context,
        endpoint_name: str,
        plan: FleetPlan,
    ) -> None:
        self.plan = plan
        self.config_name = plan.config_name
        self.variants = variants = plan.variants
        self.started = context.clock.now()
        self.instances: list[Instance] = []
        self.weights = {v["VariantName"]: float(v["InitialVariantWeight"]) for v in variants}
        """By variant, its part of the requests in proportion to the others."""
        self.desired_weights = dict(self.weights)
        """The same after the change in progress."""
        self.desired_counts = {v["VariantName"]: v.get("InitialInstanceCount", 1) for v in variants}
        """By variant, how many instances it has after the change in progress."""
        self.shadows = {v["VariantName"]: v for v in plan.shadows}
        self._context = context
        self._endpoint_name = endpoint_name
        self._group = f"/aws/sagemaker/Endpoints/{endpoint_name}"
        self._files = FleetFiles(context, endpoint_name)
        self._changed = threading.Condition()
        self._capture = self._new_capture(plan.capture)
        self._serverless: ServerlessScaler | None = None
        if plan.serverless is not None:
            self._serverless = ServerlessScaler(
                context.clock,
                plan.serverless,
                lambda count: self.scale({variants[0]["VariantName"]: count}),
            )
        self._closed = False
        self._requests = 0

    def start(self) -> None:
        """Start every instance.

        Raises:
            WorkloadError: the text is the endpoint's FailureReason.
        """
        if self._serverless is not None:
            self._serverless.start()
            return
        shadows = {name: v["InitialInstanceCount"] for name, v in self.shadows.items()}
        self.scale(self.desired_counts | shadows)

    def scale(self, counts: Mapping[str, int]) -> None:
        """Start or stop instances until each variant has the given number.

        An instance that is stopped gets no further requests and finishes those in progress. When a new
        instance does not become healthy, none of the new ones stays.

        Raises:
            WorkloadError: the text is the endpoint's FailureReason.
        """
        retired: list[Instance] = []
        new: list[Instance] = []
        with self._changed:
            for name, count in counts.items():
                own = [instance for instance in self.instances if instance.variant == name]
                retired += own[count:]
            self.instances = [i for i in self.instances if i not in retired]
        for name, count in counts.items():
            missing = count - sum(instance.variant == name for instance in self.instances)
            new += self._create(name, missing)
        self._retire(retired)
        if new:
            self._launch(new)

    def _create(self, variant: str, count: int) -> list[Instance]:
        if count <= 0:
            return []
        plan = self.plan.models[variant]
        files = self._files.of(variant, plan)
        return [Instance(self._context, plan, files, self._group, variant) for _ in range(count)]

    def _launch(self, new: list[Instance]) -> None:
        seconds = {
            v["VariantName"]: v.get("ContainerStartupHealthCheckTimeoutInSeconds", _STARTUP_SECONDS)
            for v in (*self.variants, *self.shadows.values())
        }
        with self._changed:
            self.instances += new
        try:
            with ThreadPoolExecutor(len(new), thread_name_prefix="instance") as pool:
                results = list(
                    pool.map(lambda instance: instance.start(seconds[instance.variant]), new)
                )
            failed = [(i.variant, name) for i, name in zip(new, results, strict=True) if name]
            if failed:
                variant, container = failed[0]
                raise WorkloadError(
                    f"The {container} container for production variant {variant} did not pass the "
                    "ping health check. Please check CloudWatch logs for this endpoint."
                )
        except Exception:
            with self._changed:
                self.instances = [instance for instance in self.instances if instance not in new]
            self._stop(new, at_once=True)
            raise

    def _retire(self, retired: list[Instance]) -> None:
        with self._changed:
            self._changed.wait_for(
                lambda: not any(instance.outstanding for instance in retired),
                self._context.clock.real_seconds(_DRAIN_SECONDS),
            )
        self._stop(retired, at_once=False)

    @staticmethod
    def _stop(instances: list[Instance], *, at_once: bool) -> None:
        if instances:
            with ThreadPoolExecutor(len(instances), thread_name_prefix="stop") as pool:
                list(pool.map(lambda instance: instance.stop(at_once=at_once), instances))

    @property
    def capture(self) -> CaptureWriter | None:
        """What captures the requests, if the config has a DataCaptureConfig."""
        return self._capture

    def retain_capture(self, other: Fleet) -> None:
        """Capture as another fleet does, until the end of this one."""
        self._capture = self._new_capture(other.capture.settings if other.capture else None)

    def _new_capture(self, settings: CaptureSettings | None) -> CaptureWriter | None:
        if settings is None:
            return None
        roles = {name: plan.role_arn for name, plan in self.plan.models.items()}
        return CaptureWriter(self._context, settings, self._endpoint_name, roles)

    @contextmanager
    def lease(self, target_variant: str | None, seconds: float) -> Iterator[Lease]:
        """An instance for one request, which is counted until it ends.

        Args:
            target_variant: the variant; chosen by weight when None.
            seconds: how long (real) to wait for an instance that is being restarted.

        Raises:
            UnknownVariantError: there is no such variant.
            NoInstanceError: none is ready.
            TooManyRequestsError: a serverless variant has no place for another request.
        """
        variant = self._choose_variant(target_variant)
        with ExitStack() as stack:
            setup_seconds = 0.0
            if self._serverless is not None:
                try:
                    setup_seconds = stack.enter_context(self._serverless.request())
                except WorkloadError as error:
                    raise NoInstanceError(variant) from error
            lease = self._occupy(variant, seconds, setup_seconds)
            stack.callback(self._leave, lease.instance)
            yield lease

    def _occupy(self, variant: str, seconds: float, setup_seconds: float) -> Lease:
        with self._changed:
            if not self._ready(variant) and not self._await(variant, seconds):
                raise NoInstanceError(variant)
            # RoutingStrategy LEAST_OUTSTANDING_REQUESTS, a random one among equals.
            ready = self._ready(variant)
            least = min(instance.outstanding for instance in ready)
            instance = random.choice([i for i in ready if i.outstanding == least])  # noqa: S311
            instance.outstanding += 1
            return Lease(self, instance, len(ready), setup_seconds)

    def _leave(self, instance: Instance) -> None:
        with self._changed:
            instance.outstanding -= 1
            self._changed.notify_all()

    def hold(self) -> None:
        """Count a request to this fleet."""
        with self._changed:
            self._requests += 1

    def release(self) -> None:
        """A counted request has ended."""
        with self._changed:
            self._requests -= 1
            self._changed.notify_all()

    def drain(self) -> None:
        """Wait for the requests that are in progress."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._requests == 0,
                self._context.clock.real_seconds(_DRAIN_SECONDS),
            )

    def stop(self, *, at_once: bool = False) -> None:
        """End every instance and delete the model's files."""
        with self._changed:
            self._closed = True
            if self._serverless is not None:
                self._serverless.close()
            instances = list(self.instances)
        self._stop(instances, at_once=at_once)
        if self._capture is not None:
            self._capture.close(at_once=at_once)
        self._files.remove()

    def instance_types(self) -> list[tuple[str, int]]:
        """Each instance type with the number of its instances. A serverless variant has none."""
        if self._serverless is not None:
            return []
        counts = self.desired_counts | {
            name: v["InitialInstanceCount"] for name, v in self.shadows.items()
        }
        variants = (*self.variants, *self.shadows.values())
        return [(v["InstanceType"], counts[v["VariantName"]]) for v in variants]

    def ready_count(self, variant: str) -> int:
        """How many instances of a variant can answer."""
        return len(self._ready(variant))

    def _await(self, variant: str, seconds: float) -> bool:
        # An instance does not notify when it becomes ready: the wait is rare and short.
        waited = 0.0
        while waited < seconds and not self._closed:
            self._changed.wait(0.05)
            waited += 0.05
            if self._ready(variant):
                return True
        return False

    def _ready(self, variant: str) -> list[Instance]:
        return [i for i in self.instances if i.variant == variant and i.ready]

    def _choose_variant(self, target: str | None) -> str:
        if target is not None:
            if target not in self.weights and target not in self.shadows:
                raise UnknownVariantError(target)
            return target
        weights = self.weights
        return random.choices(list(weights), list(weights.values()))[0]  # noqa: S311 - not cryptography
