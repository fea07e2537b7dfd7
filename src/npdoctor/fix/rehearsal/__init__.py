"""Try a plan in a throwaway copy of the environment, by real installs and the same examination."""
