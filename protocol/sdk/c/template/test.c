/* Starts the plugin as Bulkhead does, and calls it. */
#include "bulkhead_test.h"

static void expect(const char *what, json_t *found, json_t *expected) {
    if (!json_equal(found, expected)) {
        char *text = json_dumps(found, JSON_ENCODE_ANY);
        fprintf(stderr, "%s: found %s\n", what, text != NULL ? text : "nothing");
        exit(1);
    }
    json_decref(expected);
}

int main(void) {
    bk_peer plugin = bk_peer_start("build/{{name}}", NULL);

    json_t *answer = bk_peer_call(&plugin, "{{name}}.greet", json_pack("{s:s}", "name", "Ada"));
    expect("greet", json_object_get(answer, "result"), json_pack("{s:s}", "greeting", "Hello, Ada!"));
    json_decref(answer);

    answer = bk_peer_call(&plugin, "{{name}}.greet", json_pack("{s:i}", "name", 5));
    json_t *error = json_object_get(answer, "error");
    expect("a name that is no text", json_object_get(error, "code"), json_integer(-32602));
    json_decref(answer);

    if (bk_peer_stop(&plugin) != 0) return 1;
    puts("ok");
    return 0;
}
