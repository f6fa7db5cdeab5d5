# Nothing reads anything of this module.
