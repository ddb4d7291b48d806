"""OpenAI's API as a stand-in: responses made of a prompt's facts, files, batches, and a bill for each line."""
