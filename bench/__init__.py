"""Speed and memory of the pipeline, beside a peer and beside the bare limit, in one run on one server."""
