/*
 * Landlock (landlock(7)): a process gives up files that its user could open, without any privilege. The kernel's
 * structures are declared here, because the headers of a build machine are often older than the kernel that runs.
 */
#ifndef BULKHEAD_LANDLOCK_H
#define BULKHEAD_LANDLOCK_H

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { LANDLOCK_CREATE = 444, LANDLOCK_ADD = 445, LANDLOCK_RESTRICT = 446 }; /* the same on all architectures */
enum { LANDLOCK_VERSION_FLAG = 1, LANDLOCK_PATH_BENEATH = 1 };

struct landlock_attributes {
    uint64_t files, network, scopes;
};
struct landlock_path {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

/* Rights, in the order in which the versions brought them. */
#define FILES_EXECUTE (1ULL << 0)
#define FILES_WRITE (1ULL << 1)
#define FILES_READ (1ULL << 2)
#define FILES_LIST (1ULL << 3)
#define FILES_ALL_1 ((1ULL << 13) - 1)
#define FILES_REFER (1ULL << 13)     /* version 2 */
#define FILES_TRUNCATE (1ULL << 14)  /* 3 */
#define FILES_IOCTL_DEV (1ULL << 15) /* 5 */
#define SCOPE_ABSTRACT_SOCKETS (1ULL << 0) /* 6 */
#define SCOPE_SIGNALS (1ULL << 1)

enum landlock_grant { GRANT_READ, GRANT_WRITE, GRANT_DEVICE };

/* Of the kernel's Landlock; 0: there is none. */
static inline int landlock_version(void) {
    long version = syscall(LANDLOCK_CREATE, NULL, 0, LANDLOCK_VERSION_FLAG);
    return version < 0 ? 0 : (int)version;
}

static inline uint64_t landlock_files(int version) {
    uint64_t files = FILES_ALL_1;
    if (version >= 2) files |= FILES_REFER;
    if (version >= 3) files |= FILES_TRUNCATE;
    if (version >= 5) files |= FILES_IOCTL_DEV;
    return files;
}

/* A set without a rule: nothing may be opened. Returns its descriptor, or -1 with errno. */
static inline int landlock_begin(int version) {
    struct landlock_attributes all = {
        .files = landlock_files(version),
        .scopes = version >= 6 ? SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS : 0,
    };
    /* A kernel refuses a longer structure than it knows, unless the rest is zero. */
    size_t size = version >= 6 ? sizeof all : version >= 4 ? 2 * sizeof all.files : sizeof all.files;
    return (int)syscall(LANDLOCK_CREATE, &all, size, 0);
}

/* Everything below the path, or the one file. What is not there needs no rule. Returns 0, or -1 with errno. */
static inline int landlock_allow(int rules, int version, const char *path, enum landlock_grant grant) {
    const uint64_t of_a_file = FILES_EXECUTE | FILES_WRITE | FILES_READ | FILES_TRUNCATE | FILES_IOCTL_DEV;
    uint64_t allowed = FILES_EXECUTE | FILES_READ | FILES_LIST;
    if (grant == GRANT_WRITE) allowed = ~FILES_IOCTL_DEV;
    if (grant == GRANT_DEVICE) allowed = FILES_READ | FILES_LIST | FILES_WRITE | FILES_IOCTL_DEV;
    struct stat status;
    struct landlock_path rule = {.parent = open(path, O_PATH | O_CLOEXEC)};
    if (rule.parent < 0) return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? 0 : -1;
    long result = fstat(rule.parent, &status);
    if (result == 0) {
        rule.allowed = allowed & landlock_files(version) & (S_ISDIR(status.st_mode) ? ~0ULL : of_a_file);
        result = syscall(LANDLOCK_ADD, rules, LANDLOCK_PATH_BENEATH, &rule, 0);
    }
    int error = errno;
    close(rule.parent);
    errno = error;
    return (int)result;
}

/* From here on, for this process and all that it starts. Needs no_new_privs. Returns 0, or -1 with errno. */
static inline int landlock_end(int rules) {
    return (int)syscall(LANDLOCK_RESTRICT, rules, 0);
}

#endif
