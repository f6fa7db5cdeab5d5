"""From a commit to what runs: the steps of the pipeline in cicd/, and that pipeline itself."""
