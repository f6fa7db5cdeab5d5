# Every entry point. `make help` lists them; `make` alone does what CI does.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := ci

BIN := .venv/bin
SCRIPTS := deployment-scripts
PYTHON_CODE := app console localaws/src lambdas workflow deployment-scripts benchmarks infra sample-files
TEST_CODE := tests localaws/tests
SHELL_CODE := $(wildcard $(SCRIPTS)/*.sh) .ci/run
# Two worker processes. The tests of a file run in one of them, because they share a localaws or a deployment.
PYTEST := $(BIN)/python -m pytest $(or $(PYTEST_OPTIONS),-n 2 --dist loadfile)

# Last on the path, so that an installed terraform is preferred to deployment-scripts/terraform.
export PATH := $(PATH):$(CURDIR)/$(SCRIPTS)

# Terraform prints a warning for each command when this file is set but does not exist.
ifeq ($(wildcard $(TF_CLI_CONFIG_FILE)),)
unexport TF_CLI_CONFIG_FILE
endif

# The settings of `make local`, from the environment or the command line: make local USE_CASE=iris
USE_CASE ?= $(if $(filter drift,$(SCENARIO)),iris,housing)
ENDPOINT_TYPE ?= SageMakerEndpoint
IMAGE_TAG ?= local
DATA ?=
APPROVE ?= auto
export USE_CASE ENDPOINT_TYPE IMAGE_TAG DATA APPROVE
# What `make local-gitops` pushes.
COMMIT ?= HEAD

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

.PHONY: local
local: ## From a clone to predictions on this machine (USE_CASE, ENDPOINT_TYPE, IMAGE_TAG, DATA, APPROVE, SCENARIO)
	@since=$$(date +%s); bash $(SCRIPTS)/venv.sh base; $(BIN)/python $(SCRIPTS)/local.py up --since $$since \
	  $(if $(SCENARIO),--scenario $(SCENARIO))

.PHONY: local-down
local-down: venv ## Remove everything that `make local` created
	@$(BIN)/python $(SCRIPTS)/local.py down

.PHONY: local-gitops
local-gitops: export USE_CASE := $(if $(filter file,$(origin USE_CASE)),,$(USE_CASE))
local-gitops: export ENDPOINT_TYPE := $(if $(filter file,$(origin ENDPOINT_TYPE)),,$(ENDPOINT_TYPE))
local-gitops: export IMAGE_TAG :=
local-gitops: venv-test venv-checkov ## Deploy to this machine by a push, through the pipeline of cicd/ (COMMIT, IMAGE, TEST_PATHS, APPROVE)
	@$(BIN)/python $(SCRIPTS)/local_gitops.py --commit $(COMMIT)

.PHONY: app
app: export USE_CASE := $(if $(filter file,$(origin USE_CASE)),reviews,$(USE_CASE))
app: export PYTHONPATH := .:workflow:deployment-scripts
app: venv venv-app ## Run the sentiment app on http://127.0.0.1:8501 (USE_CASE, APP_OPTIONS)
	@$(BIN)/python -m app $(APP_OPTIONS)

.PHONY: console
console: venv ## A page to run, approve and watch, on 127.0.0.1 with your AWS credentials (PORT)
	@$(BIN)/python -m console $(if $(PORT),--port $(PORT))

.PHONY: test
test: venv-test venv-checkov ## Run all tests: unit, local, terraform, and the main job end to end
	@$(PYTEST)

.PHONY: prove-iam
prove-iam: venv-test ## Prove by replay that each action, resource and condition of the IAM policies is needed
	@$(BIN)/localaws iam prove tests/iam/recording.json --unproven tests/iam/unproven.toml \
	  --prefix ml-core-development --prefix deployer-ml-core-development

.PHONY: lint
lint: lint-python lint-shell lint-docker lint-terraform lint-workflows checkov ## Check style, types, scripts, Terraform and security

.PHONY: lint-python
lint-python: venv-test ## Check the Python: ruff and mypy
	@$(BIN)/ruff check $(PYTHON_CODE) $(TEST_CODE)
	@$(BIN)/ruff format --check --quiet $(PYTHON_CODE) $(TEST_CODE) || { echo "ruff: run make fmt" >&2; exit 1; }
	@$(BIN)/mypy $(PYTHON_CODE)

.PHONY: lint-shell
lint-shell: venv-test ## Check the shell scripts: shellcheck and shfmt
	@$(BIN)/shellcheck --external-sources --source-path=. $(SHELL_CODE)
	@$(BIN)/shfmt -i 2 -ci -sr -d $(SHELL_CODE)

.PHONY: lint-docker
lint-docker: venv-test ## Check the Dockerfiles with hadolint
	@$(BIN)/hadolint workflow/container/Dockerfile app/Dockerfile

.PHONY: lint-terraform
lint-terraform: venv ## Check the Terraform: fmt, and tflint where it is installed
	@terraform fmt -check -recursive infra cicd config
	@bash $(SCRIPTS)/tflint.sh

.PHONY: lint-workflows
lint-workflows: venv-test ## Check the GitHub workflows: zizmor, their schemas, act, and actionlint where it is installed
	@$(BIN)/zizmor --offline --persona auditor --quiet --no-progress .github
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.dependabot .github/dependabot.yml
	@$(BIN)/act --validate --strict --quiet 2> /dev/null || $(BIN)/act --validate --strict
	@if command -v actionlint > /dev/null; then actionlint; else \
	  echo "actionlint is not installed, so it checked nothing: https://github.com/rhysd/actionlint"; fi

.PHONY: checkov
checkov: venv-checkov ## Check the Terraform's security with checkov
	@for root in infra cicd; do .checkov/bin/checkov --config-file .checkov.yaml --directory $$root --quiet; done

.PHONY: fmt
fmt: venv-test ## Format Python, shell and Terraform
	@$(BIN)/ruff check --fix --quiet $(PYTHON_CODE) $(TEST_CODE) || true
	@$(BIN)/ruff format $(PYTHON_CODE) $(TEST_CODE)
	@$(BIN)/shfmt -i 2 -ci -sr -w $(SHELL_CODE)
	@terraform fmt -recursive infra cicd config

.PHONY: ci
ci: lint test ## What CI runs: lint, then test

.PHONY: bench
bench: venv-test ## Measure our jobs and server beside others, into docs/performance.md (half an hour, needs wrk)
	@$(BIN)/python -m benchmarks --page docs/performance.md $(BENCH_OPTIONS)

.PHONY: new
new: venv ## Create a team's own repository from this one (NAME, DIR, OWNER, ORIGIN)
	@$(BIN)/python $(SCRIPTS)/new.py '$(NAME)' $(if $(DIR),--dir '$(DIR)') $(if $(OWNER),--owner '$(OWNER)') $(if $(ORIGIN),--origin '$(ORIGIN)')

.PHONY: update
update: venv ## In a team's repository: merge a later version of the landing zone (TO)
	@$(BIN)/python $(SCRIPTS)/update.py $(if $(TO),--to '$(TO)')

.PHONY: package
package: venv ## Build the Lambda packages and the job code into build/
	@$(BIN)/python $(SCRIPTS)/package.py

.PHONY: venv
venv: ## Create .venv with the requirements of the landing zone
	@bash $(SCRIPTS)/venv.sh base

.PHONY: venv-test
venv-test: ## Create .venv with the requirements of the tests and linters too
	@bash $(SCRIPTS)/venv.sh test

.PHONY: venv-app
venv-app: ## Create .app with the requirements of the sentiment app (600 MB)
	@bash $(SCRIPTS)/venv.sh app

.PHONY: venv-checkov
venv-checkov: ## Create .checkov, an environment of its own because checkov pins boto3
	@bash $(SCRIPTS)/venv.sh checkov

.PHONY: venv-sagemaker
venv-sagemaker: ## Create .sagemaker with SageMaker's Python SDK, for run_job.py (730 MB)
	@bash $(SCRIPTS)/venv.sh sagemaker

.PHONY: lock
lock: venv ## Lock the requirements again, with hashes and without index addresses
	@bash $(SCRIPTS)/lock.sh
