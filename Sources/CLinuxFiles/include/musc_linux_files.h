/// Linux calls on files that Swift's Glibc module does not show, because glibc declares them under _GNU_SOURCE only.
#ifndef MUSC_LINUX_FILES_H
#define MUSC_LINUX_FILES_H

/// Exchanges the entries `a` and `b` of the open directory `directory` in one step: renameat2(2) with RENAME_EXCHANGE.
/// Returns 0, or the errno: EINVAL or ENOSYS where the file system or the kernel cannot.
int musc_exchange_entries(int directory, const char *a, const char *b);

/// Flushes the file system that the open file lies on to its disk: syncfs(2). Returns 0, or the errno; errors of
/// earlier writes are reported too (since Linux 5.8).
int musc_sync_file_system(int file);

#endif
