# These modules got a count, so that the roles of GitHub can be had without the pipeline.
moved {
  from = module.notification
  to   = module.notification[0]
}

moved {
  from = module.pipeline
  to   = module.pipeline[0]
}

moved {
  from = module.source
  to   = module.source[0]
}
