"""Plan, rehearse, write, apply and undo what mends an environment."""
