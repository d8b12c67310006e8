import MuScImages
