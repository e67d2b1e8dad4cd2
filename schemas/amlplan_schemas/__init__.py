"""The data of amlplan as pydantic models: what users write, what plans say, what state keeps."""
