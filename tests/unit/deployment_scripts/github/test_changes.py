"""Which pushes change what Terraform deploys."""

import pytest

from landing_zone.github.changes import needs_apply
from landing_zone.sources.package import SHARED
from tests.unit.deployment_scripts.github.fakes import FakeApi

BEFORE, AFTER = "a" * 40, "b" * 40


def api(*files):
    return FakeApi({f"compare/{BEFORE}...{AFTER}": {"files": list(files)}})


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("infra/main.tf", True),
        ("infra/modules/storage/main.tf", True),
        ("cicd/main.tf", True),
        ("lambdas/common/aws.py", True),
        ("config/manifest.schema.json", True),
        ("config/environments/production.tfvars", True),
        ("workflow/state_machines/training.asl.json", True),
        ("workflow/ml/inference/requests.py", True),
        ("config/manifest.json", False),
        ("config/use_cases/iris.yaml", False),
        ("workflow/train.py", False),
        ("docs/infra/page.md", False),
    ],
)
def test_by_file(name, expected):
    assert (
        needs_apply(api({"filename": "README.md"}, {"filename": name}), BEFORE, AFTER) is expected
    )


def test_what_a_function_has_of_the_job_code_counts():
    # Packages are empty but for their docstring.
    shared = [
        name for names in SHARED.values() for name in names if not name.endswith("__init__.py")
    ]
    for name in shared:
        assert needs_apply(api({"filename": f"workflow/{name}"}), BEFORE, AFTER), name


def test_a_file_that_was_moved_away_counts():
    moved = {"filename": "docs/main.tf", "previous_filename": "infra/main.tf"}
    assert needs_apply(api(moved), BEFORE, AFTER)


def test_what_is_not_known_counts_as_a_change():
    assert needs_apply(api(), "0" * 40, AFTER)
    assert needs_apply(api(*[{"filename": f"docs/{i}.md"} for i in range(300)]), BEFORE, AFTER)
