/* Modules in C for Gossamer: shared objects that programs load like any other module.
 *
 * A module is a shared object that exports one function, `gossamer_module_query`. It gets a table of functions
 * of the host and returns a descriptor: the module's name, what it imports, what it exports, and how to make
 * its state. Everything is plain C99; nothing is linked. See docs/native_modules.md for a tutorial.
 *
 *   cc -std=c99 -shared -fPIC -I"$(python -c 'import gossamer; print(gossamer.get_include())')" \
 *      counter.c -o counter.so
 *
 * Ownership: what a function gets is borrowed until it returns; what it gives is the receiver's.
 * Threads: functions of a module may be called from several threads at once, functions of the host from any
 * thread, also from threads the module made. No lock of the host is held while a module's function runs.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef GOSSAMER_MODULE_H_
#define GOSSAMER_MODULE_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Version of everything in this file. A host loads modules of its own version only. */
#define GOSSAMER_ABI_VERSION 1u

/* Name of the function a module exports. A file of several modules has others, which start with "gossamer_" too. */
#define GOSSAMER_QUERY_SYMBOL "gossamer_module_query"

#ifdef __cplusplus
#define GOSSAMER_LINKAGE extern "C"
#else
#define GOSSAMER_LINKAGE
#endif

#if defined(_WIN32)
#define GOSSAMER_EXPORT GOSSAMER_LINKAGE __declspec(dllexport)
#else
#define GOSSAMER_EXPORT GOSSAMER_LINKAGE __attribute__((visibility("default")))
#endif

/* Number of elements of an array. */
#define GOSSAMER_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/*===- Statuses -------------------------------------------------------------------------------------------===*/

/* A failure, or GOSSAMER_OK. A failure belongs to whoever receives it: return it, hand it to `fence_fail`, or
 * give it to `status_release`. */
typedef struct gossamer_status_object_t *gossamer_status_t;
#define GOSSAMER_OK ((gossamer_status_t)0)

/* Codes of failures; the numbers are IREE's. */
enum {
  GOSSAMER_CANCELLED = 1,
  GOSSAMER_UNKNOWN = 2,
  GOSSAMER_INVALID_ARGUMENT = 3,
  GOSSAMER_DEADLINE_EXCEEDED = 4,
  GOSSAMER_NOT_FOUND = 5,
  GOSSAMER_ALREADY_EXISTS = 6,
  GOSSAMER_PERMISSION_DENIED = 7,
  GOSSAMER_RESOURCE_EXHAUSTED = 8,
  GOSSAMER_FAILED_PRECONDITION = 9,
  GOSSAMER_ABORTED = 10,
  GOSSAMER_OUT_OF_RANGE = 11,
  GOSSAMER_UNIMPLEMENTED = 12,
  GOSSAMER_INTERNAL = 13,
  GOSSAMER_UNAVAILABLE = 14,
  GOSSAMER_DATA_LOSS = 15,
  GOSSAMER_UNAUTHENTICATED = 16,
  GOSSAMER_DEFERRED = 17,
  GOSSAMER_INCOMPATIBLE = 18
};

/*===- Values ---------------------------------------------------------------------------------------------===*/

/* A reference to an object of the host, or null. Two refs that differ may name one object. */
typedef struct gossamer_object_t *gossamer_ref_t;

/* What a ref names. */
enum {
  GOSSAMER_NULL = 0,
  GOSSAMER_BUFFER_VIEW = 1, /* !hal.buffer_view: a tensor */
  GOSSAMER_BUFFER = 2,      /* !hal.buffer: memory of a device */
  GOSSAMER_BYTES = 3,       /* !vm.buffer: bytes of the host, strings among them */
  GOSSAMER_LIST = 4,        /* !vm.list */
  GOSSAMER_FENCE = 5,       /* !hal.fence */
  GOSSAMER_OTHER = 6        /* anything else: can be kept and passed on; `object_read` tells a module its own */
};

struct gossamer_span_t;

/* One argument or result: 8 bytes, whatever it is; unused bytes are zero. Which member holds it follows from
 * the calling convention: `i` i32, `I` i64, `f` f32, `F` f64, `r` ref, `C...D` span. */
typedef union gossamer_value_t {
  int32_t i32;
  int64_t i64;
  float f32;
  double f64;
  gossamer_ref_t ref;
  const struct gossamer_span_t *span;
} gossamer_value_t;

/* The values of a `C...D` argument: `count` groups one after the other, as many values each as the convention
 * has characters between C and D. */
typedef struct gossamer_span_t {
  size_t count;
  const gossamer_value_t *values;
} gossamer_span_t;

/* A value that says what it is. */
typedef struct gossamer_variant_t {
  int32_t type; /* 'i', 'I', 'f', 'F' or 'r'; 0 for an element that was never set */
  int32_t reserved;
  gossamer_value_t value;
} gossamer_variant_t;

/* Element types of tensors; the numbers are IREE's: a kind of number << 24 | bits. */
enum {
  GOSSAMER_BOOL_8 = 0x13000008,
  GOSSAMER_INT_8 = 0x10000008,
  GOSSAMER_INT_16 = 0x10000010,
  GOSSAMER_INT_32 = 0x10000020,
  GOSSAMER_INT_64 = 0x10000040,
  GOSSAMER_SINT_8 = 0x11000008,
  GOSSAMER_SINT_16 = 0x11000010,
  GOSSAMER_SINT_32 = 0x11000020,
  GOSSAMER_SINT_64 = 0x11000040,
  GOSSAMER_UINT_8 = 0x12000008,
  GOSSAMER_UINT_16 = 0x12000010,
  GOSSAMER_UINT_32 = 0x12000020,
  GOSSAMER_UINT_64 = 0x12000040,
  GOSSAMER_FLOAT_16 = 0x21000010,
  GOSSAMER_BFLOAT_16 = 0x22000010,
  GOSSAMER_FLOAT_32 = 0x21000020,
  GOSSAMER_FLOAT_64 = 0x21000040,
  GOSSAMER_COMPLEX_64 = 0x23000040,
  GOSSAMER_COMPLEX_128 = 0x23000080
};

#define GOSSAMER_MAX_RANK 32

/* Memory of a buffer. Valid while the ref it was read from is held. */
typedef struct gossamer_memory_t {
  void *data;
  size_t length;       /* bytes */
  int32_t is_writable; /* 0: storing to it ends the process or corrupts constants */
  int32_t reserved;
} gossamer_memory_t;

/* A tensor: dense, row by row. Integers of a program have no sign (GOSSAMER_INT_32), NumPy's have one
 * (GOSSAMER_SINT_32): programs take one for the other, and so should a module. */
typedef struct gossamer_buffer_view_t {
  gossamer_memory_t memory;
  uint32_t element_type;
  uint32_t rank;
  int64_t shape[GOSSAMER_MAX_RANK]; /* the first `rank` are set */
} gossamer_buffer_view_t;

/*===- The host -------------------------------------------------------------------------------------------===*/

/* The imports of a module's state; valid until `destroy_state` returned. */
typedef struct gossamer_context_object_t *gossamer_context_t;

/* Ends the life of what an object of a module means. */
typedef void (*gossamer_destroy_t)(void *data);

/* Functions of the host. The table lives as long as the process and is the same for all modules. */
typedef struct gossamer_host_t {
  uint32_t abi_version; /* GOSSAMER_ABI_VERSION */
  uint32_t struct_size; /* sizeof(gossamer_host_t) */

  /* A failure. The message is copied. */
  gossamer_status_t (*status_make)(int32_t code, const char *message);
  int32_t (*status_code)(gossamer_status_t status);
  /* Text of a failure, valid until it is released. */
  const char *(*status_message)(gossamer_status_t status);
  void (*status_release)(gossamer_status_t status);

  /* Memory that no type describes; null where there is none. */
  void *(*allocate)(size_t size);
  void (*deallocate)(void *memory);

  /* Keep a ref past the call it came with; returns it. Each `retain` needs a `release`. Null is harmless. */
  gossamer_ref_t (*retain)(gossamer_ref_t ref);
  void (*release)(gossamer_ref_t ref);
  /* GOSSAMER_BUFFER_VIEW and so on. */
  int32_t (*kind)(gossamer_ref_t ref);

  /* Shape, element type and memory of a tensor. */
  gossamer_status_t (*buffer_view_read)(gossamer_ref_t buffer_view, gossamer_buffer_view_t *out_view);
  /* A new tensor; its contents are undefined. */
  gossamer_status_t (*buffer_view_allocate)(uint32_t element_type, size_t rank, const int64_t *shape,
                                            gossamer_ref_t *out_buffer_view);
  /* A tensor over the start of a GOSSAMER_BUFFER. */
  gossamer_status_t (*buffer_view_create)(gossamer_ref_t buffer, uint32_t element_type, size_t rank,
                                          const int64_t *shape, gossamer_ref_t *out_buffer_view);
  /* The GOSSAMER_BUFFER beneath a tensor. */
  gossamer_status_t (*buffer_view_buffer)(gossamer_ref_t buffer_view, gossamer_ref_t *out_buffer);

  /* Memory of a GOSSAMER_BUFFER or GOSSAMER_BYTES. */
  gossamer_status_t (*buffer_read)(gossamer_ref_t buffer, gossamer_memory_t *out_memory);
  /* A new GOSSAMER_BUFFER (contents undefined) or GOSSAMER_BYTES (zeros). */
  gossamer_status_t (*buffer_allocate)(int32_t kind, size_t length, gossamer_ref_t *out_buffer);

  /* A list of `size` zeros or nulls of an element type: "i32", "f32", "!hal.buffer_view", or "!vm.opaque" for
   * elements of any type. */
  gossamer_status_t (*list_create)(const char *element_type, size_t size, gossamer_ref_t *out_list);
  gossamer_status_t (*list_size)(gossamer_ref_t list, size_t *out_size);
  gossamer_status_t (*list_resize)(gossamer_ref_t list, size_t size);
  /* A ref among the elements becomes the caller's. */
  gossamer_status_t (*list_get)(gossamer_ref_t list, size_t index, gossamer_variant_t *out_element);
  gossamer_status_t (*list_set)(gossamer_ref_t list, size_t index, const gossamer_variant_t *element);

  /* A fence that one `fence_signal` reaches. A null fence counts as reached, and as one nobody waits for. */
  gossamer_status_t (*fence_create)(gossamer_ref_t *out_fence);
  /* Block until reached. A negative timeout is for ever, 0 only looks. Fails with GOSSAMER_DEADLINE_EXCEEDED,
   * or as the fence did. */
  gossamer_status_t (*fence_wait)(gossamer_ref_t fence, int64_t timeout_ns);
  /* 0 when reached, GOSSAMER_DEFERRED while pending, the code of the failure when failed. */
  gossamer_status_t (*fence_query)(gossamer_ref_t fence, int32_t *out_code);
  gossamer_status_t (*fence_signal)(gossamer_ref_t fence);
  /* Fail all who wait for the fence. Takes the failure. */
  gossamer_status_t (*fence_fail)(gossamer_ref_t fence, gossamer_status_t failure);

  /* 1 where an import was found; 0 for an optional one that nobody offers. */
  int32_t (*import_is_bound)(gossamer_context_t context, size_t import_ordinal);
  /* Call an import, by its index in the descriptor. Arguments are borrowed; refs among the results become the
   * caller's. */
  gossamer_status_t (*call)(gossamer_context_t context, size_t import_ordinal,
                            const gossamer_value_t *arguments, gossamer_value_t *results);

  /* An object of the module's own, of a ref type such as "!module.type" that declarations of its functions name.
   * `destroy`, which may be null, gets `data` once nobody holds the object, on any thread. */
  gossamer_status_t (*object_create)(const char *type, void *data, gossamer_destroy_t destroy,
                                     gossamer_ref_t *out_object);
  /* The `data` of an object that was made with this type; valid while the ref is held. */
  gossamer_status_t (*object_read)(gossamer_ref_t object, const char *type, void **out_data);
} gossamer_host_t;

/*===- The module -----------------------------------------------------------------------------------------===*/

/* One call of an exported function. Results are zeros when it starts; those that are refs become the host's.
 * To return an argument, `retain` it. When the function fails, its results are not looked at. */
typedef struct gossamer_call_t {
  gossamer_context_t context;
  const gossamer_value_t *arguments;
  gossamer_value_t *results;
} gossamer_call_t;

typedef gossamer_status_t (*gossamer_function_t)(void *module, void *state, const gossamer_call_t *call);

/* A key and a value: an attribute of a function, or a parameter the user gave. */
typedef struct gossamer_pair_t {
  const char *key;
  const char *value;
} gossamer_pair_t;

/* Attributes that mean something to the host:
 *   iree.abi.declaration  "sync func @add(%a: tensor<?xf32>) -> (%sum: tensor<?xf32>)": compared with importers'
 *                         when they are linked, and what Python knows of the function.
 *   iree.abi.model        "coarse-fences": asynchronous; the last two arguments are refs of two fences, to wait
 *                         for and to signal. */
typedef struct gossamer_export_t {
  const char *name;
  const char *calling_convention; /* "0ir_r": see docs/native_modules.md */
  gossamer_function_t function;
  size_t attribute_count;
  const gossamer_pair_t *attributes;
} gossamer_export_t;

typedef struct gossamer_import_t {
  const char *full_name; /* "module.function" */
  const char *calling_convention;
  uint64_t is_optional;
  size_t attribute_count;
  const gossamer_pair_t *attributes;
} gossamer_import_t;

/* A module that must be loaded before this one. Modules of imports are so without being listed. */
typedef struct gossamer_dependency_t {
  const char *name;
  uint32_t minimum_version;
  uint32_t is_optional;
} gossamer_dependency_t;

/* What a module is. It must stay valid while the file is loaded. All functions may be null. */
typedef struct gossamer_module_t {
  uint32_t abi_version; /* GOSSAMER_ABI_VERSION */
  uint32_t struct_size; /* sizeof(gossamer_module_t) */
  const char *name;
  uint64_t version;
  size_t dependency_count;
  const gossamer_dependency_t *dependencies;
  size_t import_count;
  const gossamer_import_t *imports;
  size_t export_count;
  const gossamer_export_t *exports;

  /* What is the same for all states: made once for each time a program loads the file. */
  gossamer_status_t (*create)(size_t parameter_count, const gossamer_pair_t *parameters, void **out_module);
  void (*destroy)(void *module);

  /* What belongs to one program. Imports are bound after `create_state`. `fork_state` copies a state for
   * another program, or to keep it; without it, programs with this module cannot be forked. `destroy_state`
   * ends the threads that use the state. */
  gossamer_status_t (*create_state)(void *module, gossamer_context_t context, void **out_state);
  gossamer_status_t (*fork_state)(void *module, void *state, gossamer_context_t context, void **out_state);
  void (*destroy_state)(void *module, void *state);

  /* State outside of the process: what `save_state` gives, a new GOSSAMER_BYTES, is saved to files and handed to
   * `load_state` in another process, which makes a state of it. The bytes may come from another version of
   * the module: let them say which. Both or neither; a module whose `struct_size` ends before these has none. */
  gossamer_status_t (*save_state)(void *module, void *state, gossamer_ref_t *out_bytes);
  gossamer_status_t (*load_state)(void *module, gossamer_context_t context, const void *data, size_t length,
                                  void **out_state);
} gossamer_module_t;

/* Type of `gossamer_module_query`.
 *
 * Args:
 *   abi_version: of the host.
 *   host: to keep; valid as long as the process.
 * Returns: the descriptor, or null where the module cannot work with a host of this version.
 */
typedef const gossamer_module_t *(*gossamer_module_query_t)(uint32_t abi_version, const gossamer_host_t *host);

#ifdef __cplusplus
}
#endif

#endif /* GOSSAMER_MODULE_H_ */
