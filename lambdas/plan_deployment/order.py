"""What an execution is asked to do, and what it remembers from one call of the function to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from common.errors import ConfigurationError
from common.names import DEV, TARGETS


@dataclass(frozen=True)
class Order:
    """The input of the state machine `deploy`."""

    use_case: str
    target: str
    reason: str
    run_id: str
    # The version that a run of the ML pipeline deploys; the run fails when it has been rejected meanwhile.
    model_package_arn: str
    # Whether an endpoint that does not exist is created. An event of the registry never does that: an
    # endpoint costs money by the hour, and the use case may be one for batches.
    may_create: bool
    # SageMakerEndpoint, or Batch for a run of the ML pipeline that needs no endpoint.
    endpoint_type: str

    @classmethod
    def read(cls, document: Mapping[str, Any], prefix: str) -> Order:
        """Raise ConfigurationError with everything that is wrong with the input."""
        use_case = str(document.get("UseCase") or "")
        group = str(document.get("ModelPackageGroupName") or "")
        if not use_case and group.startswith(f"{prefix}-"):
            # An event of the model registry names the group.
            use_case = group.removeprefix(f"{prefix}-")
        target = str(document.get("Target") or "")
        problems = []
        if not use_case:
            problems.append(
                f"UseCase: found {document.get('UseCase')!r}; allowed: the name of a use case, or "
                f"ModelPackageGroupName with a group {prefix}-*"
            )
        if target not in TARGETS:
            problems.append(f"Target: found {target!r}; allowed: {', '.join(TARGETS)}")
        if problems:
            raise ConfigurationError(
                "input of the state machine deploy",
                problems,
                "Start it again with deployment-scripts/deploy_model.py.",
            )
        return cls(
            use_case,
            target,
            str(document.get("Reason") or "no reason given"),
            str(document.get("RunId") or ""),
            str(document.get("ModelPackageArn") or ""),
            bool(document.get("MayCreate", True)),
            str(document.get("EndpointType") or "SageMakerEndpoint"),
        )

    @property
    def is_dev(self) -> bool:
        return self.target == DEV


@dataclass
class Memory:
    """What an execution remembers. Another execution can finish the work without it."""

    # The configuration that the endpoint is getting, the one before it, and the version behind the new one.
    watching: str = ""
    before: str = ""
    version: str = ""
    # Answers since the update began that show the endpoint in service with the configuration before.
    looks: int = 0
    polls: int = 0
    # The step of the last call, and how many times it has failed.
    step: str = ""
    failures: int = 0
    action: str = "none"
    # Why the new version was taken back.
    rolled_back: str = ""
    # The answer of test_endpoint, for a dev endpoint.
    test: dict[str, Any] | None = None

    @classmethod
    def read(cls, state: Mapping[str, Any]) -> Memory:
        memory = cls(**state.get("Plan", {}).get("Memory", {}))
        if "Test" in state:
            memory.test = state["Test"]["Answer"]
        return memory

    def document(self) -> dict[str, Any]:
        return asdict(self)
