"""The model in a page: `model_inputs` writes what ``kernels/model.mjs`` needs to simulate a scenario without Python."""
