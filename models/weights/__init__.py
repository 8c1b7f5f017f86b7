"""Load models and convert them for OpenVINO. The door is `local_model.load_local`."""
