/* A module that uses every function of the host, for tests. */
#include <gossamer/module.h>
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

#include "kit_fences.h"
#include "kit_objects.h"

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
    EXPORT(wait_for_ever, "0v_v"),
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
