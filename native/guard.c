/*
 * guard: the process between the supervisor and one plugin.
 *
 *   guard [--limit name=value]... [--cwd DIR] [--exec-fd N] [--role alone|outside|inside]
 *         [--sandbox none|basic|strict] [--sockets yes|no] [--read PATH]... [--write PATH]... [--device PATH]...
 *         [--cgroup DIR] --path FILE -- ARGV0 ARGS...
 *   guard --probe         what this kernel offers, and what holds for the guard itself
 *
 * Descriptors 0, 1 and 2 are the plugin's; 3 is the status channel, a stream socket; N is the opened
 * executable, so that the bytes that were hashed are the bytes that run. Lines on the status channel:
 *
 *   -> started PID [GUARD LANDLOCK]             the plugin has been executed; in a sandbox also which guard is its
 *                                               parent, and the version of Landlock that is in force (0: none)
 *   -> failed STAGE ERRNO                       it has not; the guard ends
 *   -> oom                                      comes before "exited": all of its control group's memory was in use,
 *                                               and the kernel killed for it
 *   -> exited STATUS CORE USER_US SYS_US KIB    the plugin was reaped (wait status, rusage)
 *   -> clean KILLED LEFT                        last line: no descendant is left but LEFT unkillable ones
 *   <- term                                     SIGTERM to the plugin's process group
 *   <- kill, or end of file                     SIGKILL to every descendant until none is left
 *
 * A strict sandbox has two guards. The outside one starts bubblewrap in place of a plugin; bubblewrap becomes the
 * inside one, which is process 1 of the sandbox: it starts the plugin and sees how it really ends, no signal from
 * the sandbox reaches it, and nothing in the sandbox outlives it. It says the lines above to the outside one, which
 * passes them on, and before "started" the plugin's process says "here" for itself: the kernel tells the outside
 * guard who sent that, under the numbers that are valid there.
 *
 * DIR is an empty control group (cgroup v2), which the plugin joins before it is executed, and in a strict sandbox
 * bubblewrap; the guard stays outside. It ends what is left in the group, and removes it.
 *
 * The guard is a subreaper, so whatever a plugin starts and abandons, setsid and double fork included,
 * becomes a child of the guard: no child left means that no descendant is left.
 */
#ifndef __linux__
#error "guard.c needs Linux (subreaper, signalfd, execveat); on other systems Bulkhead runs without it"
#endif

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "landlock.h"
#include "seccomp.h"

enum { STATUS = 3, PID_LIMIT = 1 << 22 /* the kernel's PID_MAX_LIMIT */ };

/* The parent-death signal: the guard still has work to do then, and SIGCONT reaches a stopped one too. */
#define SUPERVISOR_DIED SIGCONT

struct failure {
    char stage[8];
    int error;
};

static struct {
    const char *name;
    int resource;
    rlim_t value;
} limits[] = {
    {"memory", RLIMIT_AS, RLIM_INFINITY}, {"files", RLIMIT_NOFILE, RLIM_INFINITY},
    {"cpu", RLIMIT_CPU, RLIM_INFINITY},   {"processes", RLIMIT_NPROC, RLIM_INFINITY},
    {"core", RLIMIT_CORE, RLIM_INFINITY}, {"file_size", RLIMIT_FSIZE, RLIM_INFINITY},
};
enum { LIMITS = sizeof limits / sizeof *limits };

extern char **environ;

static enum { ALONE, OUTSIDE, INSIDE } role; /* the arguments */
static enum { NO_SANDBOX, BASIC, STRICT } sandbox;
static bool sockets = true;
static const char *cwd, *path, *cgroup;
static int exec_fd = -1;
static char **options, **plugin_argv;

/* Of the sandbox, for the outside guard: the end of the inside one's status channel, and what has been heard there. */
static struct {
    int channel, other_end;
    pid_t bubblewrap, guard, plugin;
    bool failed, started, exited;
    int killed;
} inside = {.channel = -1, .other_end = -1};

static pid_t self, plugin;
static int exec_result = -1; /* closed by a successful exec, else carries a struct failure */
static int signals = -1;
static int group = -1; /* the directory of the control group */
static DIR *proc;

/* One line to the supervisor. When it is gone nobody needs to hear it: EPIPE is ignored. */
__attribute__((format(printf, 1, 2))) static void say(const char *format, ...) {
    char line[160];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    ssize_t n = 0;
    for (int sent = 0; sent < length && n >= 0; sent += (int)n) n = write(STATUS, line + sent, (size_t)(length - sent));
}

static _Noreturn void give_up(const char *stage, int error) {
    say("failed %s %d\n", stage, error);
    exit(1);
}

/* ---- the plugin's side of the fork ---- */

static _Noreturn void report_failure(int channel, const char *stage, int error) {
    struct failure failure = {.error = error};
    snprintf(failure.stage, sizeof failure.stage, "%s", stage);
    _exit(write(channel, &failure, sizeof failure) < 0 ? 126 : 127);
}

/* "0" is whoever writes it. */
static void join_group(int channel) {
    int fd = openat(group, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, "0", 1) != 1) report_failure(channel, "cgroup", errno);
    close(fd);
}

/* An interpreter is handed the path of its script, and /dev/fd/N would cost it its directory: scripts
 * are executed by path, provided that the path still names the opened file. */
static _Noreturn void execute(int channel) {
    char magic[2] = "";
    struct stat opened, named;
    if (exec_fd < 0) {
        execve(path, plugin_argv, environ);
    } else if (pread(exec_fd, magic, 2, 0) == 2 && memcmp(magic, "#!", 2) == 0) {
        if (fstat(exec_fd, &opened) != 0 || stat(path, &named) != 0) report_failure(channel, "exec", errno);
        if (opened.st_dev != named.st_dev || opened.st_ino != named.st_ino)
            report_failure(channel, "changed", ESTALE);
        execve(path, plugin_argv, environ);
    } else {
        syscall(SYS_execveat, exec_fd, "", plugin_argv, environ, AT_EMPTY_PATH);
    }
    report_failure(channel, "exec", errno);
}

/* Landlock, as far as the kernel has it: whoever shows what is enforced asks for its version (--probe). */
static void restrict_files(int channel) {
    int version = landlock_version(), rules;
    if (version == 0) return;
    if ((rules = landlock_begin(version)) < 0) report_failure(channel, "files", errno);
    for (char **option = options; option < plugin_argv - 1; option += 2) {
        int result = 0;
        if (strcmp(option[0], "--read") == 0) result = landlock_allow(rules, version, option[1], GRANT_READ);
        if (strcmp(option[0], "--write") == 0) result = landlock_allow(rules, version, option[1], GRANT_WRITE);
        if (strcmp(option[0], "--device") == 0) result = landlock_allow(rules, version, option[1], GRANT_DEVICE);
        if (result != 0) report_failure(channel, "files", errno);
    }
    if (landlock_end(rules) != 0) report_failure(channel, "files", errno);
    close(rules);
}

/* All capabilities, also those that root gets back by an exec: it stays the owner of its files, and no more. Whoever
 * has none may not even drop them, and need not. capabilities(7) */
static void drop_capabilities(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    for (unsigned long each = 0; prctl(PR_CAPBSET_DROP, each, 0, 0, 0) == 0;) each++;
    syscall(SYS_capset, &header, none);
}

/* A strict sandbox is around the process already; what is left is what only the process itself can give up. */
static void give_up_rights(int channel) {
    umask(077);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) report_failure(channel, "rights", errno);
    if (sandbox == BASIC) drop_capabilities();
    if (sandbox == BASIC) restrict_files(channel);
    if (sandbox == BASIC && !seccomp_works()) return;
    if (refuse_calls(!sockets) != 0) report_failure(channel, "calls", errno);
}

static _Noreturn void become_plugin(int channel) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != self) _exit(127); /* the guard died before the line above could help */
    if (group >= 0) join_group(channel);
    if (role == INSIDE) say("here\n");
    if (cwd != NULL && chdir(cwd) != 0) report_failure(channel, "cwd", errno);
    for (int i = 0; i < LIMITS; i++) {
        struct rlimit now;
        if (limits[i].value == RLIM_INFINITY) continue;
        if (getrlimit(limits[i].resource, &now) != 0) report_failure(channel, "limit", errno);
        /* Raising a hard limit needs privilege; one that is stricter already is good enough. */
        if (limits[i].value < now.rlim_max) now.rlim_max = limits[i].value;
        now.rlim_cur = now.rlim_max;
        /* The soft limit of CPU time kills by SIGXCPU, which names the cause, the hard one by SIGKILL. */
        if (limits[i].resource == RLIMIT_CPU) now.rlim_max += now.rlim_max < RLIM_INFINITY - 1;
        if (setrlimit(limits[i].resource, &now) != 0) report_failure(channel, "limit", errno);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (role == OUTSIDE) {
        if (dup2(inside.other_end, STATUS) < 0) report_failure(channel, "sandbox", errno);
        fcntl(exec_fd, F_SETFD, 0); /* for the inside guard */
        execve(path, plugin_argv, environ);
        report_failure(channel, "sandbox", errno);
    }
    if (sandbox != NO_SANDBOX) give_up_rights(channel);
    execute(channel);
}

/* ---- the guard's side ---- */

/* A file of the control group, with a line feed before its first line too; empty when it can't be read. */
static void read_group(const char *name, char text[static 1024]) {
    int fd = group < 0 ? -1 : openat(group, name, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text + 1, 1022);
    if (fd >= 0) close(fd);
    text[0] = '\n';
    text[n > 0 ? n + 1 : 1] = '\0';
}

/* Something in it lives; a zombie does not. */
static bool group_lives(void) {
    char text[1024];
    read_group("cgroup.events", text);
    return strstr(text, "\npopulated 1\n") != NULL;
}

/* Also what kill(2) may not: processes of other users. Kernels before 5.14 do not have it. */
static bool kill_group(void) {
    int fd = group < 0 ? -1 : openat(group, "cgroup.kill", O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, "1", 1) == 1;
    if (fd >= 0) close(fd);
    return done;
}

static int count_group(void) {
    char text[1024];
    int count = 0;
    read_group("cgroup.procs", text);
    for (const char *at = text + 1; (at = strchr(at, '\n')) != NULL; at++) count++;
    return count;
}

/* "oom" is counted for the limit of this very group, "oom_kill" also when the whole machine is short of memory. */
static bool over_memory(void) {
    char text[1024];
    read_group("memory.events", text);
    const char *oom = strstr(text, "\noom "), *kills = strstr(text, "\noom_kill ");
    return oom != NULL && kills != NULL && atoll(oom + 5) > 0 && atoll(kills + 10) > 0;
}

static void hear_exec_result(void) {
    struct failure failure;
    ssize_t n = read(exec_result, &failure, sizeof failure); /* no EINTR: every signal is blocked */
    close(exec_result);
    exec_result = -1;
    if (n == (ssize_t)sizeof failure)
        say("failed %s %d\n", failure.stage, failure.error);
    else if (role == ALONE && sandbox == BASIC)
        say("started %d %d %d\n", (int)plugin, (int)self, landlock_version());
    else if (role != OUTSIDE)
        say("started %d\n", (int)plugin);
    if (n == (ssize_t)sizeof failure) inside.failed = true;
}

/* One line of the inside guard, or of the plugin's process before it is the plugin. */
static void pass_on(const char *line, pid_t sender) {
    int left;
    if (strcmp(line, "here\n") == 0) {
        inside.plugin = sender;
    } else if (strncmp(line, "started ", 8) == 0) {
        inside.started = true;
        inside.guard = sender;
        say("started %d %d 0\n", (int)inside.plugin, (int)sender);
    } else if (sscanf(line, "clean %d %d", &inside.killed, &left) != 2) {
        inside.failed |= strncmp(line, "failed ", 7) == 0;
        if (strncmp(line, "exited ", 7) == 0) {
            inside.exited = true;
            if (over_memory()) say("oom\n");
        }
        say("%s", line);
    }
}

static void hear_inside(void) {
    for (ssize_t n = 1; n > 0 && inside.channel >= 0;) {
        char line[160];
        union {
            struct cmsghdr header;
            char space[CMSG_SPACE(sizeof(struct ucred))];
        } control;
        struct iovec part = {.iov_base = line, .iov_len = sizeof line - 1};
        struct msghdr message = {
            .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
        n = recvmsg(inside.channel, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        struct cmsghdr *header = n > 0 ? CMSG_FIRSTHDR(&message) : NULL;
        if (n <= 0 && (n == 0 || (errno != EAGAIN && errno != EINTR))) {
            close(inside.channel);
            inside.channel = -1;
        }
        if (header == NULL || header->cmsg_type != SCM_CREDENTIALS) continue;
        struct ucred credentials;
        memcpy(&credentials, CMSG_DATA(header), sizeof credentials);
        line[n] = '\0';
        pass_on(line, credentials.pid);
    }
}

/* Bubblewrap has ended, and with it the sandbox. What it does not know it tells like a shell: 128 and the signal. */
static bool told_by_inside(int *status) {
    hear_inside();
    bool over = over_memory();
    if (!inside.started && !inside.failed) say("failed %s %d\n", over ? "cgroup" : "sandbox", over ? ENOMEM : EPERM);
    int code = WIFEXITED(*status) ? WEXITSTATUS(*status) : 0;
    if (code > 128 && code - 128 < NSIG) *status = code - 128;
    return inside.exited || !inside.started;
}

static long long micros(struct timeval t) { return t.tv_sec * 1000000LL + t.tv_usec; }

/* Reaps whatever is dead. Returns how many, or -1 when no child is left at all. */
static int reap(void) {
    for (int count = 0;; count++) {
        int status;
        struct rusage usage;
        pid_t pid = wait4(-1, &status, WNOHANG, &usage);
        if (pid < 0) return errno == ECHILD ? -1 : count;
        if (pid == 0) return count;
        if (pid != plugin) continue;
        if (exec_result >= 0) hear_exec_result(); /* "started" comes before "exited" */
        plugin = 0;
        if (role == OUTSIDE && told_by_inside(&status)) continue;
        if (over_memory()) say("oom\n");
        say("exited %d %d %lld %lld %ld\n", status, WIFSIGNALED(status) && WCOREDUMP(status),
            micros(usage.ru_utime), micros(usage.ru_stime), usage.ru_maxrss);
    }
}

/* Sets of process ids, as bitmaps: no allocation while a fork bomb eats the memory. */
static unsigned char tree[PID_LIMIT / 8], killed[PID_LIMIT / 8];
static bool has(const unsigned char *set, int pid) { return set[pid / 8] >> pid % 8 & 1; }
static void add(unsigned char *set, int pid) { set[pid / 8] |= (unsigned char)(1 << pid % 8); }

/* The parent of a process, 0 when there is no such process (any more). proc(5), /proc/pid/stat. */
static int parent_of(int pid, char *state) {
    char name[32], text[512];
    snprintf(name, sizeof name, "%d/stat", pid);
    int fd = openat(dirfd(proc), name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    const char *after_name = strrchr(text, ')'); /* the name may contain anything, ')' too */
    int parent = 0;
    if (after_name == NULL || sscanf(after_name, ") %c %d", state, &parent) != 2) return 0;
    return parent > 0 && parent < PID_LIMIT ? parent : 0;
}

static int next_process(void) {
    for (struct dirent *entry; (entry = readdir(proc)) != NULL;) {
        int pid = atoi(entry->d_name);
        if (pid > 0 && pid < PID_LIMIT && pid != self) return pid;
    }
    rewinddir(proc); /* also drops the cached listing, for the next pass */
    return 0;
}

/* Freezes the tree before killing it: a stopped process can't fork, and a fork under way when SIGSTOP
 * arrives is either visible to the next pass or undone. The bound is for processes that wake each other. */
static void freeze(void) {
    char state;
    memset(tree, 0, sizeof tree);
    add(tree, self);
    for (int pass = 0, fresh = 1; fresh > 0 && pass < 32; pass++) {
        fresh = 0;
        for (int pid; (pid = next_process()) != 0;) {
            if (has(tree, pid) || !has(tree, parent_of(pid, &state))) continue;
            add(tree, pid);
            kill(pid, SIGSTOP);
            fresh++;
        }
    }
}

/* SIGKILL to all of the tree. A zombie is signalled as well (only its main thread may be dead), but not
 * counted. Returns how many processes are killed for the first time. */
static int kill_tree(void) {
    int count = 0;
    char state = 'Z';
    for (int pid; (pid = next_process()) != 0;) {
        if (!has(tree, pid) || parent_of(pid, &state) == 0 || kill(pid, SIGKILL) != 0) continue;
        if (state != 'Z' && !has(killed, pid) && pid != inside.bubblewrap && pid != inside.guard) count++;
        add(killed, pid);
    }
    return count;
}

static void drain_signals(void) {
    for (struct signalfd_siginfo info; read(signals, &info, sizeof info) > 0;) continue;
}

/* Kills until no child, hence no descendant, is left; gives up on the unkillable (another user's, or
 * stuck in the kernel) after some ten seconds without any progress. */
static _Noreturn void finish(void) {
    int total = 0;
    for (int idle = 0, reaped; ((reaped = reap()) >= 0 || group_lives()) && idle < 200; idle++) {
        if (proc == NULL && plugin != 0) kill(-plugin, SIGKILL); /* all that can be done without /proc */
        if (proc != NULL) freeze();
        int count = proc == NULL ? 0 : kill_tree();
        kill_group();
        total += count;
        if (count > 0 || reaped > 0) idle = 0;
        poll(&(struct pollfd){.fd = signals, .events = POLLIN}, 1, idle < 5 ? 1 << idle : 50);
        drain_signals();
    }
    int left = 0;
    for (int pid = 1; reap() >= 0 && pid < PID_LIMIT; pid++)
        left += pid != self && has(tree, pid) && (kill(pid, 0) == 0 || errno == EPERM);
    int in_group = group_lives() ? count_group() : 0;
    if (cgroup != NULL) rmdir(cgroup);
    say("clean %d %d\n", total + inside.killed, left > in_group ? left : in_group);
    exit(0);
}

static void read_commands(void) {
    static char line[16];
    static size_t length;
    char bytes[256];
    ssize_t n = read(STATUS, bytes, sizeof bytes);
    if (n < 0 && errno == EINTR) return;
    if (n <= 0) finish(); /* the supervisor is gone */
    for (ssize_t i = 0; i < n; i++) {
        if (bytes[i] != '\n') {
            if (length < sizeof line - 1) line[length++] = bytes[i];
            continue;
        }
        line[length] = '\0';
        length = 0;
        if (strcmp(line, "kill") == 0) finish();
        if (strcmp(line, "term") != 0) continue;
        if (role != OUTSIDE) kill(-plugin, SIGTERM);
        else if (inside.channel >= 0) send(inside.channel, "term\n", 5, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
}

static _Noreturn void watch(pid_t supervisor) {
    /* The order matters: poll looks at the signals first, so an exit never overtakes the exec's result. */
    struct pollfd sources[] = {{.fd = signals, .events = POLLIN}, {.fd = exec_result, .events = POLLIN},
                               {.fd = STATUS, .events = POLLIN}, {.fd = inside.channel, .events = POLLIN}};
    for (;;) {
        if (poll(sources, 4, -1) < 0) continue;
        if (sources[1].revents != 0 && exec_result >= 0) hear_exec_result();
        sources[1].fd = exec_result;
        if (sources[3].revents != 0) hear_inside();
        sources[3].fd = inside.channel;
        if (sources[0].revents != 0) {
            drain_signals();
            reap();
            if (plugin == 0 || getppid() != supervisor) finish();
        }
        if (sources[2].revents != 0) read_commands();
    }
}

static bool parse_limit(char *text) {
    char *value = strchr(text, '='), *end = NULL;
    if (value == NULL || value[1] < '0' || value[1] > '9') return false;
    *value++ = '\0';
    for (int i = 0; i < LIMITS; i++) {
        if (strcmp(limits[i].name, text) != 0) continue;
        errno = 0;
        limits[i].value = strtoull(value, &end, 10);
        return errno == 0 && *end == '\0';
    }
    return false;
}

static bool parse_role(const char *name) {
    role = strcmp(name, "outside") == 0 ? OUTSIDE : strcmp(name, "inside") == 0 ? INSIDE : ALONE;
    return role != ALONE || strcmp(name, "alone") == 0;
}

static bool parse_sandbox(const char *name) {
    sandbox = strcmp(name, "basic") == 0 ? BASIC : strcmp(name, "strict") == 0 ? STRICT : NO_SANDBOX;
    return sandbox != NO_SANDBOX || strcmp(name, "none") == 0;
}

static bool parse_sockets(const char *answer) {
    sockets = strcmp(answer, "no") != 0;
    return !sockets || strcmp(answer, "yes") == 0;
}

static bool parse(int argc, char **argv) {
    int i = 1;
    for (; i + 1 < argc && strcmp(argv[i], "--") != 0; i += 2) {
        bool known = false;
        if (strcmp(argv[i], "--role") == 0) known = parse_role(argv[i + 1]);
        if (strcmp(argv[i], "--sandbox") == 0) known = parse_sandbox(argv[i + 1]);
        if (strcmp(argv[i], "--sockets") == 0) known = parse_sockets(argv[i + 1]);
        if (strcmp(argv[i], "--read") == 0 || strcmp(argv[i], "--write") == 0 || strcmp(argv[i], "--device") == 0)
            known = true;
        if (strcmp(argv[i], "--limit") == 0) known = parse_limit(argv[i + 1]);
        if (strcmp(argv[i], "--cwd") == 0) known = (cwd = argv[i + 1]) != NULL;
        if (strcmp(argv[i], "--cgroup") == 0) known = (cgroup = argv[i + 1]) != NULL;
        if (strcmp(argv[i], "--path") == 0) known = (path = argv[i + 1]) != NULL;
        if (strcmp(argv[i], "--exec-fd") == 0) known = (exec_fd = atoi(argv[i + 1])) > STATUS;
        if (!known) return false;
    }
    options = argv + 1;
    plugin_argv = argv + i + 1;
    return i + 1 < argc && path != NULL && fcntl(STATUS, F_GETFD) >= 0;
}

/* Whatever the supervisor itself had inherited and let through. All that is opened later on is
 * close-on-exec, so nothing above 2 reaches the plugin. */
static void close_inherited(void) {
    if (exec_fd > STATUS + 1) exec_fd = dup2(exec_fd, STATUS + 1);
    int first = exec_fd < 0 ? STATUS + 1 : STATUS + 2;
    for (int fd = STATUS; fd < first; fd++) fcntl(fd, F_SETFD, FD_CLOEXEC);
#ifdef SYS_close_range
    if (syscall(SYS_close_range, first, ~0U, 0U) == 0) return;
#endif
    DIR *open_files = opendir("/proc/self/fd"); /* kernels before 5.9 */
    for (struct dirent *entry; open_files != NULL && (entry = readdir(open_files)) != NULL;)
        if (atoi(entry->d_name) >= first && atoi(entry->d_name) != dirfd(open_files)) close(atoi(entry->d_name));
    if (open_files != NULL) closedir(open_files);
}

/* The plugin alone holds its pipes, so that their ends mean what they say. */
static void release_descriptors(void) {
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd < 3; fd++)
        if (dup2(null, fd) < 0) close(fd);
    close(null);
    if (exec_fd >= 0) close(exec_fd);
}

/* The inside guard's end of the channel; of whom it is heard, the kernel says (unix(7), SO_PASSCRED). */
static bool open_channel(void) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return false;
    inside.channel = ends[0];
    inside.other_end = ends[1];
    return setsockopt(inside.channel, SOL_SOCKET, SO_PASSCRED, &(int){1}, sizeof(int)) == 0;
}

/* One fact a line, of the kernel and of this very process: run in a sandbox, it says what the sandbox is worth. */
static int probe(void) {
    static const char *const spaces[] = {"user", "mnt", "pid", "net", "ipc", "uts"};
    char line[256], name[32];
    printf("landlock %d\nseccomp %d\n", landlock_version(), seccomp_works());
    for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++) {
        snprintf(name, sizeof name, "/proc/self/ns/%s", spaces[i]);
        ssize_t n = readlink(name, line, sizeof line);
        if (n > 0) printf("namespace %s %.*s\n", spaces[i], (int)n, line);
    }
    FILE *status = fopen("/proc/self/status", "re");
    while (status != NULL && fgets(line, sizeof line, status) != NULL) {
        char value[32];
        if (sscanf(line, "CapEff: %31s", value) == 1) printf("capabilities %s\n", value);
        if (sscanf(line, "NoNewPrivs: %31s", value) == 1) printf("no_new_privs %s\n", value);
        if (sscanf(line, "Seccomp: %31s", value) == 1) printf("filter %s\n", value);
    }
    return 0;
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "--probe") == 0) return probe();
    if (!parse(argc, argv)) {
        dprintf(2, "usage: guard [OPTION VALUE]... --path FILE -- ARGV0 ARGS...\n"
                   "       guard --probe\n"
                   "Started by Bulkhead, with the status channel on descriptor 3.\n");
        give_up("usage", EINVAL);
    }
    self = getpid();
    pid_t supervisor = getppid();
    sigset_t all, wanted;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL); /* nothing but SIGKILL ends the guard */
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGCHLD);
    sigaddset(&wanted, SUPERVISOR_DIED);
    close_inherited();
    proc = opendir("/proc");
    if (cgroup != NULL && (group = open(cgroup, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0) give_up("cgroup", errno);
    int channel[2];
    if ((signals = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK)) < 0 || pipe2(channel, O_CLOEXEC) != 0 ||
        prctl(PR_SET_CHILD_SUBREAPER, 1) != 0 || (role == OUTSIDE && !open_channel()))
        give_up("guard", errno);
    /* Inside, bubblewrap has set SIGKILL for that, and the plugin must not look into its guard. */
    if (prctl(role == INSIDE ? PR_SET_DUMPABLE : PR_SET_PDEATHSIG, role == INSIDE ? 0 : SUPERVISOR_DIED) != 0)
        give_up("guard", errno);
    exec_result = channel[0];
    if ((plugin = fork()) < 0) give_up("fork", errno);
    if (plugin == 0) become_plugin(channel[1]);
    if (role == OUTSIDE) {
        inside.bubblewrap = plugin;
        close(inside.other_end);
    }
    setpgid(plugin, plugin); /* on both sides: whoever comes first */
    close(channel[1]);
    release_descriptors();
    watch(supervisor);
}
