"""Games: gathering a planner's moves, and players that are watched."""
