/* Calls its import when its state is made (EARLY), which is too early, or from `__init`. */
#include <gossamer/module.h>
static const gossamer_host_t *host;
static gossamer_context_t given;
static int64_t seen;
static gossamer_status_t make(void *module, gossamer_context_t context, void **out) {
  (void)module;
  *out = NULL;
  given = context;
  return EARLY ? host->call(context, 0, NULL, NULL) : GOSSAMER_OK;
}
static gossamer_status_t init(void *module, void *state, const gossamer_call_t *call) {
  (void)module, (void)state;
  gossamer_span_t none = {0, NULL};
  gossamer_value_t arguments[2] = {{.span = &none}, {.ref = NULL}}, result = {.i64 = -1};
  gossamer_status_t status = host->call(call->context, 0, arguments, &result);
  seen = call->context == given ? result.i64 : -2;
  return status;
}
static gossamer_status_t seen_then(void *module, void *state, const gossamer_call_t *call) {
  (void)module, (void)state;
  call->results[0].i64 = seen;
  return GOSSAMER_OK;
}
static const gossamer_import_t imports[] = {{"other.total", "0CiIDr_I", 0, 0, NULL}};
static const gossamer_export_t exports[] = {
    {"__init", "0v_v", init, 0, NULL},
    {"seen", "0v_I", seen_then, 0, NULL},
};
static const gossamer_module_t descriptor = {
    .abi_version = GOSSAMER_ABI_VERSION, .struct_size = sizeof(gossamer_module_t), .name = "early",
    .import_count = 1, .imports = imports, .export_count = 2, .exports = exports, .create_state = make};
GOSSAMER_EXPORT const gossamer_module_t *gossamer_module_query(uint32_t version, const gossamer_host_t *table) {
  (void)version;
  host = table;
  return &descriptor;
}
