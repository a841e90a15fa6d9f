/* What the tests need besides the reference plugin: the rest of the library, and ways to use it wrongly. */
#include "bulkhead_plugin.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static const char *text_of(const json_t *params, const char *name) {
    return json_string_value(json_object_get(params, name));
}

static json_t *same(bk_call *call, json_t *params) {
    (void)call;
    return json_incref(params);
}

static json_t *nothing(bk_call *call, json_t *params) {
    (void)call, (void)params;
    return NULL;
}

static json_t *nested(bk_call *call, json_t *params) {
    (void)call;
    json_t *value = json_array();
    for (json_int_t i = json_integer_value(json_object_get(params, "levels")); i > 1; i--) {
        json_t *outer = json_array();
        json_array_append_new(outer, value);
        value = outer;
    }
    return value;
}

static json_t *cyclic(bk_call *call, json_t *params) {
    (void)call, (void)params;
    json_t *a = json_array(), *b = json_array();
    json_array_append(a, b);
    json_array_append_new(b, json_pack("{s:o}", "a", json_incref(a)));
    return a;
}

static json_t *garbled(bk_call *call, json_t *params) {
    (void)params;
    return bk_fail(call, BK_NAMED, "garbled", "not UTF-8: %s", "\xff\xfe");
}

static json_t *twice(bk_call *call, json_t *params) {
    int64_t n;
    if (!bk_int64_value(json_object_get(params, "n"), &n)) return bk_fail(call, BK_NAMED, "no_int64", "no integer");
    return bk_int64(n > INT64_MAX / 2 || n < INT64_MIN / 2 ? n : n * 2);
}

static json_t *shape(bk_call *call, json_t *params) {
    (void)params;
    bk_progress_value(call, json_pack("{s:s}", "phase", "one"));
    bk_progress_value(call, NULL); /* is not sent */
    bk_progress(call, 1, -1, "two");
    return json_null();
}

static json_t *items(bk_call *call, json_t *params) {
    const char *what = text_of(params, "what");
    if (strcmp(what, "null") == 0) return bk_item(call, NULL, NULL) ? json_true() : NULL;
    if (strcmp(what, "cursor") == 0) return bk_item(call, json_null(), "\xff") ? json_true() : NULL;
    for (int i = 0; i < 3; i++) {
        if (!bk_item(call, json_integer(i), NULL)) return NULL;
    }
    return json_true();
}

static json_t *no_stream(bk_call *call, json_t *params) {
    (void)params;
    return bk_item(call, json_null(), NULL) ? json_true() : NULL;
}

static json_t *facts(bk_call *call, json_t *params) {
    (void)params;
    return json_pack("{s:s, s:s, s:I, s:b, s:b, s:b}", "dataDir", bk_data_dir(), "plugin", bk_plugin_name(),
                     "generation", (json_int_t)bk_generation(), "storage", bk_granted("host.storage"), "log",
                     bk_granted("host.log"), "hurry", bk_time_left(call) >= 0);
}

/* Every call of the host once, until one fails: its error becomes the call's. */
static json_t *tour(bk_call *call, json_t *params) {
    (void)params;
    json_t *value, *list, *other;
    bool deleted;
    if (!bk_host_log(call, "info", "hello", json_pack("{s:i}", "n", 1), NULL)) return NULL;
    if (!bk_storage_set(call, "k", json_pack("[i]", 1), NULL)) return NULL;
    if (!bk_storage_get(call, "k", &value, NULL)) return NULL;
    if (!bk_storage_delete(call, "k", &deleted, NULL)) return json_decref(value), NULL;
    list = bk_storage_list(call, "a", NULL, 5, NULL);
    other = list != NULL ? bk_call_plugin(call, "other/text.count", json_pack("{s:s}", "text", "x"), NULL) : NULL;
    bool emitted = other != NULL && bk_emit(call, "trial.done", NULL, NULL);
    json_t *result = emitted ? json_pack("{s:o?, s:b, s:o, s:o}", "value", json_incref(value), "deleted", deleted,
                                         "list", json_incref(list), "other", json_incref(other))
                             : NULL;
    json_decref(value), json_decref(list), json_decref(other);
    return result;
}

static void *emit_alone(void *nobody) {
    bk_emit(NULL, "trial.alone", NULL, NULL);
    return nobody;
}

static json_t *alone(bk_call *call, json_t *params) {
    (void)call, (void)params;
    pthread_t thread;
    pthread_create(&thread, NULL, emit_alone, NULL);
    pthread_detach(thread);
    return json_null();
}

static json_t *log_line(bk_call *call, json_t *params) {
    (void)call;
    bk_log("warn", "said: %s", text_of(params, "text"));
    return json_null();
}

static json_t *old(bk_call *call, json_t *params) {
    (void)call, (void)params;
    return json_string("old");
}

static json_t *fresh(bk_call *call, json_t *params) {
    (void)call, (void)params;
    return json_string("new");
}

static json_t *take_mode(bk_call *call, json_t *config) {
    const char *mode = text_of(config, "mode");
    if (mode != NULL && strcmp(mode, "forbidden") == 0)
        return bk_fail_at(call, BK_CONFIG_INVALID, "config_invalid", "/mode", "this mode is forbidden");
    return json_null();
}

static json_t *mode(bk_call *call, json_t *params) {
    (void)call, (void)params;
    return bk_config();
}

static json_t *sleep_forever(bk_call *call, json_t *params) {
    (void)params;
    bk_sleep(call, -1);
    return bk_fail(call, BK_NAMED, "woken", "woken");
}

/* clang-format off */
static const bk_method methods[] = {
    {.name = "fit", .handler = same, .params = BK_JSON({"type": "object", "additionalProperties": false, "properties": {
        "integer": {"type": "integer", "minimum": -5, "maximum": 5},
        "number": {"type": "number"},
        "either": {"type": ["string", "null"]},
        "one": {"enum": ["a", 2, null]},
        "constant": {"const": 1},
        "text": {"type": "string", "minLength": 1, "maxLength": 3},
        "list": {"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 2},
        "map": {"type": "object", "additionalProperties": {"type": "integer"}},
        "deep": {"type": "object", "properties": {"a/b~c": {"type": "array", "items": {"type": "object", "required": ["x"]}}}},
        "never": false,
        "anything": true
    }})},
    {.name = "any", .handler = same},
    {.name = "nothing", .handler = nothing},
    {.name = "nested", .handler = nested},
    {.name = "cyclic", .handler = cyclic},
    {.name = "garbled", .handler = garbled},
    {.name = "twice", .handler = twice, .params = BK_JSON(
        {"type": "object", "properties": {"n": {"type": "string", "format": "int64"}}, "required": ["n"]})},
    {.name = "shape", .handler = shape, .progress = BK_JSON({"type": "object"})},
    {.name = "items", .handler = items, .item = BK_JSON({}), .params = BK_JSON(
        {"type": "object", "properties": {"what": {"type": "string"}}, "required": ["what"]})},
    {.name = "no_stream", .handler = no_stream},
    {.name = "facts", .handler = facts, .description = "What it was told.", .idempotent = true},
    {.name = "tour", .handler = tour, .errors = BK_JSON([{"code": "storage_full", "description": "No room."}])},
    {.name = "alone", .handler = alone},
    {.name = "log", .handler = log_line, .params = BK_JSON(
        {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]})},
    {.name = "mode", .handler = mode},
    {.name = "sleep", .handler = sleep_forever},
    {0}};

static const bk_method old_methods[] = {{.name = "which", .handler = old}, {.name = "gone", .handler = old}, {0}};
static const bk_method new_methods[] = {{.name = "which", .handler = fresh}, {0}};

static const bk_api apis[] = {
    {.name = "trial", .version = "1.0.0", .methods = methods},
    {.name = "versions", .version = "1.2.0", .methods = old_methods},
    {.name = "versions", .version = "2.0.0", .methods = new_methods},
    {0}};

static const bk_method without_handler[] = {{.name = "lost"}, {0}};
static const bk_method bad_schema[] = {{.name = "bad", .handler = same, .params = "{\"type\": object}"}, {0}};
static const bk_action dangling[] = {{.id = "go", .method = "gone"}, {0}};

static const struct { const char *name; bk_api apis[3]; } mistakes[] = {
    {"handler", {{.name = "a", .version = "1.0.0", .methods = without_handler}}},
    {"schema", {{.name = "a", .version = "1.0.0", .methods = bad_schema}}},
    {"action", {{.name = "a", .version = "1.0.0", .methods = methods, .actions = dangling}}},
    {"twice", {{.name = "a", .version = "1.0.0"}, {.name = "a", .version = "1.0.0"}}},
};

int main(int argc, char **argv) {
    bk_plugin plugin = {
        .name = "trial", .version = "0.1.0", .apis = apis, .exclusive = true, .threads = 4,
        .config = BK_JSON({"type": "object", "properties": {"mode": {"type": "string"}}}),
        .activate = take_mode, .configure = take_mode,
    };
    const char *mistake = argc > 1 ? argv[1] : "";
    if (strcmp(mistake, "name") == 0) plugin.name = "Trial!";
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        if (strcmp(mistake, mistakes[i].name) == 0) plugin.apis = mistakes[i].apis;
    }
    if (strcmp(mistake, "print") == 0) printf("before the run\n");
    return bk_run(&plugin);
}
