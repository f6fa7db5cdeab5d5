"""The command line of the server: `python -m serving`, or `serve` in the container."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from serving.settings import SettingError, read_settings
from serving.supervisor import serve


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="serve",
        description="Serve a model on SageMaker's container contract.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--model-dir", type=Path, help="folder of the model (SM_MODEL_DIR, /opt/ml/model)"
    )
    parser.add_argument("--port", type=int, help="port to listen on (SAGEMAKER_BIND_TO_PORT, 8080)")
    args = parser.parse_args(arguments)
    try:
        settings = read_settings()
    except SettingError as error:
        print(f"serving: {error}", file=sys.stderr)
        return 1
    if args.model_dir is not None:
        settings = replace(settings, model_directory=args.model_dir)
    if args.port is not None:
        settings = replace(settings, port=args.port)
    return serve(settings)


if __name__ == "__main__":
    sys.exit(main())
