/// Calls that Swift's Glibc module does not show: of Linux on files, and of glibc on its memory.
#ifndef MUSC_LINUX_H
#define MUSC_LINUX_H

/// Exchanges the entries `a` and `b` of the open directory `directory` in one step: renameat2(2) with RENAME_EXCHANGE.
/// Returns 0, or the errno: EINVAL or ENOSYS where the file system or the kernel cannot.
int musc_exchange_entries(int directory, const char *a, const char *b);

/// Flushes the file system that the open file lies on to its disk: syncfs(2). Returns 0, or the errno; errors of
/// earlier writes are reported too (since Linux 5.8).
int musc_sync_file_system(int file);

/// Lets threads share so many pools of memory from now on, instead of up to eight a core of which each keeps what it once
/// needed: mallopt(3) with M_ARENA_MAX.
void musc_limit_memory_pools(int pools);

/// Gives memory that is not in use back to the system: malloc_trim(3).
void musc_release_memory(void);

#endif
