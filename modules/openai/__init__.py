"""OpenAI bricks: opening lines written from facts, and what keeps them true."""
