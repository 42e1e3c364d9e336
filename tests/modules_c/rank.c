/* Imports from a system module. */
#include <gossamer/module.h>

static const gossamer_host_t *host;

static gossamer_status_t rank(void *module, void *state, const gossamer_call_t *call) {
  (void)module, (void)state;
  return host->call(call->context, 0, call->arguments, call->results);
}

static const gossamer_import_t imports[] = {{"hal.buffer_view.rank", "0r_i", 0, 0, NULL}};
static const gossamer_export_t exports[] = {{"rank", "0r_i", rank, 0, NULL}};
static const gossamer_module_t descriptor = {
    .abi_version = GOSSAMER_ABI_VERSION,
    .struct_size = sizeof(gossamer_module_t),
    .name = "rank",
    .import_count = GOSSAMER_COUNT(imports),
    .imports = imports,
    .export_count = GOSSAMER_COUNT(exports),
    .exports = exports,
};

GOSSAMER_EXPORT const gossamer_module_t *gossamer_module_query(uint32_t abi_version,
                                                               const gossamer_host_t *table) {
  (void)abi_version;
  host = table;
  return &descriptor;
}
