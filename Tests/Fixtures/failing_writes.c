// Makes the n-th call by which a program changes files fail; preloaded by CommandTests.
//
//   MUSC_FAULT_BELOW   only what lies below this folder counts
//   MUSC_FAULT_AT      which call, from 1; 0 for none
//   MUSC_FAULT_ERRNO   the error's number
//   MUSC_FAULT_LASTING if set, all calls from then on fail as well, as on a disk that stays full
//   MUSC_FAULT_KILL    if set, the program is killed there instead, as by kill -9 or a loss of power
//   MUSC_FAULT_LOG     a file that gets a line a call: its number, its name and the path
//
// A write that is to fail is cut in half first, as on a disk that fills up in the middle of it: the first half is
// written, and what follows fails.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long calls;
static atomic_int half_written;

static const char *setting(const char *name) {
    const char *value = getenv(name);
    return value ? value : "";
}

static void note(long number, const char *call, const char *path) {
    const char *log = setting("MUSC_FAULT_LOG");
    if (!*log) return;
    char line[PATH_MAX + 64];
    int length = snprintf(line, sizeof line, "%ld %s %s\n", number, call, path);
    long file = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (file < 0) return;
    syscall(SYS_write, file, line, length < (int)sizeof line ? (size_t)length : sizeof line - 1);
    syscall(SYS_close, file);
}

static void path_of_descriptor(int file, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    long length = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX - 1);
    path[length > 0 ? length : 0] = 0;
}

static void full_path(int folder, const char *name, char *path) {
    static const char descriptors[] = "/proc/self/fd/";
    path[0] = 0;
    if (strncmp(name, descriptors, sizeof descriptors - 1) == 0) {
        // What lies in a folder that is open, whatever that is called meanwhile.
        char *rest;
        long open_folder = strtol(name + sizeof descriptors - 1, &rest, 10);
        path_of_descriptor((int)open_folder, path);
        strncat(path, rest, PATH_MAX - 1 - strlen(path));
        return;
    }
    if (name[0] != '/') {
        if (folder == AT_FDCWD) {
            if (syscall(SYS_getcwd, path, PATH_MAX) < 0) path[0] = 0;
        } else {
            path_of_descriptor(folder, path);
        }
        strncat(path, "/", PATH_MAX - 1 - strlen(path));
    }
    strncat(path, name, PATH_MAX - 1 - strlen(path));
}

// Whether this call is the one that is to fail.
static int fails(const char *call, const char *path) {
    const char *below = setting("MUSC_FAULT_BELOW");
    if (!*below || strncmp(path, below, strlen(below)) != 0) return 0;
    long number = atomic_fetch_add(&calls, 1) + 1;
    int saved = errno;
    note(number, call, path);
    errno = saved;
    long at = atol(setting("MUSC_FAULT_AT"));
    if (at == 0 || number < at || (number > at && !*setting("MUSC_FAULT_LASTING") && !half_written)) return 0;
    half_written = 0;
    // A write is cut in half first.
    if (*setting("MUSC_FAULT_KILL") && strcmp(call, "write") != 0) kill(getpid(), SIGKILL);
    errno = atoi(setting("MUSC_FAULT_ERRNO"));
    return 1;
}

static int fails_at(const char *call, int folder, const char *name) {
    char path[PATH_MAX];
    full_path(folder, name, path);
    return fails(call, path);
}

static int fails_on(const char *call, int file) {
    char path[PATH_MAX];
    path_of_descriptor(file, path);
    return fails(call, path);
}

// How much of a write is let through: all, or half, or none.
static ssize_t permitted(const char *call, int file, size_t count) {
    if (!fails_on(call, file)) return (ssize_t)count;
    if (count < 2 || atomic_load(&calls) != atol(setting("MUSC_FAULT_AT"))) return -1;
    half_written = 1;
    return (ssize_t)(count / 2);
}

ssize_t write(int file, const void *bytes, size_t count) {
    ssize_t some = permitted("write", file, count);
    if (some < (ssize_t)count && *setting("MUSC_FAULT_KILL")) {
        if (some > 0) syscall(SYS_write, file, bytes, some);
        kill(getpid(), SIGKILL);
    }
    return some < 0 ? -1 : syscall(SYS_write, file, bytes, some);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
    ssize_t some = permitted("pwrite", file, count);
    return some < 0 ? -1 : syscall(SYS_pwrite64, file, bytes, some, offset);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off_t offset) {
    return pwrite(file, bytes, count, offset);
}

ssize_t writev(int file, const struct iovec *pieces, int count) {
    return fails_on("writev", file) ? -1 : syscall(SYS_writev, file, pieces, count);
}

static int changes(int flags) { return (flags & O_ACCMODE) != O_RDONLY || flags & O_CREAT; }

static int open_file(int folder, const char *name, int flags, mode_t mode) {
    if (changes(flags) && fails_at("open", folder, name)) return -1;
    return (int)syscall(SYS_openat, folder, name, flags, mode);
}

#define MODE(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { \
        va_list rest; \
        va_start(rest, flags); \
        mode = va_arg(rest, mode_t); \
        va_end(rest); \
    }

int open(const char *name, int flags, ...) { MODE(flags) return open_file(AT_FDCWD, name, flags, mode); }
int open64(const char *name, int flags, ...) { MODE(flags) return open_file(AT_FDCWD, name, flags, mode); }
int openat(int folder, const char *name, int flags, ...) { MODE(flags) return open_file(folder, name, flags, mode); }
int openat64(int folder, const char *name, int flags, ...) { MODE(flags) return open_file(folder, name, flags, mode); }

int mkdir(const char *name, mode_t mode) {
    return fails_at("mkdir", AT_FDCWD, name) ? -1 : (int)syscall(SYS_mkdirat, AT_FDCWD, name, mode);
}

int mkdirat(int folder, const char *name, mode_t mode) {
    return fails_at("mkdir", folder, name) ? -1 : (int)syscall(SYS_mkdirat, folder, name, mode);
}

int fsync(int file) { return fails_on("fsync", file) ? -1 : (int)syscall(SYS_fsync, file); }
int fdatasync(int file) { return fails_on("fdatasync", file) ? -1 : (int)syscall(SYS_fdatasync, file); }
int syncfs(int file) { return fails_on("syncfs", file) ? -1 : (int)syscall(SYS_syncfs, file); }

int ftruncate(int file, off_t length) {
    return fails_on("ftruncate", file) ? -1 : (int)syscall(SYS_ftruncate, file, length);
}

int ftruncate64(int file, off_t length) { return ftruncate(file, length); }

int rename(const char *from, const char *to) {
    return fails_at("rename", AT_FDCWD, to) ? -1 : (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to) {
    return fails_at("rename", to_folder, to) ? -1 : (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, 0);
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
    if (fails_at(flags ? "exchange" : "rename", to_folder, to)) return -1;
    return (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
}

int link(const char *from, const char *to) {
    return fails_at("link", AT_FDCWD, to) ? -1 : (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags) {
    return fails_at("link", to_folder, to) ? -1 : (int)syscall(SYS_linkat, from_folder, from, to_folder, to, flags);
}

int symlink(const char *target, const char *name) {
    return fails_at("symlink", AT_FDCWD, name) ? -1 : (int)syscall(SYS_symlinkat, target, AT_FDCWD, name);
}

int symlinkat(const char *target, int folder, const char *name) {
    return fails_at("symlink", folder, name) ? -1 : (int)syscall(SYS_symlinkat, target, folder, name);
}

int unlink(const char *name) {
    return fails_at("unlink", AT_FDCWD, name) ? -1 : (int)syscall(SYS_unlinkat, AT_FDCWD, name, 0);
}

int unlinkat(int folder, const char *name, int flags) {
    return fails_at("unlink", folder, name) ? -1 : (int)syscall(SYS_unlinkat, folder, name, flags);
}

int rmdir(const char *name) {
    return fails_at("unlink", AT_FDCWD, name) ? -1 : (int)syscall(SYS_unlinkat, AT_FDCWD, name, AT_REMOVEDIR);
}
