"""Volumes in files, alone or with a class for each voxel."""
