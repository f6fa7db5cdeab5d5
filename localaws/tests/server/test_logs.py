"""CloudWatch Logs with lines that localaws itself writes."""

from server.sagemaker.client import SCIKIT_LEARN_IMAGE, SageMaker


def test_the_log_of_a_job_on_a_fast_clock(start_localaws, tmp_path):
    # Two hours, after which moto's own clock takes a line for one of the future, pass in 0.4 s.
    with start_localaws(tmp_path, "--time-scale", "20000") as server:
        sagemaker = SageMaker(server)
        job = sagemaker.process(
            AppSpecification={
                "ImageUri": SCIKIT_LEARN_IMAGE,
                "ContainerEntrypoint": ["sh", "-c", "sleep 0.5; echo a line"],
            },
            StoppingCondition={"MaxRuntimeInSeconds": 5 * 86_400},
        )
        assert job["ProcessingJobStatus"] == "Completed"
        name = job["ProcessingJobName"]
        assert sagemaker.lines("/aws/sagemaker/ProcessingJobs", name) == ["a line"]
