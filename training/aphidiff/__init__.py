"""AP-HiDiff: anatomical-prior-guided hierarchical diffusion between liver CT and MR."""

ARCHITECTURE = "aphidiff/1"
