"""The form of a model that our own server loads: ONNX, and lookup tables for trees."""
