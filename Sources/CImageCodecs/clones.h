// One C source for several processors: the loader picks the copy that this one runs fastest.
#ifndef MUSC_CLONES_H
#define MUSC_CLONES_H

#ifndef __has_feature
#define __has_feature(name) 0
#endif

// The choice among clones is made before the thread sanitizer is ready for it.
#if defined(__x86_64__) && defined(__linux__) && !__has_feature(thread_sanitizer)
#define MUSC_FOR_EACH_PROCESSOR __attribute__((target_clones("avx2", "default")))
#else
#define MUSC_FOR_EACH_PROCESSOR
#endif

#endif
