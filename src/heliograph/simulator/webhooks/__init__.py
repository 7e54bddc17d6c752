"""The webhooks that Meta's side sends: what they say, how they are written, how they are delivered."""
