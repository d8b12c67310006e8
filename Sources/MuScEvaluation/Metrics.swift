import MuSc
