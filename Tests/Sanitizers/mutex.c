// Tells the thread sanitizer what it cannot see of Swift's Mutex.
//
// The sanitizer sees a lock being taken and let go of where nobody waits for it, as that code is compiled into ours. To
// wait for a lock is code of Swift's runtime, which is not compiled for the sanitizer: whoever waited would seem to hold
// no lock. So the linker replaces those two functions by these (`--wrap`).

#include <stdint.h>

void __tsan_acquire(void *address);
void __tsan_release(void *address);

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *self

// Synchronization._MutexHandle._lockSlow(UInt32) and ._unlockSlow().
SWIFT void real_lock(uint32_t thread, SELF) __asm__("__real_$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF");
SWIFT void real_unlock(SELF) __asm__("__real_$s15Synchronization12_MutexHandleV11_unlockSlowyyF");
SWIFT void wrapped_lock(uint32_t thread, SELF) __asm__("__wrap_$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF");
SWIFT void wrapped_unlock(SELF) __asm__("__wrap_$s15Synchronization12_MutexHandleV11_unlockSlowyyF");

SWIFT void wrapped_lock(uint32_t thread, SELF) {
    real_lock(thread, self);
    __tsan_acquire(self);
}

SWIFT void wrapped_unlock(SELF) {
    __tsan_release(self);
    real_unlock(self);
}
