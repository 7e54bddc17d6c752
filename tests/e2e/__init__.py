"""The product as its users meet it: real processes, real HTTP, the official client."""
