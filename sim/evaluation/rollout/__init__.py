"""The rollout analyst's exercise: what a company would see of a staged rollout, estimated and judged by the truth."""
