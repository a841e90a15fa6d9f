/*
 * The system calls that no plugin in a sandbox may make, as a seccomp filter (seccomp(2)): doors into other
 * processes, into the kernel and into more privilege. What is not named here is allowed: this is no list of what
 * a program needs, which nobody could write for every language.
 */
#ifndef BULKHEAD_SECCOMP_H
#define BULKHEAD_SECCOMP_H

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

/* Elsewhere the order of clone's arguments would have to be looked up first. */
#if defined(__x86_64__) && !defined(__ILP32__)
#define FILTER_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define FILTER_ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

/* Newer calls have one number on all architectures; a build machine's headers may not know them yet. */
enum {
    CALL_io_uring_setup = 425,
    CALL_io_uring_enter = 426,
    CALL_io_uring_register = 427,
    CALL_open_tree = 428,
    CALL_move_mount = 429,
    CALL_fsopen = 430,
    CALL_fsconfig = 431,
    CALL_fsmount = 432,
    CALL_fspick = 433,
    CALL_clone3 = 435,
    CALL_pidfd_getfd = 438,
    CALL_process_madvise = 440,
    CALL_mount_setattr = 442,
    CALL_open_tree_attr = 467,
};

/* EPERM for what is forbidden; ENOSYS where the C library then tries an older call, which the filter can judge. */
static const struct {
    int number;
    int error;
} refused_calls[] = {
    /* other processes */
    {SYS_ptrace, EPERM},
    {SYS_process_vm_readv, EPERM},
    {SYS_process_vm_writev, EPERM},
    {SYS_kcmp, EPERM},
    {CALL_pidfd_getfd, EPERM},
    {CALL_process_madvise, EPERM},
    /* file systems and namespaces */
    {SYS_mount, EPERM},
    {SYS_umount2, EPERM},
    {SYS_pivot_root, EPERM},
    {SYS_chroot, EPERM},
    {SYS_unshare, EPERM},
    {SYS_setns, EPERM},
    {CALL_clone3, ENOSYS}, /* its flags lie in memory, where no filter can look; clone is judged below */
    {CALL_open_tree, EPERM},
    {CALL_move_mount, EPERM},
    {CALL_fsopen, EPERM},
    {CALL_fsconfig, EPERM},
    {CALL_fsmount, EPERM},
    {CALL_fspick, EPERM},
    {CALL_mount_setattr, EPERM},
    {CALL_open_tree_attr, EPERM},
    {SYS_name_to_handle_at, EPERM},
    {SYS_open_by_handle_at, EPERM},
    {SYS_fanotify_init, EPERM},
    {SYS_swapon, EPERM},
    {SYS_swapoff, EPERM},
    {SYS_quotactl, EPERM},
    {SYS_acct, EPERM},
    /* parts of the kernel with a history */
    {SYS_bpf, EPERM},
    {SYS_perf_event_open, EPERM},
    {SYS_userfaultfd, EPERM},
    {CALL_io_uring_setup, ENOSYS}, /* does its work past every filter */
    {CALL_io_uring_enter, ENOSYS},
    {CALL_io_uring_register, ENOSYS},
    {SYS_add_key, EPERM},
    {SYS_request_key, EPERM},
    {SYS_keyctl, EPERM},
    /* the machine */
    {SYS_init_module, EPERM},
    {SYS_finit_module, EPERM},
    {SYS_delete_module, EPERM},
    {SYS_kexec_load, EPERM},
#ifdef SYS_kexec_file_load
    {SYS_kexec_file_load, EPERM},
#endif
    {SYS_reboot, EPERM},
    {SYS_syslog, EPERM},
    {SYS_settimeofday, EPERM},
    {SYS_clock_settime, EPERM},
    {SYS_adjtimex, EPERM},
    {SYS_clock_adjtime, EPERM},
    {SYS_sethostname, EPERM},
    {SYS_setdomainname, EPERM},
    {SYS_vhangup, EPERM},
#ifdef __x86_64__
    {SYS_iopl, EPERM},
    {SYS_ioperm, EPERM},
    {SYS_modify_ldt, EPERM},
#endif
};
enum { REFUSED_CALLS = sizeof refused_calls / sizeof *refused_calls };

/* CLONE_NEWTIME is no flag of clone. <linux/sched.h> */
#define NEW_NAMESPACES (0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000)
#define X32_CALL 0x40000000
/* Input as if typed at the terminal. <asm-generic/ioctls.h>, <linux/tiocl.h> */
#define PUSH_INPUT 0x5412
#define CONSOLE_COMMAND 0x541c

/* Whether this build has a filter and this kernel takes it. */
static inline bool seccomp_works(void) {
#ifdef FILTER_ARCHITECTURE
    unsigned int action = SECCOMP_RET_ERRNO;
    return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
#else
    return false;
#endif
}

/* For the rest of this process's life, and for all that it starts. Needs no_new_privs. Returns 0, or -1 with errno. */
static inline int refuse_calls(bool sockets_too) {
#ifdef FILTER_ARCHITECTURE
/* Of the low half of an argument; both architectures are little-endian. */
#define LOAD(member) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define UNLESS_EQUAL(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (skip))
#define UNLESS_ANY_BIT(bits, skip) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (bits), 0, (skip))
#define REFUSE(error) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
    const struct sock_filter before[] = {
        /* The calls of another architecture (32-bit programs) have other numbers: none of them. */
        LOAD(arch),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, FILTER_ARCHITECTURE, 1, 0),
        REFUSE(ENOSYS),
        LOAD(nr),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_CALL, 0, 1),
        REFUSE(ENOSYS),
        UNLESS_EQUAL(SYS_clone, 4),
        LOAD(args[0]),
        UNLESS_ANY_BIT(NEW_NAMESPACES, 1),
        REFUSE(EPERM),
        ALLOW,
        UNLESS_EQUAL(SYS_ioctl, 6),
        LOAD(args[1]),
        UNLESS_EQUAL(PUSH_INPUT, 1),
        REFUSE(EPERM),
        UNLESS_EQUAL(CONSOLE_COMMAND, 1),
        REFUSE(EPERM),
        ALLOW,
        /* Its own limits are process 0. With a limit of processor time any process of the user is killed. */
        UNLESS_EQUAL(SYS_prlimit64, 4),
        LOAD(args[0]),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
        REFUSE(EPERM),
        ALLOW,
    };
    enum { BEFORE = sizeof before / sizeof *before };
    /* A pair of streams reaches nobody and stays; what sends datagrams can send them to any name. */
    const struct sock_filter no_sockets[] = {
        UNLESS_EQUAL(SYS_socket, 1),
        REFUSE(EACCES),
        UNLESS_EQUAL(SYS_socketpair, 5),
        LOAD(args[0]),
        UNLESS_EQUAL(AF_UNIX, 2),
        LOAD(args[1]),
        UNLESS_ANY_BIT(SOCK_DGRAM, 1), /* SOCK_RAW has it too, and is taken for it */
        REFUSE(EACCES),
    };
    enum { NO_SOCKETS = sizeof no_sockets / sizeof *no_sockets };
    struct sock_filter program[BEFORE + 2 * REFUSED_CALLS + NO_SOCKETS + 1];
    unsigned short length = 0;
    for (int i = 0; i < BEFORE; i++) program[length++] = before[i];
    for (int i = 0; i < REFUSED_CALLS; i++) {
        program[length++] = (struct sock_filter)UNLESS_EQUAL((unsigned)refused_calls[i].number, 1);
        program[length++] = (struct sock_filter)REFUSE((unsigned)refused_calls[i].error);
    }
    for (int i = 0; sockets_too && i < NO_SOCKETS; i++) program[length++] = no_sockets[i];
    program[length++] = (struct sock_filter)ALLOW;
    struct sock_fprog filter = {.len = length, .filter = program};
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter);
#else
    (void)sockets_too;
    errno = ENOSYS;
    return -1;
#endif
}

#endif
