// RUN: iree-compile --help | filecheck %s --check-prefix=HELP
// RUN: iree-compile --version | filecheck %s --check-prefix=VERSION
// RUN: iree-compile --iree-hal-list-target-backends | filecheck %s --check-prefix=BACKENDS
// HELP: USAGE: iree-compile [options] <input file or '-' for stdin>
// HELP: --compile-to=<phase>
// HELP: =flow
// HELP: --iree-hal-target-device=<device>
// VERSION: IREE (https://iree.dev):
// VERSION-NEXT: IREE compiler version 3.13.0
// BACKENDS: vmvx
