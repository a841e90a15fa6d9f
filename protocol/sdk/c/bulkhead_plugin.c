/* The C side of protocol/README.md: frames in, calls on threads, frames out. */
#include "bulkhead_plugin.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Limits of protocol/README.md; initialize may say other ones for the last three. */
#define HEADER_BYTES 4096
#define CURSOR_BYTES 1024
#define FRAME_BYTES (64u << 20)
#define DEPTH 100
#define IN_FLIGHT 4096

#define PROTOCOL 1
#define THREADS 256
#define THREAD_IDLE_MS 10000
#ifndef BK_STACK_BYTES
#define BK_STACK_BYTES (1u << 20)
#endif

/* sysexits.h */
enum { EXIT_STARTED_BY_HAND = 64, EXIT_BAD_INPUT = 65, EXIT_WRONG_PLUGIN = 70, EXIT_SYSTEM = 71, EXIT_STREAMS = 74 };

enum { PARSE_ERROR = -32700, INVALID_REQUEST = -32600, METHOD_NOT_FOUND = -32601, INCOMPATIBLE_PROTOCOL = -32001 };
enum { SUPERVISORS_FIRST = -31999, SUPERVISORS_LAST = -31900 };

/* macOS has no pthread_condattr_setclock. */
#ifdef __APPLE__
#define CLOCK CLOCK_REALTIME
#else
#define CLOCK CLOCK_MONOTONIC
#endif

/* ---- memory, time, text ---- */

static void die(int status, const char *why) {
    fprintf(stderr, "bulkhead: %s\n", why);
    _exit(status);
}

static void *checked(void *memory) {
    if (memory == NULL) die(EXIT_SYSTEM, "out of memory");
    return memory;
}

struct bytes {
    char *data;
    size_t length, room;
};

static void reserve(struct bytes *bytes, size_t more) {
    if (bytes->room - bytes->length >= more) return;
    size_t room = bytes->room > 0 ? bytes->room : 256;
    while (room - bytes->length < more) {
        if (room > SIZE_MAX / 2) die(EXIT_SYSTEM, "out of memory");
        room *= 2;
    }
    bytes->data = checked(realloc(bytes->data, room));
    bytes->room = room;
}

static void put(struct bytes *bytes, const char *data, size_t length) {
    if (length == 0) return;
    reserve(bytes, length);
    memcpy(bytes->data + bytes->length, data, length);
    bytes->length += length;
}

static void put_text(struct bytes *bytes, const char *text) { put(bytes, text, strlen(text)); }

static int put_dumped(const char *data, size_t length, void *bytes) {
    put(bytes, data, length);
    return 0;
}

/* False when it is no JSON: a value that holds itself, or NULL. */
static bool put_json(struct bytes *bytes, const json_t *value) {
    return value != NULL && json_dump_callback(value, put_dumped, bytes, JSON_COMPACT | JSON_ENCODE_ANY) == 0;
}

/* jansson makes no strings that are no UTF-8; a message should arrive all the same. */
static json_t *text_json(const char *text) {
    json_t *json = json_string(text);
    if (json != NULL) return json;
    char *ascii = checked(strdup(text));
    for (char *c = ascii; *c != '\0'; c++) {
        if ((unsigned char)*c > 0x7e) *c = '?';
    }
    json = checked(json_string(ascii));
    free(ascii);
    return json;
}

static json_t *formatted(const char *format, va_list values) BK_PRINTF(1, 0);
static json_t *formatted(const char *format, va_list values) {
    va_list again;
    va_copy(again, values);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0) return text_json(format);
    char *text = checked(malloc((size_t)length + 1));
    vsnprintf(text, (size_t)length + 1, format, values);
    json_t *json = text_json(text);
    free(text);
    return json;
}

static int64_t now_ms(void) {
    struct timespec time;
    clock_gettime(CLOCK, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static struct timespec instant(int64_t ms) {
    return (struct timespec){.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
}

static void init_condition(pthread_cond_t *condition) {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
#ifndef __APPLE__
    pthread_condattr_setclock(&attributes, CLOCK);
#endif
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

void bk_log(const char *level, const char *format, ...) {
    va_list values;
    va_start(values, format);
    json_t *line = json_object();
    json_object_set_new(line, "level", text_json(level));
    json_object_set_new(line, "msg", formatted(format, values));
    va_end(values);
    struct bytes bytes = {0};
    put_json(&bytes, line);
    put_text(&bytes, "\n");
    json_decref(line);
    /* In one piece, so that the lines of two threads do not mix. */
    for (size_t done = 0; done < bytes.length;) {
        ssize_t wrote = write(STDERR_FILENO, bytes.data + done, bytes.length - done);
        if (wrote < 0 && errno == EAGAIN) {
            poll(&(struct pollfd){.fd = STDERR_FILENO, .events = POLLOUT}, 1, -1);
        } else if (wrote < 0 && errno != EINTR) {
            break;
        } else if (wrote > 0) {
            done += (size_t)wrote;
        }
    }
    free(bytes.data);
}

json_t *bk_int64(int64_t value) { return json_sprintf("%lld", (long long)value); }

bool bk_int64_value(const json_t *value, int64_t *out) {
    if (json_is_integer(value)) {
        *out = json_integer_value(value);
        return true;
    }
    if (!json_is_string(value)) return false;
    const char *text = json_string_value(value);
    const char *digits = text + (*text == '-');
    /* strtoll would also take spaces, a plus sign, and stop at a NUL. */
    if (*digits == '\0' || strspn(digits, "0123456789") != json_string_length(value) - (size_t)(digits - text))
        return false;
    errno = 0;
    long long number = strtoll(text, NULL, 10);
    if (errno == ERANGE) return false;
    *out = number;
    return true;
}

/* ---- errors ---- */

static json_t *error_json(long long code, const char *name, json_t *message) {
    json_t *error = checked(json_pack("{s:I, s:o}", "code", (json_int_t)code, "message", message));
    if (name != NULL) json_object_set_new(error, "data", json_pack("{s:o}", "code", text_json(name)));
    return error;
}

static json_t *error_text(long long code, const char *name, const char *format, ...) BK_PRINTF(3, 4);
static json_t *error_text(long long code, const char *name, const char *format, ...) {
    va_list values;
    va_start(values, format);
    json_t *error = error_json(code, name, formatted(format, values));
    va_end(values);
    return error;
}

static json_t *cancelled_error(void) { return error_text(BK_CANCELLED, "cancelled", "cancelled"); }

static void add_data(json_t *error, const char *member, json_t *value) {
    json_t *data = json_object_get(error, "data");
    if (data == NULL) json_object_set_new(error, "data", data = json_object());
    json_object_set_new(data, member, value);
}

const char *bk_error_name(const json_t *error) {
    return json_string_value(json_object_get(json_object_get(error, "data"), "code"));
}

const char *bk_error_message(const json_t *error) {
    const char *message = json_string_value(json_object_get(error, "message"));
    return message != NULL ? message : "";
}

/* ---- schemas ---- */

/* Where a value does not fit, as a JSON pointer, and what was expected. */
struct misfit {
    struct bytes path;
    char message[256];
};

static bool misfits(struct misfit *misfit, const char *format, ...) BK_PRINTF(2, 3);
static bool misfits(struct misfit *misfit, const char *format, ...) {
    va_list values;
    va_start(values, format);
    vsnprintf(misfit->message, sizeof misfit->message, format, values);
    va_end(values);
    return false;
}

/* RFC 6901. */
static void put_step(struct bytes *path, const char *key) {
    put_text(path, "/");
    for (; *key != '\0'; key++) {
        if (*key == '~') put_text(path, "~0");
        else if (*key == '/') put_text(path, "~1");
        else put(path, key, 1);
    }
}

static bool is_integral(const json_t *value) {
    if (json_is_integer(value)) return true;
    double real = json_real_value(value);
    return json_is_real(value) && floor(real) == real && real >= -0x1p63 && real < 0x1p63;
}

static bool is_type(const char *type, const json_t *value) {
    if (strcmp(type, "integer") == 0) return is_integral(value);
    if (strcmp(type, "number") == 0) return json_is_number(value);
    if (strcmp(type, "string") == 0) return json_is_string(value);
    if (strcmp(type, "boolean") == 0) return json_is_boolean(value);
    if (strcmp(type, "object") == 0) return json_is_object(value);
    if (strcmp(type, "array") == 0) return json_is_array(value);
    return strcmp(type, "null") == 0 && json_is_null(value);
}

static const char *kind_of(const json_t *value) {
    switch (json_typeof(value)) {
    case JSON_OBJECT: return "an object";
    case JSON_ARRAY: return "an array";
    case JSON_STRING: return "a string";
    case JSON_INTEGER: return "an integer";
    case JSON_REAL: return "a number";
    case JSON_NULL: return "null";
    default: return "a boolean";
    }
}

static bool has_type(const json_t *schema, const char *type) {
    const json_t *types = json_object_get(schema, "type");
    if (json_is_string(types)) return strcmp(json_string_value(types), type) == 0;
    size_t index;
    json_t *each;
    json_array_foreach(types, index, each) {
        if (json_is_string(each) && strcmp(json_string_value(each), type) == 0) return true;
    }
    return false;
}

static bool fits_type(const json_t *schema, const json_t *value, struct misfit *misfit) {
    json_t *types = json_object_get(schema, "type"), *each;
    if (types == NULL) return true;
    if (json_is_string(types)) {
        const char *type = json_string_value(types);
        return is_type(type, value) || misfits(misfit, "expected %s, found %s", type, kind_of(value));
    }
    char names[128] = "";
    size_t index, length = 0;
    json_array_foreach(types, index, each) {
        const char *type = json_is_string(each) ? json_string_value(each) : "";
        if (is_type(type, value)) return true;
        length += (size_t)snprintf(names + length, sizeof names - length, "%s%s", index > 0 ? " or " : "", type);
        if (length >= sizeof names) length = sizeof names - 1;
    }
    return misfits(misfit, "expected %s, found %s", names, kind_of(value));
}

static bool equals(const json_t *a, const json_t *b) {
    if (json_is_number(a) && json_is_number(b) && json_typeof(a) != json_typeof(b))
        return json_number_value(a) == json_number_value(b);
    return json_equal(a, b);
}

static bool fits_enum(const json_t *schema, const json_t *value, struct misfit *misfit) {
    json_t *allowed = json_object_get(schema, "enum"), *one = json_object_get(schema, "const"), *each;
    bool found = allowed == NULL;
    size_t index;
    json_array_foreach(allowed, index, each) found = found || equals(each, value);
    if (found && (one == NULL || equals(one, value))) return true;
    char *text = json_dumps(found ? one : allowed, JSON_COMPACT | JSON_ENCODE_ANY);
    misfits(misfit, "expected %s%.200s", found ? "" : "one of ", text != NULL ? text : "");
    free(text);
    return false;
}

/* -1, 0 or 1. Two integers are compared as such: a double holds 53 bits of them. */
static int compare(const json_t *a, const json_t *b) {
    if (json_is_integer(a) && json_is_integer(b)) {
        json_int_t x = json_integer_value(a), y = json_integer_value(b);
        return (x > y) - (x < y);
    }
    double x = json_number_value(a), y = json_number_value(b);
    return (x > y) - (x < y);
}

static bool fits_range(const json_t *schema, const json_t *value, struct misfit *misfit) {
    if (!json_is_number(value)) return true;
    json_t *least = json_object_get(schema, "minimum"), *most = json_object_get(schema, "maximum");
    if (json_is_number(least) && compare(value, least) < 0)
        return misfits(misfit, "expected at least %.17g", json_number_value(least));
    if (json_is_number(most) && compare(value, most) > 0)
        return misfits(misfit, "expected at most %.17g", json_number_value(most));
    return true;
}

static bool fits_length(const json_t *schema, const char *at_least, const char *at_most, size_t length,
                        const char *unit, struct misfit *misfit) {
    json_t *least = json_object_get(schema, at_least), *most = json_object_get(schema, at_most);
    if (json_is_integer(least) && (json_int_t)length < json_integer_value(least))
        return misfits(misfit, "expected at least %lld %s", (long long)json_integer_value(least), unit);
    if (json_is_integer(most) && (json_int_t)length > json_integer_value(most))
        return misfits(misfit, "expected at most %lld %s", (long long)json_integer_value(most), unit);
    return true;
}

static bool fits_text(const json_t *schema, const json_t *value, struct misfit *misfit) {
    const char *text = json_string_value(value);
    size_t characters = 0;
    for (size_t i = 0; i < json_string_length(value); i++) characters += ((unsigned char)text[i] & 0xC0) != 0x80;
    if (!fits_length(schema, "minLength", "maxLength", characters, "characters", misfit)) return false;
    const json_t *format = json_object_get(schema, "format");
    int64_t number;
    if (json_is_string(format) && strcmp(json_string_value(format), "int64") == 0 && !bk_int64_value(value, &number))
        return misfits(misfit, "expected a 64-bit integer as a string");
    return true;
}

static bool fits(const json_t *schema, json_t *value, struct misfit *misfit);

/* A number such as 1.0 is an integer where the schema wants one, and the handler should find one. */
static json_t *as_described(const json_t *schema, const json_t *value) {
    if (!json_is_real(value) || !has_type(schema, "integer") || !is_integral(value)) return NULL;
    return json_integer((json_int_t)json_real_value(value));
}

static bool fits_member(const json_t *schema, json_t *object, const char *key, struct misfit *misfit) {
    size_t length = misfit->path.length;
    put_step(&misfit->path, key);
    json_t *value = json_object_get(object, key);
    if (!fits(schema, value, misfit)) return false;
    json_t *replacement = as_described(schema, value);
    if (replacement != NULL) json_object_set_new(object, key, replacement);
    misfit->path.length = length;
    return true;
}

static bool fits_object(const json_t *schema, json_t *object, struct misfit *misfit) {
    json_t *properties = json_object_get(schema, "properties"), *rest = json_object_get(schema, "additionalProperties");
    json_t *required = json_object_get(schema, "required"), *each;
    size_t index;
    json_array_foreach(required, index, each) {
        const char *key = json_string_value(each);
        if (key == NULL || json_object_get(object, key) != NULL) continue;
        put_step(&misfit->path, key);
        return misfits(misfit, "expected a value, found none");
    }
    const char *key;
    json_object_foreach(properties, key, each) {
        if (json_object_get(object, key) != NULL && !fits_member(each, object, key, misfit)) return false;
    }
    if (rest == NULL) return true;
    json_object_foreach(object, key, each) {
        if (json_object_get(properties, key) == NULL && !fits_member(rest, object, key, misfit)) return false;
    }
    return true;
}

static bool fits_array(const json_t *schema, json_t *array, struct misfit *misfit) {
    if (!fits_length(schema, "minItems", "maxItems", json_array_size(array), "items", misfit)) return false;
    const json_t *items = json_object_get(schema, "items");
    if (items == NULL) return true;
    size_t index;
    json_t *each;
    json_array_foreach(array, index, each) {
        size_t length = misfit->path.length;
        char key[32];
        snprintf(key, sizeof key, "%zu", index);
        put_step(&misfit->path, key);
        if (!fits(items, each, misfit)) return false;
        json_t *replacement = as_described(items, each);
        if (replacement != NULL) json_array_set_new(array, index, replacement);
        misfit->path.length = length;
    }
    return true;
}

static bool fits(const json_t *schema, json_t *value, struct misfit *misfit) {
    if (json_is_false(schema)) return misfits(misfit, "expected nothing here");
    if (!fits_type(schema, value, misfit) || !fits_enum(schema, value, misfit) || !fits_range(schema, value, misfit))
        return false;
    if (json_is_string(value)) return fits_text(schema, value, misfit);
    if (json_is_object(value)) return fits_object(schema, value, misfit);
    return !json_is_array(value) || fits_array(schema, value, misfit);
}

/* NULL when the value fits. */
static json_t *misfit_error(const json_t *schema, json_t *value, int code, const char *name) {
    struct misfit misfit = {0};
    json_t *error = NULL;
    if (schema != NULL && !fits(schema, value, &misfit)) {
        put(&misfit.path, "", 1);
        const char *path = misfit.path.length > 1 ? misfit.path.data : "";
        error = error_text(code, name, "%s%s%s", path, *path != '\0' ? ": " : "", misfit.message);
        add_data(error, "path", text_json(path));
    }
    free(misfit.path.data);
    return error;
}

/* ---- the one way out ---- */

/* Beyond this much unwritten, senders wait for the supervisor to read. */
#define HIGH_WATER (1u << 20)
/* How long the last answers may take to be read before the process leaves without them. */
#define FLUSH_MS 1000
/* Room for `Content-Length: N` and the empty line, before a body whose length is not known yet. */
#define FRAME_HEAD 48

/* Whoever finds nobody writing writes, and takes along what others add meanwhile: one frame leaves without waiting for
 * another thread, many leave in one system call. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct bytes pending;
    bool writing;
    int fd;
} output = {.lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1};

static void write_all(const char *data, size_t length) {
    while (length > 0) {
        ssize_t wrote = write(output.fd, data, length);
        if (wrote >= 0) {
            data += wrote;
            length -= (size_t)wrote;
        } else if (errno == EAGAIN) {
            poll(&(struct pollfd){.fd = output.fd, .events = POLLOUT}, 1, -1);
        } else if (errno == EPIPE) {
            _exit(0); /* nobody is left to talk to */
        } else if (errno != EINTR) {
            die(EXIT_STREAMS, strerror(errno));
        }
    }
}

static struct bytes new_frame(const char *text) {
    struct bytes frame = {0};
    reserve(&frame, FRAME_HEAD);
    frame.length = FRAME_HEAD;
    put_text(&frame, text);
    return frame;
}

static size_t body_bytes(const struct bytes *frame) { return frame->length - FRAME_HEAD; }

/* Sends the body that was put into a new_frame, and frees it. */
static void send_frame(struct bytes *frame) {
    char head[FRAME_HEAD];
    int length = snprintf(head, sizeof head, "Content-Length: %zu\r\n\r\n", body_bytes(frame));
    const char *start = memcpy(frame->data + FRAME_HEAD - length, head, (size_t)length);
    size_t size = (size_t)length + body_bytes(frame);

    pthread_mutex_lock(&output.lock);
    while (output.writing && output.pending.length > HIGH_WATER) pthread_cond_wait(&output.changed, &output.lock);
    if (output.writing) {
        put(&output.pending, start, size);
    } else {
        output.writing = true;
        pthread_mutex_unlock(&output.lock);
        write_all(start, size);
        pthread_mutex_lock(&output.lock);
        while (output.pending.length > 0) {
            struct bytes taken = output.pending;
            output.pending = (struct bytes){0};
            pthread_cond_broadcast(&output.changed);
            pthread_mutex_unlock(&output.lock);
            write_all(taken.data, taken.length);
            free(taken.data);
            pthread_mutex_lock(&output.lock);
        }
        output.writing = false;
        pthread_cond_broadcast(&output.changed);
    }
    pthread_mutex_unlock(&output.lock);
    free(frame->data);
    *frame = (struct bytes){0};
}

static void flush_output(void) {
    struct timespec until = instant(now_ms() + FLUSH_MS);
    pthread_mutex_lock(&output.lock);
    while (output.writing && pthread_cond_timedwait(&output.changed, &output.lock, &until) != ETIMEDOUT) continue;
    pthread_mutex_unlock(&output.lock);
}

/* ---- the session ---- */

/* A method or an event, by the name that the wire says. */
struct endpoint {
    char *wire_name;
    const bk_api *api;
    bk_handler handler;
    json_t *schema; /* of its params; only read after the start */
    bool event, streams, agreed;
};

#define BUCKETS 512

struct bk_call {
    char *id; /* as JSON text */
    enum { ACTIVATE, CONFIGURE, SERVE } work;
    const struct endpoint *endpoint; /* of SERVE */
    json_t *params;
    json_t *error;    /* what bk_fail said; the handler's thread alone touches it */
    int64_t deadline; /* -1: unknown */
    atomic_bool cancelled;
    /* Under the session's lock, from here on. */
    uint64_t credit, seq;
    pthread_cond_t changed;
    bk_call *next_in_bucket, *next_in_queue;
};

/* A request to the host that waits for its answer. */
struct asked {
    json_int_t id;
    json_t *answer;
    pthread_cond_t *wake;
    struct asked *next;
};

struct waiting_shutdown {
    char *id;
    struct waiting_shutdown *next;
};

/* One process serves one supervisor for its whole life. */
static struct {
    const bk_plugin *plugin;
    struct endpoint *endpoints;
    size_t endpoint_count;
    json_t *description, *config_schema;
    char *name, *data_dir;
    json_t *services;
    json_int_t generation;
    atomic_size_t frame_bytes, depth;

    pthread_mutex_t configuring; /* one configuration at a time */
    pthread_mutex_t lock;        /* of all that follows */
    enum { NEW, DESCRIBED, ACTIVATING, READY, DRAINING } phase;
    json_t *config;
    bk_call *calls[BUCKETS]; /* what can be cancelled */
    /* A call is in flight until its answer is decided: once the supervisor has that, it may send another. Shutdown
     * waits until the answer is sent. */
    size_t in_flight, in_flight_most, unsent;
    struct waiting_shutdown *shutdowns;
    struct asked *asked;
    json_int_t last_asked;

    bk_call *first_queued, *last_queued;
    size_t queued, idle, threads, threads_most;
    pthread_cond_t work;
} session = {
    .configuring = PTHREAD_MUTEX_INITIALIZER,
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .frame_bytes = FRAME_BYTES,
    .depth = DEPTH,
    .in_flight_most = IN_FLIGHT,
};

static void lock(void) { pthread_mutex_lock(&session.lock); }
static void unlock(void) { pthread_mutex_unlock(&session.lock); }

static char *id_text(const json_t *id) { return checked(json_dumps(id, JSON_COMPACT | JSON_ENCODE_ANY)); }

/* With the lock: where the call of this id stands, or would. */
static bk_call **find(const char *id) {
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (const char *c = id; *c != '\0'; c++) hash = (hash ^ (unsigned char)*c) * 16777619u;
    bk_call **at = &session.calls[hash % BUCKETS];
    while (*at != NULL && strcmp((*at)->id, id) != 0) at = &(*at)->next_in_bucket;
    return at;
}

static void free_call(bk_call *call) {
    json_decref(call->params);
    json_decref(call->error);
    pthread_cond_destroy(&call->changed);
    free(call->id);
    free(call);
}

/* ---- answers ---- */

/* Whether arrays and objects are nested deeper than so many levels; also true of a value that holds itself. */
static bool is_deeper(json_t *value, size_t levels) {
    if (!json_is_object(value) && !json_is_array(value)) return false;
    if (levels == 0) return true;
    const char *key;
    size_t index;
    json_t *each;
    json_object_foreach(value, key, each) {
        if (is_deeper(each, levels - 1)) return true;
    }
    json_array_foreach(value, index, each) {
        if (is_deeper(each, levels - 1)) return true;
    }
    return false;
}

/* NULL when the body may leave; `value` is in it, below so many levels. */
static json_t *unsendable(const struct bytes *frame, bool dumped, json_t *value, size_t levels, const char *what) {
    size_t most = atomic_load(&session.frame_bytes), depth = atomic_load(&session.depth);
    if (is_deeper(value, depth > levels ? depth - levels : 0))
        return error_text(BK_INTERNAL_ERROR, "too_deep", "%s of more than %zu levels", what, depth);
    if (!dumped) return error_text(BK_INTERNAL_ERROR, "no_json", "%s that is no JSON", what);
    if (body_bytes(frame) > most)
        return error_text(BK_INTERNAL_ERROR, "too_large", "%s of %zu bytes; the limit is %zu", what, body_bytes(frame),
                          most);
    return NULL;
}

static struct bytes answer_frame(const char *id, const char *member, json_t *value, bool *dumped) {
    struct bytes frame = new_frame("{\"jsonrpc\":\"2.0\",\"id\":");
    put_text(&frame, id);
    put_text(&frame, ",\"");
    put_text(&frame, member);
    put_text(&frame, "\":");
    *dumped = put_json(&frame, value);
    put_text(&frame, "}");
    return frame;
}

/* Takes `value` over. */
static void answer(const char *id, const char *member, json_t *value) {
    bool dumped;
    struct bytes frame = answer_frame(id, member, value, &dumped);
    json_t *instead = unsendable(&frame, dumped, value, 1, "an answer");
    if (instead != NULL) {
        free(frame.data);
        frame = answer_frame(id, "error", instead, &dumped);
    }
    send_frame(&frame);
    json_decref(instead);
    json_decref(value);
}

static void answer_error(const char *id, json_t *error) { answer(id, "error", error); }

/* The supervisor's own codes do not leave, nor does what is no error. NULL when this one may. */
static json_t *instead_of(const json_t *error) {
    const json_t *number = json_object_get(error, "code");
    long long code = json_integer_value(number);
    if (!json_is_integer(number) || !json_is_string(json_object_get(error, "message")))
        return error_text(BK_INTERNAL_ERROR, "internal_error",
                          "the handler failed with an error without code or message");
    if (code < SUPERVISORS_FIRST || code > SUPERVISORS_LAST) return NULL;
    return error_text(BK_INTERNAL_ERROR, "reserved_code",
                      "%s (the plugin chose code %lld, which belongs to the supervisor)", bk_error_message(error),
                      code);
}

static void finish_shutdowns(void) {
    lock();
    struct waiting_shutdown *shutdown = session.unsent == 0 ? session.shutdowns : NULL;
    if (shutdown != NULL) session.shutdowns = NULL;
    unlock();
    while (shutdown != NULL) {
        struct waiting_shutdown *next = shutdown->next;
        answer(shutdown->id, "result", json_object());
        free(shutdown->id);
        free(shutdown);
        shutdown = next;
    }
}

/* Answers the call, once, and frees it. `result` is NULL when it failed. */
static void settle(bk_call *call, json_t *result) {
    lock();
    *find(call->id) = call->next_in_bucket;
    session.in_flight--;
    unlock();
    if (result != NULL) {
        answer(call->id, "result", result);
    } else if (atomic_load(&call->cancelled)) {
        /* Whatever it failed with, it failed because it was told to stop. */
        answer_error(call->id, cancelled_error());
    } else if (call->error != NULL) {
        json_t *instead = instead_of(call->error);
        answer_error(call->id, instead != NULL ? instead : json_incref(call->error));
    } else {
        answer_error(call->id,
                     error_text(BK_INTERNAL_ERROR, "internal_error", "the handler gave neither result nor error"));
    }
    lock();
    session.unsent--;
    unlock();
    free_call(call);
    finish_shutdowns();
}

/* ---- what a handler does with its call ---- */

json_t *bk_fail_with(bk_call *call, json_t *error) {
    json_decref(call->error);
    call->error = error;
    return NULL;
}

json_t *bk_fail(bk_call *call, long long code, const char *name, const char *format, ...) {
    va_list values;
    va_start(values, format);
    json_t *message = formatted(format, values);
    va_end(values);
    return bk_fail_with(call, error_json(code, name, message));
}

json_t *bk_fail_at(bk_call *call, long long code, const char *name, const char *path, const char *format, ...) {
    va_list values;
    va_start(values, format);
    json_t *error = error_json(code, name, formatted(format, values));
    va_end(values);
    add_data(error, "path", text_json(path));
    return bk_fail_with(call, error);
}

bool bk_cancelled(const bk_call *call) { return atomic_load(&call->cancelled); }

bool bk_sleep(bk_call *call, long long ms) {
    int64_t start = now_ms();
    bool forever = ms < 0 || ms > INT64_MAX / 2000 - start;
    struct timespec until = instant(forever ? 0 : start + ms);
    lock();
    while (!atomic_load(&call->cancelled)) {
        if (forever) pthread_cond_wait(&call->changed, &session.lock);
        else if (pthread_cond_timedwait(&call->changed, &session.lock, &until) == ETIMEDOUT) break;
    }
    unlock();
    return !atomic_load(&call->cancelled);
}

long long bk_time_left(const bk_call *call) {
    if (call->deadline < 0) return -1;
    int64_t left = call->deadline - now_ms();
    return left > 0 ? left : 0;
}

void bk_progress_value(bk_call *call, json_t *value) {
    struct bytes frame = new_frame("{\"jsonrpc\":\"2.0\",\"method\":\"$/progress\",\"params\":{\"id\":");
    put_text(&frame, call->id);
    put_text(&frame, ",\"value\":");
    bool dumped = put_json(&frame, value);
    put_text(&frame, "}}");
    json_t *wrong = unsendable(&frame, dumped, value, 2, "progress");
    if (wrong != NULL) {
        bk_log("warn", "not sent: %s", bk_error_message(wrong));
        free(frame.data);
    } else {
        send_frame(&frame);
    }
    json_decref(wrong);
    json_decref(value);
}

void bk_progress(bk_call *call, long long done, long long total, const char *format, ...) {
    va_list values;
    va_start(values, format);
    json_t *value = json_pack("{s:o, s:I}", "message", formatted(format, values), "done", (json_int_t)done);
    va_end(values);
    if (total >= 0) json_object_set_new(value, "total", json_integer(total));
    bk_progress_value(call, value);
}

bool bk_item(bk_call *call, json_t *value, const char *cursor) {
    struct bytes frame = new_frame("{\"jsonrpc\":\"2.0\",\"method\":\"$/item\",\"params\":{\"id\":");
    put_text(&frame, call->id);
    if (cursor != NULL) {
        json_t *text = json_string(cursor);
        put_text(&frame, ",\"cursor\":");
        if (!put_json(&frame, text) || strlen(cursor) > CURSOR_BYTES) {
            json_decref(value);
            value = NULL;
        }
        json_decref(text);
    }
    put_text(&frame, ",\"value\":");
    bool dumped = put_json(&frame, value);
    char rest[48];
    reserve(&frame, sizeof rest);
    json_t *wrong = unsendable(&frame, dumped, value, 2, "an item");
    if (wrong == NULL && (call->endpoint == NULL || !call->endpoint->streams))
        wrong = error_text(BK_INTERNAL_ERROR, "no_stream", "a method without an item schema sends no items");
    json_decref(value);
    if (wrong != NULL) {
        bk_fail_with(call, wrong);
        free(frame.data);
        return false;
    }
    lock();
    while (call->credit == 0 && !atomic_load(&call->cancelled)) pthread_cond_wait(&call->changed, &session.lock);
    bool cancelled = atomic_load(&call->cancelled);
    if (!cancelled) call->credit--;
    uint64_t seq = cancelled ? 0 : call->seq++;
    unlock();
    if (cancelled) {
        free(frame.data);
        return false;
    }
    snprintf(rest, sizeof rest, ",\"seq\":%llu}}", (unsigned long long)seq);
    put_text(&frame, rest);
    send_frame(&frame);
    return true;
}

json_t *bk_config(void) {
    lock();
    json_t *copy = session.config != NULL ? json_deep_copy(session.config) : json_object();
    unlock();
    return copy;
}

const char *bk_data_dir(void) { return session.data_dir != NULL ? session.data_dir : ""; }
const char *bk_plugin_name(void) { return session.name != NULL ? session.name : session.plugin->name; }
long long bk_generation(void) { return session.generation; }

bool bk_granted(const char *service) {
    size_t index;
    json_t *each;
    json_array_foreach(session.services, index, each) {
        if (json_is_string(each) && strcmp(json_string_value(each), service) == 0) return true;
    }
    return false;
}

/* ---- calling the host ---- */

/* A failure: to the one who wants to know, else to the call. Takes `error` over. */
static json_t *host_failed(bk_call *call, json_t *error, json_t **wanted) {
    if (wanted != NULL) *wanted = error;
    else if (call != NULL) bk_fail_with(call, error);
    else json_decref(error);
    return NULL;
}

/* With the lock. */
static void forget(struct asked *asked) {
    struct asked **at = &session.asked;
    while (*at != asked) at = &(*at)->next;
    *at = asked->next;
}

/* The whole answer, or NULL when `call` was cancelled; sends the frame, to which the id is still to be put. */
static json_t *ask(bk_call *call, struct bytes *frame) {
    pthread_cond_t own;
    init_condition(&own);
    struct asked asked = {.wake = call != NULL ? &call->changed : &own};
    lock();
    bool cancelled = call != NULL && atomic_load(&call->cancelled);
    if (!cancelled) {
        asked.id = ++session.last_asked;
        asked.next = session.asked;
        session.asked = &asked;
        char id[48];
        snprintf(id, sizeof id, ",\"id\":%lld}", (long long)asked.id);
        put_text(frame, id);
        unlock();
        send_frame(frame);
        lock();
        while (asked.answer == NULL && !(call != NULL && atomic_load(&call->cancelled)))
            pthread_cond_wait(asked.wake, &session.lock);
        forget(&asked);
    }
    unlock();
    free(frame->data);
    pthread_cond_destroy(&own);
    return asked.answer;
}

json_t *bk_host_call(bk_call *call, const char *method, json_t *params, json_t **error) {
    if (error != NULL) *error = NULL;
    lock();
    bool early = session.phase < ACTIVATING;
    unlock();
    struct bytes frame = new_frame("{\"jsonrpc\":\"2.0\",\"method\":");
    json_t *name = text_json(method);
    put_json(&frame, name);
    json_decref(name);
    put_text(&frame, ",\"params\":");
    if (params == NULL) params = json_object();
    bool dumped = put_json(&frame, params);
    if (call != NULL) {
        put_text(&frame, ",\"ctx\":{\"parent\":");
        put_text(&frame, call->id);
        put_text(&frame, "}");
    }
    json_t *wrong = unsendable(&frame, dumped, params, 1, "a request");
    json_decref(params);
    if (wrong == NULL && early)
        wrong = error_text(INVALID_REQUEST, "invalid_request", "the host is called from activate on");
    if (wrong != NULL) {
        free(frame.data);
        return host_failed(call, wrong, error);
    }
    json_t *answer = ask(call, &frame);
    if (answer == NULL) return host_failed(call, cancelled_error(), error);
    json_t *result = json_incref(json_object_get(answer, "result")), *refusal = json_object_get(answer, "error");
    if (result == NULL) {
        if (!json_is_object(refusal) || !json_is_integer(json_object_get(refusal, "code")))
            host_failed(call, error_text(BK_INTERNAL_ERROR, "internal_error", "the host gave neither result nor error"),
                        error);
        else host_failed(call, json_incref(refusal), error);
    }
    json_decref(answer);
    return result;
}

static bool host_told(bk_call *call, const char *method, json_t *params, json_t **error) {
    json_t *result = bk_host_call(call, method, params, error);
    json_decref(result);
    return result != NULL;
}

bool bk_host_log(bk_call *call, const char *level, const char *message, json_t *fields, json_t **error) {
    json_t *params =
        json_pack("{s:o, s:o, s:o*}", "level", text_json(level), "msg", text_json(message), "fields", fields);
    return host_told(call, "host.log", params, error);
}

bool bk_storage_get(bk_call *call, const char *key, json_t **value, json_t **error) {
    json_t *result = bk_host_call(call, "host.storage.get", json_pack("{s:o}", "key", text_json(key)), error);
    *value = json_incref(json_object_get(result, "value"));
    json_decref(result);
    return result != NULL;
}

bool bk_storage_set(bk_call *call, const char *key, json_t *value, json_t **error) {
    if (value == NULL) {
        host_failed(call, error_text(BK_INTERNAL_ERROR, "no_json", "a value that is no JSON"), error);
        return false;
    }
    json_t *params = json_pack("{s:o, s:o}", "key", text_json(key), "value", value);
    return host_told(call, "host.storage.set", params, error);
}

bool bk_storage_delete(bk_call *call, const char *key, bool *deleted, json_t **error) {
    json_t *result = bk_host_call(call, "host.storage.delete", json_pack("{s:o}", "key", text_json(key)), error);
    if (deleted != NULL) *deleted = json_is_true(json_object_get(result, "deleted"));
    json_decref(result);
    return result != NULL;
}

json_t *bk_storage_list(bk_call *call, const char *prefix, const char *after, unsigned limit, json_t **error) {
    json_t *params = json_object();
    if (prefix != NULL) json_object_set_new(params, "prefix", text_json(prefix));
    if (after != NULL) json_object_set_new(params, "after", text_json(after));
    if (limit > 0) json_object_set_new(params, "limit", json_integer(limit));
    return bk_host_call(call, "host.storage.list", params, error);
}

json_t *bk_call_plugin(bk_call *call, const char *target, json_t *params, json_t **error) {
    if (params == NULL) params = json_object();
    return bk_host_call(call, "host.call", json_pack("{s:o, s:o}", "target", text_json(target), "params", params),
                        error);
}

bool bk_emit(bk_call *call, const char *event, json_t *params, json_t **error) {
    if (params == NULL) params = json_object();
    return host_told(call, "host.emit", json_pack("{s:o, s:o}", "event", text_json(event), "params", params), error);
}

/* ---- calls on threads ---- */

static json_t *take_config(bk_call *call) {
    bool first = call->work == ACTIVATE;
    bk_handler hook = first ? session.plugin->activate : session.plugin->configure;
    json_t *wrong = misfit_error(session.config_schema, call->params, BK_CONFIG_INVALID, "config_invalid");
    if (wrong != NULL) return bk_fail_with(call, wrong);
    json_t *config = json_deep_copy(call->params);
    pthread_mutex_lock(&session.configuring);
    json_t *done = hook != NULL ? hook(call, call->params) : json_null();
    if (done != NULL) {
        lock();
        json_t *old = session.config;
        session.config = config;
        config = old;
        if (first && session.phase == ACTIVATING) session.phase = READY;
        unlock();
    }
    pthread_mutex_unlock(&session.configuring);
    json_decref(config);
    json_decref(done);
    return done != NULL ? json_object() : NULL;
}

static json_t *serve_call(bk_call *call) {
    if (call->work != SERVE) return take_config(call);
    json_t *wrong = misfit_error(call->endpoint->schema, call->params, BK_INVALID_PARAMS, "invalid_params");
    if (wrong != NULL) return bk_fail_with(call, wrong);
    json_t *result = call->endpoint->handler(call, call->params);
    if (result == NULL || !call->endpoint->event) return result;
    json_decref(result);
    return json_null();
}

/* With the lock: the first of the queue, or NULL. */
static bk_call *take_queued(void) {
    bk_call *call = session.first_queued;
    if (call == NULL) return NULL;
    session.first_queued = call->next_in_queue;
    if (session.first_queued == NULL) session.last_queued = NULL;
    session.queued--;
    return call;
}

static void *work(void *nothing) {
    lock();
    for (;;) {
        bk_call *call = take_queued();
        if (call != NULL) {
            unlock();
            settle(call, atomic_load(&call->cancelled) ? NULL : serve_call(call));
            lock();
            continue;
        }
        struct timespec until = instant(now_ms() + THREAD_IDLE_MS);
        session.idle++;
        int woken = pthread_cond_timedwait(&session.work, &session.lock, &until);
        session.idle--;
        if (woken == ETIMEDOUT && session.queued == 0) break;
    }
    session.threads--;
    unlock();
    return nothing;
}

/* With the lock: as many threads as there are calls, up to a bound. False when there is none and none can be started.
 */
static bool find_thread(void) {
    if (session.queued <= session.idle) {
        pthread_cond_signal(&session.work);
        return true;
    }
    if (session.threads >= session.threads_most) return true;
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, BK_STACK_BYTES);
    bool started = pthread_create(&thread, &attributes, work, NULL) == 0;
    pthread_attr_destroy(&attributes);
    if (started) session.threads++;
    /* Where the system has no more to give, those that exist will come to it. */
    return session.threads > 0;
}

/* With the lock: takes out a call that no thread has begun. */
static bool withdraw(const bk_call *call) {
    bk_call *before = NULL;
    for (bk_call *each = session.first_queued; each != NULL; before = each, each = each->next_in_queue) {
        if (each != call) continue;
        if (before == NULL) session.first_queued = each->next_in_queue;
        else before->next_in_queue = each->next_in_queue;
        if (session.last_queued == each) session.last_queued = before;
        session.queued--;
        return true;
    }
    return false;
}

/* Takes `call` over. */
static void submit(bk_call *call) {
    lock();
    if (session.last_queued != NULL) session.last_queued->next_in_queue = call;
    else session.first_queued = call;
    session.last_queued = call;
    session.queued++;
    bool served = find_thread() || !withdraw(call);
    unlock();
    if (served) return;
    bk_fail(call, BK_INTERNAL_ERROR, "no_thread", "no thread can be started");
    settle(call, NULL);
}

static void cancel(const char *id) {
    lock();
    bk_call *call = *find(id);
    if (call == NULL || atomic_load(&call->cancelled)) {
        unlock();
        return;
    }
    atomic_store(&call->cancelled, true);
    pthread_cond_broadcast(&call->changed);
    /* One that still queues would answer only when a thread comes to it. */
    bool unserved = withdraw(call);
    unlock();
    if (unserved) settle(call, NULL);
}

static void add_credit(const char *id, json_int_t n) {
    lock();
    bk_call *call = *find(id);
    if (call != NULL && n > 0) {
        call->credit = call->credit > UINT64_MAX - (uint64_t)n ? UINT64_MAX : call->credit + (uint64_t)n;
        pthread_cond_broadcast(&call->changed);
    }
    unlock();
}

/* ---- requests ---- */

static json_t *invalid_request(const char *why) { return error_text(INVALID_REQUEST, "invalid_request", "%s", why); }

static json_t *wrong_params(const char *path, const char *expected) {
    json_t *error =
        error_text(BK_INVALID_PARAMS, "invalid_params", "%s%s%s", path, *path != '\0' ? ": " : "", expected);
    add_data(error, "path", text_json(path));
    return error;
}

static json_t *initialize(const char *id, json_t *params) {
    json_t *range = json_object_get(params, "protocol");
    json_t *min_json = json_object_get(range, "min"), *max_json = json_object_get(range, "max");
    if (!json_is_integer(min_json) || !json_is_integer(max_json))
        return wrong_params("/protocol", "expected {min, max}");
    long long min = json_integer_value(min_json), max = json_integer_value(max_json);
    if (min > PROTOCOL || max < PROTOCOL) {
        json_t *error = error_text(INCOMPATIBLE_PROTOCOL, "incompatible_protocol",
                                   "the plugin speaks protocol %d, the host %lld to %lld: upgrade the %s", PROTOCOL,
                                   min, max, min > PROTOCOL ? "plugin" : "host");
        add_data(error, "min", json_integer(PROTOCOL));
        add_data(error, "max", json_integer(PROTOCOL));
        return error;
    }
    lock();
    bool again = session.phase != NEW;
    if (!again) session.phase = DESCRIBED;
    unlock();
    if (again) return invalid_request("initialize comes once");

    const char *name = json_string_value(json_object_get(params, "plugin"));
    if (name != NULL) session.name = checked(strdup(name));
    session.generation = json_integer_value(json_object_get(params, "generation"));
    session.services = json_incref(json_object_get(params, "services"));
    json_t *limits = json_object_get(params, "limits");
    json_int_t frame_bytes = json_integer_value(json_object_get(limits, "frameBytes"));
    json_int_t depth = json_integer_value(json_object_get(limits, "depth"));
    json_int_t in_flight = json_integer_value(json_object_get(limits, "inFlight"));
    if (frame_bytes > 0) atomic_store(&session.frame_bytes, (size_t)frame_bytes);
    /* Not more than asked for here: it bounds recursion. */
    if (depth > 0 && depth < DEPTH) atomic_store(&session.depth, (size_t)depth);
    lock();
    if (in_flight > 0) session.in_flight_most = (size_t)in_flight;
    unlock();
    answer(id, "result", json_incref(session.description));
    return NULL;
}

/* Which version of an api that is offered in several is meant: the agreed one, or without an agreement the last. */
static bool is_agreed(const bk_api *api, json_t *agreed) {
    size_t index;
    json_t *each;
    json_array_foreach(agreed, index, each) {
        const char *name = json_string_value(json_object_get(each, "name"));
        const char *version = json_string_value(json_object_get(each, "version"));
        if (name != NULL && version != NULL && strcmp(name, api->name) == 0) return strcmp(version, api->version) == 0;
    }
    for (const bk_api *other = api + 1; other->name != NULL; other++) {
        if (strcmp(other->name, api->name) == 0) return false;
    }
    return true;
}

static const struct endpoint *endpoint_of(const char *wire_name) {
    for (size_t i = 0; i < session.endpoint_count; i++) {
        const struct endpoint *each = &session.endpoints[i];
        if (each->agreed && strcmp(each->wire_name, wire_name) == 0) return each;
    }
    return NULL;
}

/* With the lock. Takes `params` over and leaves NULL there, unless it returns an error. */
static json_t *admit(const char *id, int kind, const struct endpoint *endpoint, json_t **params, json_t *ctx,
                     bk_call **admitted) {
    bk_call **at = find(id);
    if (*at != NULL) return invalid_request("a request with this id is being worked on");
    if (session.in_flight >= session.in_flight_most) return invalid_request("more calls in flight than agreed on");
    bk_call *call = checked(calloc(1, sizeof *call));
    json_t *ms = json_object_get(ctx, "ms"), *credit = json_object_get(ctx, "credit");
    double left = json_number_value(ms);
    call->id = checked(strdup(id));
    call->work = kind;
    call->endpoint = endpoint;
    call->params = *params;
    *params = NULL;
    call->deadline = json_is_number(ms) && left >= 0 && left < 1e15 ? now_ms() + (int64_t)left : -1;
    call->credit = json_is_integer(credit) && json_integer_value(credit) > 0 ? (uint64_t)json_integer_value(credit) : 0;
    atomic_init(&call->cancelled, false);
    init_condition(&call->changed);
    *at = call;
    session.in_flight++;
    session.unsent++;
    *admitted = call;
    return NULL;
}

/* A member that its object lets go of: the thread that gets it has it alone. An empty object when it is not there. */
static json_t *detached(json_t *object, const char *key) {
    json_t *value = json_incref(json_object_get(object, key));
    json_object_del(object, key);
    return value != NULL ? value : json_object();
}

static json_t *activate(const char *id, json_t *params) {
    json_t *config = detached(params, "config"), *error = NULL;
    if (!json_is_object(config)) {
        json_decref(config);
        return wrong_params("/config", "expected an object");
    }
    bk_call *call = NULL;
    lock();
    if (session.phase != DESCRIBED) {
        error = invalid_request("activate comes once, after initialize");
    } else if ((error = admit(id, ACTIVATE, NULL, &config, NULL, &call)) == NULL) {
        session.phase = ACTIVATING;
        for (size_t i = 0; i < session.endpoint_count; i++)
            session.endpoints[i].agreed = is_agreed(session.endpoints[i].api, json_object_get(params, "apis"));
        const char *data_dir = json_string_value(json_object_get(params, "dataDir"));
        if (data_dir != NULL) session.data_dir = checked(strdup(data_dir));
    }
    unlock();
    json_decref(config);
    if (call != NULL) submit(call);
    return error;
}

static json_t *configure(const char *id, json_t *params) {
    if (session.plugin->configure == NULL)
        return error_text(METHOD_NOT_FOUND, "method_not_found", "no method configure");
    json_t *config = detached(params, "config"), *error;
    if (!json_is_object(config)) {
        json_decref(config);
        return wrong_params("/config", "expected an object");
    }
    bk_call *call = NULL;
    lock();
    if (session.phase != READY) error = invalid_request("configure comes between activate and shutdown");
    else error = admit(id, CONFIGURE, NULL, &config, NULL, &call);
    unlock();
    json_decref(config);
    if (call != NULL) submit(call);
    return error;
}

/* Takes `*params` over, as admit does. */
static json_t *call_endpoint(const char *id, const char *method, json_t **params, json_t *ctx) {
    json_t *error = NULL;
    bk_call *call = NULL;
    const struct endpoint *endpoint = endpoint_of(method);
    lock();
    if (session.phase == DRAINING) error = invalid_request("a call after shutdown");
    else if (session.phase != READY) error = invalid_request("a call before activate was answered");
    else if (endpoint == NULL) error = error_text(METHOD_NOT_FOUND, "method_not_found", "no method %s", method);
    else error = admit(id, SERVE, endpoint, params, ctx, &call);
    unlock();
    if (call != NULL) submit(call);
    return error;
}

static void shut_down(const char *id) {
    struct waiting_shutdown *shutdown = checked(malloc(sizeof *shutdown));
    shutdown->id = checked(strdup(id));
    lock();
    session.phase = DRAINING;
    shutdown->next = session.shutdowns;
    session.shutdowns = shutdown;
    unlock();
    finish_shutdowns();
}

/* An error that is returned is the answer; else the answer is given, or on its way. May take `*params` over. */
static json_t *request(const char *id, const char *method, json_t **params, json_t *ctx) {
    if (!json_is_object(*params)) return wrong_params("", "expected an object");
    if (strchr(method, '.') != NULL) return call_endpoint(id, method, params, ctx);
    if (strcmp(method, "initialize") == 0) return initialize(id, *params);
    if (strcmp(method, "activate") == 0) return activate(id, *params);
    if (strcmp(method, "configure") == 0) return configure(id, *params);
    if (strcmp(method, "ping") == 0) {
        answer(id, "result", json_object());
    } else if (strcmp(method, "shutdown") == 0) {
        shut_down(id);
    } else {
        return error_text(METHOD_NOT_FOUND, "method_not_found", "no method %s", method);
    }
    return NULL;
}

static void leave(int status) {
    flush_output();
    lock();
    bool busy = session.unsent > 0;
    unlock();
    /* What handlers still use must not be torn down under them. */
    if (busy) _exit(status);
    exit(status);
}

static void notification(const char *method, json_t *params) {
    if (strcmp(method, "exit") == 0) leave(0);
    json_t *id = json_object_get(params, "id");
    if (!json_is_integer(id) && !json_is_string(id)) return;
    char *text = id_text(id);
    if (strcmp(method, "$/cancelRequest") == 0) cancel(text);
    else if (strcmp(method, "$/credit") == 0) add_credit(text, json_integer_value(json_object_get(params, "n")));
    free(text);
}

/* Takes `message` over. */
static void answered(json_t *message) {
    json_t *id = json_object_get(message, "id");
    lock();
    for (struct asked *each = session.asked; each != NULL; each = each->next) {
        if (each->id != json_integer_value(id) || each->answer != NULL) continue;
        each->answer = message;
        message = NULL;
        pthread_cond_broadcast(each->wake);
        break;
    }
    unlock();
    json_decref(message);
}

/* ---- messages ---- */

/* What jansson does not tell of a text: see json_of. */
struct outline {
    size_t levels, members; /* of the text itself, not of what is in it */
    size_t params_at, params_end;
};

/* Looks at tokens alone; of a text that is no JSON it says something, and jansson refuses it afterwards. */
static struct outline outline_of(const char *text, size_t length) {
    struct outline outline = {0};
    size_t level = 0, name = 0, name_end = 0;
    bool in_params = false;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (c == '"') {
            name = i + 1;
            for (i++; i < length && text[i] != '"'; i++) i += text[i] == '\\';
            name_end = i;
        } else if (c == '{' || c == '[') {
            if (++level > outline.levels) outline.levels = level;
        } else if (c == ':' && level == 1) {
            outline.members++;
            in_params = name_end - name == 6 && memcmp(text + name, "params", 6) == 0;
            if (in_params) outline.params_at = i + 1;
        } else if (((c == ',' || c == '}') && level == 1) || c == ']' || c == '}') {
            if (level == 1 && in_params) {
                outline.params_end = i;
                in_params = false;
            }
            if (c != ',' && level > 0) level--;
        }
    }
    return outline;
}

/* Whether a number's text is that of an integer of more than 64 bits. */
static bool is_too_long(const char *text, size_t length) {
    char digits[24];
    if (length < 19) return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '.' || text[i] == 'e' || text[i] == 'E') return false;
    }
    if (length >= sizeof digits) return true;
    memcpy(digits, text, length);
    digits[length] = '\0';
    errno = 0;
    strtoll(digits, NULL, 10);
    return errno == ERANGE;
}

/* Writes integers beyond 64 bits as reals: 100000000000000000000 becomes 100000000000000000000.0. */
static struct bytes with_reals(const char *text, size_t length) {
    struct bytes out = {0};
    for (size_t i = 0; i < length;) {
        size_t start = i;
        if (text[i] == '"') {
            for (i++; i < length && text[i] != '"'; i++) i += text[i] == '\\';
            i = i < length ? i + 1 : length;
            put(&out, text + start, i - start);
        } else if (strchr("-0123456789", text[i]) != NULL && text[i] != '\0') {
            while (i < length && text[i] != '\0' && strchr("+-.eE0123456789", text[i]) != NULL) i++;
            put(&out, text + start, i - start);
            if (is_too_long(text + start, i - start)) put_text(&out, ".0");
        } else {
            put(&out, text + i++, 1);
        }
    }
    return out;
}

static bool is_beyond_jansson(const json_error_t *error) {
    enum json_error_code code = json_error_code(error);
    return code == json_error_numeric_overflow || code == json_error_null_byte_in_key;
}

/* jansson refuses some JSON: integers of more than 64 bits are read as reals; where that does not help (1e400, a NUL in
 * the name of a member) the message is read without its params, so that it can be answered. */
static json_t *json_of(const char *text, size_t length, const struct outline *outline, bool *without_params,
                       json_error_t *error) {
    const size_t flags = JSON_DECODE_ANY | JSON_ALLOW_NUL;
    *without_params = false;
    json_t *message = json_loadb(text, length, flags, error);
    if (message != NULL || !is_beyond_jansson(error)) return message;

    struct bytes reals = with_reals(text, length);
    message = json_loadb(reals.data, reals.length, flags, error);
    free(reals.data);
    if (message != NULL || !is_beyond_jansson(error) || outline->params_end == 0) return message;

    struct bytes rest = {0};
    put(&rest, text, outline->params_at);
    put_text(&rest, "null");
    put(&rest, text + outline->params_end, length - outline->params_end);
    json_error_t ignored;
    message = json_loadb(rest.data, rest.length, flags, &ignored);
    free(rest.data);
    *without_params = message != NULL;
    return message;
}

/* Takes `message` over. */
static void dispatch(json_t *message, bool without_params) {
    json_t *id = json_object_get(message, "id"), *method = json_object_get(message, "method");
    json_t *version = json_object_get(message, "jsonrpc"), *params = json_object_get(message, "params");
    if (id != NULL && !json_is_integer(id) && !json_is_string(id)) {
        answer_error("null", invalid_request("an id is an integer or a string"));
        json_decref(message);
        return;
    }
    char *text = id_text(id != NULL ? id : json_null());
    json_t *error = NULL;
    if (!json_is_string(version) || strcmp(json_string_value(version), "2.0") != 0) {
        error = invalid_request("jsonrpc is not \"2.0\"");
    } else if (method == NULL) {
        answered(message);
        message = NULL;
    } else if (!json_is_string(method)) {
        error = invalid_request("method is not a string");
    } else if (id == NULL) {
        notification(json_string_value(method), params);
    } else if (without_params) {
        error = wrong_params("", "a number beyond the range of a double, or a NUL in the name of a member");
    } else {
        params = detached(message, "params");
        error = request(text, json_string_value(method), &params, json_object_get(message, "ctx"));
        json_decref(params);
    }
    if (error != NULL) answer_error(text, error);
    free(text);
    json_decref(message);
}

static void receive(const char *body, size_t length) {
    json_error_t error;
    bool without_params;
    struct outline outline = outline_of(body, length);
    size_t depth = atomic_load(&session.depth);
    if (outline.levels > depth) {
        answer_error("null", error_text(PARSE_ERROR, "parse_error", "JSON of more than %zu levels", depth));
        return;
    }
    json_t *message = json_of(body, length, &outline, &without_params, &error);
    if (message == NULL) answer_error("null", error_text(PARSE_ERROR, "parse_error", "not JSON: %s", error.text));
    else if (json_is_array(message)) answer_error("null", invalid_request("batches are not served"));
    else if (!json_is_object(message)) answer_error("null", invalid_request("a message is an object"));
    else if (json_object_size(message) != outline.members)
        answer_error("null", invalid_request("a member stands there twice"));
    else {
        dispatch(message, without_params);
        return;
    }
    json_decref(message);
}

/* ---- frames ---- */

static void out_of_step(const char *why) {
    fprintf(stderr, "bulkhead: stdin is not in step with the protocol: %s\n", why);
    leave(EXIT_BAD_INPUT);
}

static bool is_content_length(const char *name, size_t length) {
    static const char wanted[] = "content-length";
    if (length != sizeof wanted - 1) return false;
    for (size_t i = 0; i < length; i++) {
        char c = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] - 'A' + 'a') : name[i];
        if (c != wanted[i]) return false;
    }
    return true;
}

/* Where the header, the empty line included, has ended; 0 when more of it has to come. */
static size_t header_end(const char *data, size_t length) {
    for (size_t i = 0; i < length && i < HEADER_BYTES; i++) {
        if (data[i] != '\n') continue;
        if (i == 0 || data[i - 1] != '\r') out_of_step("a header line that does not end in CR LF");
        if (i == 1 || (i >= 3 && data[i - 2] == '\n')) return i + 1;
    }
    if (length >= HEADER_BYTES) out_of_step("a header of more than 4096 bytes");
    return 0;
}

static size_t read_length(const char *at, const char *end) {
    while (at < end && (*at == ' ' || *at == '\t')) at++;
    while (end > at && (end[-1] == ' ' || end[-1] == '\t')) end--;
    size_t length = 0, most = atomic_load(&session.frame_bytes);
    if (at == end) out_of_step("an empty Content-Length");
    for (; at < end; at++) {
        if (*at < '0' || *at > '9') out_of_step("a Content-Length that is no number");
        if (length <= most) length = length * 10 + (size_t)(*at - '0');
    }
    if (length > most) out_of_step("a frame beyond the limit");
    return length;
}

static size_t body_length(const char *header, size_t size) {
    bool found = false;
    size_t length = 0;
    const char *end = header + size - 2;
    for (const char *line = header; line < end;) {
        const char *line_end = (const char *)memchr(line, '\n', (size_t)(end - line)) - 1;
        const char *colon = memchr(line, ':', (size_t)(line_end - line));
        if (colon == NULL) {
            out_of_step("a header line without a colon");
        } else if (is_content_length(line, (size_t)(colon - line))) {
            if (found) out_of_step("Content-Length twice in one header");
            found = true;
            length = read_length(colon + 1, line_end);
        }
        line = line_end + 2;
    }
    if (!found) out_of_step("a header without Content-Length");
    return length;
}

/* Serves every whole frame that has come, and leaves the rest there. */
static void receive_frames(struct bytes *incoming) {
    size_t done = 0;
    for (;;) {
        const char *at = incoming->data + done;
        size_t left = incoming->length - done, header = header_end(at, left);
        if (header == 0) break;
        size_t body = body_length(at, header);
        if (left - header < body) break;
        receive(at + header, body);
        done += header + body;
    }
    if (done == 0) return;
    incoming->length -= done;
    memmove(incoming->data, incoming->data + done, incoming->length);
}

static void read_all(int fd) {
    struct bytes incoming = {0};
    for (;;) {
        reserve(&incoming, 64 * 1024);
        ssize_t got = read(fd, incoming.data + incoming.length, incoming.room - incoming.length);
        if (got > 0) {
            incoming.length += (size_t)got;
            receive_frames(&incoming);
        } else if (got == 0) {
            break;
        } else if (errno == EAGAIN) {
            poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, -1);
        } else if (errno != EINTR) {
            die(EXIT_STREAMS, strerror(errno));
        }
    }
    if (incoming.length > 0) out_of_step("the input ended inside a frame");
    free(incoming.data);
}

/* ---- the description ---- */

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#elif defined(__GNUC__)
#define COMPILER "gcc " __VERSION__
#else
#define COMPILER "unknown"
#endif
#ifdef __OPTIMIZE__
#define PROFILE "release"
#else
#define PROFILE "debug"
#endif
#if defined(__x86_64__)
#define ARCHITECTURE "x86_64"
#elif defined(__aarch64__)
#define ARCHITECTURE "aarch64"
#else
#define ARCHITECTURE "unknown"
#endif
#if defined(__linux__)
#define SYSTEM "linux"
#elif defined(__APPLE__)
#define SYSTEM "darwin"
#else
#define SYSTEM "posix"
#endif

static json_t *wrong_plugin(const char *format, ...) BK_PRINTF(1, 2);
static json_t *wrong_plugin(const char *format, ...) {
    va_list values;
    va_start(values, format);
    fputs("bulkhead: the description of the plugin is wrong: ", stderr);
    vfprintf(stderr, format, values);
    fputs("\n", stderr);
    va_end(values);
    exit(EXIT_WRONG_PLUGIN);
}

static void check_name(const char *what, const char *name, bool is_id) {
    static const char id[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    static const char any[] = "abcdefghijklmnopqrstuvwxyz0123456789-_ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    bool letter = name != NULL && ((*name >= 'a' && *name <= 'z') || (!is_id && *name >= 'A' && *name <= 'Z'));
    if (!letter || strlen(name) > 64 || name[strspn(name, is_id ? id : any)] != '\0')
        wrong_plugin("%s is no name of %s", name != NULL && *name != '\0' ? name : "\"\"", what);
}

static void describe_text(json_t *object, const char *member, const char *text) {
    if (text != NULL && json_object_set_new(object, member, json_string(text)) != 0)
        wrong_plugin("%s is not UTF-8", member);
}

static void describe_json(json_t *object, const char *member, const char *text, const char *whose) {
    if (text == NULL) return;
    json_error_t error;
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (json == NULL) wrong_plugin("%s of %s: %s", member, whose, error.text);
    json_object_set_new(object, member, json);
}

/* Says where the wire name leads, and returns the schema of its params. */
static void add_endpoint(const bk_api *api, const char *name, const char *what, bk_handler handler,
                         const json_t *described) {
    check_name(what, name, false);
    struct bytes wire_name = {0};
    put_text(&wire_name, api->name);
    put_text(&wire_name, ".");
    put(&wire_name, name, strlen(name) + 1);
    if (handler == NULL) wrong_plugin("%s has no handler", wire_name.data);
    for (size_t i = 0; i < session.endpoint_count; i++) {
        if (session.endpoints[i].api == api && strcmp(session.endpoints[i].wire_name, wire_name.data) == 0)
            wrong_plugin("%s is there twice", wire_name.data);
    }
    json_t *schema = json_object_get(described, "params");
    size_t size = (session.endpoint_count + 1) * sizeof *session.endpoints;
    session.endpoints = checked(realloc(session.endpoints, size));
    session.endpoints[session.endpoint_count++] = (struct endpoint){
        .wire_name = wire_name.data,
        .api = api,
        .handler = handler,
        .schema = json_deep_copy(schema),
        .event = strcmp(what, "an event") == 0,
        .streams = json_object_get(described, "item") != NULL,
    };
}

static const char any_object[] = "{\"type\":\"object\"}";

static json_t *describe_method(const bk_api *api, const bk_method *method) {
    json_t *described = json_object();
    describe_text(described, "name", method->name);
    describe_text(described, "description", method->description);
    describe_json(described, "params", method->params != NULL ? method->params : any_object, method->name);
    describe_json(described, "result", method->result, method->name);
    describe_json(described, "item", method->item, method->name);
    describe_json(described, "progress", method->progress, method->name);
    describe_json(described, "errors", method->errors, method->name);
    if (method->idempotent) json_object_set_new(described, "idempotent", json_true());
    add_endpoint(api, method->name, "a method", method->handler, described);
    return described;
}

static json_t *describe_event(const bk_api *api, const bk_event *event) {
    json_t *described = json_object();
    describe_text(described, "name", event->name);
    describe_text(described, "description", event->description);
    describe_json(described, "params", event->params != NULL ? event->params : any_object, event->name);
    add_endpoint(api, event->name, "an event", event->handler, described);
    return described;
}

static json_t *describe_action(const bk_api *api, const bk_action *action) {
    check_name("an action", action->id, false);
    const bk_method *method = api->methods;
    while (method != NULL && method->name != NULL && action->method != NULL &&
           strcmp(method->name, action->method) != 0)
        method++;
    if (method == NULL || method->name == NULL || action->method == NULL)
        wrong_plugin("the action %s names no method of its api", action->id);
    json_t *described = json_object();
    describe_text(described, "id", action->id);
    describe_text(described, "method", action->method);
    describe_text(described, "description", action->description);
    describe_text(described, "key", action->key);
    return described;
}

static json_t *describe_api(const bk_api *api) {
    check_name("an api", api->name, true);
    if (api->version == NULL) wrong_plugin("the api %s has no version", api->name);
    json_t *described = json_object(), *methods = json_array(), *events = json_array(), *actions = json_array();
    describe_text(described, "name", api->name);
    describe_text(described, "version", api->version);
    for (const bk_method *each = api->methods; each != NULL && each->name != NULL; each++)
        json_array_append_new(methods, describe_method(api, each));
    for (const bk_event *each = api->events; each != NULL && each->name != NULL; each++)
        json_array_append_new(events, describe_event(api, each));
    for (const bk_action *each = api->actions; each != NULL && each->id != NULL; each++)
        json_array_append_new(actions, describe_action(api, each));
    json_object_set_new(described, "methods", methods);
    if (json_array_size(events) > 0) json_object_set(described, "events", events);
    if (json_array_size(actions) > 0) json_object_set(described, "actions", actions);
    json_decref(events);
    json_decref(actions);
    return described;
}

static void describe(const bk_plugin *plugin) {
    check_name("a plugin", plugin->name, true);
    if (plugin->version == NULL) wrong_plugin("the plugin has no version");
    json_t *apis = json_array();
    for (const bk_api *api = plugin->apis; api != NULL && api->name != NULL; api++) {
        for (const bk_api *other = plugin->apis; other != api; other++) {
            if (strcmp(other->name, api->name) == 0 && strcmp(other->version, api->version) == 0)
                wrong_plugin("the api %s %s is offered twice", api->name, api->version);
        }
        json_array_append_new(apis, describe_api(api));
    }
    json_t *build = json_pack("{s:s, s:s, s:s, s:s, s:s}", "language", "c", "compiler", COMPILER, "profile", PROFILE,
                              "target", ARCHITECTURE "-" SYSTEM, "sdk", "bulkhead-plugin-c " BULKHEAD_SDK_VERSION);
    json_t *described = json_pack("{s:i, s:{s:s, s:s}, s:o, s:o}", "protocol", PROTOCOL, "plugin", "name", plugin->name,
                                  "version", plugin->version, "build", checked(build), "apis", apis);
    if (described == NULL) wrong_plugin("its version is not UTF-8");
    describe_json(described, "needs", plugin->needs, plugin->name);
    describe_json(described, "config", plugin->config, plugin->name);
    json_t *config = json_object_get(described, "config");
    session.config_schema = config != NULL ? json_deep_copy(config) : NULL;
    if (plugin->exclusive) json_object_set_new(described, "exclusive", json_true());
    json_t *capabilities = json_pack("{s:b}", "ping", 1);
    if (plugin->configure != NULL) json_object_set_new(capabilities, "configure", json_true());
    json_object_set_new(described, "capabilities", capabilities);
    session.description = described;
    session.plugin = plugin;
    session.threads_most = plugin->threads > 0 ? plugin->threads : THREADS;
}

/* ---- the process ---- */

static void ignore_signal(int signal) { (void)signal; }

/* The protocol's streams become private descriptors that children do not inherit; all else prints to the log. */
static int take_streams(void) {
    int input = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3), nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    output.fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    if (input == -1 || output.fd == -1 || nothing == -1 || dup2(nothing, STDIN_FILENO) == -1 ||
        dup2(STDERR_FILENO, STDOUT_FILENO) == -1)
        die(EXIT_STREAMS, strerror(errno));
    close(nothing);
    /* Each line at once, also what was printed before: the process may end without flushing. */
    fflush(stdout);
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    /* A handler, unlike SIG_IGN, is not inherited by what the plugin starts. write says EPIPE. */
    struct sigaction action = {.sa_handler = ignore_signal, .sa_flags = SA_RESTART};
    sigaction(SIGPIPE, &action, NULL);
    return input;
}

int bk_run(const bk_plugin *plugin) {
    /* Before there are threads: the first object would seed the hashes otherwise. */
    json_object_seed(0);
    if (isatty(STDIN_FILENO)) {
        fprintf(stderr,
                "%s is a Bulkhead plugin: it speaks JSON-RPC over stdin and stdout, and a terminal does not.\n"
                "To run it, add it to bulkhead.toml:\n\n    [plugins.%s]\n    command = \"path/to/this/program\"\n\n"
                "Then: bulkhead up\n",
                plugin->name, plugin->name);
        return EXIT_STARTED_BY_HAND;
    }
    describe(plugin);
    init_condition(&session.work);
    init_condition(&output.changed);
    read_all(take_streams());
    leave(0);
    return 0;
}
