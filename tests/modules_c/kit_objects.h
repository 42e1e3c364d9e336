/* Functions of kit.c about tensors, buffers and lists. */

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
