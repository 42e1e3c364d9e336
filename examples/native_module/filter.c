/* A module in C: smooths tensors with a moving average, of values that another module prepares.
 *
 *   filter.smooth(tensor<?xf32>) -> tensor<?xf32>         waits until it is done
 *   filter.smooth_later(tensor<?xf32>) -> tensor<?xf32>   takes fences and works in a thread of its own
 *   filter.calls() -> i64                                 how often this program called
 *
 * It calls prepare.weigh, of a module that is loaded before, and takes a parameter, `window`.
 */
#include <gossamer/module.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const gossamer_host_t *host;

/*===- The module: what is the same for all programs that load it -----------------------------------------===*/

typedef struct {
  int64_t window;
} filter_t;

static gossamer_status_t filter_create(size_t parameter_count, const gossamer_pair_t *parameters,
                                       void **out_module) {
  filter_t *filter = calloc(1, sizeof(*filter));
  if (!filter) return host->status_make(GOSSAMER_RESOURCE_EXHAUSTED, "no memory for the module");
  filter->window = 3;
  for (size_t i = 0; i < parameter_count; ++i) {
    if (strcmp(parameters[i].key, "window") != 0) {
      free(filter);
      return host->status_make(GOSSAMER_INVALID_ARGUMENT, "the only parameter is `window`");
    }
    filter->window = strtol(parameters[i].value, NULL, 10);
  }
  if (filter->window < 1) {
    free(filter);
    return host->status_make(GOSSAMER_INVALID_ARGUMENT, "`window` is a number of elements, 1 or more");
  }
  *out_module = filter;
  return GOSSAMER_OK;
}

static void filter_destroy(void *module) { free(module); }

/*===- The state: what each program has for itself --------------------------------------------------------===*/

typedef struct {
  pthread_mutex_t lock;
  pthread_cond_t idle;
  int64_t calls;
  int running; /* threads */
} state_t;

static gossamer_status_t new_state(int64_t calls, void **out_state) {
  state_t *state = calloc(1, sizeof(*state));
  if (!state) return host->status_make(GOSSAMER_RESOURCE_EXHAUSTED, "no memory for the state");
  pthread_mutex_init(&state->lock, NULL);
  pthread_cond_init(&state->idle, NULL);
  state->calls = calls;
  *out_state = state;
  return GOSSAMER_OK;
}

static gossamer_status_t create_state(void *module, gossamer_context_t context, void **out_state) {
  (void)module, (void)context;
  return new_state(0, out_state);
}

static gossamer_status_t fork_state(void *module, void *original, gossamer_context_t context,
                                    void **out_state) {
  (void)module, (void)context;
  state_t *state = original;
  pthread_mutex_lock(&state->lock);
  int64_t calls = state->calls;
  pthread_mutex_unlock(&state->lock);
  return new_state(calls, out_state);
}

static void destroy_state(void *module, void *pointer) {
  (void)module;
  state_t *state = pointer;
  pthread_mutex_lock(&state->lock);
  while (state->running) pthread_cond_wait(&state->idle, &state->lock);
  pthread_mutex_unlock(&state->lock);
  pthread_cond_destroy(&state->idle);
  pthread_mutex_destroy(&state->lock);
  free(state);
}

static void count_call(state_t *state, int thread) {
  pthread_mutex_lock(&state->lock);
  state->calls += 1;
  state->running += thread;
  pthread_mutex_unlock(&state->lock);
}

/*===- The work -------------------------------------------------------------------------------------------===*/

static gossamer_status_t read_vector(gossamer_ref_t ref, gossamer_buffer_view_t *out_view) {
  gossamer_status_t status = host->buffer_view_read(ref, out_view);
  if (status) return status;
  if (out_view->element_type != GOSSAMER_FLOAT_32 || out_view->rank != 1) {
    return host->status_make(GOSSAMER_INVALID_ARGUMENT, "expected a tensor<?xf32>");
  }
  return GOSSAMER_OK;
}

/* Each element becomes the mean of the `window` elements that end with it, or of fewer at the start. */
static void average(const float *values, float *means, int64_t count, int64_t window) {
  double sum = 0.0;
  for (int64_t i = 0; i < count; ++i) {
    sum += values[i];
    if (i >= window) sum -= values[i - window];
    means[i] = (float)(sum / (double)(i < window ? i + 1 : window));
  }
}

/* Averages prepare.weigh(input) into the memory of `output`. */
static gossamer_status_t smooth_into(const filter_t *filter, gossamer_context_t context, gossamer_ref_t input,
                                     gossamer_ref_t output) {
  gossamer_value_t argument = {.ref = input}, weighed = {.ref = NULL};
  gossamer_status_t status = host->call(context, 0, &argument, &weighed);
  if (status) return status;
  gossamer_buffer_view_t from, to;
  status = read_vector(weighed.ref, &from);
  if (!status) status = read_vector(output, &to);
  if (!status && from.shape[0] != to.shape[0]) {
    status = host->status_make(GOSSAMER_INVALID_ARGUMENT, "prepare.weigh returned another shape");
  }
  if (!status) average(from.memory.data, to.memory.data, from.shape[0], filter->window);
  host->release(weighed.ref);
  return status;
}

/* A new tensor of the shape of another. */
static gossamer_status_t allocate_like(gossamer_ref_t input, gossamer_ref_t *out_ref) {
  gossamer_buffer_view_t view;
  gossamer_status_t status = read_vector(input, &view);
  return status ? status : host->buffer_view_allocate(GOSSAMER_FLOAT_32, 1, view.shape, out_ref);
}

static gossamer_status_t smooth(void *module, void *state, const gossamer_call_t *call) {
  count_call(state, 0);
  gossamer_ref_t output = NULL;
  gossamer_status_t status = allocate_like(call->arguments[0].ref, &output);
  if (!status) status = smooth_into(module, call->context, call->arguments[0].ref, output);
  if (status) {
    host->release(output);
    return status;
  }
  call->results[0].ref = output;
  return GOSSAMER_OK;
}

static gossamer_status_t calls(void *module, void *pointer, const gossamer_call_t *call) {
  (void)module;
  state_t *state = pointer;
  pthread_mutex_lock(&state->lock);
  call->results[0].i64 = state->calls;
  pthread_mutex_unlock(&state->lock);
  return GOSSAMER_OK;
}

/*===- The same in a thread -------------------------------------------------------------------------------===*/

typedef struct {
  const filter_t *filter;
  state_t *state;
  gossamer_context_t context;
  gossamer_ref_t input, output, wait, signal;
} job_t;

static void *run_job(void *pointer) {
  job_t *job = pointer;
  state_t *state = job->state;
  gossamer_status_t status = host->fence_wait(job->wait, -1);
  if (!status) status = smooth_into(job->filter, job->context, job->input, job->output);
  if (status) {
    host->fence_fail(job->signal, status);
  } else {
    host->fence_signal(job->signal);
  }
  host->release(job->input);
  host->release(job->output);
  host->release(job->wait);
  host->release(job->signal);
  free(job);
  pthread_mutex_lock(&state->lock);
  if (--state->running == 0) pthread_cond_signal(&state->idle);
  pthread_mutex_unlock(&state->lock);
  return NULL;
}

static gossamer_status_t smooth_later(void *module, void *state, const gossamer_call_t *call) {
  gossamer_ref_t output = NULL;
  gossamer_status_t status = allocate_like(call->arguments[0].ref, &output);
  if (status) return status;
  job_t *job = malloc(sizeof(*job));
  pthread_t thread;
  if (job) {
    *job = (job_t){module,
                   state,
                   call->context,
                   host->retain(call->arguments[0].ref),
                   host->retain(output),
                   host->retain(call->arguments[1].ref),
                   host->retain(call->arguments[2].ref)};
    count_call(state, 1);
    if (pthread_create(&thread, NULL, run_job, job) == 0) {
      pthread_detach(thread);
    } else {
      run_job(job); /* no thread to be had: do it now */
    }
    call->results[0].ref = output;
    return GOSSAMER_OK;
  }
  host->release(output);
  return host->status_make(GOSSAMER_RESOURCE_EXHAUSTED, "no memory for a job");
}

/*===- What the file offers -------------------------------------------------------------------------------===*/

static const gossamer_import_t imports[] = {{.full_name = "prepare.weigh", .calling_convention = "0r_r"}};

static const gossamer_pair_t smooth_attributes[] = {
    {"iree.abi.declaration", "sync func @smooth(%input: tensor<?xf32>) -> (%output: tensor<?xf32>)"}};
static const gossamer_pair_t smooth_later_attributes[] = {
    {"iree.abi.declaration", "async func @smooth_later(%input: tensor<?xf32>) -> (%output: tensor<?xf32>)"},
    {"iree.abi.model", "coarse-fences"}};

static const gossamer_export_t exports[] = {
    {"smooth", "0r_r", smooth, GOSSAMER_COUNT(smooth_attributes), smooth_attributes},
    {"smooth_later", "0rrr_r", smooth_later, GOSSAMER_COUNT(smooth_later_attributes),
     smooth_later_attributes},
    {.name = "calls", .calling_convention = "0v_I", .function = calls},
};

static const gossamer_module_t descriptor = {
    .abi_version = GOSSAMER_ABI_VERSION,
    .struct_size = sizeof(gossamer_module_t),
    .name = "filter",
    .version = 1,
    .import_count = GOSSAMER_COUNT(imports),
    .imports = imports,
    .export_count = GOSSAMER_COUNT(exports),
    .exports = exports,
    .create = filter_create,
    .destroy = filter_destroy,
    .create_state = create_state,
    .fork_state = fork_state,
    .destroy_state = destroy_state,
};

GOSSAMER_EXPORT const gossamer_module_t *gossamer_module_query(uint32_t abi_version,
                                                               const gossamer_host_t *table) {
  host = table;
  return abi_version == GOSSAMER_ABI_VERSION ? &descriptor : NULL;
}
