#ifndef MUSC_KERNELS_H
#define MUSC_KERNELS_H
#endif
