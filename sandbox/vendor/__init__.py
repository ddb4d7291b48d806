"""What the vendors' stand-ins share: reading a request, faults, the request log, sending an answer, invented people."""
