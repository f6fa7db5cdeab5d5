"""Upload job code, use cases and, last, the manifest: a changed manifest starts a run.

    bash deployment-scripts/upload-source-files.sh

Only objects whose content differs are uploaded, so a second upload starts no run. The code goes to
code/{CodeVersion}/, where nothing is ever overwritten: a run keeps the code with which it began.
"""

from __future__ import annotations

import argparse

from landing_zone.commands.build import require_signed_image
from landing_zone.core.aws import Aws
from landing_zone.core.deployment import load_deployment
from landing_zone.core.settings import Settings
from landing_zone.sources.upload import describe, upload_sources


def run(_: argparse.Namespace, settings: Settings) -> int:
    aws = Aws(settings)
    require_signed_image(aws, settings)
    bucket = load_deployment(aws, settings).source_bucket
    print(describe(upload_sources(aws.client("s3"), bucket, settings), bucket))
    return 0
