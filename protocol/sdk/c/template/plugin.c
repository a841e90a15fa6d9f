#include "bulkhead_plugin.h"

static json_t *greet(bk_call *call, json_t *params) {
    (void)call;
    const char *name = json_string_value(json_object_get(params, "name"));
    return json_pack("{s:o}", "greeting", json_sprintf("Hello, %s!", name));
}

/* clang-format off */
static const bk_method methods[] = {
    {.name = "greet",
     .handler = greet,
     .description = "Greets somebody.",
     .params = BK_JSON({"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}),
     .result = BK_JSON({"type": "object", "properties": {"greeting": {"type": "string"}}, "required": ["greeting"]}),
     .idempotent = true},
    {0}};

static const bk_api apis[] = {
    {.name = "{{name}}", .version = "1.0.0", .methods = methods},
    {0}};

int main(void) {
    return bk_run(&(bk_plugin){.name = "{{name}}", .version = "0.1.0", .apis = apis});
}
