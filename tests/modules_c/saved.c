/* A counter whose state can be saved: its bytes are a version and the count. */
#include <gossamer/module.h>
#include <stdlib.h>
#include <string.h>

static const gossamer_host_t *host;

typedef struct {
  int32_t version;
  int32_t count;
} state_t;

static gossamer_status_t create_state(void *module, gossamer_context_t context, void **out) {
  (void)module, (void)context;
  state_t *state = calloc(1, sizeof(state_t));
  state->version = 1;
  *out = state;
  return GOSSAMER_OK;
}

static gossamer_status_t fork_state(void *module, void *state, gossamer_context_t context, void **out) {
  gossamer_status_t status = create_state(module, context, out);
  if (!status) memcpy(*out, state, sizeof(state_t));
  return status;
}

static void destroy_state(void *module, void *state) {
  (void)module;
  free(state);
}

static gossamer_status_t save_state(void *module, void *state, gossamer_ref_t *out_bytes) {
  (void)module;
#if GIVES_NOTHING
  (void)state;
  *out_bytes = NULL;
  return GOSSAMER_OK;
#else
  gossamer_memory_t memory;
  gossamer_status_t status = host->buffer_allocate(GOSSAMER_BYTES, sizeof(state_t), out_bytes);
  if (!status) status = host->buffer_read(*out_bytes, &memory);
  if (!status) memcpy(memory.data, state, sizeof(state_t));
  return status;
#endif
}

static gossamer_status_t load_state(void *module, gossamer_context_t context, const void *data, size_t length,
                                    void **out) {
  if (length != sizeof(state_t) || ((const state_t *)data)->version != 1) {
    return host->status_make(GOSSAMER_INVALID_ARGUMENT, "state is of another version of the counter");
  }
  gossamer_status_t status = create_state(module, context, out);
  if (!status) memcpy(*out, data, length);
  return status;
}

static gossamer_status_t count(void *module, void *state, const gossamer_call_t *call) {
  (void)module;
  call->results[0].i32 = ++((state_t *)state)->count;
  return GOSSAMER_OK;
}

static gossamer_status_t null_result(void *module, void *state, const gossamer_call_t *call) {
  (void)module, (void)state, (void)call;
  return GOSSAMER_OK;
}

static gossamer_status_t bytes_result(void *module, void *state, const gossamer_call_t *call) {
  (void)module, (void)state;
  return host->buffer_allocate(GOSSAMER_BYTES, 4, &call->results[0].ref);
}

static const gossamer_pair_t null_attributes[] = {
    {"iree.abi.declaration", "sync func @null() -> (%result: tensor<?xf32>)"}};
static const gossamer_pair_t bytes_attributes[] = {
    {"iree.abi.declaration", "sync func @bytes() -> (%result: tensor<4xi8>)"}};

static const gossamer_export_t exports[] = {
    {"count", "0v_i", count, 0, NULL},
    {"null", "0v_r", null_result, 1, null_attributes},
    {"bytes", "0v_r", bytes_result, 1, bytes_attributes},
    {"undeclared", "0v_r", null_result, 0, NULL},
};

static const gossamer_module_t descriptor = {
    .abi_version = GOSSAMER_ABI_VERSION,
    .struct_size = STRUCT_SIZE,
    .name = "saved",
    .version = 3,
    .export_count = GOSSAMER_COUNT(exports),
    .exports = exports,
    .create_state = create_state,
    .fork_state = fork_state,
    .destroy_state = destroy_state,
    .save_state = save_state,
#if !NO_LOAD
    .load_state = load_state,
#endif
};

GOSSAMER_EXPORT const gossamer_module_t *gossamer_module_query(uint32_t abi_version,
                                                               const gossamer_host_t *table) {
  (void)abi_version, (void)load_state;
  host = table;
  return &descriptor;
}
