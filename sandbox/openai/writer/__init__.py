"""What answers instead of a model: lines made of facts, some of them bad on purpose."""
