"""What every module stands on; no business word in here, and nothing in here imports what stands above."""
