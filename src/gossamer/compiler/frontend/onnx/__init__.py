"""ONNX models as sources: made ready, imported as torch dialect, lowered by the input phase."""
