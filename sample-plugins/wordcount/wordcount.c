/* A Bulkhead plugin without an SDK, written from protocol/README.md alone.
 *
 * One thread: a poll loop that reads frames, answers what can be answered at once, and keeps a list of the calls that
 * sleep. JSON is validated in one pass and then read in place: a value is a slice of the body. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    HEADER_LIMIT = 4096,
    FRAME_LIMIT = 64 * 1024 * 1024,
    DEPTH_LIMIT = 100,
    SLEEPERS = 4096,
};

/* sysexits.h */
enum { EXIT_STARTED_BY_HAND = 64, EXIT_BAD_INPUT = 65, EXIT_SYSTEM = 71, EXIT_OUTPUT = 74 };

enum {
    PARSE_ERROR = -32700,
    INVALID_REQUEST = -32600,
    METHOD_NOT_FOUND = -32601,
    INVALID_PARAMS = -32602,
    CANCELLED = -32800,
    INCOMPATIBLE_PROTOCOL = -32001,
};

static void leave(int status, const char *why) {
    fprintf(stderr, "wordcount: %s\n", why);
    exit(status);
}

/* ---- growing text ---- */

struct text {
    char *data;
    size_t length, room;
};

static void reserve(struct text *text, size_t more) {
    if (more <= text->room - text->length) return;
    if (more > SIZE_MAX / 2 - text->length) leave(EXIT_SYSTEM, "out of memory");
    size_t room = text->room ? text->room : 1024;
    while (room < text->length + more) room *= 2;
    char *data = realloc(text->data, room);
    if (data == NULL) leave(EXIT_SYSTEM, "out of memory");
    text->data = data;
    text->room = room;
}

static void append(struct text *text, const char *data, size_t length) {
    if (length == 0) return;
    reserve(text, length);
    memcpy(text->data + text->length, data, length);
    text->length += length;
}

static void append_string(struct text *text, const char *string) { append(text, string, strlen(string)); }

/* ---- JSON: the validating pass ---- */

/* What is left of a body; also a value, from its first to behind its last byte. */
struct slice {
    const char *at, *end;
};

static void skip_space(struct slice *s) {
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r')) s->at++;
}

static bool take(struct slice *s, char expected) {
    if (s->at == s->end || *s->at != expected) return false;
    s->at++;
    return true;
}

static bool take_word(struct slice *s, const char *word) {
    size_t length = strlen(word);
    if ((size_t)(s->end - s->at) < length || memcmp(s->at, word, length) != 0) return false;
    s->at += length;
    return true;
}

/* The value of four hexadecimal digits, or -1. */
static int take_hex(struct slice *s) {
    if (s->end - s->at < 4) return -1;
    int value = 0;
    for (int i = 0; i < 4; i++) {
        char c = *s->at++;
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) return -1;
        value = value * 16 + digit;
    }
    return value;
}

static size_t encode_utf8(uint32_t code, char out[4]) {
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = length; i-- > 1; code >>= 6) out[i] = (char)(0x80 | (code & 0x3f));
    out[0] = (char)(lead[length] | code);
    return length;
}

/* The length of the UTF-8 sequence here, or 0. Overlong forms, surrogates and what is beyond U+10FFFF are none
 * (RFC 3629, section 4). */
static size_t utf8_length(const struct slice *s) {
    const unsigned char *at = (const unsigned char *)s->at;
    size_t left = (size_t)(s->end - s->at);
    size_t length = at[0] < 0x80 ? 1 : at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : at[0] < 0xf5 ? 4 : 0;
    if (length > left) return 0;
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80) return 0;
    }
    if (at[0] == 0xe0 && at[1] < 0xa0) return 0;
    if (at[0] == 0xed && at[1] > 0x9f) return 0;
    if (at[0] == 0xf0 && at[1] < 0x90) return 0;
    if (at[0] == 0xf4 && at[1] > 0x8f) return 0;
    return length;
}

/* The next character of a string's inside, as UTF-8; 0 when it is not allowed there. */
static size_t take_character(struct slice *s, char out[4]) {
    if ((unsigned char)*s->at < 0x20) return 0;
    if (*s->at != '\\') {
        size_t length = utf8_length(s);
        memcpy(out, s->at, length);
        s->at += length;
        return length;
    }
    s->at++;
    if (s->at == s->end) return 0;
    static const char names[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    char name = *s->at++;
    if (name != 'u') {
        const char *found = name == '\0' ? NULL : strchr(names, name);
        if (found == NULL) return 0;
        out[0] = meanings[found - names];
        return 1;
    }
    int code = take_hex(s);
    if (code < 0 || (code >= 0xdc00 && code <= 0xdfff)) return 0;
    if (code < 0xd800 || code > 0xdbff) return encode_utf8((uint32_t)code, out);
    int low = take(s, '\\') && take(s, 'u') ? take_hex(s) : -1;
    if (low < 0xdc00 || low > 0xdfff) return 0;
    return encode_utf8(0x10000 + (((uint32_t)code - 0xd800) << 10) + ((uint32_t)low - 0xdc00), out);
}

static bool skip_string(struct slice *s) {
    if (!take(s, '"')) return false;
    char ignored[4];
    while (s->at < s->end && *s->at != '"') {
        if (take_character(s, ignored) == 0) return false;
    }
    return take(s, '"');
}

static bool skip_digits(struct slice *s) {
    const char *start = s->at;
    while (s->at < s->end && *s->at >= '0' && *s->at <= '9') s->at++;
    return s->at > start;
}

static bool skip_number(struct slice *s) {
    take(s, '-');
    if (!take(s, '0') && !skip_digits(s)) return false;
    if (take(s, '.') && !skip_digits(s)) return false;
    if (take(s, 'e') || take(s, 'E')) {
        if (!take(s, '+')) take(s, '-');
        return skip_digits(s);
    }
    return true;
}

static bool skip_value(struct slice *s, int depth);

static bool skip_list(struct slice *s, int depth, bool members) {
    if (depth > DEPTH_LIMIT) return false;
    char end = members ? '}' : ']';
    s->at++;
    skip_space(s);
    if (take(s, end)) return true;
    do {
        skip_space(s);
        if (members) {
            if (!skip_string(s)) return false;
            skip_space(s);
            if (!take(s, ':')) return false;
            skip_space(s);
        }
        if (!skip_value(s, depth)) return false;
        skip_space(s);
    } while (take(s, ','));
    return take(s, end);
}

static bool skip_value(struct slice *s, int depth) {
    if (s->at == s->end) return false;
    switch (*s->at) {
    case '{': return skip_list(s, depth + 1, true);
    case '[': return skip_list(s, depth + 1, false);
    case '"': return skip_string(s);
    case 't': return take_word(s, "true");
    case 'f': return take_word(s, "false");
    case 'n': return take_word(s, "null");
    default: return skip_number(s);
    }
}

/* ---- JSON: reading what has been validated ---- */

static const struct slice absent = {NULL, NULL};

static bool is(struct slice value, char first) { return value.at != NULL && *value.at == first; }

/* Steps through an object; `rest` begins behind its opening brace. */
static bool next_member(struct slice *rest, struct slice *key, struct slice *value) {
    skip_space(rest);
    if (take(rest, ',')) skip_space(rest);
    if (is(*rest, '}')) return false;
    key->at = rest->at;
    skip_string(rest);
    key->end = rest->at;
    skip_space(rest);
    take(rest, ':');
    skip_space(rest);
    value->at = rest->at;
    skip_value(rest, 0);
    value->end = rest->at;
    return true;
}

static struct slice inside(struct slice value) { return (struct slice){value.at + 1, value.end}; }

/* A key may be written with escapes, so it is compared as what it means. */
static bool means(struct slice string, const char *text) {
    size_t left = strlen(text), length;
    for (string = inside(string); *string.at != '"'; text += length, left -= length) {
        char character[4];
        length = take_character(&string, character);
        if (length > left || memcmp(character, text, length) != 0) return false;
    }
    return left == 0;
}

static struct slice member(struct slice object, const char *name) {
    struct slice key, value, found = absent;
    if (!is(object, '{')) return absent;
    struct slice rest = inside(object);
    while (next_member(&rest, &key, &value)) {
        if (means(key, name)) found = value;
    }
    return found;
}

/* An integer as JSON Schema means it: 5.0 is one. */
static bool read_integer(struct slice value, double least, double most, double *number) {
    char digits[64];
    if (value.at == NULL || (*value.at != '-' && (*value.at < '0' || *value.at > '9'))) return false;
    size_t length = (size_t)(value.end - value.at);
    if (length >= sizeof digits) return false;
    memcpy(digits, value.at, length);
    digits[length] = '\0';
    *number = strtod(digits, NULL);
    return *number >= least && *number <= most && *number == (double)(long long)*number;
}

/* ---- what goes out ---- */

static int output;
static struct text outgoing;

static void flush(void) {
    size_t done = 0;
    while (done < outgoing.length) {
        ssize_t written = write(output, outgoing.data + done, outgoing.length - done);
        if (written >= 0) {
            done += (size_t)written;
        } else if (errno == EPIPE) {
            exit(0); /* the supervisor is gone */
        } else if (errno != EINTR) {
            leave(EXIT_OUTPUT, strerror(errno));
        }
    }
    outgoing.length = 0;
}

static void answer(const char *id, const char *name, const char *value) {
    static const char start[] = "{\"jsonrpc\":\"2.0\",\"id\":";
    size_t length = sizeof start - 1 + strlen(id) + strlen(",\"\":}") + strlen(name) + strlen(value);
    char header[64];
    snprintf(header, sizeof header, "Content-Length: %zu\r\n\r\n", length);
    const char *parts[] = {header, start, id, ",\"", name, "\":", value, "}"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) append_string(&outgoing, parts[i]);
}

static void answer_result(const char *id, const char *result) { answer(id, "result", result); }

/* `message` and `more` need no escaping: they are written in this file. */
static void answer_error(const char *id, int code, const char *name, const char *message, const char *more) {
    char error[512];
    snprintf(error, sizeof error, "{\"code\":%d,\"message\":\"%s\",\"data\":{\"code\":\"%s\"%s}}", code, message, name,
             more);
    answer(id, "error", error);
}

static void refuse_params(const char *id, const char *path, const char *message) {
    char more[64];
    snprintf(more, sizeof more, ",\"path\":\"%s\"", path);
    answer_error(id, INVALID_PARAMS, "invalid_params", message, more);
}

static void refuse_request(const char *id, const char *message) {
    answer_error(id, INVALID_REQUEST, "invalid_request", message, "");
}

/* ---- the calls that sleep ---- */

struct sleeper {
    char *id;
    int64_t until;
};

static struct sleeper sleepers[SLEEPERS];
static size_t sleeping;

/* Requests to shut down that wait for the last of them. */
static char *shutdown_id;

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void drain(void) {
    if (shutdown_id == NULL || sleeping > 0) return;
    answer_result(shutdown_id, "{}");
    free(shutdown_id);
    shutdown_id = NULL;
}

static void remove_sleeper(size_t index) {
    free(sleepers[index].id);
    sleepers[index] = sleepers[--sleeping];
    drain();
}

static void wake(void) {
    int64_t time = now();
    for (size_t i = sleeping; i-- > 0;) {
        if (sleepers[i].until > time) continue;
        answer_result(sleepers[i].id, "\"done\"");
        remove_sleeper(i);
    }
}

/* For poll: milliseconds until the first is due, or -1. */
static int time_to_sleep(void) {
    int64_t first = INT64_MAX, time = now();
    for (size_t i = 0; i < sleeping; i++) {
        if (sleepers[i].until < first) first = sleepers[i].until;
    }
    if (first == INT64_MAX) return -1;
    int64_t left = first > time ? first - time : 0;
    return left < INT_MAX ? (int)left : INT_MAX;
}

static void cancel(const char *id) {
    for (size_t i = 0; i < sleeping; i++) {
        if (strcmp(sleepers[i].id, id) != 0) continue;
        answer_error(id, CANCELLED, "cancelled", "cancelled", "");
        remove_sleeper(i);
        return;
    }
}

/* ---- methods ---- */

static enum { NEW, DESCRIBED, READY, DRAINING } phase = NEW;

#ifdef __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif
#ifdef __OPTIMIZE__
#define PROFILE "release"
#else
#define PROFILE "debug"
#endif

static const char description[] =
    "{\"protocol\":1,\"plugin\":{\"name\":\"wordcount\",\"version\":\"1.0.0\"},"
    "\"build\":{\"language\":\"c\",\"compiler\":\"" COMPILER "\",\"profile\":\"" PROFILE "\",\"sdk\":\"none\"},"
    "\"apis\":[{\"name\":\"text\",\"version\":\"1.0.0\",\"methods\":["
    "{\"name\":\"count\",\"description\":\"Counts line ends, words and bytes of a text, as wc does.\","
    "\"params\":{\"type\":\"object\",\"properties\":{\"text\":{\"type\":\"string\"}},\"required\":[\"text\"]},"
    "\"result\":{\"type\":\"object\",\"properties\":{\"lines\":{\"type\":\"integer\"},\"words\":{\"type\":\"integer\"},"
    "\"bytes\":{\"type\":\"integer\"}},\"required\":[\"lines\",\"words\",\"bytes\"]},\"idempotent\":true},"
    "{\"name\":\"sleep\",\"description\":\"Answers after a time; can be cancelled.\","
    "\"params\":{\"type\":\"object\",\"properties\":{\"ms\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":86400000}},"
    "\"required\":[\"ms\"]},\"result\":{\"type\":\"string\"},\"idempotent\":true}]}],"
    "\"capabilities\":{\"ping\":true}}";

static void initialize(const char *id, struct slice params) {
    struct slice protocol = member(params, "protocol");
    double min, max;
    if (!read_integer(member(protocol, "min"), -1e9, 1e9, &min) ||
        !read_integer(member(protocol, "max"), -1e9, 1e9, &max)) {
        refuse_params(id, "/protocol", "expected {min, max}, two integers");
    } else if (min > 1 || max < 1) {
        char message[128];
        snprintf(message, sizeof message, "wordcount speaks protocol 1, the host %.0f to %.0f: upgrade the %s", min, max,
                 min > 1 ? "plugin" : "host");
        answer_error(id, INCOMPATIBLE_PROTOCOL, "incompatible_protocol", message, ",\"min\":1,\"max\":1");
    } else if (phase != NEW) {
        refuse_request(id, "initialize comes once");
    } else {
        phase = DESCRIBED;
        answer_result(id, description);
    }
}

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static void count(const char *id, struct slice params) {
    struct slice text = member(params, "text");
    if (!is(text, '"')) {
        refuse_params(id, "/text", "text: expected a string");
        return;
    }
    size_t lines = 0, words = 0, bytes = 0;
    bool in_word = false;
    for (text = inside(text); *text.at != '"';) {
        char character[4];
        bytes += take_character(&text, character);
        if (character[0] == '\n') lines++;
        if (is_space(character[0])) {
            in_word = false;
        } else if (!in_word) {
            in_word = true;
            words++;
        }
    }
    char result[128];
    snprintf(result, sizeof result, "{\"lines\":%zu,\"words\":%zu,\"bytes\":%zu}", lines, words, bytes);
    answer_result(id, result);
}

static void fall_asleep(char *id, struct slice params) {
    double ms;
    if (!read_integer(member(params, "ms"), 0, 86400000, &ms)) {
        refuse_params(id, "/ms", "ms: expected an integer from 0 to 86400000");
    } else if (sleeping == SLEEPERS) {
        refuse_request(id, "more calls than agreed on are in flight");
    } else {
        char *kept = strdup(id);
        if (kept == NULL) leave(EXIT_SYSTEM, "out of memory");
        sleepers[sleeping++] = (struct sleeper){kept, now() + (int64_t)ms};
    }
}

static void request(char *id, struct slice method, struct slice params) {
    if (params.at != NULL && !is(params, '{')) {
        refuse_params(id, "", "expected an object");
    } else if (means(method, "initialize")) {
        initialize(id, params);
    } else if (means(method, "activate")) {
        if (phase != DESCRIBED) {
            refuse_request(id, "activate comes once, after initialize");
            return;
        }
        phase = READY;
        answer_result(id, "{}");
    } else if (means(method, "ping")) {
        answer_result(id, "{}");
    } else if (means(method, "shutdown")) {
        phase = DRAINING;
        free(shutdown_id);
        shutdown_id = strdup(id);
        drain();
    } else if (!means(method, "text.count") && !means(method, "text.sleep")) {
        answer_error(id, METHOD_NOT_FOUND, "method_not_found", "no such method", "");
    } else if (phase != READY) {
        refuse_request(id, "calls come between activate and shutdown");
    } else if (means(method, "text.count")) {
        count(id, params);
    } else {
        fall_asleep(id, params);
    }
}

/* ---- messages ---- */

/* An id in the one spelling that is compared and sent back; NULL when it is neither an integer nor a string. */
static char *read_id(struct slice value) {
    struct text id = {0};
    if (value.at == NULL) return NULL;
    if (*value.at == '"') {
        append(&id, "\"", 1);
        for (value = inside(value); *value.at != '"';) {
            char character[4], escaped[8];
            size_t length = take_character(&value, character);
            if (length == 1 && (character[0] == '"' || character[0] == '\\' || (unsigned char)character[0] < 0x20)) {
                snprintf(escaped, sizeof escaped, "\\u%04x", (unsigned)character[0]);
                append_string(&id, escaped);
            } else {
                append(&id, character, length);
            }
        }
        append(&id, "\"", 1);
    } else {
        for (const char *c = value.at; c < value.end; c++) {
            if (*c != '-' && (*c < '0' || *c > '9')) return NULL;
        }
        append(&id, value.at, (size_t)(value.end - value.at));
    }
    append(&id, "", 1);
    return id.data;
}

static void notification(struct slice method, struct slice params) {
    if (means(method, "exit")) {
        flush();
        exit(0);
    }
    if (means(method, "$/cancelRequest")) {
        char *id = read_id(member(params, "id"));
        if (id != NULL) cancel(id);
        free(id);
    }
}

static void receive(const char *body, size_t length) {
    struct slice whole = {body, body + length};
    skip_space(&whole);
    struct slice check = whole;
    bool valid = skip_value(&check, 0);
    skip_space(&check);
    if (!valid || check.at != check.end) {
        answer_error("null", PARSE_ERROR, "parse_error", "not JSON, or deeper than 100 levels", "");
        return;
    }
    if (!is(whole, '{')) {
        refuse_request("null", is(whole, '[') ? "batches are not served" : "a message is an object");
        return;
    }

    enum { JSONRPC, ID, METHOD, PARAMS, MEMBERS };
    static const char *const names[MEMBERS] = {"jsonrpc", "id", "method", "params"};
    struct slice values[MEMBERS] = {absent, absent, absent, absent};
    struct slice rest = inside(whole), key, value;
    while (next_member(&rest, &key, &value)) {
        for (int i = 0; i < MEMBERS; i++) {
            if (!means(key, names[i])) continue;
            if (values[i].at != NULL) {
                refuse_request("null", "a member stands there twice");
                return;
            }
            values[i] = value;
        }
    }

    char *id = read_id(values[ID]);
    if (values[ID].at != NULL && id == NULL) {
        refuse_request("null", "an id is an integer or a string");
    } else if (!is(values[JSONRPC], '"') || !means(values[JSONRPC], "2.0")) {
        refuse_request(id ? id : "null", "jsonrpc must be 2.0");
    } else if (values[METHOD].at == NULL) {
        /* An answer, though nothing was asked. */
    } else if (!is(values[METHOD], '"')) {
        refuse_request(id ? id : "null", "method is not a string");
    } else if (id == NULL) {
        notification(values[METHOD], values[PARAMS]);
    } else {
        request(id, values[METHOD], values[PARAMS]);
    }
    free(id);
}

/* ---- frames ---- */

static bool same_name(const char *line, size_t length, const char *name) {
    if (length != strlen(name)) return false;
    for (size_t i = 0; i < length; i++) {
        char c = line[i] >= 'A' && line[i] <= 'Z' ? (char)(line[i] - 'A' + 'a') : line[i];
        if (c != name[i]) return false;
    }
    return true;
}

/* Where the header, the empty line included, has ended; 0 when more of it has to come. */
static size_t header_end(const char *data, size_t length) {
    for (size_t i = 3; i < length && i < HEADER_LIMIT; i++) {
        if (memcmp(data + i - 3, "\r\n\r\n", 4) == 0) return i + 1;
    }
    if (length >= HEADER_LIMIT) leave(EXIT_BAD_INPUT, "a header of more than 4096 bytes");
    return 0;
}

static size_t read_length(const char *at, const char *end) {
    while (at < end && (*at == ' ' || *at == '\t')) at++;
    while (end > at && (end[-1] == ' ' || end[-1] == '\t')) end--;
    size_t length = 0;
    if (at == end) leave(EXIT_BAD_INPUT, "an empty Content-Length");
    for (; at < end; at++) {
        if (*at < '0' || *at > '9') leave(EXIT_BAD_INPUT, "a Content-Length that is no number");
        length = length * 10 + (size_t)(*at - '0');
        if (length > FRAME_LIMIT) leave(EXIT_BAD_INPUT, "a frame of more than 64 MiB");
    }
    return length;
}

static size_t body_length(const char *header, size_t size) {
    bool found = false;
    size_t length = 0;
    const char *end = header + size - 2;
    for (const char *line = header; line < end;) {
        const char *line_end = line;
        while (memcmp(line_end, "\r\n", 2) != 0) line_end++;
        const char *colon = memchr(line, ':', (size_t)(line_end - line));
        if (colon == NULL) leave(EXIT_BAD_INPUT, "a header line without a colon");
        if (same_name(line, (size_t)(colon - line), "content-length")) {
            if (found) leave(EXIT_BAD_INPUT, "Content-Length twice in one header");
            found = true;
            length = read_length(colon + 1, line_end);
        }
        line = line_end + 2;
    }
    if (!found) leave(EXIT_BAD_INPUT, "a header without Content-Length");
    return length;
}

/* Serves every whole frame in the buffer and leaves the rest there. */
static void serve(struct text *incoming) {
    size_t done = 0;
    for (;;) {
        const char *at = incoming->data + done;
        size_t left = incoming->length - done;
        size_t header = header_end(at, left);
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

/* False when the input has ended. */
static bool read_more(struct text *incoming) {
    reserve(incoming, 64 * 1024);
    ssize_t got = read(STDIN_FILENO, incoming->data + incoming->length, incoming->room - incoming->length);
    if (got > 0) incoming->length += (size_t)got;
    if (got < 0 && errno != EINTR) leave(EXIT_SYSTEM, strerror(errno));
    return got != 0;
}

int main(int argc, char **argv) {
    if (isatty(STDIN_FILENO)) {
        fprintf(stderr,
                "wordcount is a Bulkhead plugin: it speaks JSON-RPC over stdin and stdout.\n"
                "To run it, add it to bulkhead.toml: command = \"%s\"\n",
                argc > 0 ? argv[0] : "wordcount");
        return EXIT_STARTED_BY_HAND;
    }
    signal(SIGPIPE, SIG_IGN); /* write says it, too */
    /* stdout belongs to the protocol: whatever else prints becomes a log line. */
    output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    if (output == -1 || dup2(STDERR_FILENO, STDOUT_FILENO) == -1) leave(EXIT_OUTPUT, strerror(errno));

    struct text incoming = {0};
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    for (;;) {
        int ready = poll(&input, 1, time_to_sleep());
        if (ready == -1 && errno != EINTR) leave(EXIT_SYSTEM, strerror(errno));
        if (ready > 0) {
            if (!read_more(&incoming)) break;
            serve(&incoming);
        }
        wake();
        flush();
    }
    if (incoming.length > 0) leave(EXIT_BAD_INPUT, "the input ended inside a frame");
    free(incoming.data);
    return 0;
}
