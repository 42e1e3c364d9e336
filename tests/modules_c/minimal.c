/* The least a module can be: one function, and state where MAKE says so. */
#include <gossamer/module.h>
static const gossamer_host_t *host;
static int64_t value;
static gossamer_status_t make(void *module, gossamer_context_t context, void **out) {
  (void)module, (void)context;
  *out = &value;
  return GOSSAMER_OK;
}
static gossamer_status_t owned(void *module, void *state, const gossamer_call_t *call) {
  (void)module;
  call->results[0].i64 = state == &value;
  return GOSSAMER_OK;
}
static const gossamer_export_t exports[] = {{"owned", "0v_I", owned, 0, NULL}};
static const gossamer_module_t descriptor = {
    .abi_version = GOSSAMER_ABI_VERSION, .struct_size = sizeof(gossamer_module_t), .name = NAME,
    .export_count = 1, .exports = exports, .create_state = MAKE};
GOSSAMER_EXPORT const gossamer_module_t *QUERY(uint32_t abi_version, const gossamer_host_t *table) {
  host = table;
  (void)make;
  return abi_version == 1 ? &descriptor : NULL;
}
