#include "musc_kernels.h"
