/* A module with a ref type of its own: strings. */

#include <gossamer/module.h>
#include <stdlib.h>
#include <string.h>

#define STRING "!custom.string"
static const gossamer_host_t *host;
static int64_t live_count;

static void destroy_string(void *data) {
  __atomic_sub_fetch(&live_count, 1, __ATOMIC_SEQ_CST);
  free(data);
}

static gossamer_status_t make(const char *text, size_t length, gossamer_ref_t *out_string) {
  char *copy = calloc(1, length + 1);
  if (!copy) return host->status_make(GOSSAMER_RESOURCE_EXHAUSTED, "no memory");
  memcpy(copy, text, length);
  gossamer_status_t status = host->object_create(STRING, copy, destroy_string, out_string);
  if (status) {
    free(copy);
    return status;
  }
  __atomic_add_fetch(&live_count, 1, __ATOMIC_SEQ_CST);
  return GOSSAMER_OK;
}

static gossamer_status_t create(void *module, void *state, const gossamer_call_t *call) {
  (void)module, (void)state;
  gossamer_memory_t bytes;
  gossamer_status_t status = host->buffer_read(call->arguments[0].ref, &bytes);
  return status ? status : make(bytes.data, bytes.length, &call->results[0].ref);
}

static gossamer_status_t length(void *module, void *state, const gossamer_call_t *call) {
  (void)module, (void)state;
  void *text = NULL;
  gossamer_status_t status = host->object_read(call->arguments[0].ref, STRING, &text);
  if (!status) call->results[0].i64 = (int64_t)strlen(text);
  return status;
}

static gossamer_status_t live(void *module, void *state, const gossamer_call_t *call) {
  (void)module, (void)state;
  call->results[0].i64 = __atomic_load_n(&live_count, __ATOMIC_SEQ_CST);
  return GOSSAMER_OK;
}

/* Something that is no type of a module. */
static gossamer_status_t misname(void *module, void *state, const gossamer_call_t *call) {
  (void)module, (void)state;
  return host->object_create("!vm.buffer", NULL, NULL, &call->results[0].ref);
}

static const gossamer_pair_t create_attributes[] = {
    {"iree.abi.declaration", "sync func @string.create(%data: !util.buffer) -> (%string: !custom.string)"}};
static const gossamer_pair_t length_attributes[] = {
    {"iree.abi.declaration", "sync func @string.length(%string: !custom.string) -> (%length: i64)"}};

static const gossamer_export_t exports[] = {
    {"string.create", "0r_r", create, 1, create_attributes},
    {"string.length", "0r_I", length, 1, length_attributes},
    {.name = "live", .calling_convention = "0v_I", .function = live},
    {.name = "misname", .calling_convention = "0v_r", .function = misname},
};

static const gossamer_module_t descriptor = {
    .abi_version = GOSSAMER_ABI_VERSION,
    .struct_size = sizeof(gossamer_module_t),
    .name = "custom",
    .export_count = GOSSAMER_COUNT(exports),
    .exports = exports,
};

GOSSAMER_EXPORT const gossamer_module_t *gossamer_module_query(uint32_t abi_version,
                                                               const gossamer_host_t *table) {
  host = table;
  return abi_version == GOSSAMER_ABI_VERSION ? &descriptor : NULL;
}
