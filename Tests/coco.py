#!/usr/bin/env python3
"""Opens the COCO file of a results folder with pycocotools and holds it against the masks beside it.

    musc run FOLDER with output.masks: all and output.regions: coco, then
    python3 Tests/coco.py FOLDER/_musc

Needs pycocotools, numpy and pillow. Every annotation's area and box must be those of its mask, and the masks of an image
together must be its PNG.
"""
import pathlib
import sys

import numpy as np
from PIL import Image
from pycocotools import mask as masks
from pycocotools.coco import COCO

results = pathlib.Path(sys.argv[1])
coco = COCO(str(results / "regions.coco.json"))
regions = 0
for image in coco.loadImgs(coco.getImgIds()):
    union = np.zeros((image["height"], image["width"]), np.uint8)
    for annotation in coco.loadAnns(coco.getAnnIds(imgIds=image["id"])):
        packed = masks.frPyObjects(annotation["segmentation"], image["height"], image["width"])
        assert masks.area(packed) == annotation["area"], annotation["id"]
        assert list(masks.toBbox(packed)) == annotation["bbox"], annotation["id"]
        assert (coco.annToMask(annotation) == masks.decode(packed)).all()
        assert not (union & masks.decode(packed)).any(), "regions overlap"
        union |= masks.decode(packed)
        regions += 1
    written = np.array(Image.open(results / "masks" / (pathlib.Path(image["file_name"]).stem + ".png")))
    assert written.shape == union.shape and (written == union * 255).all(), image["file_name"]
print(f"{len(coco.getImgIds())} images, {regions} regions: pycocotools reads them as musc wrote them")
assert regions > 0
