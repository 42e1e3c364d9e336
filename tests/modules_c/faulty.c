/* A module with one mistake, chosen by FAULT, for tests of what is checked. */
#include <gossamer/module.h>

static gossamer_status_t function(void *module, void *state, const gossamer_call_t *call) {
  (void)module, (void)state, (void)call;
  return GOSSAMER_OK;
}

static const gossamer_pair_t attributes[] = {
#if FAULT == 1
    {"iree.abi.model", "coarse-fences"},
#elif FAULT == 2
    {"iree.abi.declaration", "function f takes nothing"},
#elif FAULT == 3
    {"iree.abi.declaration", "sync func @f(%a: i32) -> ()"},
#elif FAULT == 4
    {"key", "one"},
    {"key", "two"},
#elif FAULT == 5
    {"key", NULL},
#else
    {"key", "value"},
#endif
};

static const gossamer_export_t exports[] = {
#if FAULT == 6
    {"f", "0v_v", NULL, 0, NULL},
#elif FAULT == 7
    {"f", "1v_v", function, 0, NULL},
#elif FAULT == 8
    {"f", "0x_v", function, 0, NULL},
#elif FAULT == 9
    {"f", NULL, function, 0, NULL},
#elif FAULT == 10
    {NULL, "0v_v", function, 0, NULL},
#elif FAULT == 11
    {"f", "0v_v", function, 0, NULL},
    {"f", "0i_v", function, 0, NULL},
#elif FAULT == 12
    {"f", "0v_v", function, 1, NULL},
#elif FAULT == 13
    {"", "0v_v", function, 0, NULL},
#elif FAULT == 14
    {"\xff", "0v_v", function, 0, NULL},
#else
    {"f", "0v_v", function, GOSSAMER_COUNT(attributes), attributes},
#endif
};

static const gossamer_import_t imports[] = {
#if FAULT == 15
    {"alone", "0v_v", 0, 0, NULL},
#elif FAULT == 16
    {"one.f", "0v_v", 0, 0, NULL},
    {"one.f", "0v_v", 0, 0, NULL},
#else
    {"one.f", "0v_v", 1, 0, NULL},
#endif
};

static const gossamer_dependency_t dependencies[] = {
#if FAULT == 17
    {"two", 0, 1},
    {"two", 0, 1},
#elif FAULT == 18
    {"two", 3, 0},
#else
    {"two", 0, 1},
#endif
};

static const gossamer_module_t descriptor = {
#if FAULT == 19
    .abi_version = GOSSAMER_ABI_VERSION + 1,
#else
    .abi_version = GOSSAMER_ABI_VERSION,
#endif
#if FAULT == 20
    .struct_size = 8,
#else
    .struct_size = sizeof(gossamer_module_t),
#endif
#if FAULT == 21
    .name = NULL,
#elif FAULT == 22
    .name = "a.b",
#else
    .name = "faulty",
#endif
    .dependency_count = GOSSAMER_COUNT(dependencies),
    .dependencies = dependencies,
    .import_count = GOSSAMER_COUNT(imports),
    .imports = imports,
#if FAULT == 23
    .export_count = (size_t)1 << 40,
#else
    .export_count = GOSSAMER_COUNT(exports),
#endif
#if FAULT == 24
    .exports = NULL,
#else
    .exports = exports,
#endif
};

#if FAULT == 25
GOSSAMER_EXPORT const void *iree_vm_dynamic_module_create(void) { return &descriptor; }
#elif FAULT == 26
GOSSAMER_EXPORT const void *iree_hal_executable_library_query(void) { return &descriptor; }
#elif FAULT == 27
GOSSAMER_EXPORT const void *gossamer_module_qwery(void) { return &descriptor; }
#else
GOSSAMER_EXPORT const gossamer_module_t *gossamer_module_query(uint32_t abi_version,
                                                               const gossamer_host_t *host) {
  (void)abi_version, (void)host;
  return FAULT == 28 ? NULL : &descriptor;
}
#endif
