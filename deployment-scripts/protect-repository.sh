#!/usr/bin/env bash
# Sets what GitHub alone can do for a repository: protected branches, environments with reviewers, variables.
#
#   bash deployment-scripts/protect-repository.sh --repository OWNER/NAME --reviewers TEAM --account ID [--yes]
#
# --repository  the repository, as OWNER/NAME
# --reviewers   slug of the team that approves applies, evaluations and deployments
# --account     id of the AWS account of the stage production
# --yes         change the repository; without it, only the commands are shown
#
# Needs gh, signed in as an administrator of the repository. SERVICE and AWS_REGION become variables of the
# repository. Running it again changes nothing.
set -euo pipefail

readonly BRANCHES=(main staging development)
# Jobs of the workflows that a pull request must pass.
readonly CHECKS='[{"context": "Lint"}, {"context": "Test"}, {"context": "Plan"}]'

# Prints a command, and runs it where --yes was given.
# Globals: CONFIRMED
# Arguments: the standard input of the command, then the command
protect::run() {
  local -r input="$1"
  shift
  printf '%s\n' "$*"
  if [[ -n "${input}" ]]; then
    printf '  %s\n' "${input}"
  fi
  if [[ "${CONFIRMED}" == true ]]; then
    printf '%s' "${input}" | "$@" > /dev/null
  fi
}

# Only pull requests, up to date, checked, and approved by a code owner after their last push.
protect::branch() {
  local -r repository="$1" branch="$2"
  protect::run "{
  \"required_status_checks\": {\"strict\": true, \"checks\": ${CHECKS}},
  \"enforce_admins\": true,
  \"required_pull_request_reviews\": {
    \"dismiss_stale_reviews\": true,
    \"require_code_owner_reviews\": true,
    \"require_last_push_approval\": true,
    \"required_approving_review_count\": 1
  },
  \"restrictions\": null,
  \"required_conversation_resolution\": true,
  \"allow_force_pushes\": false,
  \"allow_deletions\": false
}" gh api --method PUT "repos/${repository}/branches/${branch}/protection" --input -
}

# An environment whose jobs wait for the reviewers, where there are any, and run on protected branches only.
# Arguments: repository, environment, id of the team or empty, stage
protect::environment() {
  local -r repository="$1" environment="$2" team="$3" stage="$4"
  local reviewers="[]"
  if [[ -n "${team}" ]]; then
    reviewers="[{\"type\": \"Team\", \"id\": ${team}}]"
  fi
  protect::run "{
  \"reviewers\": ${reviewers},
  \"prevent_self_review\": $([[ -n "${team}" ]] && echo true || echo false),
  \"deployment_branch_policy\": {\"protected_branches\": true, \"custom_branch_policies\": false}
}" gh api --method PUT "repos/${repository}/environments/${environment}" --input -
  protect::run "" gh variable set BUILD_STAGE --repo "${repository}" --env "${environment}" --body "${stage}"
}

# Workflows get no more than they ask for, and use actions by commit only.
protect::actions() {
  local -r repository="$1"
  protect::run '{"default_workflow_permissions": "read", "can_approve_pull_request_reviews": false}' \
    gh api --method PUT "repos/${repository}/actions/permissions/workflow" --input -
  protect::run '{"enabled": true, "allowed_actions": "selected", "sha_pinning_required": true}' \
    gh api --method PUT "repos/${repository}/actions/permissions" --input -
  protect::run '{"github_owned_allowed": false, "verified_allowed": false,
  "patterns_allowed": ["actions/checkout@*", "aws-actions/configure-aws-credentials@*"]}' \
    gh api --method PUT "repos/${repository}/actions/permissions/selected-actions" --input -
}

protect::labels() {
  local -r repository="$1"
  local label
  for label in evaluation-started evaluation-complete evaluation-failed deployed drift; do
    protect::run "" gh label create "${label}" --repo "${repository}" --force
  done
}

main() {
  local repository="" reviewers="" account="" team
  CONFIRMED=false
  while (($#)); do
    case "$1" in
      --repository) repository="${2:?--repository needs OWNER/NAME}" && shift ;;
      --reviewers) reviewers="${2:?--reviewers needs the slug of a team}" && shift ;;
      --account) account="${2:?--account needs an account id}" && shift ;;
      --yes) CONFIRMED=true ;;
      --help | -h)
        sed -n '2,13s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
        return
        ;;
      *)
        printf 'protect-repository.sh: %q is unknown; --help lists the options\n' "$1" >&2
        return 2
        ;;
    esac
    shift
  done
  if [[ ! "${repository}" =~ ^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$ ]]; then
    printf 'protect-repository.sh: --repository is %q; allowed: OWNER/NAME\n' "${repository}" >&2
    return 2
  fi
  if [[ ! "${reviewers}" =~ ^[A-Za-z0-9_-]+$ ]]; then
    printf 'protect-repository.sh: --reviewers is %q; allowed: the slug of a team\n' "${reviewers}" >&2
    return 2
  fi
  if [[ ! "${account}" =~ ^[0-9]{12}$ ]]; then
    printf 'protect-repository.sh: --account is %q; allowed: 12 digits\n' "${account}" >&2
    return 2
  fi
  if ! command -v gh > /dev/null; then
    printf 'protect-repository.sh: gh is not installed: https://cli.github.com/\n' >&2
    return 1
  fi
  team="$(gh api "orgs/${repository%%/*}/teams/${reviewers}" --jq .id)"
  protect::actions "${repository}"
  protect::labels "${repository}"
  local branch name
  for branch in "${BRANCHES[@]}"; do
    protect::branch "${repository}" "${branch}"
  done
  protect::environment "${repository}" production "${team}" production
  protect::environment "${repository}" staging "${team}" staging
  protect::environment "${repository}" development "" development
  protect::environment "${repository}" drift "" production
  protect::environment "${repository}" evaluation "${team}" production
  protect::environment "${repository}" deploy-candidate "${team}" production
  for name in "AWS_ACCOUNT_ID=${account}" "AWS_REGION=${AWS_REGION:-eu-west-1}" "SERVICE=${SERVICE:-ml-core}"; do
    protect::run "" gh variable set "${name%%=*}" --repo "${repository}" --body "${name#*=}"
  done
  if [[ "${CONFIRMED}" != true ]]; then
    printf 'nothing was changed: --yes runs these commands\n'
  fi
}

if [[ "${BASH_SOURCE[0]}" == "$0" ]]; then
  main "$@"
fi
