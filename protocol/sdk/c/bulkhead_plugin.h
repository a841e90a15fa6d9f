/* Write a Bulkhead plugin in C11 on POSIX and jansson. README.md begins with a whole one; protocol/README.md is the
 * wire.
 *
 * The thread that calls bk_run reads; each call runs in a thread of its own. So handlers run at the same time: what
 * they share needs a lock. No JSON value is shared between threads by this library; jansson's are not made for it. */
#ifndef BULKHEAD_PLUGIN_H
#define BULKHEAD_PLUGIN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BULKHEAD_SDK_VERSION "0.1.0"

/* JSON text without escaped quotes: BK_JSON({"type": "object"}). */
#define BK_JSON(...) #__VA_ARGS__

#if defined(__GNUC__)
#define BK_PRINTF(text, values) __attribute__((format(printf, text, values)))
#else
#define BK_PRINTF(text, values)
#endif

/* Codes that a handler may want; -31999 … -31900 are the supervisor's and leave as BK_INTERNAL_ERROR. */
enum {
    BK_NAMED = 1, /* for errors that are told apart by their name alone */
    BK_INVALID_PARAMS = -32602,
    BK_INTERNAL_ERROR = -32603,
    BK_CANCELLED = -32800,
    BK_CONFIG_INVALID = -32002
};

/* ---- what a plugin is ---- */

/* A request that is being served. It is gone when the handler returns. */
typedef struct bk_call bk_call;

/* Serves a request. `params` fit the schema, and belong to the library: take a reference to keep one of them. What the
 * schema calls an integer is a json_integer, also when 1.0 came; what it calls a number is either, so read it with
 * json_number_value. Returns a new value, or NULL after bk_fail, or when bk_cancelled. */
typedef json_t *(*bk_handler)(bk_call *call, json_t *params);

/* Schemas are texts of JSON Schema 2020-12. Checked are: type, properties, required, additionalProperties, items, enum,
 * const, minimum, maximum, minLength, maxLength, minItems, maxItems, and format int64 of a string. The others only
 * describe. */
typedef struct {
    const char *name;
    bk_handler handler;
    const char *description;
    const char *params; /* without it: any object */
    const char *result;
    const char *item; /* with it the method streams: see bk_item */
    const char *progress;
    const char *errors; /* as on the wire: BK_JSON([{"code": "no_such_file", "description": "…"}]) */
    bool idempotent;    /* may be executed twice without harm, so may be retried after a crash */
} bk_method;

/* What the plugin wants to be told. What its handler returns is not sent: any value will do, such as json_null(). */
typedef struct {
    const char *name;
    bk_handler handler;
    const char *description;
    const char *params;
} bk_event;

/* What a person may start from a menu or with a key. */
typedef struct {
    const char *id;
    const char *method; /* of the same api */
    const char *description;
    const char *key; /* suggested, such as ctrl+t */
} bk_action;

/* The tables end with an entry without a name (or id): {0}. */
typedef struct {
    const char *name;
    const char *version;
    const bk_method *methods;
    const bk_event *events;
    const bk_action *actions;
} bk_api;

typedef struct {
    const char *name; /* [a-z][a-z0-9-]* */
    const char *version;
    const bk_api *apis; /* ends with {0}; the same name may be there in several versions */
    const char *needs; /* as on the wire: BK_JSON([{"service": "host.storage", "range": "^1.0.0", "optional": true}]) */
    const char *config; /* schema of the configuration */
    /* Called before the first call, with the configuration as params. Refuse a value with
     * bk_fail_at(call, BK_CONFIG_INVALID, "config_invalid", "/roots/0", "there is no such directory"). */
    bk_handler activate;
    /* With it the plugin takes another configuration while it runs; if it fails, the old one stays in force. */
    bk_handler configure;
    bool exclusive;   /* two processes of it can not run at once: it owns a port or a lock */
    unsigned threads; /* calls at the same time, the others queue; 0: 256 */
} bk_plugin;

/* Serves until the supervisor says exit or is gone, then ends the process. From here on standard output leads to
 * standard error and standard input is empty: the protocol has them. Started in a terminal, it says so on stderr and
 * returns 64; a mistake in the tables ends the process with its name on stderr and status 70. */
int bk_run(const bk_plugin *plugin);

/* ---- errors ---- */

/* Says why the call fails, and returns NULL. `name` is the stable string in data.code, or NULL. */
json_t *bk_fail(bk_call *call, long long code, const char *name, const char *format, ...) BK_PRINTF(4, 5);

/* The same with a JSON pointer to the value that is wrong, in data.path. */
json_t *bk_fail_at(bk_call *call, long long code, const char *name, const char *path, const char *format, ...)
    BK_PRINTF(5, 6);

/* The same with an error as it stands on the wire, {"code", "message", "data"?}, which it takes over. */
json_t *bk_fail_with(bk_call *call, json_t *error);

/* ---- while a call is served ---- */

/* Whether the caller has given up: return NULL soon. */
bool bk_cancelled(const bk_call *call);

/* Sleeps; false when the call was cancelled meanwhile. A negative time lasts until then. */
bool bk_sleep(bk_call *call, long long ms);

/* Milliseconds until the call's deadline; -1 where the supervisor did not say. */
long long bk_time_left(const bk_call *call);

/* Tells the caller how far the call is; a negative total is not known. Each costs a message: a few a second will do. */
void bk_progress(bk_call *call, long long done, long long total, const char *format, ...) BK_PRINTF(4, 5);

/* Progress of the method's own shape; takes `value` over. */
void bk_progress_value(bk_call *call, json_t *value);

/* Sends an item of a stream, and takes `value` over. `cursor`, or NULL, names the position after it. Waits while the
 * reader takes no more; false when the call was cancelled, or the item can not be sent: return NULL then. One thread of
 * a call at a time. */
bool bk_item(bk_call *call, json_t *value, const char *cursor);

/* ---- what the plugin was told ---- */

/* A copy of the configuration in force, to be released by the caller; {} where there is none. */
json_t *bk_config(void);

/* From activate on: a directory of the plugin's own that outlives the process; whether a host service was granted. */
const char *bk_data_dir(void);
bool bk_granted(const char *service);

/* The name under which the supervisor runs this process, and which life of it this is, from 1. */
const char *bk_plugin_name(void);
long long bk_generation(void);

/* ---- calling the host ----
 *
 * From activate on. `call` is the request that is being served; it may be NULL in a thread of your own. They wait for
 * the answer, while the plugin goes on serving, or until `call` is cancelled. A failure is NULL or false. Then *error
 * is the error as it came, to be released; without `error`, the failure becomes that of `call`: return NULL. */

/* Any method of a granted service; takes `params` over (NULL: {}). */
json_t *bk_host_call(bk_call *call, const char *method, json_t *params, json_t **error);

/* A line of the plugin's log: trace, debug, info, warn or error. Takes `fields`, an object or NULL, over. */
bool bk_host_log(bk_call *call, const char *level, const char *message, json_t *fields, json_t **error);

/* *value becomes NULL when there is none, else it is to be released. */
bool bk_storage_get(bk_call *call, const char *key, json_t **value, json_t **error);
bool bk_storage_set(bk_call *call, const char *key, json_t *value, json_t **error); /* takes `value` over */
/* *deleted, unless NULL, says whether there was one. */
bool bk_storage_delete(bk_call *call, const char *key, bool *deleted, json_t **error);
/* {"keys": [string], "more": boolean}; prefix and after may be NULL, a limit of 0 leaves it to the host. */
json_t *bk_storage_list(bk_call *call, const char *prefix, const char *after, unsigned limit, json_t **error);

/* A method of another plugin: "plugin/api.method". Takes `params` over. */
json_t *bk_call_plugin(bk_call *call, const char *target, json_t *params, json_t **error);

/* Tells the host's clients, and the plugins that want it, of an event: "api.event". Takes `params` over. */
bool bk_emit(bk_call *call, const char *event, json_t *params, json_t **error);

/* Of an error that came from the host: data.code, or NULL; and the sentence for a human. Both live as long as the
 * error. */
const char *bk_error_name(const json_t *error);
const char *bk_error_message(const json_t *error);

/* ---- besides ---- */

/* A structured line on stderr: trace, debug, info, warn or error. */
void bk_log(const char *level, const char *format, ...) BK_PRINTF(2, 3);

/* Integers beyond ±(2^53 - 1) travel as strings, described by {"type": "string", "format": "int64"}. */
json_t *bk_int64(int64_t value);
bool bk_int64_value(const json_t *value, int64_t *out);

#ifdef __cplusplus
}
#endif

#endif
