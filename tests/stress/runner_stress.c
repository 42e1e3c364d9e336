// Drives the native runner and its tile pool outside of Python, so that memory checkers and thread checkers see
// nothing but them. `native_stress.py` writes the job lists, builds this, and runs it.
//
//   runner_stress stress  JOBS WORKERS SUBMITTERS ROUNDS REPEATS SEED GUARDS
//   runner_stress latency JOBS WORKERS SUBMISSIONS
//
// JOBS: u32 count; for each u32 bytes, u32 bytes of local memory of a participant, u32 dispatches, u32 slots,
// then for each dispatch u32 offset of its function field and u32 kernel, for each slot u32 bytes, padding to 8,
// and the program. What a job list leaves in memory is compared with a run of it on one thread.

#define _GNU_SOURCE
#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "runner_layout.h"  // POOL_BYTES, PARTICIPANTS_OFFSET, CROWDED_OFFSET, STOP_SIGNAL

int64_t gossamer_hal_run(const void* call);
void gossamer_hal_worker(void* pool, uint32_t participant);
void gossamer_hal_shutdown(void* pool);
void gossamer_hal_set_up_guard(uint32_t key, void* previous);
void gossamer_hal_signal(int number, siginfo_t* information, void* context);

enum { STATUS_ABORTED = 10, STATUS_CANCELLED = 1, MOST_SLOTS = 16, STOP = 1 };

typedef struct { uint32_t size_x, size_y; uint16_t size_z, constant_count; uint32_t count_x, count_y;
                 uint16_t count_z; uint8_t concurrency, binding_count; const uint32_t* constants;
                 void* const* bindings; const uint64_t* lengths; } dispatch_state_t;
typedef struct { uint32_t x, y; uint16_t z, reserved; uint32_t processor; void* local; uint32_t local_bytes;
               } workgroup_state_t;
typedef int (*kernel_t)(const void*, const dispatch_state_t*, const workgroup_state_t*);
typedef struct { void* address; uint64_t length; } slot_t;
typedef struct { _Atomic int32_t flags; int32_t unused; _Atomic int64_t steps; } words_t;
typedef struct { uint8_t* program; uint32_t bytes, local_bytes, slot_count; uint32_t slot_bytes[MOST_SLOTS];
                 uint8_t* expected; int64_t expected_result; int is_endless; } job_t;

static job_t* jobs;
static uint32_t job_count;
static atomic_long failures;

static void spin(uint32_t turns) {
  for (volatile uint32_t i = 0; i < turns; ++i) {}
}

static uint64_t tile_of(const dispatch_state_t* d, const workgroup_state_t* w) {
  return w->x + (uint64_t)d->count_x * (w->y + (uint64_t)d->count_y * w->z);
}

// out[tile] = out[tile] * 3 + tile + constant 0; uses all of its local memory; spins constant 1 times.
static int kernel_count(const void* e, const dispatch_state_t* d, const workgroup_state_t* w) {
  uint64_t tile = tile_of(d, w);
  uint32_t* out = d->bindings[0];
  (void)e;
  memset(w->local, (int)tile, w->local_bytes);
  spin(d->constants[1]);
  if ((tile + 1) * 4 > d->lengths[0]) return STATUS_ABORTED;
  out[tile] = out[tile] * 3 + (uint32_t)tile + d->constants[0];
  return ((uint8_t*)w->local)[w->local_bytes - 1] == (uint8_t)tile ? 0 : STATUS_ABORTED;
}

// out[tile] = in[count - 1 - tile] ^ constant 0: reads what other tiles of an earlier dispatch wrote.
static int kernel_mirror(const void* e, const dispatch_state_t* d, const workgroup_state_t* w) {
  uint64_t tile = tile_of(d, w), count = (uint64_t)d->count_x * d->count_y * d->count_z;
  const uint32_t* in = d->bindings[0];
  uint32_t* out = d->bindings[1];
  (void)e;
  spin(d->constants[1]);
  out[tile] = in[count - 1 - tile] ^ d->constants[0];
  return 0;
}

// Fails in tile constant 0.
static int kernel_fail(const void* e, const dispatch_state_t* d, const workgroup_state_t* w) {
  (void)e;
  spin(d->constants[1]);
  return tile_of(d, w) == d->constants[0] ? STATUS_ABORTED : 0;
}

// Divides by zero in tile constant 0.
static int kernel_trap(const void* e, const dispatch_state_t* d, const workgroup_state_t* w) {
  volatile int one = 1, divisor = tile_of(d, w) != d->constants[0];
  (void)e;
  spin(d->constants[1]);
  return one / divisor - 1;
}

// Never ends, and never asks whether to.
static int kernel_endless(const void* e, const dispatch_state_t* d, const workgroup_state_t* w) {
  (void)e, (void)d, (void)w;
  for (volatile int more = 1; more;) {}
  return 0;
}

enum { ENDLESS = 4 };
static const kernel_t kernels[] = {kernel_count, kernel_mirror, kernel_fail, kernel_trap, kernel_endless};

static int guards;

static void guard_signals(void) {
  static uint64_t previous[2 * 65];
  static const int numbers[] = {SIGFPE, SIGSEGV, SIGBUS, SIGILL, STOP_SIGNAL};
  pthread_key_t key;
  if (pthread_key_create(&key, NULL)) abort();
  gossamer_hal_set_up_guard(key, previous);
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; ++i) {
    struct sigaction action = {.sa_sigaction = gossamer_hal_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
    for (size_t j = 0; j < sizeof numbers / sizeof *numbers; ++j) sigaddset(&action.sa_mask, numbers[j]);
    if (sigaction(numbers[i], &action, NULL)) abort();
  }
  guards = 1;
}

static void* aligned(size_t bytes) {
  void* found = NULL;
  if (posix_memalign(&found, 64, bytes ? bytes : 1)) abort();
  return found;
}

static uint32_t read_u32(FILE* file) {
  uint32_t value;
  if (fread(&value, 4, 1, file) != 1) abort();
  return value;
}

static void load_jobs(const char* path) {
  FILE* file = fopen(path, "rb");
  if (!file) abort();
  job_count = read_u32(file);
  jobs = calloc(job_count, sizeof *jobs);
  for (uint32_t i = 0; i < job_count; ++i) {
    job_t* job = &jobs[i];
    job->bytes = read_u32(file);
    job->local_bytes = read_u32(file);
    uint32_t dispatches = read_u32(file);
    job->slot_count = read_u32(file);
    uint32_t patches[2 * 256];
    if (dispatches > 256 || job->slot_count > MOST_SLOTS) abort();
    for (uint32_t j = 0; j < 2 * dispatches; ++j) patches[j] = read_u32(file);
    for (uint32_t j = 0; j < job->slot_count; ++j) job->slot_bytes[j] = read_u32(file);
    // Exactly as long as the job list: checkers see reads past it.
    job->program = aligned(job->bytes);
    if (fread(job->program, 1, job->bytes, file) != job->bytes) abort();
    for (uint32_t j = 0; j < dispatches; ++j) {
      job->is_endless |= patches[2 * j + 1] == ENDLESS;
      memcpy(job->program + patches[2 * j], &kernels[patches[2 * j + 1]], sizeof(kernel_t));
    }
  }
  fclose(file);
}

typedef struct { const void* program; void *local, *pool; words_t* words; slot_t slots[MOST_SLOTS]; } call_t;

static call_t new_call(const job_t* job, uint32_t participants, void* pool, words_t* words) {
  call_t call = {job->program, aligned((size_t)job->local_bytes * participants), pool, words, {{0}}};
  for (uint32_t i = 0; i < job->slot_count; ++i) {
    call.slots[i].address = aligned(job->slot_bytes[i]);
    call.slots[i].length = job->slot_bytes[i];
    memset(call.slots[i].address, 0, job->slot_bytes[i]);
  }
  return call;
}

static size_t total_bytes(const job_t* job) {
  size_t sum = 0;
  for (uint32_t i = 0; i < job->slot_count; ++i) sum += job->slot_bytes[i];
  return sum;
}

static void gather(const job_t* job, const call_t* call, uint8_t* target) {
  for (uint32_t i = 0; i < job->slot_count; ++i) {
    memcpy(target, call->slots[i].address, job->slot_bytes[i]);
    target += job->slot_bytes[i];
  }
}

static void free_call(const job_t* job, call_t* call) {
  free(call->local);
  for (uint32_t i = 0; i < job->slot_count; ++i) free(call->slots[i].address);
}

static void expect_jobs(void) {
  words_t words = {0};
  for (uint32_t i = 0; i < job_count; ++i) {
    job_t* job = &jobs[i];
    if (job->is_endless) continue;
    call_t call = new_call(job, 1, NULL, &words);
    job->expected_result = gossamer_hal_run(&call);
    job->expected = malloc(total_bytes(job) + 1);
    gather(job, &call, job->expected);
    free_call(job, &call);
  }
}

typedef struct { pthread_t thread; void* pool; uint32_t index; } worker_t;

static void* work(void* argument) {
  worker_t* worker = argument;
  gossamer_hal_worker(worker->pool, worker->index);
  return NULL;
}

static void* new_pool(uint32_t workers, uint32_t is_crowded, worker_t* threads) {
  uint8_t* pool = aligned(POOL_BYTES);
  memset(pool, 0, POOL_BYTES);
  memcpy(pool + PARTICIPANTS_OFFSET, &workers, 4);
  memcpy(pool + CROWDED_OFFSET, &is_crowded, 4);
  for (uint32_t i = 1; i < workers; ++i) {
    threads[i] = (worker_t){.pool = pool, .index = i};
    if (pthread_create(&threads[i].thread, NULL, work, &threads[i])) abort();
  }
  return pool;
}

static void free_pool(void* pool, uint32_t workers, worker_t* threads) {
  gossamer_hal_shutdown(pool);
  for (uint32_t i = 1; i < workers; ++i) pthread_join(threads[i].thread, NULL);
  free(pool);
}

typedef struct { pthread_t thread; void* pool; uint32_t workers, repeats, seed; words_t words;
                 atomic_int is_done; long cancelled; int is_stopped; } submitter_t;

static uint32_t next_random(uint32_t* state) {
  *state = *state * 1664525u + 1013904223u;
  return *state >> 8;
}

static void* submit(void* argument) {
  submitter_t* self = argument;
  for (uint32_t i = 0; i < self->repeats; ++i) {
    const job_t* job = &jobs[next_random(&self->seed) % job_count];
    if (job->is_endless && !self->is_stopped) continue;
    call_t call = new_call(job, self->workers, self->pool, &self->words);
    int64_t result = gossamer_hal_run(&call);
    if ((uint32_t)result == STATUS_CANCELLED && self->is_stopped) {
      self->cancelled++;
    } else if (!job->is_endless && result != job->expected_result) {
      fprintf(stderr, "result %llx, expected %llx\n", (long long)result, (long long)job->expected_result);
      failures++;
    } else if (!job->is_endless && !result) {
      uint8_t* found = malloc(total_bytes(job) + 1);
      gather(job, &call, found);
      if (memcmp(found, job->expected, total_bytes(job))) {
        fprintf(stderr, "wrong memory after job %d\n", (int)(job - jobs));
        failures++;
      }
      free(found);
    }
    free_call(job, &call);
    atomic_store(&self->words.flags, 0);
  }
  atomic_store(&self->is_done, 1);
  return NULL;
}

// As the runtime stops a scope: the words first, then a signal to whoever may be in a kernel.
static void stop(submitter_t* submitter, uint32_t workers, const worker_t* threads) {
  if (atomic_load(&submitter->is_done)) return;
  atomic_store(&submitter->words.flags, STOP);
  if (!guards) return;
  pthread_kill(submitter->thread, STOP_SIGNAL);
  for (uint32_t i = 1; i < workers; ++i) pthread_kill(threads[i].thread, STOP_SIGNAL);
}

static int stress(uint32_t workers, uint32_t submitters, uint32_t rounds, uint32_t repeats, uint32_t seed) {
  long cancelled = 0;
  worker_t* threads = calloc(workers + 1, sizeof *threads);
  submitter_t* all = calloc(submitters, sizeof *all);
  for (uint32_t round = 0; round < rounds; ++round) {
    // Of any number, and waiting in either way.
    uint32_t participants = 2 + round % (workers - 1);
    void* pool = new_pool(participants, round & 1, threads);
    for (uint32_t i = 0; i < submitters; ++i) {
      submitter_t* s = &all[i];
      s->pool = pool, s->workers = participants, s->repeats = repeats, s->seed = seed * 7919 + round * 31 + i, s->is_stopped = i & 1;
      atomic_store(&s->words.flags, 0), atomic_store(&s->is_done, 0);
      if (pthread_create(&s->thread, NULL, submit, s)) abort();
    }
    for (uint32_t i = submitters; i-- > 0;) {
      // Every other submitter is cancelled now and then, whatever it is doing.
      while (!atomic_load(&all[i].is_done)) {
        for (uint32_t j = 1; j < submitters; j += 2) stop(&all[j], participants, threads);
        usleep(200);
      }
    }
    for (uint32_t i = 0; i < submitters; ++i) {
      pthread_join(all[i].thread, NULL);
      cancelled += all[i].cancelled, all[i].cancelled = 0;
    }
    free_pool(pool, participants, threads);
  }
  printf("%lu job lists, %ld cancelled, %ld wrong\n", (unsigned long)rounds * submitters * repeats, cancelled,
         atomic_load(&failures));
  free(threads);
  free(all);
  return failures ? 1 : 0;
}

// Nanoseconds that a thread was ready to run and did not, because the processor was busy with others.
static int64_t run_delay(FILE* file) {
  long long ran = 0, waited = 0;
  rewind(file);
  return fscanf(file, "%lld %lld", &ran, &waited) == 2 ? waited : 0;
}

enum { MOST_THREADS = 64 };
typedef struct { FILE* files[MOST_THREADS]; int64_t delays[MOST_THREADS]; uint32_t count; } schedule_t;

static void open_schedule(schedule_t* schedule) {
  DIR* tasks = opendir("/proc/self/task");
  for (struct dirent* entry; tasks && (entry = readdir(tasks)) && schedule->count < MOST_THREADS;) {
    char path[320];
    snprintf(path, sizeof path, "/proc/self/task/%s/schedstat", entry->d_name);
    FILE* file = entry->d_name[0] == '.' ? NULL : fopen(path, "r");
    if (!file) continue;
    setvbuf(file, NULL, _IONBF, 0);
    schedule->files[schedule->count++] = file;
  }
  if (tasks) closedir(tasks);
}

// The longest that a thread of this process waited for a processor since the last call.
static int64_t longest_delay(schedule_t* schedule) {
  int64_t longest = 0;
  for (uint32_t i = 0; i < schedule->count; ++i) {
    int64_t delay = run_delay(schedule->files[i]);
    if (delay - schedule->delays[i] > longest) longest = delay - schedule->delays[i];
    schedule->delays[i] = delay;
  }
  return longest;
}

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000ll + time.tv_nsec;
}

// One line a submission: nanoseconds it took, and nanoseconds that one of the threads waited for a processor.
static int latency(uint32_t workers, uint32_t submissions) {
  worker_t* threads = calloc(workers + 1, sizeof *threads);
  schedule_t* schedule = calloc(1, sizeof *schedule);
  words_t words = {0};
  const job_t* job = &jobs[0];
  void* pool = new_pool(workers, workers > (uint32_t)sysconf(_SC_NPROCESSORS_ONLN), threads);
  call_t call = new_call(job, workers, pool, &words);
  int64_t* rows = calloc(submissions, 2 * sizeof *rows);
  open_schedule(schedule);
  for (uint32_t i = 0; i < submissions; ++i) {
    // Pauses of all lengths, so that workers are met spinning, falling asleep and asleep.
    if (i % 4) usleep(i % 97 * 4);
    longest_delay(schedule);
    int64_t begun = now();
    if (gossamer_hal_run(&call) != job->expected_result) failures++;
    rows[2 * i] = now() - begun;
    rows[2 * i + 1] = longest_delay(schedule);
  }
  for (uint32_t i = 0; i < submissions; ++i)
    printf("%lld %lld\n", (long long)rows[2 * i], (long long)rows[2 * i + 1]);
  for (uint32_t i = 0; i < schedule->count; ++i) fclose(schedule->files[i]);
  free_pool(pool, workers, threads);
  free_call(job, &call);
  free(rows), free(threads), free(schedule);
  return failures ? 1 : 0;
}

int main(int count, char** arguments) {
  if (count < 5) return 2;
  load_jobs(arguments[2]);
  if (count > 8 && atoi(arguments[8])) guard_signals();
  expect_jobs();
  int code = !strcmp(arguments[1], "latency") ? latency(atoi(arguments[3]), atoi(arguments[4]))
             : count < 8 ? 2
                         : stress(atoi(arguments[3]), atoi(arguments[4]), atoi(arguments[5]), atoi(arguments[6]),
                                  atoi(arguments[7]));
  for (uint32_t i = 0; i < job_count; ++i) free(jobs[i].program), free(jobs[i].expected);
  free(jobs);
  return code;
}
