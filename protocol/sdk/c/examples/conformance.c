/* The reference plugin that protocol/transcripts/ is about. */
#include "bulkhead_plugin.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static atomic_llong poked;

static json_int_t integer(const json_t *params, const char *name) {
    return json_integer_value(json_object_get(params, name));
}

static json_t *echo(bk_call *call, json_t *params) {
    (void)call;
    return json_incref(json_object_get(params, "value"));
}

static json_t *add(bk_call *call, json_t *params) {
    json_int_t a = integer(params, "a"), b = integer(params, "b");
    if (b > 0 ? a > INT64_MAX - b : a < INT64_MIN - b)
        return bk_fail(call, BK_NAMED, "overflow", "the sum is too large");
    return json_integer(a + b);
}

static json_t *slow(bk_call *call, json_t *params) {
    json_t *ms = json_object_get(params, "ms");
    return bk_sleep(call, json_is_integer(ms) ? json_integer_value(ms) : -1) ? json_string("done") : NULL;
}

static json_t *progress(bk_call *call, json_t *params) {
    json_int_t steps = integer(params, "steps");
    for (json_int_t step = 1; step <= steps; step++) {
        if (bk_cancelled(call)) return NULL;
        bk_progress(call, step, steps, "step %lld", (long long)step);
    }
    return json_integer(steps);
}

static json_t *repeat(bk_call *call, json_t *params) {
    json_t *text = json_object_get(params, "text");
    size_t length = json_string_length(text), times = (size_t)integer(params, "times");
    if (length > 0 && times > SIZE_MAX / 2 / length) return bk_fail(call, BK_NAMED, "too_long", "the text is too long");
    char *whole = malloc(length * times + 1);
    if (whole == NULL) return bk_fail(call, BK_NAMED, "too_long", "the text is too long");
    for (size_t i = 0; i < times; i++) memcpy(whole + i * length, json_string_value(text), length);
    json_t *result = json_stringn(whole, length * times);
    free(whole);
    return result;
}

static json_t *fail(bk_call *call, json_t *params) {
    return bk_fail(call, integer(params, "code"), "failed", "%s",
                   json_string_value(json_object_get(params, "message")));
}

static json_t *print(bk_call *call, json_t *params) {
    (void)call;
    printf("%s\n", json_string_value(json_object_get(params, "text")));
    return json_null();
}

static json_t *count(bk_call *call, json_t *params) {
    const char *after = json_string_value(json_object_get(params, "cursor"));
    char *end = NULL;
    long long first = after != NULL ? strtoll(after, &end, 10) : 0, to = integer(params, "to"), sent = 0;
    if (after != NULL && (end == after || *end != '\0'))
        return bk_fail_at(call, BK_INVALID_PARAMS, "invalid_params", "/cursor",
                          "/cursor: expected an integer in a string");
    for (long long n = first; n < to; sent++) {
        char cursor[32];
        snprintf(cursor, sizeof cursor, "%lld", ++n);
        if (!bk_item(call, json_pack("{s:I}", "n", (json_int_t)n), cursor)) return NULL;
    }
    return json_integer(sent);
}

static json_t *ask(bk_call *call, json_t *params) {
    const char *method = json_string_value(json_object_get(params, "method"));
    json_t *error, *result = bk_host_call(call, method, json_incref(json_object_get(params, "params")), &error);
    if (result != NULL) return json_pack("{s:o}", "ok", result);
    char number[32];
    snprintf(number, sizeof number, "rpc_%lld", (long long)integer(error, "code"));
    const char *name = bk_error_name(error);
    result =
        json_pack("{s:{s:s, s:s}}", "error", "code", name != NULL ? name : number, "message", bk_error_message(error));
    json_decref(error);
    return bk_cancelled(call) ? json_decref(result), NULL : result;
}

static json_t *label(bk_call *call, json_t *params) {
    (void)call, (void)params;
    json_t *config = bk_config(), *label = json_incref(json_object_get(config, "label"));
    json_decref(config);
    return label != NULL ? label : json_null();
}

static json_t *pokes(bk_call *call, json_t *params) {
    (void)call, (void)params;
    return json_integer(atomic_load(&poked));
}

/* To this library bytes are text. */
static json_t *reverse(bk_call *call, json_t *params) {
    (void)call;
    json_t *parts = json_object_get(params, "parts"), *result = json_array();
    for (size_t i = json_array_size(parts); i > 0; i--) json_array_append(result, json_array_get(parts, i - 1));
    return result;
}

static json_t *poke(bk_call *call, json_t *params) {
    json_int_t n = integer(params, "n");
    if (n < 0) return bk_fail(call, 1, "negative", "a poke is not taken back");
    atomic_fetch_add(&poked, n);
    return json_null();
}

static json_t *configure(bk_call *call, json_t *config) {
    (void)call, (void)config;
    return json_null();
}

/* clang-format off */
static const bk_method methods[] = {
    {.name = "echo", .handler = echo, .idempotent = true, .params = BK_JSON(
        {"type": "object", "properties": {"value": {}}, "required": ["value"]})},
    {.name = "add", .handler = add, .idempotent = true, .result = BK_JSON({"type": "integer"}), .params = BK_JSON(
        {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}, "required": ["a", "b"]})},
    {.name = "slow", .handler = slow, .result = BK_JSON({"type": "string"}), .params = BK_JSON(
        {"type": "object", "properties": {"ms": {"type": ["integer", "null"], "minimum": 0}}})},
    {.name = "progress", .handler = progress, .result = BK_JSON({"type": "integer"}), .params = BK_JSON(
        {"type": "object", "properties": {"steps": {"type": "integer", "minimum": 0}}, "required": ["steps"]})},
    {.name = "repeat", .handler = repeat, .result = BK_JSON({"type": "string"}), .params = BK_JSON(
        {"type": "object", "properties": {"text": {"type": "string"}, "times": {"type": "integer", "minimum": 0}},
         "required": ["text", "times"]})},
    {.name = "fail", .handler = fail, .errors = BK_JSON([{"code": "failed", "description": "It was asked to."}]),
     .params = BK_JSON({"type": "object", "properties": {"code": {"type": "integer"}, "message": {"type": "string"}},
                        "required": ["code", "message"]})},
    {.name = "print", .handler = print, .result = BK_JSON({"type": "null"}), .params = BK_JSON(
        {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]})},
    {.name = "count", .handler = count, .result = BK_JSON({"type": "integer"}),
     .item = BK_JSON({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}),
     .params = BK_JSON({"type": "object", "properties": {"to": {"type": "integer"}, "cursor": {"type": ["string", "null"]}},
                        "required": ["to"]})},
    {.name = "ask", .handler = ask, .params = BK_JSON(
        {"type": "object", "properties": {"method": {"type": "string"}, "params": {"type": "object"}},
         "required": ["method", "params"]})},
    {.name = "label", .handler = label, .result = BK_JSON({"type": ["string", "null"]})},
    {.name = "pokes", .handler = pokes, .result = BK_JSON({"type": "integer"})},
    {.name = "reverse", .handler = reverse,
     .result = BK_JSON({"type": "array", "items": {"type": "string", "contentEncoding": "base64"}}),
     .params = BK_JSON({"type": "object", "required": ["parts"], "properties":
         {"parts": {"type": "array", "items": {"type": "string", "contentEncoding": "base64"}}}})},
    {0}};

static const bk_event events[] = {
    {.name = "poke", .handler = poke, .params = BK_JSON(
        {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]})},
    {0}};

static const bk_action actions[] = {
    {.id = "pokes", .method = "pokes", .description = "How often it was poked", .key = "ctrl+k"},
    {0}};

static const bk_api apis[] = {
    {.name = "conformance", .version = "1.0.0", .methods = methods, .events = events, .actions = actions},
    {0}};

int main(void) {
    return bk_run(&(bk_plugin){
        .name = "conformance",
        .version = "1.0.0",
        .apis = apis,
        .needs = BK_JSON([{"service": "host.storage", "range": "^1.0.0", "optional": true}]),
        .config = BK_JSON({"type": "object", "properties": {"label": {"type": "string"}}}),
        .configure = configure,
    });
}
