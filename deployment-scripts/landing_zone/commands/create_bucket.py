"""Create the bucket of the Terraform state: versioned, encrypted, closed to the public, TLS only.

    bash deployment-scripts/create-bucket.sh

An existing bucket keeps its content and gets the same protection. A bucket of that name in another account is
refused, so that the state is never stored there.
"""

from __future__ import annotations

import argparse

from landing_zone.core.aws import Aws
from landing_zone.core.names import Names
from landing_zone.core.settings import Settings
from landing_zone.stack.state_bucket import ensure_state_bucket


def run(_: argparse.Namespace, settings: Settings) -> int:
    aws = Aws(settings)
    ensure_state_bucket(aws, Names(settings, aws.account))
    return 0
