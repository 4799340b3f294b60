"""The rules of the masks: the same examples as in the engine's tests."""

import numpy as np

from aphidiff.margins import classes_of, lesions_of, margins_of, parts, vessels_of


def test_parts_touch_at_corners():
    mask = np.zeros((3, 4, 5), bool)
    mask[0, 0, 0] = mask[1, 1, 1] = mask[2, 3, 4] = True
    assert sorted(len(p) for p in parts(mask)) == [1, 2]


def test_bridges_take_the_cheapest_way():
    classes = np.ones((3, 9, 24), np.uint8)
    classes[1, 4, :10] = classes[1, 4, 14:18] = classes[1, 0, 23] = 2
    margins = np.full((3, 4, 9, 24), -7.0)
    margins[1, 2, 5, 9:15] = -0.5
    margins[:, 2][classes == 2] = 1
    spacing = (40.0, 1.0, 1.0)  # each voxel is large enough to be a part
    joined = vessels_of(classes, margins, spacing, 0, 4)
    added = np.argwhere(joined & (classes != 2)).tolist()
    assert added == [[1, 5, i] for i in range(10, 14)]
    assert not (vessels_of(classes, margins, spacing, 0, 1) & (classes != 2)).any()


def test_nearly_a_vessel_needs_a_sure_one_beside_it():
    classes = np.ones((1, 6, 6), np.uint8)
    classes[0, 2, 2] = 2
    margins = np.full((1, 4, 6, 6), -5.0)
    margins[0, 2, 2, 2:5] = [1, -1.5, -2.5]
    margins[0, 2, 5, 5] = -1
    found = vessels_of(classes, margins, (40.0, 1.0, 1.0), 2, 0)
    assert np.argwhere(found).tolist() == [[0, 2, 2], [0, 2, 3]]


def test_air_holds_no_organ_and_lesions_have_a_size():
    logits = np.zeros((1, 4, 8, 8), np.float32)
    logits[0, 1] = 1
    logits[0, 3, 1:4, 1:4] = 9
    image = np.zeros((1, 8, 8), np.float32)
    image[0, 7] = -1
    classes = classes_of(logits, image, 1)
    assert (classes[0, 7] == 0).all() and (classes[0, 1:4, 1:4] == 3).all()
    margins = margins_of(logits)
    ((peak, voxels),) = lesions_of(classes, margins, (4.0, 1.0, 1.0))
    assert peak == 8 and len(voxels) == 9
    assert lesions_of(classes, margins, (1.0, 1.0, 1.0)) == []
