/*
 * guard: the process between the supervisor and one plugin.
 *
 *   guard [--limit name=value]... [--cwd DIR] [--exec-fd N] --path FILE -- ARGV0 ARGS...
 *
 * Descriptors 0, 1 and 2 are the plugin's; 3 is the status channel, a stream socket; N is the opened
 * executable, so that the bytes that were hashed are the bytes that run. Lines on the status channel:
 *
 *   -> started PID                              the plugin has been executed
 *   -> failed STAGE ERRNO                       it has not; the guard ends
 *   -> exited STATUS CORE USER_US SYS_US KIB    the plugin was reaped (wait status, rusage)
 *   -> clean KILLED LEFT                        last line: no descendant is left but LEFT unkillable ones
 *   <- term                                     SIGTERM to the plugin's process group
 *   <- kill, or end of file                     SIGKILL to every descendant until none is left
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
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

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

static const char *cwd, *path; /* the arguments */
static int exec_fd = -1;
static char **plugin_argv;

static pid_t self, plugin;
static int exec_result = -1; /* closed by a successful exec, else carries a struct failure */
static int signals = -1;
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

static _Noreturn void become_plugin(int channel) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != self) _exit(127); /* the guard died before the line above could help */
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
    execute(channel);
}

/* ---- the guard's side ---- */

static void hear_exec_result(void) {
    struct failure failure;
    ssize_t n = read(exec_result, &failure, sizeof failure); /* no EINTR: every signal is blocked */
    close(exec_result);
    exec_result = -1;
    if (n == (ssize_t)sizeof failure)
        say("failed %s %d\n", failure.stage, failure.error);
    else
        say("started %d\n", (int)plugin);
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
        if (state != 'Z' && !has(killed, pid)) count++;
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
    for (int idle = 0, reaped; (reaped = reap()) >= 0 && idle < 200; idle++) {
        if (proc == NULL && plugin != 0) kill(-plugin, SIGKILL); /* all that can be done without /proc */
        if (proc != NULL) freeze();
        int count = proc == NULL ? 0 : kill_tree();
        total += count;
        if (count > 0 || reaped > 0) idle = 0;
        poll(&(struct pollfd){.fd = signals, .events = POLLIN}, 1, idle < 5 ? 1 << idle : 50);
        drain_signals();
    }
    int left = 0;
    for (int pid = 1; reap() >= 0 && pid < PID_LIMIT; pid++)
        left += pid != self && has(tree, pid) && (kill(pid, 0) == 0 || errno == EPERM);
    say("clean %d %d\n", total, left);
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
        if (strcmp(line, "term") == 0) kill(-plugin, SIGTERM);
    }
}

static _Noreturn void watch(pid_t supervisor) {
    /* The order matters: poll looks at the signals first, so an exit never overtakes the exec's result. */
    struct pollfd sources[] = {{.fd = signals, .events = POLLIN}, {.fd = exec_result, .events = POLLIN},
                               {.fd = STATUS, .events = POLLIN}};
    for (;;) {
        if (poll(sources, 3, -1) < 0) continue;
        if (sources[1].revents != 0 && exec_result >= 0) hear_exec_result();
        sources[1].fd = exec_result;
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

static bool parse(int argc, char **argv) {
    int i = 1;
    for (; i + 1 < argc && strcmp(argv[i], "--") != 0; i += 2) {
        bool known = false;
        if (strcmp(argv[i], "--limit") == 0) known = parse_limit(argv[i + 1]);
        if (strcmp(argv[i], "--cwd") == 0) known = (cwd = argv[i + 1]) != NULL;
        if (strcmp(argv[i], "--path") == 0) known = (path = argv[i + 1]) != NULL;
        if (strcmp(argv[i], "--exec-fd") == 0) known = (exec_fd = atoi(argv[i + 1])) > STATUS;
        if (!known) return false;
    }
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

int main(int argc, char **argv) {
    if (!parse(argc, argv)) {
        dprintf(2, "usage: guard [--limit name=value]... [--cwd DIR] [--exec-fd N] --path FILE -- ARGV0 ARGS...\n"
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
    int channel[2];
    if ((signals = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK)) < 0 || pipe2(channel, O_CLOEXEC) != 0 ||
        prctl(PR_SET_CHILD_SUBREAPER, 1) != 0 || prctl(PR_SET_PDEATHSIG, SUPERVISOR_DIED) != 0)
        give_up("guard", errno);
    exec_result = channel[0];
    if ((plugin = fork()) < 0) give_up("fork", errno);
    if (plugin == 0) become_plugin(channel[1]);
    setpgid(plugin, plugin); /* on both sides: whoever comes first */
    close(channel[1]);
    release_descriptors();
    watch(supervisor);
}
