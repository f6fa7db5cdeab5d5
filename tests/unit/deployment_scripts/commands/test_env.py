from __future__ import annotations

import re

from landing_zone.commands import env
from landing_zone.core.settings import DEPLOYMENT, OTHERS
from tests.unit.deployment_scripts.core.test_cli import run


def test_env_sh_sets_what_terraform_needs_and_keeps_the_shells_options() -> None:
    script = 'set +e; source deployment-scripts/env.sh; echo "$SERVICE $TF_VAR_service $-"; env'

    done = run("bash", "-c", script, SERVICE="fraud", TF_CLI_CONFIG_FILE="/does/not/exist")

    assert done.returncode == 0, done.stderr
    first = done.stdout.splitlines()[0].split()
    assert first[:2] == ["fraud", "fraud"]
    assert "e" not in first[2]
    assert "/does/not/exist" not in done.stdout


def test_env_sh_refuses_a_wrong_setting() -> None:
    done = run("bash", "deployment-scripts/env.sh", BUILD_STAGE="prod")

    assert done.returncode == 1
    assert "BUILD_STAGE is 'prod'; allowed: development, staging, production" in done.stderr


def test_the_table_shows_every_setting_and_where_it_comes_from() -> None:
    text = env.table({"SERVICE": "fraud"})

    assert "SERVICE=fraud  (environment)" in text
    for setting in (*DEPLOYMENT, *OTHERS):
        assert re.search(rf"^{setting.name}=", text, re.MULTILINE), setting.name
        assert setting.help in text
