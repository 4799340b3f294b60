"""Values of scipy.ndimage.map_coordinates for a small oblique pair of grids (Apache-2.0). Written by scipy 1.17.1."""
import json
import sys

import numpy as np
from scipy.ndimage import map_coordinates

nx, ny, nz = 9, 7, 6
i, j, k = np.meshgrid(np.arange(nx), np.arange(ny), np.arange(nz), indexing="ij")
voxels = ((i * 37 + j * 101 + k * 59 + i * j * k * 13) % 211 - 90).astype(np.float64)
source = np.array([[2.0, 0.3, 0, -5], [-0.25, 1.5, 0.2, 3], [0.1, 0, 3.0, -7], [0, 0, 0, 1]])
target = np.array([[1.25, -0.5, 0.25, -4], [0.75, 1.0, 0.125, 2.5], [0, 0.25, 2.0, -8], [0, 0, 0, 1]])
shape = (11, 8, 7)
index = np.stack(np.meshgrid(*[np.arange(n) for n in shape], indexing="ij")).reshape(3, -1)
point = np.linalg.inv(source) @ target @ np.vstack([index, np.ones(index.shape[1])])
point = point[:3]
last = np.array([nx - 1, ny - 1, nz - 1])[:, None]
inside = np.all((point >= -0.5) & (point <= last + 0.5), axis=0)
clamped = np.clip(point, 0, last)
result = {"inside": inside, "nearest": voxels[tuple(np.minimum(np.floor(clamped + 0.5), last).astype(int))]}
result["linear"] = map_coordinates(voxels, clamped, order=1, mode="nearest")
result["cubic-bspline"] = map_coordinates(voxels, clamped, order=3, mode="mirror")
ordered = {name: value.reshape(shape).transpose(2, 1, 0).reshape(-1).tolist() for name, value in result.items()}
json.dump({"source_dimensions": [nx, ny, nz], "target_dimensions": shape, "source_rows": source[:3].tolist(),
           "target_rows": target[:3].tolist(), "voxels": voxels.transpose(2, 1, 0).reshape(-1).tolist(), **ordered},
          sys.stdout)
