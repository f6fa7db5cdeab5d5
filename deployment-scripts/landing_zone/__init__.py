"""What the scripts in deployment-scripts/ share. A script parses its arguments; the work is done here.

    errors, cli           how a command ends: a message a person can act on, an exit code
    settings, sources     what to deploy, from the environment; what is in this checkout
    aws, deployment       clients, built once; the names that Terraform stored in SSM
    terraform, mirrors    finds Terraform and its provider, runs init, plan, apply, destroy
    state_bucket, upload  the Terraform state's bucket; job code, use cases and manifest to S3
    deploy, teardown      quick-deploy and quick-destroy
    leftovers, emptying   what teardown removes beside the Terraform stack
    runs, jobs            a pipeline execution at one moment: stages, actions, jobs
    pipeline              reads it; starts, answers, retries, stops
    progress, follow      shows it while it runs; answers or announces the approvals
    evidence, approvals   what an approver looks at; the answer
    inputs, results       data to a run; three predictions, or the head of the batch output
    bad_rows              which lines of the input a transform job refused or skipped
    choice, main_job      which run to take on; the main job
    local                 make local: localaws, and the same scripts pointed at it

Only `aws` knows boto3. Everything else takes its clients as arguments, so the tests hand in fakes.
"""
