/* For the tests of a plugin: starts it as Bulkhead does, and calls it. Whatever goes wrong on the way ends the test
 * program with a message. Nothing of this is part of the plugin.
 *
 *     bk_peer peer = bk_peer_start("build/hello", NULL);
 *     json_t *answer = bk_peer_call(&peer, "hello.greet", json_pack("{s:s}", "name", "Ada"));
 *     …
 *     json_decref(answer);
 *     bk_peer_stop(&peer);
 */
#ifndef BULKHEAD_TEST_H
#define BULKHEAD_TEST_H

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BK_PEER_PATIENCE_MS 10000

typedef struct {
    pid_t pid;
    int to, from;
    json_int_t last_id;
    json_t *description; /* the answer to initialize */
} bk_peer;

static inline void bk_peer_give_up(const char *why) {
    fprintf(stderr, "the plugin under test: %s\n", why);
    exit(1);
}

/* Takes `message` over. */
static inline void bk_peer_send(bk_peer *peer, json_t *message) {
    json_object_set_new(message, "jsonrpc", json_string("2.0"));
    char *body = json_dumps(message, JSON_COMPACT);
    json_decref(message);
    if (body == NULL || dprintf(peer->to, "Content-Length: %zu\r\n\r\n%s", strlen(body), body) < 0)
        bk_peer_give_up("it takes no more messages");
    free(body);
}

static inline void bk_peer_read(bk_peer *peer, char *data, size_t length) {
    while (length > 0) {
        struct pollfd ready = {.fd = peer->from, .events = POLLIN};
        int polled = poll(&ready, 1, BK_PEER_PATIENCE_MS);
        if (polled < 0 && errno == EINTR) continue;
        if (polled <= 0) bk_peer_give_up("no answer for 10 seconds");
        ssize_t got = read(peer->from, data, length);
        if (got <= 0) bk_peer_give_up("it has left");
        data += got;
        length -= (size_t)got;
    }
}

/* The next message, whatever it is; to be released. */
static inline json_t *bk_peer_next(bk_peer *peer) {
    char header[4096];
    size_t length = 0, body_length;
    do {
        if (length == sizeof header - 1) bk_peer_give_up("a header without end");
        bk_peer_read(peer, header + length++, 1);
    } while (length < 4 || memcmp(header + length - 4, "\r\n\r\n", 4) != 0);
    header[length] = '\0';
    if (sscanf(header, "Content-Length: %zu", &body_length) != 1) bk_peer_give_up("no Content-Length");
    char *body = malloc(body_length);
    if (body == NULL) bk_peer_give_up("out of memory");
    bk_peer_read(peer, body, body_length);
    json_t *message = json_loadb(body, body_length, JSON_ALLOW_NUL, NULL);
    free(body);
    if (message == NULL) bk_peer_give_up("a body that is no JSON");
    return message;
}

/* Sends a request and returns its id. Takes `params` over (NULL: {}), and `ctx`, which may be NULL. */
static inline json_int_t bk_peer_request(bk_peer *peer, const char *method, json_t *params, json_t *ctx) {
    json_int_t id = ++peer->last_id;
    if (params == NULL) params = json_object();
    bk_peer_send(peer, json_pack("{s:I, s:s, s:o, s:o*}", "id", id, "method", method, "params", params, "ctx", ctx));
    return id;
}

static inline void bk_peer_notify(bk_peer *peer, const char *method, json_t *params) {
    if (params == NULL) params = json_object();
    bk_peer_send(peer, json_pack("{s:s, s:o}", "method", method, "params", params));
}

/* The answer, to be released; what comes before it, such as progress, is passed over. */
static inline json_t *bk_peer_call(bk_peer *peer, const char *method, json_t *params) {
    json_int_t id = bk_peer_request(peer, method, params, NULL);
    for (;;) {
        json_t *message = bk_peer_next(peer);
        if (json_object_get(message, "method") == NULL && json_integer_value(json_object_get(message, "id")) == id)
            return message;
        json_decref(message);
    }
}

/* Starts the executable and activates it with this configuration (NULL: {}), which it takes over. */
static inline bk_peer bk_peer_start(const char *path, json_t *config) {
    int in[2], out[2];
    signal(SIGPIPE, SIG_IGN);
    if (pipe(in) != 0 || pipe(out) != 0) bk_peer_give_up(strerror(errno));
    pid_t pid = fork();
    if (pid < 0) bk_peer_give_up(strerror(errno));
    if (pid == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        close(in[0]), close(in[1]), close(out[0]), close(out[1]);
        signal(SIGPIPE, SIG_DFL);
        execl(path, path, (char *)NULL);
        perror(path);
        _exit(127);
    }
    close(in[0]), close(out[1]);
    bk_peer peer = {.pid = pid, .to = in[1], .from = out[0]};
    json_t *params =
        json_pack("{s:{s:i, s:i}, s:{s:s, s:s}, s:s, s:i, s:[], s:[], s:{s:i, s:i, s:i}}", "protocol", "min", 1, "max",
                  1, "host", "name", "test", "version", "1.0.0", "plugin", "test", "generation", 1, "apis", "services",
                  "limits", "frameBytes", 64 << 20, "depth", 100, "inFlight", 4096);
    json_t *answer = bk_peer_call(&peer, "initialize", params);
    peer.description = json_incref(json_object_get(answer, "result"));
    json_decref(answer);
    if (peer.description == NULL) bk_peer_give_up("initialize failed");
    if (config == NULL) config = json_object();
    answer = bk_peer_call(&peer, "activate", json_pack("{s:[], s:o, s:s}", "apis", "config", config, "dataDir", "."));
    if (json_object_get(answer, "result") == NULL) bk_peer_give_up("activate failed");
    json_decref(answer);
    return peer;
}

/* Ends the plugin as Bulkhead does, and returns its exit status; -1 when a signal has ended it. */
static inline int bk_peer_stop(bk_peer *peer) {
    json_decref(bk_peer_call(peer, "shutdown", json_pack("{s:i}", "ms", 5000)));
    bk_peer_notify(peer, "exit", NULL);
    close(peer->to), close(peer->from);
    json_decref(peer->description);
    int status;
    if (waitpid(peer->pid, &status, 0) != peer->pid) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#endif
