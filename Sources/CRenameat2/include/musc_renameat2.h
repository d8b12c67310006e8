/// renameat2(2), which Swift's Glibc module does not show, because glibc declares it under _GNU_SOURCE only.
#ifndef MUSC_RENAMEAT2_H
#define MUSC_RENAMEAT2_H

/// Exchanges the entries `a` and `b` of the open directory `directory` in one step (RENAME_EXCHANGE). Returns 0, or
/// the errno: EINVAL or ENOSYS where the file system or the kernel cannot.
int musc_exchange_entries(int directory, const char *a, const char *b);

#endif
