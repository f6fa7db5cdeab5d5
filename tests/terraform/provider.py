"""The AWS provider in a process of its own, to which the Terraform commands of a test connect.

A command that starts the provider itself hashes its 700 MB and builds its schema, 5 to 8 s of CPU time. The
commands of the scripts, which test_apply.py and tests/local run, do so. A test that runs five commands of its
own would spend most of its time on it.
"""

from __future__ import annotations

import contextlib
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

# With -debug it otherwise logs every call.
_QUIET = {"TF_LOG_PROVIDER": "OFF", "TF_LOG_SDK": "OFF"}
_ATTACH = re.compile(r"TF_REATTACH_PROVIDERS='(.*)'")


def installed_provider(data_dir: Path) -> Path:
    """The program that `terraform init` left below TF_DATA_DIR."""
    (found,) = data_dir.glob(
        "providers/registry.terraform.io/hashicorp/aws/*/*/terraform-provider-*"
    )
    return found.resolve()


@contextlib.contextmanager
def running_provider(
    program: Path, folder: Path, environment: Mapping[str, str]
) -> Iterator[dict[str, str]]:
    """Start the provider; yield the variable with which Terraform connects to it.

    Args:
        program: of the provider.
        folder: the root module, from which the provider reads files with relative paths.
        environment: of the provider, which reads the address of AWS and the credentials from it.
    """
    with subprocess.Popen(
        [program, "-debug"],
        cwd=folder,
        env={**environment, **_QUIET},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            found = next((m[1] for line in process.stdout if (m := _ATTACH.search(line))), None)
            assert found, f"{program} -debug ended without an address: exit code {process.wait()}"
            yield {"TF_REATTACH_PROVIDERS": found}
        finally:
            process.kill()
