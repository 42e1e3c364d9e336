/* A module that uses every function of the host, for tests. */
#include <gossamer/module.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const gossamer_host_t *host;

typedef struct {
  int64_t start;
  char label[32];
} kit_t;

typedef struct {
  gossamer_context_t context;
  gossamer_ref_t kept;
  int64_t count;
} state_t;

static int64_t live_modules, live_states;

#define FUNCTION(name) static gossamer_status_t name(void *module, void *pointer, const gossamer_call_t *call)
#define UNUSED (void)module, (void)pointer, (void)call
#define TRY(expression)                      \
  do {                                       \
    gossamer_status_t status_ = expression;  \
    if (status_) return status_;             \
  } while (0)

/*===- Life -----------------------------------------------------------------------------------------------===*/

static gossamer_status_t create(size_t count, const gossamer_pair_t *parameters, void **out) {
  kit_t *kit = calloc(1, sizeof(*kit));
  for (size_t i = 0; i < count; ++i) {
    if (!strcmp(parameters[i].key, "start")) {
      kit->start = atoll(parameters[i].value);
    } else if (!strcmp(parameters[i].key, "label")) {
      strncpy(kit->label, parameters[i].value, sizeof(kit->label) - 1);
    } else {
      free(kit);
      return host->status_make(GOSSAMER_NOT_FOUND, parameters[i].key);
    }
  }
  live_modules += 1;
  *out = kit;
  return GOSSAMER_OK;
}

static void destroy(void *module) {
  live_modules -= 1;
  free(module);
}

static gossamer_status_t create_state(void *module, gossamer_context_t context, void **out) {
  if (!strcmp(((kit_t *)module)->label, "no state")) {
    return host->status_make(GOSSAMER_RESOURCE_EXHAUSTED, "no state today");
  }
  state_t *state = calloc(1, sizeof(*state));
  state->context = context;
  state->count = ((kit_t *)module)->start;
  live_states += 1;
  *out = state;
  return GOSSAMER_OK;
}

static gossamer_status_t fork_state(void *module, void *original, gossamer_context_t context, void **out) {
  TRY(create_state(module, context, out));
  ((state_t *)*out)->count = ((state_t *)original)->count;
  ((state_t *)*out)->kept = host->retain(((state_t *)original)->kept);
  return GOSSAMER_OK;
}

static void destroy_state(void *module, void *pointer) {
  (void)module;
  host->release(((state_t *)pointer)->kept);
  live_states -= 1;
  free(pointer);
}

FUNCTION(live) {
  UNUSED;
  call->results[0].i64 = live_modules;
  call->results[1].i64 = live_states;
  return GOSSAMER_OK;
}

/*===- Values and state -----------------------------------------------------------------------------------===*/

FUNCTION(numbers) {
  UNUSED;
  call->results[0].f64 = call->arguments[3].f64;
  call->results[1].f32 = call->arguments[2].f32;
  call->results[2].i64 = call->arguments[1].i64;
  call->results[3].i32 = call->arguments[0].i32;
  return GOSSAMER_OK;
}

FUNCTION(nothing) {
  UNUSED;
  return GOSSAMER_OK;
}

FUNCTION(count) {
  UNUSED;
  call->results[0].i64 = ++((state_t *)pointer)->count;
  return GOSSAMER_OK;
}

/* sum(i64 start, [i32, f64]..., [ref]...) -> total of the numbers, count of refs that are not null */
FUNCTION(sum) {
  UNUSED;
  double total = (double)call->arguments[0].i64;
  const gossamer_span_t *pairs = call->arguments[1].span, *refs = call->arguments[2].span;
  for (size_t i = 0; i < pairs->count; ++i) {
    total += pairs->values[2 * i].i32 * pairs->values[2 * i + 1].f64;
  }
  call->results[0].f64 = total;
  for (size_t i = 0; i < refs->count; ++i) call->results[1].i64 += host->kind(refs->values[i].ref) != 0;
  return GOSSAMER_OK;
}

FUNCTION(keep) {
  UNUSED;
  state_t *state = pointer;
  host->release(state->kept);
  state->kept = host->retain(call->arguments[0].ref);
  return GOSSAMER_OK;
}

FUNCTION(kept) {
  UNUSED;
  call->results[0].ref = host->retain(((state_t *)pointer)->kept);
  return GOSSAMER_OK;
}

FUNCTION(same) {
  UNUSED;
  call->results[0].ref = host->retain(call->arguments[0].ref);
  return GOSSAMER_OK;
}

FUNCTION(kind) {
  UNUSED;
  call->results[0].i32 = host->kind(call->arguments[0].ref);
  return GOSSAMER_OK;
}

/*===- Failures -------------------------------------------------------------------------------------------===*/

FUNCTION(fail) {
  UNUSED;
  return host->status_make(call->arguments[0].i32, "as asked");
}

FUNCTION(return_nonsense) {
  UNUSED;
  return (gossamer_status_t)(intptr_t)1234;
}

FUNCTION(release_too_often) {
  UNUSED;
  host->release(call->arguments[0].ref);
  return GOSSAMER_OK;
}

FUNCTION(return_unheld) {
  UNUSED;
  call->results[0].ref = (gossamer_ref_t)(intptr_t)4321;
  return GOSSAMER_OK;
}

/*===- Tensors, buffers, lists ----------------------------------------------------------------------------===*/

FUNCTION(describe) {
  UNUSED;
  gossamer_buffer_view_t view;
  TRY(host->buffer_view_read(call->arguments[0].ref, &view));
  call->results[0].i32 = (int32_t)view.element_type;
  call->results[1].i32 = (int32_t)view.rank;
  call->results[2].i64 = view.rank ? view.shape[view.rank - 1] : -1;
  call->results[3].i64 = (int64_t)view.memory.length;
  call->results[4].i32 = view.memory.is_writable;
  return GOSSAMER_OK;
}

FUNCTION(ramp) {
  UNUSED;
  gossamer_ref_t made = NULL;
  int64_t shape[2] = {call->arguments[0].i64, call->arguments[1].i64};
  TRY(host->buffer_view_allocate(GOSSAMER_INT_32, 2, shape, &made));
  gossamer_buffer_view_t view;
  TRY(host->buffer_view_read(made, &view));
  for (int64_t i = 0; i < shape[0] * shape[1]; ++i) ((int32_t *)view.memory.data)[i] = (int32_t)i;
  call->results[0].ref = made;
  return GOSSAMER_OK;
}

/* The same memory as one row. */
FUNCTION(flatten) {
  UNUSED;
  gossamer_buffer_view_t view;
  TRY(host->buffer_view_read(call->arguments[0].ref, &view));
  int64_t size = 1;
  for (uint32_t i = 0; i < view.rank; ++i) size *= view.shape[i];
  size += call->arguments[1].i64;
  gossamer_ref_t buffer = NULL;
  TRY(host->buffer_view_buffer(call->arguments[0].ref, &buffer));
  gossamer_status_t status =
      host->buffer_view_create(buffer, view.element_type, 1, &size, &call->results[0].ref);
  host->release(buffer);
  return status;
}

FUNCTION(shout) {
  UNUSED;
  gossamer_memory_t from, to;
  TRY(host->buffer_read(call->arguments[0].ref, &from));
  TRY(host->buffer_allocate(call->arguments[1].i32, from.length, &call->results[0].ref));
  TRY(host->buffer_read(call->results[0].ref, &to));
  for (size_t i = 0; i < from.length; ++i) {
    char c = ((const char *)from.data)[i];
    ((char *)to.data)[i] = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
  }
  return GOSSAMER_OK;
}

/* list(element type as bytes, ref) -> list of 1, 2^40, 0.5, 0.25, ref, and nothing */
FUNCTION(list) {
  UNUSED;
  gossamer_ref_t made = NULL;
  gossamer_variant_t elements[5] = {{'i', 0, {.i32 = 1}},
                                    {'I', 0, {.i64 = (int64_t)1 << 40}},
                                    {'f', 0, {.f32 = 0.5f}},
                                    {'F', 0, {.f64 = 0.25}},
                                    {'r', 0, {.ref = call->arguments[0].ref}}};
  TRY(host->list_create("!vm.opaque", 2, &made));
  TRY(host->list_resize(made, 6));
  for (size_t i = 0; i < 5; ++i) TRY(host->list_set(made, i, &elements[i]));
  for (size_t i = 0; i < 6; ++i) {
    gossamer_variant_t found;
    TRY(host->list_get(made, i, &found));
    if (found.type != (i < 5 ? elements[i].type : 0)) return host->status_make(GOSSAMER_DATA_LOSS, "type");
    if (found.type == 'r') {
      host->release(found.value.ref);
    } else if (i < 5 && found.value.i64 != elements[i].value.i64) {
      return host->status_make(GOSSAMER_DATA_LOSS, "value");
    }
  }
  size_t size = 0;
  TRY(host->list_size(made, &size));
  call->results[0].ref = made;
  call->results[1].i64 = (int64_t)size;
  return GOSSAMER_OK;
}

FUNCTION(element) {
  UNUSED;
  gossamer_variant_t found;
  TRY(host->list_get(call->arguments[0].ref, (size_t)call->arguments[1].i64, &found));
  if (found.type == 'r') host->release(found.value.ref);
  call->results[0].i32 = found.type;
  return GOSSAMER_OK;
}

FUNCTION(memory) {
  UNUSED;
  char *memory = host->allocate(100);
  memset(memory, 1, 100);
  call->results[0].i32 = memory[99];
  host->deallocate(memory);
  return GOSSAMER_OK;
}

/*===- Fences ---------------------------------------------------------------------------------------------===*/

typedef struct {
  gossamer_context_t context;
  gossamer_ref_t wait, signal, input, output;
} job_t;

static gossamer_status_t negate(job_t *job) {
  TRY(host->fence_wait(job->wait, -1));
  gossamer_buffer_view_t from, to;
  TRY(host->buffer_view_read(job->input, &from));
  TRY(host->buffer_view_read(job->output, &to));
  for (size_t i = 0; i < from.memory.length / 4; ++i) {
    float value = ((const float *)from.memory.data)[i];
    if (value == 666.0f) return host->status_make(GOSSAMER_DATA_LOSS, "the beast is among the values");
    ((float *)to.memory.data)[i] = -value;
  }
  return GOSSAMER_OK;
}

static void *run_job(void *pointer) {
  job_t *job = pointer;
  gossamer_status_t status = negate(job);
  if (status) {
    host->fence_fail(job->signal, status);
  } else {
    host->fence_signal(job->signal);
  }
  host->release(job->wait);
  host->release(job->signal);
  host->release(job->input);
  host->release(job->output);
  free(job);
  return NULL;
}

/* Negates a tensor<?xf32> in a thread of its own. */
FUNCTION(negate_later) {
  UNUSED;
  gossamer_buffer_view_t view;
  TRY(host->buffer_view_read(call->arguments[0].ref, &view));
  if (view.rank != 1) return host->status_make(GOSSAMER_INVALID_ARGUMENT, "rank is not 1");
  TRY(host->buffer_view_allocate(GOSSAMER_FLOAT_32, 1, view.shape, &call->results[0].ref));
  job_t *job = malloc(sizeof(*job));
  job->context = call->context;
  job->input = host->retain(call->arguments[0].ref);
  job->output = host->retain(call->results[0].ref);
  job->wait = host->retain(call->arguments[1].ref);
  job->signal = host->retain(call->arguments[2].ref);
  pthread_t thread;
  if (pthread_create(&thread, NULL, run_job, job)) {
    run_job(job);
  } else {
    pthread_detach(thread);
  }
  return GOSSAMER_OK;
}

FUNCTION(fences) {
  UNUSED;
  gossamer_ref_t fence = NULL;
  TRY(host->fence_create(&fence));
  TRY(host->fence_query(fence, &call->results[0].i32));
  gossamer_status_t status = host->fence_wait(fence, 1000);
  call->results[1].i32 = host->status_code(status);
  host->status_release(status);
  TRY(host->fence_signal(fence));
  TRY(host->fence_query(fence, &call->results[2].i32));
  TRY(host->fence_wait(fence, -1));
  host->release(fence);
  TRY(host->fence_create(&fence));
  TRY(host->fence_fail(fence, host->status_make(GOSSAMER_ABORTED, "given up")));
  TRY(host->fence_query(fence, &call->results[3].i32));
  status = host->fence_wait(fence, -1);
  call->results[4].i32 = strcmp(host->status_message(status), "given up");
  host->status_release(status);
  host->release(fence);
  TRY(host->fence_wait(NULL, -1));
  TRY(host->fence_signal(NULL));
  return GOSSAMER_OK;
}

/*===- Imports --------------------------------------------------------------------------------------------===*/

FUNCTION(call_twice) {
  UNUSED;
  gossamer_value_t once;
  TRY(host->call(call->context, 0, call->arguments, &once));
  gossamer_status_t status = host->call(((state_t *)pointer)->context, 0, &once, call->results);
  host->release(once.ref);
  return status;
}

FUNCTION(call_with_span) {
  UNUSED;
  gossamer_value_t values[4] = {{.i32 = 1}, {.i64 = 10}, {.i32 = 2}, {.i64 = 20}};
  gossamer_span_t span = {2, values};
  gossamer_value_t arguments[2] = {{.span = &span}, {.ref = call->arguments[0].ref}};
  return host->call(call->context, 1, arguments, call->results);
}

FUNCTION(call_optional) {
  UNUSED;
  call->results[0].i32 = host->import_is_bound(call->context, 2);
  gossamer_value_t result;
  gossamer_status_t status = host->call(call->context, 2, NULL, &result);
  call->results[1].i32 = host->status_code(status);
  host->status_release(status);
  return GOSSAMER_OK;
}

FUNCTION(call_unknown) {
  UNUSED;
  return host->call(call->context, 99, NULL, NULL);
}

FUNCTION(call_null_span) {
  UNUSED;
  gossamer_value_t arguments[2] = {{.span = NULL}, {.ref = NULL}};
  return host->call(call->context, 1, arguments, call->results);
}

/*===- Declarations ---------------------------------------------------------------------------------------===*/

static const gossamer_pair_t negate_attributes[] = {
    {"iree.abi.declaration", "async func @negate_later(%input: tensor<?xf32>) -> (%output: tensor<?xf32>)"},
    {"iree.abi.model", "coarse-fences"}};

static const gossamer_import_t imports[] = {
    {"other.next", "0r_r", 0, 0, NULL},
    {"other.total", "0CiIDr_I", 0, 0, NULL},
    {"nowhere.at_all", "0v_i", 1, 0, NULL},
};

#define EXPORT(name, convention) {#name, convention, name, 0, NULL}

static const gossamer_export_t exports[] = {
    EXPORT(live, "0v_II"),
    EXPORT(numbers, "0iIfF_FfIi"),
    EXPORT(nothing, "0v_v"),
    EXPORT(count, "0v_I"),
    EXPORT(sum, "0ICiFDCrD_FI"),
    EXPORT(keep, "0r_v"),
    EXPORT(kept, "0v_r"),
    EXPORT(same, "0r_r"),
    EXPORT(kind, "0r_i"),
    EXPORT(fail, "0i_v"),
    EXPORT(return_nonsense, "0v_v"),
    EXPORT(release_too_often, "0r_v"),
    EXPORT(return_unheld, "0v_r"),
    EXPORT(describe, "0r_iiIIi"),
    EXPORT(ramp, "0II_r"),
    EXPORT(flatten, "0rI_r"),
    EXPORT(shout, "0ri_r"),
    EXPORT(list, "0r_rI"),
    EXPORT(element, "0rI_i"),
    EXPORT(memory, "0v_i"),
    {"negate_later", "0rrr_r", negate_later, GOSSAMER_COUNT(negate_attributes), negate_attributes},
    EXPORT(fences, "0v_iiiii"),
    EXPORT(call_twice, "0r_r"),
    EXPORT(call_with_span, "0r_I"),
    EXPORT(call_optional, "0v_ii"),
    EXPORT(call_unknown, "0v_v"),
    EXPORT(call_null_span, "0v_I"),
};

static const gossamer_module_t descriptor = {
    .abi_version = GOSSAMER_ABI_VERSION,
    .struct_size = sizeof(gossamer_module_t),
    .name = "kit",
    .version = 7,
    .import_count = GOSSAMER_COUNT(imports),
    .imports = imports,
    .export_count = GOSSAMER_COUNT(exports),
    .exports = exports,
    .create = create,
    .destroy = destroy,
    .create_state = create_state,
    .fork_state = fork_state,
    .destroy_state = destroy_state,
};

GOSSAMER_EXPORT const gossamer_module_t *gossamer_module_query(uint32_t abi_version,
                                                               const gossamer_host_t *table) {
  (void)abi_version;
  host = table;
  return &descriptor;
}
