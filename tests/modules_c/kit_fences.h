/* Functions of kit.c about fences, and one that works in a thread of its own. */
#include <pthread.h>

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

FUNCTION(wait_for_ever) {
  UNUSED;
  gossamer_ref_t fence = NULL;
  TRY(host->fence_create(&fence));
  gossamer_status_t status = host->fence_wait(fence, -1);
  host->release(fence);
  return status;
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
